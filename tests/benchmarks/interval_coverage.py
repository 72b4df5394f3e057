"""How often the interval of ``TomoStack.measure_interval`` contains the true volume of ellipsoids.

Run it as a script, with the first seed and the one after the last: a few seconds of one core for each. Odd
seeds have bodies of different densities.
"""

import sys

import numpy as np
from scipy import ndimage

from etwidgets import TomoStack, analysis
from etwidgets.simulation import ellipsoid_series
from etwidgets.simulation.ellipsoids import Ellipsoid

HEIGHT, WIDTH = 48, 64
TITLES = ("value", "corrected", "low", "high", "draws", "iterations", "threshold", "bias")


def specimen(seed):
    """One to four ellipsoids that do not touch, and their volume in voxels."""
    random, bodies = np.random.default_rng((seed, 77)), []
    count = int(random.integers(1, 5))
    for _ in range(300):
        axes = random.uniform(3.5, 7, 3) if count > 1 else random.uniform(5, 10, 3)
        center = np.array([random.uniform(-18, 18), *random.uniform(-9, 9, 2)])
        if len(bodies) == count or np.hypot(*center[1:]) + axes.max() > HEIGHT / 2 - 3:
            continue
        gaps = (
            np.linalg.norm(center - each.center) - axes.max() - np.linalg.norm(each.axes, axis=1).max()
            for each in bodies
        )
        if min(gaps, default=9) >= 2.5:
            turn, _ = np.linalg.qr(random.normal(size=(3, 3)))
            density = random.uniform(0.7, 1.4) if seed % 2 else 1.0
            bodies.append(Ellipsoid(tuple(center), axes[:, None] * turn, density))
    volumes = [4 / 3 * np.pi * np.prod(np.linalg.norm(body.axes, axis=1)) for body in bodies]
    return tuple(bodies), float(sum(volumes)), random


def series(bodies, random, seed):
    """31 or 41 tilts to 60, 65 or 70 degrees, 60 to 1000 counts, half of them with 0.3 px of misalignment."""
    end = random.choice([60, 65, 70])
    tilts = np.linspace(-end, end, int(random.choice([31, 41])))
    found = ellipsoid_series(
        bodies,
        shape_yx=(HEIGHT, WIDTH),
        tilts_deg=tilts,
        dose=float(np.exp(random.uniform(np.log(60), np.log(1000)))),
        drift_px=0,
        jitter_px=float(random.choice([0, 0.3])),
        jump_px=0,
        flicker=0,
        dark=0,
        axis_rotation_deg=random.normal(0, 0.25),
        axis_shift_px=random.normal(0, 0.25),
        seed=seed,
    )
    return TomoStack(found.projections, tilts)


def volume_above(volume, threshold):
    """The volume of bodies of at least 20 voxels."""
    near = ndimage.binary_dilation(analysis.segment(volume, threshold, smallest_voxels=20), iterations=2)
    return analysis.volume_of(np.where(near, volume, 0), threshold, 1.0)


def main(first, last):
    """Print one line for each series, and how many intervals contained the truth."""
    held, widths = [], []
    for seed in range(first, last):
        bodies, truth, random = specimen(seed)
        found = series(bodies, random, seed).measure_interval(volume_above, seed=seed)
        parts = (
            found.value, found.corrected, found.low, found.high,
            found.draws_part, found.iterations_part, found.threshold_part, found.bias_part,
        )  # fmt: skip
        held.append(found.low <= truth <= found.high)
        widths.append((found.high - found.low) / truth)
        text = " ".join(f"{title} {part / truth:.4f}" for title, part in zip(TITLES, parts, strict=True))
        sys.stdout.write(f"{seed}: {text}{'' if held[-1] else ' MISSED'}\n")
        sys.stdout.flush()
    sys.stdout.write(f"{sum(held)} of {len(held)}; mean width {np.mean(widths):.3f}\n")


if __name__ == "__main__":
    main(*(int(each) for each in sys.argv[1:3]))

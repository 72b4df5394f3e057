"""How often the interval of ``TomoStack.measure_interval`` contains the true volume of ellipsoids.

Run it as a script, with the first seed and the one after the last: a few seconds of one core for each. Odd
seeds have bodies of different densities. With a third argument, 1 or 2, it takes the numbers of the tab
Analyze instead, in volumes by four methods and with thresholds of a half, 0.4 and 0.6 of the step, of a
series of that many times the size, binned by it.
"""

import sys

import numpy as np
from scipy import ndimage

from etwidgets import TomoStack, analysis
from etwidgets.session.measured_intervals import quantities_of, thresholds_of
from etwidgets.simulation import ellipsoid_series
from etwidgets.simulation.ellipsoids import Ellipsoid

HEIGHT, WIDTH = 48, 64
METHODS = (
    {"method": "SIRT", "iterations": 20, "constrain": True},
    {"method": "FBP"},
    {"method": "BP"},
    {"method": "SIRT", "iterations": 100, "constrain": True},
)
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


def series(bodies, random, seed, scale=1):
    """31 or 41 tilts to 60, 65 or 70 degrees, 60 to 1000 counts, half of them with 0.3 px of misalignment."""
    end = random.choice([60, 65, 70])
    tilts = np.linspace(-end, end, int(random.choice([31, 41])))
    large = tuple(Ellipsoid(tuple(scale * np.array(b.center)), scale * b.axes, b.density) for b in bodies)
    found = ellipsoid_series(
        large,
        shape_yx=(scale * HEIGHT, scale * WIDTH),
        tilts_deg=tilts,
        dose=float(np.exp(random.uniform(np.log(60), np.log(1000)))),
        drift_px=0,
        jitter_px=scale * float(random.choice([0, 0.3])),
        jump_px=0,
        flicker=0,
        dark=0,
        axis_rotation_deg=random.normal(0, 0.25),
        axis_shift_px=random.normal(0, 0.25),
        seed=seed,
    )
    return TomoStack(found.projections, tilts)


def volume_above(volume, voxel, threshold):
    """The volume of bodies of at least 20 voxels."""
    near = ndimage.binary_dilation(analysis.segment(volume, threshold, smallest_voxels=20), iterations=2)
    return analysis.volume_of(np.where(near, volume, 0), threshold, voxel)


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


def truths(bodies, scale):
    """The numbers of the tab Analyze, known."""
    volumes = scale**3 * np.array(
        [4 / 3 * np.pi * np.prod(np.linalg.norm(each.axes, axis=1)) for each in bodies]
    )
    diameters = np.cbrt(6 / np.pi * volumes)
    return {
        "volume_nm3": volumes.sum(),
        "largest_diameter_nm": diameters.max(),
        "mean_diameter_nm": diameters.mean(),
        "inside": np.average([each.density for each in bodies], weights=volumes),
    }


def page(first, last, scale):
    """Print the same for the numbers of the tab Analyze; True: the interval contains the truth."""
    held, widths = [], []
    for seed in range(first, last):
        bodies, _, random = specimen(seed)
        stack = series(bodies, random, seed, scale)
        method = METHODS[seed % len(METHODS)]
        volume = stack.reconstruct(**method, show_progressbar=False).data
        half = analysis.threshold_of(volume)[0]
        threshold = half + (0, -0.1, 0.1)[seed % 3] * analysis.step_at(volume, half)
        given = {"threshold": threshold, "smallest_voxels": 20 * scale**3}
        quantities = quantities_of(given, 1.0, volume.shape, scale)
        found = stack.measure_intervals(
            quantities, thresholds_of(given), volume=volume, binning=scale, seed=seed
        )
        known = truths(bodies, scale)
        mass = known["volume_nm3"] * known["inside"]
        known["inside"] *= stack.data.sum() / (len(stack.data) * mass)  # counts per density
        held.append({name: each.low <= known[name] <= each.high for name, each in found.items()})
        widths.append({name: (each.high - each.low) / known[name] for name, each in found.items()})
        parts = " ".join(f"{n} {e.corrected / known[n]:.3f} {held[-1][n]}" for n, e in found.items())
        measured = found["volume_nm3"].value / known["volume_nm3"]
        sys.stdout.write(f"{seed} {method['method']} measured {measured:.2f}: {parts}\n")
        sys.stdout.flush()
    for name in held[0]:
        number, width = sum(each[name] for each in held), np.mean([each[name] for each in widths])
        sys.stdout.write(f"{name}: {number} of {len(held)}; mean width {width:.3f}\n")


if __name__ == "__main__":
    numbers = [int(each) for each in sys.argv[1:]]
    (main if len(numbers) == 2 else page)(*numbers)

"""How far the volume of ``TomoStack.reconstruct("auto")`` is from the truth, against the best that there is.

Run it as a script, with the seeds: a few minutes for one. Projections of ellipsoids by formula, aligned, in
Poisson noise. The best is that of all numbers of iterations, of the methods that are chosen from and SIRT.
"""

import itertools
import sys
import time

import numpy as np

from etwidgets import TomoStack, engine
from etwidgets.progress import NullProgress
from etwidgets.signals import trust
from etwidgets.simulation import ellipsoid_volume, project_ellipsoids, specimen

SIZE, COLUMNS = 72, slice(24, 48)
TILTS = np.linspace(-60, 60, 61)
KINDS = ("particles", "needle", "entering", "slab")
LEVELS = (0.05, 0.15, 2000, 60)  # noise of the projections, relative; above 1, counts in the brightest pixel
SWEEPS, ITERATIONS = 150, 300  # of OS-SIRT and SIRT
FACTORS = (0.5, 1.0, 2.0, 4.0)  # of the suggested TV weight
HEAD = "| specimen | noise (%) | chosen | error | best of its own method | best SIRT | best of all | ratio |"


def scene(kind, level, seed):
    """Noisy projections ``(T, Y, X)``, the true volume ``(X, Z, Y)``, and the relative noise."""
    shape = (SIZE, SIZE)
    bodies = specimen(kind, shape, seed=seed)
    exact = project_ellipsoids(bodies, TILTS, shape)[:, :, COLUMNS]
    counts = level / exact.max() if level >= 1 else exact.sum() / (level**2 * np.square(exact).sum())
    random = np.random.default_rng((seed, KINDS.index(kind), LEVELS.index(level)))
    data = (random.poisson(counts * exact) / counts).astype(np.float32)
    noise = np.linalg.norm(data - exact) / np.linalg.norm(exact)
    return data, ellipsoid_volume(bodies, shape)[COLUMNS], noise


def errors(data, truth, algorithm, iterations, **options):
    """Relative error of the volume after each iteration, where every tilt sees it."""
    y = np.arange(SIZE) - (SIZE - 1) / 2
    seen = np.hypot(y[:, None], y) <= SIZE / 2
    steps = engine.iterate(
        np.moveaxis(data, 2, 0), engine.Geometry(np.deg2rad(TILTS), SIZE), algorithm=algorithm,
        iterations=iterations, minimum=0.0, **options,
    )  # fmt: skip
    size = np.linalg.norm(truth[:, seen])
    return np.array([np.linalg.norm((step.estimate - truth)[:, seen]) / size for step in steps])


def compare(kind, level, seed):
    """What was chosen, its error, the least of its own method, the least of SIRT, and that of all."""
    data, truth, noise = scene(kind, level, seed)
    choice = trust.choose(TomoStack(data, TILTS), {"method": "auto", "constrain": True}, NullProgress())
    suggested = engine.suggested_tv_weight(data)
    usual = engine.find_algorithm("OS-SIRT").automatic_options(len(TILTS))
    own = {name: value for name, value in choice.options.items() if name != "iterations"}
    found = {
        "OS-SIRT": errors(data, truth, "OS-SIRT", SWEEPS, **usual).min(),
        "SIRT": errors(data, truth, "SIRT", ITERATIONS).min(),
        "FISTA-TV": min(
            errors(data, truth, "FISTA-TV", 100, tv_weight=factor * suggested).min() for factor in FACTORS
        ),
    }
    error = errors(data, truth, choice.algorithm, choice.options["iterations"], **own)[-1]
    text = f"{choice.algorithm} {choice.options['iterations']}"
    if "tv_weight" in own:
        text += f", weight x {own['tv_weight'] / suggested:.2g}"
    return noise, text, error, found[choice.algorithm], found["SIRT"], min(found.values())


def main(seeds, write=sys.stdout.write):
    """Write one line for each series, and the largest ratio of each kind."""
    write(HEAD + "\n" + "|---" * 8 + "|\n")
    ratios = {kind: [] for kind in KINDS}
    began, busy = time.perf_counter(), time.process_time()
    for seed, kind, level in itertools.product(seeds, KINDS, LEVELS):
        noise, text, error, *least = compare(kind, level, seed)
        ratios[kind].append(error / least[-1])
        numbers = " | ".join(f"{number:.3f}" for number in (error, *least, error / least[-1]))
        write(f"| {kind} | {100 * noise:.1f} | {text} | {numbers} |\n")
        sys.stdout.flush()
    for kind, found in ratios.items():
        within = sum(ratio <= 1.05 for ratio in found)
        write(f"{kind}: at most {max(found):.3f} times the best; {within} of {len(found)} within 5 %\n")
    took, busy = time.perf_counter() - began, time.process_time() - busy
    write(f"{took:.0f} s ({busy:.0f} s CPU)\n")


if __name__ == "__main__":
    main([int(seed) for seed in sys.argv[1:]] or [21])

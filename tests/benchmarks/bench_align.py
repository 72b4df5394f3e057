"""Alignment against etspy 1.3: accuracy on the catalyst over ten seeds, and the speed of shifting.

Run it as a script; the two packages take turns in one process, and ratios of medians are printed.
"""

import importlib.metadata
import sys
import time
import tracemalloc
from pathlib import Path

import h5py
import numpy as np

from etwidgets import align, datasets
from etwidgets.align.registering.pairs import pair_shifts

SEEDS = range(10)
ROUNDS = 5


def catalyst():
    files = importlib.metadata.distribution("etspy").files
    path = next(f for f in files if f.name.startswith("Catalyst3DModel")).locate()
    with h5py.File(Path(str(path))) as file:
        data = file["Experiments/__unnamed__/data"][:]
    return data.reshape(90, 200, 3, 200, 3).mean((2, 4), dtype=np.float32), np.arange(0.0, 180, 2)


def gauge_free(left, tilts):
    angles = np.deg2rad(tilts)
    free = np.stack([np.ones_like(angles), np.cos(angles), np.sin(angles)], axis=1)
    y = left[:, 0] - free @ np.linalg.lstsq(free, left[:, 0], rcond=None)[0]
    return np.sqrt((y**2).mean()), np.sqrt(left[:, 1].var())


def accuracy(write):
    data, tilts = catalyst()
    write("median RMS error (y, x), px, catalyst 90 x 200 x 200, jitter +-5 px, seeds 0 to 9\n")
    jittered = []
    for seed in SEEDS:
        truth = np.random.default_rng(seed).uniform(-5, 5, (90, 2))
        jittered.append((align.apply_shifts(data, truth).clip(0), truth))
    for method in align.METHODS:
        began = time.perf_counter()
        errors = [gauge_free(align.estimate_shifts(d, tilts, method) + t, tilts) for d, t in jittered]
        seconds = (time.perf_counter() - began) / len(jittered)
        y, x = np.median(errors, axis=0)
        write(f"  {method:9s} {y:6.3f} {x:6.3f}   {seconds:5.2f} s a series\n")


def shifting(write):
    from etspy.align import apply_shifts as their_shifts
    from etspy.api import TomoStack as Theirs

    data = datasets.get_needle_data().data.astype(np.float32)
    shifts = np.random.default_rng(0).uniform(-20, 20, (77, 2))
    stack = Theirs(data, np.arange(-76.0, 78, 2))
    ours_s, theirs_s = [], []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        align.apply_shifts(data, shifts)
        middle = time.perf_counter()
        their_shifts(stack, shifts)
        ours_s.append(middle - began)
        theirs_s.append(time.perf_counter() - middle)
    ours, theirs = np.median(ours_s), np.median(theirs_s)
    tracemalloc.start()
    align.apply_shifts(data, shifts)
    peak = tracemalloc.get_traced_memory()[1] / data.nbytes
    tracemalloc.stop()
    write(
        f"shifting 77 x 256 x 256: {1000 * ours:.0f} ms, etspy {1000 * theirs:.0f} ms, "
        f"{theirs / ours:.1f} times faster; peak {peak + 1:.2f} stacks, the input among them\n"
    )


def registering(write):
    from etspy.api import TomoStack as Theirs

    stack = datasets.get_needle_data()
    data, tilts = stack.data.astype(np.float32), stack.tilts_deg
    other = Theirs(data, tilts.copy())
    for method, options in (("PC", {"upsample_factor": 20}), ("StackReg", {}), ("COM", {}), ("COM-CL", {})):
        ours, theirs = [], []
        for _ in range(3):
            began = time.perf_counter()
            align.apply_shifts(data, align.estimate_shifts(data, tilts, method, **options))
            middle = time.perf_counter()
            other.stack_register(method, **options)
            ours.append(middle - began)
            theirs.append(time.perf_counter() - middle)
        a, b = np.median(ours), np.median(theirs)
        write(f"register the needle, {method:9s} {a:5.2f} s, etspy {b:5.2f} s, {b / a:.1f} times faster\n")


def correlating(write):
    from skimage.registration import phase_cross_correlation

    from etwidgets.progress import NullProgress

    data = datasets.get_needle_data().data.astype(np.float32)
    pairs = [(i, i + 1) for i in range(len(data) - 1)]
    ours, theirs = [], []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        pair_shifts(data, pairs, upsample_factor=20, progress=NullProgress())
        middle = time.perf_counter()
        for i, j in pairs:
            phase_cross_correlation(data[i], data[j], upsample_factor=20)
        ours.append(middle - began)
        theirs.append(time.perf_counter() - middle)
    a, b = np.median(ours), np.median(theirs)
    write(
        f"phase correlation of {len(pairs)} pairs, 256 x 256, with their trust and chance: {a:.2f} s, "
        f"skimage {b:.2f} s, {b / a:.1f} times as fast\n"
    )


if __name__ == "__main__":
    accuracy(sys.stdout.write)
    shifting(sys.stdout.write)
    registering(sys.stdout.write)
    correlating(sys.stdout.write)

"""Reconstruction against etspy 1.3 with two threads, on a few slices of the needle.

Run it as a script; the two take turns in one process, and ratios of medians are printed. Both use ASTRA:
differences are of the projector (etspy: strip; SIRT here: linear) and of what is done around it.
"""

import sys
import time

import numpy as np

from etwidgets import datasets, engine

SLICES = 8
ROUNDS = 3


def main(write):
    from etspy import recon

    stack = datasets.get_needle_data(aligned=True)
    data = np.ascontiguousarray(stack.data[:, :, 100 : 100 + SLICES], dtype=np.float32)
    tilts = stack.tilts_deg
    geometry = engine.Geometry(np.deg2rad(tilts), data.shape[1])
    work = {
        "FBP": (
            lambda: engine.reconstruct(data, geometry, n_workers=2),
            lambda: recon.run(data, tilts, "FBP", ncores=2, show_progressbar=False),
        ),
        "SIRT 10, linear": (
            lambda: engine.reconstruct(data, geometry, algorithm="SIRT", iterations=10, n_workers=2),
            lambda: recon.run(data, tilts, "SIRT", niterations=10, ncores=2, show_progressbar=False),
        ),
        "SIRT 10, strip": (
            lambda: engine.reconstruct(
                data, geometry, algorithm="SIRT", iterations=10, model="strip", n_workers=2
            ),
            lambda: recon.run(data, tilts, "SIRT", niterations=10, ncores=2, show_progressbar=False),
        ),
    }
    for name, (ours, theirs) in work.items():
        a, b = [], []
        for _ in range(ROUNDS):
            began = time.perf_counter()
            mine = ours()
            middle = time.perf_counter()
            other = theirs()
            a.append(middle - began)
            b.append(time.perf_counter() - middle)
        difference = np.linalg.norm(mine - other) / np.linalg.norm(other)
        first, second = np.median(a), np.median(b)
        write(
            f"{name:16s} {SLICES} slices: {first:5.2f} s, etspy {second:5.2f} s, ratio {second / first:.2f}; "
            f"relative difference {difference:.1e}\n"
        )


if __name__ == "__main__":
    main(sys.stdout.write)

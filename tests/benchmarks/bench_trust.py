"""Misfit of projections that were left out, by method, on the needle; and how long it and an FSC take.

Run it as a script. The needle is aligned as the sample is: what its alignment leaves is in every number.
"""

import resource
import sys
import time
import warnings

import numpy as np

from etwidgets import datasets, engine
from etwidgets.analysis import held_out_misfit
from etwidgets.analysis.shell_correlation import shell_correlations

METHODS = (
    ("FBP", (1,)),
    ("SIRT", (20, 100, 400)),
    ("OS-SIRT", (20,)),
    ("CGLS", (15,)),
    ("FISTA-TV", (100,)),
)
EVERY, GAPS = 7, 5


def table(stack, write):
    data = np.asarray(stack.data, np.float32)
    options = {"tv_weight": engine.suggested_tv_weight(data)}
    write("| method | every 7th | gap | best |\n|---|---|---|---|\n")
    for name, counts in METHODS:
        own = options if name == "FISTA-TV" else {}
        curves = [
            held_out_misfit(
                data, stack.tilts_deg, algorithm=name, iterations=max(counts), minimum=0.0, leave_out=kind,
                n_folds=n_folds, **own,
            )
            for kind, n_folds in (("thin", EVERY), ("gap", GAPS))
        ]  # fmt: skip
        for count in counts:
            thin, gap = (curve.misfit[count - 1] for curve in curves)
            label = name if name == "FBP" else f"{name} {count}"
            best = "" if name == "FBP" else f"{curves[0].recommended} ({curves[0].least:.4f})"
            write(f"| {label} | {thin:.4f} | {gap:.4f} | {best} |\n")
            sys.stdout.flush()


def seconds(stack, write):
    """Of 100 iterations, 12 columns and 5 folds, and to the first point."""
    for name in ("OS-SIRT", "SIRT"):
        first = []
        began, busy = time.perf_counter(), time.process_time()
        held_out_misfit(
            stack.data, stack.tilts_deg, algorithm=name, iterations=100, minimum=0.0,
            follow=lambda _curve, first=first, began=began: first.append(time.perf_counter() - began),
        )  # fmt: skip
        took, busy = time.perf_counter() - began, time.process_time() - busy
        write(f"{name}, 100 iterations: {took:.1f} s ({busy:.1f} s CPU), first point {first[0]:.2f} s\n")
    began, busy = time.perf_counter(), time.process_time()
    volume = stack.reconstruct("auto", constrain=True, show_progressbar=False)
    took, busy = time.perf_counter() - began, time.process_time() - busy
    write(f"automatic: {took:.1f} s ({busy:.1f} s CPU); {volume.metadata.Tomography.held_out.reason}\n")


def correlation(_stack, write):
    """Fourier shell correlation of 256 x 256 x 256 voxels, all directions and three cones; twice."""
    random = np.random.default_rng(0)
    pair = [random.standard_normal((256, 256, 256), dtype=np.float32) for _ in range(2)]
    for _ in range(2):
        began, busy = time.perf_counter(), time.process_time()
        shell_correlations(*pair, tilts_deg=np.linspace(-60, 60, 61))
        took, busy = time.perf_counter() - began, time.process_time() - busy
        write(f"FSC of 256 x 256 x 256: {took:.2f} s ({busy:.2f} s CPU)\n")


def accelerated(stack, write):
    """OS-SIRT with momentum to the held-out misfit of SIRT 400: iterations, and time against SIRT 12."""
    from etwidgets.simulation import ellipsoid_series

    still = ("drift_px", "jitter_px", "jump_px", "flicker", "dark", "axis_rotation_deg", "axis_shift_px")
    scenes = {"needle": (np.asarray(stack.data, np.float32), stack.tilts_deg)}
    for kind, dose in (("particles", 2000), ("catalyst", 2000), ("needle", 60)):
        series = ellipsoid_series(kind, dose=dose, seed=3, **dict.fromkeys(still, 0))
        scenes[f"{kind}, {dose} counts"] = (series.aligned, series.tilts_deg)
    for name, (data, tilts) in scenes.items():
        quick = {"algorithm": "OS-SIRT", "n_subsets": round(len(tilts) / 5), "momentum": 0.6}
        slow = held_out_misfit(data, tilts, algorithm="SIRT", iterations=400, minimum=0.0, n_folds=EVERY)
        curve = held_out_misfit(data, tilts, iterations=30, minimum=0.0, n_folds=EVERY, **quick)
        reached = np.flatnonzero(curve.misfit <= 1.01 * slow.misfit[-1])
        count = int(reached[0]) + 1 if reached.size else len(curve.misfit)
        geometry = engine.Geometry(np.deg2rad(tilts), data.shape[1], data.shape[1])
        times = {"sirt": [], "quick": []}
        for _ in range(3):
            for which, given in (
                ("sirt", {"algorithm": "SIRT", "iterations": 12}),
                ("quick", {**quick, "iterations": count}),
            ):
                began = time.perf_counter()
                engine.reconstruct(data, geometry, minimum=0.0, **given)
                times[which].append(time.perf_counter() - began)
        ratio = np.median(times["quick"]) / np.median(times["sirt"])
        write(
            f"{name}: SIRT 400 {slow.misfit[-1]:.4f}; OS-SIRT with momentum within 1 % after {count}, "
            f"{ratio:.2f} of the time of SIRT 12; least {curve.least:.4f} at {curve.recommended}\n"
        )
        sys.stdout.flush()


def main(write=sys.stdout.write):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        stack = datasets.get_needle_data(aligned=True)
        engine.warm_up()
        for part in (correlation, seconds, table, accelerated):
            part(stack, write)
            sys.stdout.flush()
    write(f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB\n")


if __name__ == "__main__":
    main()

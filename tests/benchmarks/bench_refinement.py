"""Refinement and automatic alignment: against etspy 1.3's projection matching, and by size of the series.

Run it as a script. The two packages take turns in one process; ratios of medians are printed. ETSpy matches
one slice, across the axis only; ours all slices, and both shifts.
"""

import sys
import threading
import time
import warnings

import numpy as np

from etwidgets import TomoStack, align, datasets
from etwidgets.resources import process_memory, return_freed_memory
from etwidgets.simulation import ellipsoid_series

ROUNDS = 3


def against_projmatch(write):
    from etspy.api import TomoStack as Theirs
    from etspy.projmatch import ProjMatch

    series = ellipsoid_series("rods", dose=1000.0, dark=0.0, drift_px=0, jump_px=0, jitter_px=1.0, seed=1)
    ours_s, theirs_s = [], []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        found = align.refine_alignment(series.projections, series.tilts_deg, axis=False)
        ours_s.append(time.perf_counter() - began)
        began = time.perf_counter()
        matched = ProjMatch(Theirs(series.projections, series.tilts_deg), params={"iterations": 50})
        matched.calculate_shifts()
        theirs_s.append(time.perf_counter() - began)
    width = series.projections.shape[2]
    ratio = width * np.median(theirs_s) / np.median(ours_s)
    write(
        f"refinement of 61 x 96 x 128: {np.median(ours_s):.1f} s for {width} slices; etspy.projmatch "
        f"{np.median(theirs_s):.1f} s for one: ratio per slice {ratio:.0f}\n"
    )
    tilts = np.deg2rad(series.tilts_deg)
    free = np.stack([np.ones_like(tilts), np.cos(tilts), np.sin(tilts)], axis=1)
    for name, shifts in (("ours", found.alignment.shifts_px[:, 0]), ("etspy", matched.total_shifts)):
        left = shifts + series.moved_px[:, 0]
        left = left - free @ np.linalg.lstsq(free, left, rcond=None)[0]
        write(f"  left across the axis, {name}: {np.sqrt((left**2).mean()):.3f} px RMS of 1\n")


def automatic(write):
    stack = datasets.get_needle_data()
    began = time.perf_counter()
    aligned = stack.auto_align()
    write(
        f"needle, raw to aligned: {time.perf_counter() - began:.1f} s; {aligned.alignment_report.sentence}\n"
    )


def large(write):
    series = ellipsoid_series(
        "particles", shape_yx=(512, 512), tilts_deg=np.linspace(-72, 72, 73), dose=300.0, seed=2
    )
    stack = TomoStack(series.projections, series.tilts_deg)
    small = ellipsoid_series("particles", shape_yx=(48, 64), dose=300.0)
    TomoStack(small.projections, small.tilts_deg).auto_align()  # so that compiled code is not counted
    return_freed_memory()
    before, peak, over = process_memory(), [0], threading.Event()

    def watch():
        while not over.wait(0.003):
            peak[0] = max(peak[0], process_memory())

    watching = threading.Thread(target=watch)
    watching.start()
    began = time.perf_counter()
    stack.auto_align()
    seconds = time.perf_counter() - began
    over.set()
    watching.join()
    more = (peak[0] - before) / series.projections.nbytes
    write(f"73 x 512 x 512, automatic: {seconds:.0f} s, {more:.1f} stacks of memory beside the series\n")


def main(write=sys.stdout.write):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for part in (against_projmatch, automatic, large):
            part(write)
            sys.stdout.flush()


if __name__ == "__main__":
    main()

"""How far live slices lag behind the simulated microscope, and how good alignment and volume are at the end.

The microscope writes the next projection as soon as the slices of the last are there (full speed), or one
every few seconds. Prints a table of Markdown:

    python tests/benchmarks/bench_live.py --sizes 256 512 --tilts 73 [--interval 5] [--scratch]
"""

import argparse
import sys
import tempfile
import threading
import time
from pathlib import Path

import numpy as np

from etwidgets import engine
from etwidgets.align.refinement.gauge import without_gauge
from etwidgets.live import LiveRun, acquisition_order, simulate_acquisition
from etwidgets.live.columns import shifted_columns
from etwidgets.signals import TomoStack
from etwidgets.simulation import ellipsoid_series

HELD = 9  # every so many projections is left out, to see how well the volume predicts it


def measured(size, n_tilts, interval_s, *, dose_symmetric, scratch):
    """One acquisition from first to last."""
    tilts = np.linspace(-72, 72, n_tilts)
    made = ellipsoid_series(
        "particles", shape_yx=(size, size), tilts_deg=tilts, drift_px=size / 16, axis_rotation_deg=0,
        axis_shift_px=0, seed=1,
    )  # fmt: skip
    held = np.arange(n_tilts) % HELD == HELD // 2 if scratch else np.zeros(n_tilts, bool)
    kept = np.flatnonzero(~held)
    order = kept[acquisition_order(tilts[kept], dose_symmetric=dose_symmetric)]
    taken = threading.Semaphore(0)
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / "in"
        place.mkdir()
        run = LiveRun(place, until=len(kept), on_projection=lambda _new: taken.release())

        def wait(seconds):
            """Between projections, and between the pieces of a file, which takes no time at full speed."""
            if interval_s:
                time.sleep(seconds)
            elif seconds == 0:
                taken.acquire(timeout=60)

        microscope = threading.Thread(
            target=simulate_acquisition,
            args=(TomoStack(made.projections[kept], tilts[kept]), place),
            kwargs={"interval_s": interval_s, "dose_symmetric": dose_symmetric, "sleep": wait},
        )
        ended = []
        finish = run._finish

        def timed():
            began = time.monotonic()
            finish()
            ended.append(time.monotonic() - began)

        run._finish = timed
        began = time.monotonic()
        microscope.start()
        run.run()
        whole = time.monotonic() - began
        microscope.join()
        live = run.live
        lags = np.array([each.lag_s for each in live.projections])
        left = without_gauge(
            live.shifts_px + made.moved_px[order], tilts[order], np.ones(len(order)), keep_constant=False
        )
        ratio = against_scratch(run, made, tilts, held) if scratch else np.nan
    return lags, np.hypot(*left.T), whole - ended[0], ended[0], ratio


def against_scratch(run, made, tilts, held):
    """Held-out misfit of the live volume over that of one from scratch of the same projections."""
    live, size = run.live, made.projections.shape[2]
    parts = [live.columns_of(i, 0, size) for i in range(len(live.projections))]
    images, known = (np.stack([part[k] for part in parts]) for k in (0, 1))
    scratch = engine.reconstruct(
        images, live.slices.geometry(live.tilts_deg), algorithm="OS-SIRT", iterations=10, minimum=0.0,
        known=known, momentum=0.6, n_subsets=round(len(images) / 5),
    )  # fmt: skip
    volume = np.load(run.out / "whole.npy", mmap_mode="r")
    found = []
    for each in (volume, scratch):
        predicted = engine.forward_project(each, live.slices.geometry(tilts[held]))
        found.append(_misfit(predicted, live, made, tilts, held))
    return found[0] / found[1]


def _misfit(predicted, live, made, tilts, held):
    """Where the held-out ones go is known but for the gauge, which is that of the others."""
    acquired = live.tilts_deg
    index = np.array([int(np.argmin(np.abs(tilts - tilt))) for tilt in acquired])
    offset = live.shifts_px + made.moved_px[index]
    angles = np.deg2rad(acquired)
    design = np.stack([np.ones_like(angles), np.cos(angles), np.sin(angles)], axis=1)
    gauge = np.linalg.lstsq(design, offset, rcond=None)[0]
    squares = []
    for image, i in zip(predicted, np.flatnonzero(held), strict=True):
        angle = np.deg2rad(tilts[i])
        shift = np.array([1, np.cos(angle), np.sin(angle)]) @ gauge - made.moved_px[i]
        size = made.projections.shape[2]
        seen, known = shifted_columns(made.projections[i], tuple(shift), 0, size, live.size_zy[1])
        seen = (seen - live.level * (known > 0)) / live.frame.bright
        gain = (image * seen * known).sum() / (image * image * known).sum()
        squares.append((((seen - gain * image) ** 2 * known).sum(), (seen**2 * known).sum()))
    errors, energies = np.array(squares).T
    return float(np.sqrt(errors.sum() / energies.sum()))


def write(line):
    """One line, at once."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main():
    """Print the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--sizes", type=int, nargs="+", default=[256, 512])
    parser.add_argument("--tilts", type=int, default=73)
    parser.add_argument("--interval", type=float, default=0.0)
    parser.add_argument("--dose-symmetric", action="store_true")
    parser.add_argument("--scratch", action="store_true", help="leave some out, and compare the volumes")
    options = parser.parse_args()
    write("| series | lag, median (s) | first 5 | last 5 | most | shift error, median (px) | acquired in (s) "
          "| then finished in (s) | misfit over scratch |")  # fmt: skip
    write("|---|---|---|---|---|---|---|---|---|")
    for size in options.sizes:
        lags, errors, acquired, finished, ratio = measured(
            size,
            options.tilts,
            options.interval,
            dose_symmetric=options.dose_symmetric,
            scratch=options.scratch,
        )
        write(
            f"| {options.tilts} x {size} | {np.median(lags):.2f} | {np.median(lags[:5]):.2f} "
            f"| {np.median(lags[-5:]):.2f} | {lags.max():.2f} | {np.median(errors):.3f} | {acquired:.0f} "
            f"| {finished:.0f} | {ratio:.3f} |"
        )  # fmt: skip


if __name__ == "__main__":
    main()

"""The engine against etspy 1.3 with two threads: the table of docs/performance.md.

Run it as a script (a quarter of an hour on 2 cores). The two take turns in one process, and ratios of
medians are printed. What of etspy would take hours is done on a few slices or iterations and multiplied;
those rows have an x. Both are given the same data, aligned; etspy uses ASTRA's strip projector.
"""

import subprocess
import sys
import threading
import time

import numpy as np
import psutil

from etwidgets import datasets, engine, simulation
from etwidgets.align.axis.shift import search_axis_shift
from etwidgets.progress import NullProgress

ROUNDS = 3


def main(write):
    stack = datasets.get_needle_data(aligned=True)
    data, tilts = np.ascontiguousarray(stack.data, dtype=np.float32), stack.tilts_deg
    engine.warm_up()
    write(f"{'work':44s} {'etwidgets':>10s} {'etspy':>10s} {'ratio':>7s}  relative difference\n")
    whole_sirt(write, data, tilts)
    direct(write, data, tilts)
    live(write, stack)
    single_slice(write, stack)
    searching(write, data, tilts)
    ordered_subsets(write, data, tilts)
    catalyst(write)
    memory(write)
    truth(write)
    estimates(write, data, tilts)
    limit(write, data, tilts)
    growth(write)


def taking_turns(ours, theirs, rounds=ROUNDS):
    """Medians of seconds, and what each gave at last."""
    a, b = [], []
    for _ in range(rounds):
        began = time.perf_counter()
        mine = ours()
        middle = time.perf_counter()
        other = theirs()
        a.append(middle - began)
        b.append(time.perf_counter() - middle)
    return np.median(a), np.median(b), mine, other


def row(write, work, ours, theirs, difference=None, extrapolated=False):
    mark = "x" if extrapolated else " "
    last = "" if difference is None else f"{difference:.1e}"
    write(f"{work:44s} {seconds(ours):>10s} {seconds(theirs):>9s}{mark} {theirs / ours:6.1f}x  {last}\n")


def seconds(value):
    return f"{1000 * value:.1f} ms" if value < 1 else f"{value:.2f} s"


def relative(found, expected):
    return float(np.linalg.norm(found - expected) / np.linalg.norm(expected))


def geometry_of(tilts, size):
    return engine.Geometry(np.deg2rad(tilts), size)


def whole_sirt(write, data, tilts):
    """etspy on 4 slices and 10 iterations: set-up and all, times 64 and 10."""
    from etspy import recon

    geometry, few = geometry_of(tilts, data.shape[1]), np.ascontiguousarray(data[:, :, 100:104])
    for model in ("linear", "strip"):
        options = {"algorithm": "SIRT", "minimum": 0.0, "model": model, "backend": "cpu"}
        ours, theirs, _, other = taking_turns(
            lambda options=options: engine.reconstruct(data, geometry, iterations=100, **options),
            lambda: recon.run(
                few, tilts, "SIRT", niterations=10, constrain=True, ncores=2, show_progressbar=False
            ),
        )
        same = engine.reconstruct(few, geometry, iterations=10, **options)
        work = f"SIRT 100, {model}, 256 slices"
        row(write, work, ours, theirs * data.shape[2] / 4 * 10, relative(same, other), extrapolated=True)


def direct(write, data, tilts):
    from etspy import recon

    geometry = geometry_of(tilts, data.shape[1])
    for model in ("interpolation", "strip"):
        ours, theirs, mine, other = taking_turns(
            lambda model=model: engine.reconstruct(
                data, geometry, filter_name="ram-lak", model=model, backend="cpu"
            ),
            lambda: recon.run(data, tilts, "FBP", bp_filter="ram-lak", ncores=2, show_progressbar=False),
            5,
        )
        row(write, f"FBP, {model}, 256 slices", ours, theirs, relative(mine, other))


def live(write, stack):
    """A step of the slider: three columns of the moved stack, and their slices; nothing is drawn."""
    from etspy.api import TomoStack as Theirs

    theirs = Theirs(stack.data.astype(np.float32), stack.tilts_deg.copy())
    columns, data = [64, 128, 192], stack.data
    geometry = geometry_of(stack.tilts_deg, data.shape[1])

    def step():
        moved = engine.sinograms_at(data, columns, 2.3, 1.1)
        return engine.reconstruct(moved, geometry, filter_name="ram-lak", backend="cpu")

    def their_step():
        moved = theirs.trans_stack(xshift=0, yshift=-2.3, angle=-1.1)
        moved.data = moved.data[:, :, columns]
        return moved.reconstruct(method="FBP", show_progressbar=False, ncores=2)

    ours, other, _, _ = taking_turns(step, their_step, 15)
    row(write, "live step: 3 sinograms and their FBP", ours, other)


def single_slice(write, stack):
    from etspy import recon

    sinogram = np.ascontiguousarray(stack.data[:, :, 128], dtype=np.float32)
    geometry, tilts = geometry_of(stack.tilts_deg, sinogram.shape[1]), stack.tilts_deg

    def ours():
        steps = engine.iterate(
            sinogram[None], geometry, iterations=20, minimum=0.0, model="strip", backend="cpu"
        )
        return [step.residual for step in steps]

    def linear():
        steps = engine.iterate(sinogram[None], geometry, iterations=20, minimum=0.0, backend="cpu")
        return [step.residual for step in steps]

    def theirs():
        return recon.astra_error(sinogram, tilts, method="SIRT", iterations=20)[1]

    for name, call in (("linear", linear), ("strip", ours)):
        mine, other, found, expected = taking_turns(call, theirs)
        row(
            write,
            f"recon_error, {name}, per iteration",
            mine / 20,
            other / 20,
            relative(found, np.ravel(expected)),
        )


def searching(write, data, tilts):
    """etspy tries 40 shifts on one column each with SIRT 100: as long as 40 slices; 4 of them are timed."""
    from etspy import recon

    few = np.ascontiguousarray(data[:, :, 100:104])
    mine, other, _, _ = taking_turns(
        lambda: search_axis_shift(data, tilts, shift_limit=20, nslices=8, progress=NullProgress()),
        lambda: recon.run(
            few, tilts, "SIRT", niterations=10, constrain=True, ncores=2, show_progressbar=False
        ),
    )
    row(write, "axis-shift search over +-20 px", mine, other * 100, extrapolated=True)


def ordered_subsets(write, data, tilts):
    """Sweeps of OS-SIRT until the residual is that of SIRT 100, on 16 slices; then times on all."""
    geometry = geometry_of(tilts, data.shape[1])
    few = np.ascontiguousarray(np.moveaxis(data[:, :, 96:112], -1, 0))
    *_, goal = engine.iterate(few, geometry, iterations=100, chunk=100, minimum=0.0, backend="cpu")
    sweeps = engine.iterate(few, geometry, algorithm="OS-SIRT", iterations=40, minimum=0.0, backend="cpu")
    needed = next(step.iteration for step in sweeps if step.residual <= goal.residual)
    options = {"minimum": 0.0, "backend": "cpu"}
    subsets, plain, _, _ = taking_turns(
        lambda: engine.reconstruct(data, geometry, algorithm="OS-SIRT", iterations=needed, **options),
        lambda: engine.reconstruct(data, geometry, algorithm="SIRT", iterations=100, **options),
    )
    write(
        f"OS-SIRT reaches the residual of SIRT 100 in {needed} sweeps: {seconds(subsets)} against "
        f"{seconds(plain)}, 1/{plain / subsets:.1f} of its time\n"
    )


def catalyst(write):
    from etspy import recon

    tilts = np.arange(0.0, 180, 2)
    sinogram = simulation.discs(tilts, 600)[1]
    data = np.multiply.outer(sinogram, np.linspace(0.5, 1, 600, dtype=np.float32))
    few = np.ascontiguousarray(data[:, :, :4])
    ours, theirs, mine, other = taking_turns(
        lambda: engine.reconstruct(data, geometry_of(tilts, 600), filter_name="ram-lak", backend="cpu"),
        lambda: recon.run(few, tilts, "FBP", bp_filter="ram-lak", ncores=2, show_progressbar=False),
    )
    row(write, "FBP, 90 x 600 x 600", ours, theirs * 150, relative(mine[:4], other), extrapolated=True)


def memory(write):
    """In a process of its own, for the peak is of the whole life of one."""
    output = subprocess.run([sys.executable, __file__, "peak"], capture_output=True, text=True, check=True)
    write(output.stdout)


def peak():
    stack = datasets.get_needle_data(aligned=True)
    data = stack.data.astype(np.float32)
    geometry = geometry_of(stack.tilts_deg, data.shape[1])
    engine.warm_up()
    process, done, seen = psutil.Process(), threading.Event(), []

    def watch():
        while not done.wait(0.002):
            seen.append(process.memory_info().rss)

    before = process.memory_info().rss
    watcher = threading.Thread(target=watch)
    watcher.start()
    volume = engine.reconstruct(data, geometry, algorithm="SIRT", iterations=5, backend="cpu")
    done.set()
    watcher.join()
    grown = (max(seen) - before) / 1e6
    sys.stdout.write(
        f"peak memory of SIRT on the needle: {grown:.0f} MB above the input ({data.nbytes / 1e6:.0f} MB), "
        f"of which the volume is {volume.nbytes / 1e6:.0f} MB\n"
    )


def truth(write):
    """Relative errors on seven discs, clean and with 2 % noise."""
    tilts = np.arange(-76.0, 77, 2)
    image, sinogram = simulation.discs(tilts)
    noise = np.random.default_rng(0).normal(0, 0.02 * sinogram.max(), sinogram.shape)
    data, geometry = np.stack([sinogram, sinogram + noise], axis=-1), geometry_of(tilts, 256)
    write("\nrelative error on seven discs, 77 tilts +-76 deg   clean   2 % noise\n")
    for algorithm, options in (
        ("FBP", {}), ("FBP", {"filter_name": "hann"}),
        *[("SIRT", {"iterations": n}) for n in (20, 100)],
        *[("OS-SIRT", {"iterations": n}) for n in (4, 10)],
        *[("SART", {"iterations": n}) for n in (1, 3)],
        *[("CGLS", {"iterations": n}) for n in (5, 8)],
        *[("FISTA-TV", {"iterations": 60, "tv_weight": w}) for w in (10.0, 40.0)],
        ("DART", {"gray_levels": [0, 0.3, 0.8, 1, 1.2, 1.5, 2], "iterations": 20}),
    ):  # fmt: skip
        limits = {} if algorithm == "DART" else {"minimum": 0.0}
        found = engine.reconstruct(data, geometry, algorithm=algorithm, backend="cpu", **limits, **options)
        clean, noisy = (relative(each, image) for each in found)
        words = ", ".join(f"{name} {value}" for name, value in options.items())
        write(f"  {algorithm:9s} {words:42s} {clean:.3f}   {noisy:.3f}\n")


def estimates(write, data, tilts):
    geometry = geometry_of(tilts, data.shape[1])
    write("\nestimated time / time taken\n")
    for algorithm, iterations in (
        ("FBP", 1),
        ("SIRT", 30),
        ("OS-SIRT", 5),
        ("SART", 3),
        ("CGLS", 15),
        ("FISTA-TV", 8),
    ):
        ratios = []
        for _ in range(ROUNDS):
            told = engine.estimate(geometry, algorithm, iterations, n_slices=data.shape[2], backend="cpu")
            began = time.perf_counter()
            engine.reconstruct(
                data, geometry, algorithm=algorithm, iterations=iterations, tv_weight=1.0, backend="cpu"
            )
            ratios.append(told.seconds / (time.perf_counter() - began))
        write(f"  {algorithm:9s} {np.median(ratios):.2f}   ({', '.join(f'{r:.2f}' for r in ratios)})\n")


def limit(write, data, tilts):
    """How much SIRT reaches of the rate at which operands come from the L1 cache."""
    from fma_rate import fma_per_second

    rate = fma_per_second(2)
    geometry = geometry_of(tilts, data.shape[1])
    spent = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        engine.reconstruct(
            data, geometry, algorithm="SIRT", iterations=40, minimum=0.0, backend="cpu", n_workers=2
        )
        spent.append(time.perf_counter() - began)
    work = 4 * len(tilts) * data.shape[1] ** 2 * data.shape[2] * 40
    reached = work / np.median(spent)
    write(
        f"\nmultiply-and-add from the L1 cache, 2 threads: {rate / 1e9:.0f} G/s; SIRT, 4 per pixel and tilt: "
        f"{reached / 1e9:.0f} G/s, {100 * reached / rate:.0f} %\n"
    )


def growth(write):
    write("\ngrowth, SIRT, one block per thread, 2 threads: ms per slice and iteration, MB at work\n")
    for size, n_tilts in ((128, 77), (256, 77), (512, 77), (1024, 77), (256, 38), (256, 154)):
        geometry = geometry_of(np.linspace(-76, 76, n_tilts), size)
        width = 32 if size > 768 else 64
        data = np.random.default_rng(0).random((n_tilts, size, 2 * width), dtype=np.float32)
        iterations = 20 if size < 300 else 4
        spent = []
        for count in (1, 1 + iterations):
            began = time.perf_counter()
            engine.reconstruct(data, geometry, algorithm="SIRT", iterations=count, backend="cpu", n_workers=2)
            spent.append(time.perf_counter() - began)
        each = 1000 * (spent[1] - spent[0]) / iterations / (2 * width)
        needed = engine.memory_needed(geometry, "SIRT", n_slices=2 * width, backend="cpu", n_workers=2)
        at_work = (needed - 2 * width * size**2 * 4) / 1e6
        write(f"  {size:5d} px, {n_tilts:3d} tilts: {each:7.3f} ms   {at_work:5.0f} MB\n")


if __name__ == "__main__":
    if sys.argv[1:] == ["peak"]:
        peak()
    else:
        main(sys.stdout.write)

"""Memory and time of each step on a lazy series larger than one wants in memory.

Run it as a script: ``bench_lazy.py [SIDE] [STEP ...]``; the side is 1024 pixels unless another is given. Each
step runs in a process of its own on the same MRC file. Peak memory is that of the process less what it holds
once all is imported; its own part (anonymous) does not count pages of files, which the system takes back
whenever it needs them.
"""

import json
import subprocess
import sys
import tempfile
import threading
import time
import warnings
from pathlib import Path

import numpy as np

TILTS = np.linspace(-60, 60, 121)
THICKNESS = 256
_EVERY_S = 0.02
_MB = 1024


def write_series(path, side):
    """Particles, shifted by up to 4 px, on a level of 100 counts, as an MRC file of uint16."""
    import mrcfile

    from etwidgets import simulation

    bodies = simulation.specimen("particles", (side, side), seed=3)
    moved = np.random.default_rng(0).uniform(-4, 4, (len(TILTS), 2))
    with mrcfile.new_mmap(path, (len(TILTS), side, side), mrc_mode=6, overwrite=True) as file:
        for i, tilt in enumerate(TILTS):
            image = simulation.project_ellipsoids(bodies, [tilt], (side, side), moved_px=moved[i : i + 1])[0]
            noisy = 100 + 20000 / side * image
            file.data[i] = np.random.default_rng(i).normal(noisy, np.sqrt(noisy)).clip(0, 65535)
    np.savetxt(path.with_suffix(".rawtlt"), TILTS, fmt="%.2f")


def opened(path):
    import etwidgets as etw

    return etw.load(path, lazy=True)


def _all(signal):
    """Compute every block once and keep none."""
    import dask

    parts = [block.sum(dtype=float) for block in signal.data.to_delayed().ravel()]
    return dask.compute(*parts)


def cleaned(path):
    return opened(path).subtract_background()


def registered(path):
    """As after a registration, by the true shifts, so that a step does not pay for those before."""
    stack = cleaned(path)
    moved = np.random.default_rng(0).uniform(-4, 4, (len(TILTS), 2))
    return stack.shift_projections(-moved)


def check(path):
    from etwidgets.signals.lazy_images import images_of

    stack = opened(path)
    from etwidgets import align

    with images_of(stack.data) as images:
        align.check_up(images, stack.tilts_deg)


STEPS = {
    "open": opened,
    "check": check,
    "subtract background": lambda path: _all(cleaned(path)),
    "register (PC)": lambda path: opened(path).stack_register("PC"),
    "shift": lambda path: _all(opened(path).shift_projections(np.full((len(TILTS), 2), 1.5))),
    "tilt axis (CoM)": lambda path: registered(path).tilt_align("CoM"),
    "crop": lambda path: _all(opened(path).crop_to(x_start=64, x_stop=960, y_start=64, y_stop=960)),
    "bin": lambda path: _all(opened(path).bin(2)),
    "OS-SIRT 2, save": lambda path: (
        opened(path)
        .reconstruct("OS-SIRT", 2, thickness=THICKNESS, show_progressbar=False)
        .save(path.with_suffix(".zspy"), overwrite=True, show_progressbar=False)
    ),
    "raw to volume": lambda path: (
        registered(path)
        .reconstruct("OS-SIRT", 2, thickness=THICKNESS, show_progressbar=False)
        .save(path.with_suffix(".zspy"), overwrite=True, show_progressbar=False)
    ),
}


def _status():
    lines = Path("/proc/self/status").read_text().splitlines()
    known = dict(line.split(":", 1) for line in lines)
    return [int(known[name].split()[0]) for name in ("VmRSS", "RssAnon")]


def measured(path, name):
    """Peak memory beyond the start and seconds of one step, in this process."""
    import etwidgets as etw

    small = np.random.default_rng(0).poisson(50, (7, 32, 32)).astype(np.uint16)
    etw.TomoStack(small, np.linspace(-60, 60, 7)).reconstruct("OS-SIRT", 1, show_progressbar=False)
    before, peak, done = np.array(_status()), np.zeros(2, int), threading.Event()

    def watch():
        while not done.wait(_EVERY_S):
            peak[:] = np.maximum(peak, _status())

    watcher = threading.Thread(target=watch)
    watcher.start()
    began = time.perf_counter()
    try:
        STEPS[name](path)
    finally:
        seconds = time.perf_counter() - began
        done.set()
        watcher.join()
    whole, own = ((peak - before) / _MB).tolist()
    return {"whole": whole, "own": own, "seconds": seconds}


def main(side, names, folder):
    path = folder / f"particles_{side}.mrc"
    if not path.exists():
        write_series(path, side)
    size = path.stat().st_size / 2**20
    sys.stdout.write(f"{len(TILTS)} x {side} x {side}, uint16, {size:.0f} MB on disk\n")
    sys.stdout.write("| step | peak MB | own MB | seconds |\n|---|---:|---:|---:|\n")
    for name in names or STEPS:
        command = [sys.executable, __file__, "--step", str(path), name]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            sys.stdout.write(f"| {name} | failed: {done.stderr.strip().splitlines()[-1]} |\n")
            continue
        found = json.loads(done.stdout.splitlines()[-1])
        sys.stdout.write(f"| {name} | {found['whole']:.0f} | {found['own']:.0f} | {found['seconds']:.1f} |\n")
        sys.stdout.flush()


if __name__ == "__main__":
    if sys.argv[1:2] == ["--step"]:
        warnings.simplefilter("ignore")
        sys.stdout.write("\n" + json.dumps(measured(Path(sys.argv[2]), sys.argv[3])) + "\n")
    else:
        given = sys.argv[1:]
        side = int(given.pop(0)) if given and given[0].isdigit() else 1024
        with tempfile.TemporaryDirectory() as folder:
            main(side, given, Path(folder))

"""How near the estimated time of a reconstruction comes, and the time left that a running one tells.

Run it as a script; with `busy` another process uses one core meanwhile. Everything goes the way that it goes
in the page: a session, its jobs in a thread. `large` takes a series of 73 x 512 x 512 instead of the needle.
"""

import subprocess
import sys
import time

import numpy as np

from etwidgets import TomoStack, datasets
from etwidgets.session import Session, ThreadRunner, TomoStackModel
from etwidgets.session.previews import reconstruction_time

CASES = {
    "FBP": {"method": "FBP"},
    "SIRT 20": {"method": "SIRT", "iterations": 20},
    "SIRT 100": {"method": "SIRT", "iterations": 100},
    "SART 5": {"method": "SART", "iterations": 5},
    "OS-SIRT 10": {"method": "OS-SIRT", "iterations": 10},
    "CGLS 20": {"method": "CGLS", "iterations": 20},
    "FISTA-TV 20": {"method": "FISTA-TV", "iterations": 20, "tv_weight": 1.0},
    "DART 10, 2": {"method": "DART", "iterations": 10, "dart_iterations": 2, "gray_levels": [0.0, 1.0]},
}
BURN = "while True: pass"
LOOK_S, FIRST = 0.25, 0.1  # the time left is judged after a tenth of the work


def main(write, arguments):
    other = subprocess.Popen([sys.executable, "-c", BURN]) if "busy" in arguments else None
    try:
        stack = large() if "large" in arguments else datasets.get_needle_data()
        chosen = {name: each for name, each in CASES.items() if name in arguments} or CASES
        write(f"{stack.data.shape}{', another process uses one core' if other else ''}\n")
        write("method        said    took  took/said   took/(spent + left), after a tenth of the work\n")
        for name, parameters in chosen.items():
            write(line(stack, name, parameters))
    finally:
        if other is not None:
            other.kill()


def large():
    data = np.random.default_rng(0).random((73, 512, 512), dtype=np.float32)
    return TomoStack(data, np.linspace(-72, 72, 73))


def line(stack, name, parameters):
    reconstruction_time(stack.data.shape, stack.tilts_deg, parameters)  # compiles
    session = Session(TomoStackModel(stack), ThreadRunner())
    _, said = reconstruction_time(stack.data.shape, stack.tilts_deg, parameters)
    began, told = time.perf_counter(), []
    job = session.apply("reconstruct", **parameters)
    while not job.wait(LOOK_S):
        status = job.status
        if status.seconds_left is not None and status.fraction >= FIRST:
            told.append(time.perf_counter() - began + status.seconds_left)
    took = time.perf_counter() - began
    session.close()
    span = f"{took / max(told):.2f} to {took / min(told):.2f}" if told else "(too short)"
    return f"{name:12} {said:5.1f} s {took:5.1f} s   {took / said:8.2f}   {span}\n"


if __name__ == "__main__":
    main(sys.stdout.write, sys.argv[1:])

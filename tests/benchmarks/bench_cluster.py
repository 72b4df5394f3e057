"""A cluster of processes against the same threads used directly, what its parts cost, and how far that goes.

Run it as a script; `N` columns (default 512) and `rounds=R` (3) may be given, and `simulate` leaves the
comparison out. Three parts:

- SIRT 20 of 73 x 512 x N, by 2 threads here and by 2 processes with a thread each, in turn, in one run:
  seconds, and seconds of all processors together, which other work on the machine changes less.
- What sending, a piece without work, receiving and writing cost.
- A scheduler simulated with these costs, for up to 1000 workers: what it would take, and what is busy most.
"""

import heapq
import statistics
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import psutil
from distributed import Client, LocalCluster

from etwidgets import cluster, engine
from etwidgets.cluster import Pieces
from etwidgets.progress import NullProgress

TILTS, HEIGHT, ITERATIONS, WIDTH = 73, 512, 20, 64
AHEAD = 2  # pieces under way for each thread, as in etwidgets.cluster
PER_S = 1e6  # bytes, for rates
NETWORK = 1.1e9  # bytes a second of 10 Gbit/s


@dataclass(frozen=True)
class Costs:
    """Seconds of one thread for a tilt and voxel of an iteration, bytes a second, seconds for each piece."""

    work: float
    send: float
    receive: float
    piece: float
    disk: float


@dataclass(frozen=True)
class Series:
    """Tilts, height, thickness, columns, and slices in a block."""

    name: str
    tilts: int
    height: int
    thickness: int
    columns: int
    width: int

    def blocks(self, n_threads):
        """As etwidgets.engine.on_cluster.cut: a block for each thread, if it can be."""
        usable = [w for w in (8, 16, 32, 64) if w <= self.width and -(-self.columns // w) >= n_threads]
        width = max(usable, default=8)
        return -(-self.columns // width), width


SERIES = (
    Series("73 x 512 x 512", 73, 512, 512, 512, 64),
    Series("121 x 2048 x 2048, thickness 512", 121, 2048, 512, 2048, 32),
    Series("181 x 8192 x 8192, thickness 1024", 181, 8192, 1024, 8192, 16),
)


def main(write, arguments):
    numbers = [int(each) for each in arguments if each.isdecimal()]
    rounds = next((int(each[7:]) for each in arguments if each.startswith("rounds=")), 3)
    options = {"n_workers": 2, "threads_per_worker": 1, "dashboard_address": ":0", "silence_logs": 50}
    with LocalCluster(**options) as started, Client(started):
        if "simulate" in arguments:
            work = one_block(32, engine_geometry(256))
        else:
            work = compare(write, started, numbers[0] if numbers else 512, rounds)
        costs = measure(write, work)
    for series in SERIES:
        write(f"\n{series.name}: SIRT {ITERATIONS}\n")
        write(
            "workers   blocks  seconds   busy: work  sending  receiving  writing   workers write: seconds\n"
        )
        for n_workers in (1, 2, 10, 30, 100, 300, 1000):
            write(line(series, costs, n_workers))


def engine_geometry(size):
    return engine.Geometry(np.deg2rad(np.linspace(-72, 72, TILTS)), size)


def compare(write, started, columns, rounds):
    """Both in turn; gives seconds of a thread for a tilt, voxel and iteration."""
    data = np.random.default_rng(0).random((TILTS, HEIGHT, columns), dtype=np.float32)
    geometry = engine_geometry(HEIGHT)
    processes = [psutil.Process(each.process.pid) for each in started.workers.values()]

    def here():
        with cluster.using("local"):
            return engine.reconstruct(data, geometry, algorithm="SIRT", iterations=ITERATIONS, n_workers=2)

    def there():
        return engine.reconstruct(data, geometry, algorithm="SIRT", iterations=ITERATIONS)

    small = np.ascontiguousarray(data[:, :, : 2 * WIDTH])
    for place in ("local", None):  # compiles and imports
        with cluster.using(place):
            engine.reconstruct(small, geometry, algorithm="SIRT", iterations=1, n_workers=2)
    taken = {here: [], there: []}
    for number in range(rounds):
        volumes = []
        for run in (here, there) if number % 2 == 0 else (there, here):
            before, began = processor_seconds(processes), time.perf_counter()
            volumes.append(run())
            taken[run].append((time.perf_counter() - began, processor_seconds(processes) - before))
        assert np.array_equal(*volumes)
        del volumes
    write(f"SIRT {ITERATIONS}, {TILTS} x {HEIGHT} x {columns}, medians of {rounds}; same bits each time\n")
    write("                                     seconds   of all processors\n")
    medians = {run: [statistics.median(each) for each in zip(*taken[run], strict=True)] for run in taken}
    for run, title in ((here, "2 threads"), (there, "2 processes with a thread each")):
        write(f"{title:34s} {medians[run][0]:9.1f} {medians[run][1]:9.1f}\n")
    wall, processor = (a / b for a, b in zip(medians[here], medians[there], strict=True))
    each = " ".join(f"{a[0] / b[0]:.2f}" for a, b in zip(taken[here], taken[there], strict=True))
    write(f"throughput against the threads: {wall:.2f} ({each}), by processor seconds {processor:.2f}\n\n")
    return medians[here][1] / (TILTS * HEIGHT**2 * columns * ITERATIONS)


def processor_seconds(processes):
    """Of this process and the workers."""
    times = [each.cpu_times() for each in (psutil.Process(), *processes)]
    return sum(each.user + each.system for each in times)


def one_block(width, geometry):
    """Seconds of a thread for a tilt, voxel and iteration."""
    data = np.ones((geometry.n_angles, geometry.n_y, width), np.float32)
    with cluster.using("local"):
        engine.reconstruct(data, geometry, algorithm="SIRT", iterations=1, n_workers=1)
        began = time.thread_time(), time.process_time()
        engine.reconstruct(data, geometry, algorithm="SIRT", iterations=4, n_workers=1)
    return (time.process_time() - began[1]) / (geometry.n_angles * geometry.n_y**2 * width * 4)


def measure(write, work):
    """What the parts of a run on this cluster cost."""
    place, size = cluster.active(), 32 << 20

    def timed(count, piece, function):
        began = time.perf_counter()
        place.run(Pieces(function, None, count, piece, lambda _i, _result: None), NullProgress())
        return (time.perf_counter() - began) / count

    timed(20, lambda _i: None, nothing)
    empty = statistics.median(timed(200, lambda _i: None, nothing) for _ in range(3))
    sent = np.random.default_rng(0).random(size // 8)
    send = statistics.median(timed(8, lambda _i: sent, nothing) for _ in range(3)) - empty
    receive = statistics.median(timed(8, lambda _i: size // 8, array_of) for _ in range(3)) - empty
    with tempfile.TemporaryDirectory() as folder:
        began = time.perf_counter()
        with (Path(folder) / "volume").open("wb") as file:
            for _ in range(8):
                file.write(sent.tobytes())
            file.flush()
        disk = (time.perf_counter() - began) / 8
    costs = Costs(work, size / send, size / receive, empty, size / disk)
    write("cost of                            measured\n")
    write(f"a tilt and voxel of an iteration   {work * 1e9:.3f} ns of a thread\n")
    write(f"sending to a worker                {costs.send / PER_S:.0f} MB/s\n")
    write(f"a piece without work               {empty * 1e3:.1f} ms\n")
    write(f"receiving a result                 {costs.receive / PER_S:.0f} MB/s\n")
    write(f"writing to a file (cached)         {costs.disk / PER_S:.0f} MB/s\n")
    return costs


def nothing(_shared, _piece, step):
    step()


def array_of(_shared, piece, step):
    step()
    return np.empty(piece)


def line(series, costs, n_workers):
    seconds, busy = simulate(series, costs, n_workers)
    alone, _ = simulate(series, costs, n_workers, workers_write=True)
    shares = "  ".join(f"{100 * each / seconds:7.0f} %" for each in busy)
    return f"{n_workers:7d} {series.blocks(n_workers)[0]:8d} {seconds:8.0f}  {shares}   {alone:10.0f}\n"


def simulate(series, costs, n_workers, *, workers_write=False):
    """Seconds of a run, and those in which workers (their mean), sender, receiver and disk are busy.

    The client sends and receives one piece at a time, over a network of 10 Gbit/s or at the measured rate;
    each worker has one thread; a piece is sent when fewer than two for each thread are under way.
    ``workers_write``: results do not come back, each worker writes its own at the rate of the disk.
    """
    count, width = series.blocks(n_workers)
    block = width * series.thickness * series.height
    work = costs.work * series.tilts * block * ITERATIONS
    sending = costs.piece / 2 + 4 * series.tilts * series.height * width / min(costs.send, NETWORK)
    receiving, writing = costs.piece / 2, 4 * block / costs.disk
    if workers_write:
        work, writing = work + writing, 0.0
    else:
        receiving += 4 * block / min(costs.receive, NETWORK)
    free, taken = [0.0] * n_workers, []  # when each worker is free, and each piece under way is back
    sender = receiver = disk = 0.0
    for _ in range(count):
        if len(taken) >= AHEAD * n_workers:
            sender = max(sender, heapq.heappop(taken))
        sender += sending
        done = max(heapq.heappop(free), sender) + work
        heapq.heappush(free, done)
        receiver = max(receiver, done) + receiving
        heapq.heappush(taken, receiver)
        disk = max(disk, receiver) + writing
    busy = [count * each for each in (work / n_workers, sending, receiving, writing)]
    return disk, busy


if __name__ == "__main__":
    main(sys.stdout.write, sys.argv[1:])

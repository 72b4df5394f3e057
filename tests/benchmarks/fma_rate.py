"""How many float32 multiply-and-adds this processor does when one operand comes from the L1 cache."""

import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from etwidgets.engine import kernels
from etwidgets.engine.arithmetic import aligned
from etwidgets.engine.vector_type import add_scaled, load_lanes, store_lanes

WIDTH, ROWS = 64, 64  # 16 KB


@kernels.compiled
def work(values, result, repeats):
    sums = load_lanes(result, 0, WIDTH)
    for _ in range(repeats):
        for row in range(ROWS):
            sums = add_scaled(sums, values, row * WIDTH, np.float32(0.5))
    store_lanes(result, 0, sums)


def fma_per_second(n_threads):
    """In all threads together; the best of five."""
    arrays = [(aligned((ROWS * WIDTH,)), aligned((WIDTH,))) for _ in range(n_threads)]
    repeats = 200_000
    work(*arrays[0], 1)
    best = np.inf
    with ThreadPoolExecutor(n_threads) as pool:
        for _ in range(5):
            began = time.perf_counter()
            for each in [pool.submit(work, *pair, repeats) for pair in arrays]:
                each.result()
            best = min(best, time.perf_counter() - began)
    return n_threads * repeats * ROWS * WIDTH / best

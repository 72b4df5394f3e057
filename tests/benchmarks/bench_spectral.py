"""Maps, fit and decomposition of spectral series: seconds and peak memory, each in a process of its own.

``python tests/benchmarks/bench_spectral.py``
"""

import resource
import subprocess
import sys
import time

_CASES = {
    "37 x 64 x 64 x 1024": ((64, 64, 64), False),
    "37 x 128 x 162 x 1024 (the paper's), lazy": ((162, 128, 128), True),
}


def run(shape, *, lazy):
    from etwidgets import datasets, spectral

    times = []

    def timed(function, *given):
        begun = time.perf_counter()
        result = function(*given)
        times.append(time.perf_counter() - begun)
        return result

    spectra = timed(lambda: datasets.get_spectral_needle(shape, lazy=lazy))
    lines = spectral.lines_of(spectra)
    timed(spectral.element_maps, spectra, lines)
    timed(spectral.fit_lines, spectra, lines)
    timed(spectral.decompose, spectra, 4)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    sys.stdout.write(" | ".join(f"{number:.1f}" for number in (*times, peak)) + "\n")


def main():
    sys.stdout.write(
        "| spectra | simulated (s) | maps of 4 lines (s) | fit (s) | NMF, 4 components (s) |"
        " peak memory (GB) |\n"
    )
    sys.stdout.write("|---|---|---|---|---|---|\n")
    for name, (shape, lazy) in _CASES.items():
        call = [sys.executable, "-W", "ignore", __file__, *map(str, shape), str(int(lazy))]
        found = subprocess.run(call, check=True, capture_output=True, text=True).stdout.strip()
        sys.stdout.write(f"| {name} | {found} |\n")


if __name__ == "__main__":
    if len(sys.argv) > 1:
        *sizes, lazily = map(int, sys.argv[1:])
        run(tuple(sizes), lazy=bool(lazily))
    else:
        main()

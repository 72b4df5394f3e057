"""Element maps with HAADF against each element alone, both with total variation and tuned by left-out maps.

Run it as a script (4 minutes on 2 cores); arguments: counts per spectrum pixel, EDX tilts, HAADF tilts,
first seed. Five seeds draw the shape, the efficiency of the detector for each element and the noise of a
core/shell particle (Pt, Ni) and of a layered needle (Si, Cr, Ni). Each element has its own TV weight,
tuned without HAADF; with HAADF a common factor and HAADF's weight are tuned; TNV takes the weights of TV.
Errors are relative, the mean over the elements.
"""

import sys
import time

import numpy as np

from etwidgets import engine
from etwidgets.engine.joint import reconstruct_jointly
from etwidgets.engine.joint_choice import choose_weights

SIZE, SLICES, ITERATIONS = 64, 8, 300


def main(write, counts=12.0, n_map_tilts=15, n_haadf_tilts=37, first_seed=0):
    write(f"{counts:g} counts, {n_map_tilts} EDX and {n_haadf_tilts} HAADF tilts\n")
    write(f"{'phantom':11s} seed  alone  fused   gain    TNV   gain  HAADF  TV weight; elements\n")
    for make in (core_and_shell, layered_needle):
        gains = []
        for seed in range(first_seed, first_seed + 5):
            began = time.perf_counter()
            truth, numbers, haadf, maps, geometries = measured(make, seed, counts, n_map_tilts, n_haadf_tilts)
            alone, fused, coupled, chosen = compared(truth, numbers, haadf, maps, geometries)
            gain, other = (1 - np.mean(errors) / np.mean(alone) for errors in (fused, coupled))
            gains.append((gain, other))
            write(
                f"{make.__name__[:11]:11s} {seed:4d} {np.mean(alone):6.3f} {np.mean(fused):6.3f} {gain:6.1%} "
                f"{np.mean(coupled):6.3f} {other:6.1%} {chosen.haadf_weight:6.0f} {chosen.tv_weight} "
                f"{np.round(alone, 3)} -> {np.round(fused, 3)}  {time.perf_counter() - began:.0f} s\n"
            )
        write(f"  mean gain {np.mean(gains, axis=0)}, least {np.min(gains, axis=0)} (TV, TNV)\n")


def core_and_shell(rng):
    """Pt in Ni, ``(E, X, Z, Y)``."""
    z, y = np.mgrid[:SIZE, :SIZE] - (SIZE - 1) / 2
    shift, inner = rng.uniform(-4, 4, 2), rng.uniform(-3, 3, 2)
    radius, stretch = rng.uniform(0.30, 0.38) * SIZE, rng.uniform(0.85, 1.15)
    core = rng.uniform(0.5, 0.75) * radius
    volume = np.zeros((2, SLICES, SIZE, SIZE), np.float32)
    for x in range(SLICES):
        shrunk = np.sqrt(1 - (0.5 * (x / SLICES - 0.5)) ** 2)
        whole = np.hypot((z - shift[0]) * stretch, (y - shift[1]) / stretch) < radius * shrunk
        volume[0, x] = np.hypot(z - shift[0] - inner[0], y - shift[1] - inner[1]) < core * shrunk
        volume[1, x] = whole & (volume[0, x] == 0)
    return volume, (78, 28)


def layered_needle(rng):
    """Five layers of Si, Cr and Ni across a needle, ``(E, X, Z, Y)``."""
    z, y = np.mgrid[:SIZE, :SIZE] - (SIZE - 1) / 2
    angle, radius = rng.uniform(0, np.pi), rng.uniform(0.32, 0.4) * SIZE
    edges = np.sort(rng.uniform(-0.75, 0.75, 4)) * radius
    first = rng.integers(0, 3)
    volume = np.zeros((3, SLICES, SIZE, SIZE), np.float32)
    for x in range(SLICES):
        layer = np.digitize(y * np.cos(angle) + z * np.sin(angle) + x / 2, edges)
        for k in range(5):
            volume[(first + k) % 3, x][(np.hypot(z, y) < radius - 0.4 * x) & (layer == k)] = 1
    volume[0] *= 1.2
    return volume, (14, 24, 28)


def measured(make, seed, counts, n_map_tilts, n_haadf_tilts):
    """Truth in units of the maps, atomic numbers, HAADF with 1 % of noise, counts, and both geometries."""
    rng = np.random.default_rng(seed)
    truth, numbers = make(rng)
    geometries = [
        engine.Geometry(np.deg2rad(np.linspace(-70, 70, n)), SIZE) for n in (n_haadf_tilts, n_map_tilts)
    ]
    haadf = sum(
        z**1.7 * engine.forward_project(v, geometries[0]) for z, v in zip(numbers, truth, strict=True)
    )
    haadf += rng.normal(0, 0.01 * haadf.max(), haadf.shape)
    truth *= rng.uniform(0.5, 1.5, len(truth))[:, None, None, None].astype(np.float32)
    maps = np.array([engine.forward_project(volume, geometries[1]) for volume in truth])
    total = maps.sum(0)
    factor = np.float32(counts / total[total > 0.05 * total.max()].mean())
    return truth * factor, numbers, haadf, rng.poisson(maps * factor).astype(np.float32), geometries


def compared(truth, numbers, haadf, maps, geometries):
    """Errors of elements alone, fused with TV, fused with TNV, and the weights."""
    series = (haadf, maps, *geometries, numbers)
    chosen = choose_weights(*series)
    errors = [
        relative_errors(
            reconstruct_jointly(
                *series, haadf_weight=weight, tv_weight=price, coupling=coupling, iterations=ITERATIONS
            ),
            truth,
        )
        for weight, price, coupling in (
            (0.0, chosen.alone_tv_weight, "tv"),
            (chosen.haadf_weight, chosen.tv_weight, "tv"),
            (chosen.haadf_weight, chosen.tv_weight, "tnv"),
        )
    ]
    return *errors, chosen


def relative_errors(found, truth):
    return [float(np.linalg.norm(f - t) / np.linalg.norm(t)) for f, t in zip(found, truth, strict=True)]


def flushed(text):
    sys.stdout.write(text)
    sys.stdout.flush()


if __name__ == "__main__":
    main(flushed, *map(float, sys.argv[1:2]), *map(int, sys.argv[2:5]))

"""The suggested TV weight is good on three phantoms at two doses, whose projections are known by formula."""

import numpy as np
import pytest

from etwidgets import engine

SIZE, N_TILTS = 64, 40
ANGLES = np.deg2rad(np.linspace(-70, 70, N_TILTS))
FACTORS = (0.25, 0.5, 0.7, 1.0, 1.4, 2.0, 4.0)


def particles():
    random, found = np.random.default_rng(1), []
    while len(found) < 14:
        y, z, radius = *random.uniform(-23, 23, 2), random.uniform(1.8, 4.0)
        if all(np.hypot(y - each[0], z - each[1]) > radius + each[2] + 1 for each in found):
            found.append((y, z, radius, radius, 0.0, random.choice([1.0, 2.0])))
    return found


def needle():
    """A core in a shell with pores."""
    pores = [(9 * np.cos(a) + 1, 9 * np.sin(a) - 2, 2.0, 2.0, 0.0, -1.2) for a in np.arange(6) * np.pi / 3]
    return [(1, -2, 18, 17, 0.3, 1.0), (1, -2, 13, 12, 0.3, 0.5), (1, -2, 5, 5, 0.0, 1.0), *pores]


ELLIPSES = [
    (0, 0, 27, 21, 0.2, 1.0),
    (-8, 4, 7, 9, 0.6, 1.2),
    (9, -5, 6, 4, 0.0, -0.6),
    (3, 11, 3, 3, 0.0, 1.5),
]
PHANTOMS = {"ellipses": ELLIPSES, "needle": needle(), "particles": particles()}
"""Each ellipse: y, z, its half axes, the angle between the first one and y, and what it adds."""


def image(ellipses, fine=4):
    at = (np.arange(SIZE * fine) - (SIZE * fine - 1) / 2) / fine
    y, z = np.meshgrid(at, at)
    values = np.zeros_like(y)
    for y0, z0, a, b, turn, value in ellipses:
        along = (y - y0) * np.cos(turn) + (z - z0) * np.sin(turn)
        across = (z - z0) * np.cos(turn) - (y - y0) * np.sin(turn)
        values[(along / a) ** 2 + (across / b) ** 2 < 1] += value
    return values.reshape(SIZE, fine, SIZE, fine).mean((1, 3))


def projections(ellipses, fine=20):
    """``(T, Y)``: chords of the ellipses, averaged over each detector pixel."""
    at = np.arange(SIZE)[:, None] - (SIZE - 1) / 2 + (np.arange(fine) - (fine - 1) / 2) / fine
    sums = np.zeros((N_TILTS, SIZE))
    for number, angle in enumerate(ANGLES):
        for y0, z0, a, b, turn, value in ellipses:
            squared = (a * np.cos(angle + turn)) ** 2 + (b * np.sin(angle + turn)) ** 2
            off = at - (y0 * np.cos(angle) - z0 * np.sin(angle))
            sums[number] += value * (2 * a * b / squared * np.sqrt(np.clip(squared - off**2, 0, None))).mean(
                1
            )
    return sums


def test_the_formula_gives_what_the_projector_gives():
    geometry = engine.Geometry(ANGLES, SIZE)
    for ellipses in PHANTOMS.values():
        known = projections(ellipses)
        ours = engine.forward_project(image(ellipses)[np.newaxis].astype(np.float32), geometry)[:, :, 0]
        assert np.linalg.norm(ours - known) < 0.05 * np.linalg.norm(known)


@pytest.mark.parametrize("counts", [2000, 40])
@pytest.mark.parametrize("name", PHANTOMS)
def test_no_other_weight_is_much_better(name, counts):
    """``counts``: electrons in the brightest pixel without noise."""
    truth, clean = image(PHANTOMS[name]), projections(PHANTOMS[name])
    scale = counts / clean.max()
    noisy = np.random.default_rng(5).poisson(np.repeat(clean[:, :, np.newaxis], 4, axis=2) * scale) / scale
    suggested = engine.suggested_tv_weight(noisy)
    errors = {
        factor: np.linalg.norm(
            engine.reconstruct(
                noisy,
                engine.Geometry(ANGLES, SIZE),
                algorithm="FISTA-TV",
                iterations=50,
                minimum=0,
                tv_weight=factor * suggested,
            )
            - truth
        )
        for factor in FACTORS
    }
    assert errors[1.0] < 1.2 * min(errors.values())


def test_it_goes_with_the_units_and_with_the_root_of_the_number_of_projections():
    random = np.random.default_rng(0)
    noise = random.normal(0, 3, (100, 60, 50)).astype(np.float32)
    assert engine.suggested_tv_weight(noise) == pytest.approx(2 * 3 * 10, rel=0.05)
    assert engine.suggested_tv_weight(noise[:25]) == pytest.approx(2 * 3 * 5, rel=0.05)
    assert engine.suggested_tv_weight(1000 * noise) == 1000 * engine.suggested_tv_weight(noise)


def test_without_noise_it_is_a_twentieth_of_the_largest_value():
    clean = np.zeros((30, 40, 20))
    clean[:, 10:20] = 80.0
    clean[3, 4, 5] = 1e6  # a hot pixel
    assert engine.suggested_tv_weight(clean) == 4.0
    assert engine.suggested_tv_weight(np.zeros((5, 8, 1))) == 0

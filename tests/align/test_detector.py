"""Hot pixels, hits of X-rays and a pattern of the detector that were put in are taken out, nothing else."""

import numpy as np
import pytest

from etwidgets import align
from etwidgets.errors import DataError, ParameterError, ShapeError
from etwidgets.simulation import ellipsoid_series

TILTS = np.arange(-60.0, 61, 10)


@pytest.mark.parametrize(("kind", "dose"), [("particles", 30), ("catalyst", 2000), ("needle", 300)])
def test_hot_pixels_and_hits_are_found_and_nothing_else(kind, dose):
    images = ellipsoid_series(kind, dose=dose, tilts_deg=TILTS).projections
    spoiled = images.copy()
    fixed = {(10, 20), (50, 3), (90, 100), (41, 64)}
    hits = {(2, 30, 40), (7, 30, 41), (9, 0, 0), (12, 70, 127)}
    for y, x in fixed:
        spoiled[:, y, x] += 2 * dose
    for at in hits:
        spoiled[at] += 2 * dose
    found = align.find_hot_pixels(spoiled)
    assert {tuple(int(i) for i in each) for each in found.fixed} == fixed
    assert {tuple(int(i) for i in each) for each in found.hits} == hits
    assert found.count == 13 * 4 + 4
    mended = align.remove_hot_pixels(spoiled, found)
    changed = np.abs(mended - images) > 0
    assert changed.sum() <= found.count
    assert np.abs(mended - images).max() < 12 * np.sqrt(dose)
    assert align.find_hot_pixels(images).count == 0


def test_dark_and_gain_are_undone():
    images = ellipsoid_series("needle", dose=None, dark=0, tilts_deg=TILTS).projections
    rng = np.random.default_rng(0)
    dark, gain = rng.uniform(5, 20, (96, 128)), rng.uniform(0.8, 1.2, (96, 128))
    recorded = images * gain / gain.mean() + dark
    assert np.allclose(align.correct_detector(recorded, dark, 700 * gain), images, atol=0.01)
    with pytest.raises(ParameterError, match="a dark image, a gain image"):
        align.correct_detector(images)
    with pytest.raises(ShapeError, match=r"the dark image must have the shape \(96, 128\)"):
        align.correct_detector(images, dark[1:])
    with pytest.raises(DataError, match="zero or less in 1 pixels"):
        align.correct_detector(images, gain=np.where(gain == gain.max(), 0, gain))

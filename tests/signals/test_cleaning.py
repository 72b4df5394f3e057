"""Corrections of intensity as methods of a series: of one frame or several, lazy or not, the same numbers."""

import dask.array as da
import numpy as np
import pytest

from etwidgets import align
from etwidgets.errors import DataError, OutsideError
from etwidgets.signals import TomoStack
from etwidgets.simulation import ellipsoid_series, specimen

TILTS = np.arange(-60.0, 61, 10)


@pytest.fixture(scope="module")
def images():
    return ellipsoid_series("particles", dark=0.05, tilts_deg=TILTS).projections


@pytest.mark.parametrize("kind", ["plain", "frames", "lazy"])
def test_all_kinds_of_series_are_corrected_alike(images, kind):
    data = np.stack([images, images], axis=1) if kind == "frames" else images
    stack = TomoStack(da.from_array(data) if kind == "lazy" else data, TILTS)
    found = align.estimate_background(images)
    plain = align.subtract_background(images, found)
    expected = {
        "subtract_background": plain,
        "equalize_intensity": align.equalize_intensity(images, TILTS),
        "correct_detector": align.correct_detector(images, images[2]),
    }
    for name, values in expected.items():
        given = {"dark": 2} if name == "correct_detector" else {}
        result = getattr(stack, name)(**given)
        data = np.asarray(result.data)
        assert data.shape == stack.data.shape
        assert result.data.dtype == np.float32
        assert np.allclose(data[:, 0] if kind == "frames" else data, values, atol=1e-3), name
        np.testing.assert_array_equal(result.tilts_deg, TILTS)
    assert stack.subtract_background().metadata.Tomography.background.level == pytest.approx(15, abs=0.3)
    spoiled = np.array(stack.data)
    spoiled[3, ..., 40, 50] = 5000
    mended = TomoStack(da.from_array(spoiled) if kind == "lazy" else spoiled, TILTS).remove_hot_pixels()
    assert mended.metadata.Tomography.hot_pixels == (2 if kind == "frames" else 1)
    assert np.asarray(mended.data).max() < 600


def test_what_cannot_be_done_is_said(images):
    slab = ellipsoid_series(specimen("slab")[:150], tilts_deg=TILTS).projections
    with pytest.raises(DataError, match=r"choose a method other than 'auto'"):
        TomoStack(slab, TILTS).subtract_background()
    with pytest.raises(OutsideError, match="0 to 12, not 13"):
        TomoStack(images, TILTS).correct_detector(dark=13)


def test_a_channel_keeps_its_own_intensities(images):
    cleaned = TomoStack(images, TILTS).subtract_background().equalize_intensity()
    other = cleaned.bring_along(TomoStack(3 * images, TILTS))
    assert np.array_equal(other.data, 3 * images)
    assert not other.metadata.Tomography.has_item("background")
    assert not other.metadata.Tomography.has_item("intensity_factors")


def test_center_of_mass_takes_noise_about_zero(images):
    cleaned = TomoStack(images, TILTS).subtract_background()
    assert cleaned.data.min() < -0.02 * cleaned.data.max()
    assert cleaned.stack_register("COM").data.shape == images.shape

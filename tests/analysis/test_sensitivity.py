"""Intervals that hold the truth."""

from functools import partial

import numpy as np
import pytest
from scipy import ndimage

from etwidgets import analysis
from etwidgets.errors import DataError, ParameterError


def noisy(clean, seed, level=0.12):
    noise = ndimage.gaussian_filter(np.random.default_rng(seed).standard_normal(clean.shape), 0.7)
    return clean + level * noise / noise.std()


def volume_near(near, data, level):
    return analysis.volume_of(np.where(near, data, 0), level, 1.0)


def test_the_interval_holds_the_volume_of_a_sphere(shapes):
    truth, held, widths = 4 / 3 * np.pi * 9**3, 0, []
    for seed in range(10):
        random = np.random.default_rng(100 + seed)
        clean = ndimage.gaussian_filter(shapes.ball((32, 32, 32), 15.5 + random.uniform(-1, 1, 3), 9), 1)
        volume = noisy(clean, seed)
        (threshold,) = analysis.threshold_of(volume)
        mask = analysis.segment(volume, threshold, smallest_voxels=50)

        near = ndimage.binary_dilation(mask, iterations=3)
        found = analysis.interval(volume, partial(volume_near, near), threshold)
        held += found.low <= truth <= found.high
        widths.append((found.high - found.low) / truth)
    assert held >= 9
    assert np.mean(widths) < 0.25


def test_the_interval_holds_the_thickness_of_a_layer():
    truth, held, widths = 9.4, 0, []
    at = np.arange(32)
    for seed in range(10):
        start = 10 + np.random.default_rng(seed).uniform(0, 1)
        profile = np.clip(np.minimum(at + 1, start + truth) - np.maximum(at, start), 0, 1)
        body = np.broadcast_to(profile[:, None, None], (32, 20, 20))
        volume = noisy(ndimage.gaussian_filter(body, (1, 0, 0)), seed)
        (threshold,) = analysis.threshold_of(volume)

        def quantity(data, level):
            return float(analysis.layers(data, level, "x", 1.0)["thickness_nm"].max())

        found = analysis.interval(volume, quantity, threshold)
        held += found.low <= truth <= found.high
        widths.append((found.high - found.low) / truth)
    assert held >= 9
    assert np.mean(widths) < 0.25


def test_a_number_is_followed_over_thresholds(shapes):
    volume = ndimage.gaussian_filter(shapes.ball((32, 32, 32), (15, 15, 15), 9), 2)
    table = analysis.versus_threshold(volume, lambda v, t: analysis.volume_of(v, t, 1), [0.3, 0.5, 0.7, 5])
    values = table["value"].to_numpy()
    assert values[0] > values[1] > values[2]
    assert np.isnan(values[3])


def test_one_iteration_more():
    found = analysis.between_iterations([10.0, 11.0, 11.5])
    assert (found.low, found.value, found.high) == (10, 11, 12)
    assert str(found) == "11 (10 to 12)"
    with pytest.raises(ParameterError, match="two or three"):
        analysis.between_iterations([1.0])


def test_a_threshold_outside_of_the_values_is_refused():
    with pytest.raises(DataError, match="separates nothing: values go from 0 to 1"):
        analysis.interval(np.eye(4)[None].repeat(4, 0), lambda v, t: 1.0, 9)

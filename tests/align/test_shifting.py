"""Shifts and rotations: signs, accuracy against analytic Gaussians, borders, memory."""

import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from etwidgets.align import apply_shifts, common_area, transform
from etwidgets.errors import EtwidgetsError


def gaussian(row, column, size=(64, 72), sigma=3.0):
    y, x = np.mgrid[: size[0], : size[1]]
    return np.exp(-((y - row) ** 2 + (x - column) ** 2) / (2 * sigma**2)).astype(np.float32)


@settings(max_examples=30, deadline=None)
@given(dy=st.floats(-12, 12), dx=st.floats(-12, 12))
def test_fourier_shifts_are_exact(dy, dx):
    moved = apply_shifts(gaussian(31, 36)[None], [[dy, dx]])
    assert np.abs(moved[0] - gaussian(31 + dy, 36 + dx)).max() < 3e-6


def test_spline_shifts_are_close():
    moved = apply_shifts(gaussian(31, 36)[None], [[2.3, -4.7]], method="spline")
    assert np.abs(moved[0] - gaussian(33.3, 31.3)).max() < 2e-3


@pytest.mark.parametrize("method", ["fourier", "spline"])
def test_positive_moves_to_larger_indices(method):
    moved = apply_shifts(np.stack([gaussian(31, 36)] * 2), [[3, 0], [0, 5]], method=method)
    assert [np.unravel_index(m.argmax(), m.shape) for m in moved] == [(34, 36), (31, 41)]


def test_a_constant_stays_constant_where_it_is_known():
    moved = apply_shifts(np.full((1, 40, 50), 7.0), [[2.5, -3.5]])
    assert np.abs(moved[0, 6:-6, 6:-6] - 7).max() < 0.2


def test_whole_pixels_only_move():
    image = np.random.default_rng(0).random((1, 30, 41), dtype=np.float32)
    moved = apply_shifts(image, [[3, -5]])
    assert np.allclose(moved[0, 3:, :-5], image[0, :-3, 5:], atol=1e-5)


def test_there_and_back_is_the_identity():
    image = gaussian(31, 36)[None]
    back = apply_shifts(apply_shifts(image, [[1.7, 2.2]]), [[-1.7, -2.2]])
    assert np.abs(back - image).max() < 1e-5


def test_shifting_takes_at_most_three_stacks():
    data = np.random.default_rng(0).random((40, 128, 128), dtype=np.float32)
    shifts = np.random.default_rng(1).uniform(-10, 10, (40, 2))
    tracemalloc.start()
    apply_shifts(data, shifts)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak + data.nbytes <= 3 * data.nbytes


def test_rotation_is_clockwise_about_the_center():
    moved = transform(gaussian(31.5, 55.5, (64, 72))[None], angle_deg=90)
    assert np.unravel_index(moved[0].argmax(), (64, 72)) in [(51, 35), (51, 36), (52, 35), (52, 36)]


def test_a_horizontal_line_gets_the_slope_of_the_angle():
    image = np.zeros((1, 101, 101), np.float32)
    image[0, 49:52] = 1
    turned = transform(image, angle_deg=5, interpolation="cubic")[0]
    columns = np.arange(20, 81)
    rows = (turned[:, 20:81] * np.arange(101)[:, None]).sum(0) / turned[:, 20:81].sum(0)
    slope, middle = np.polyfit(columns - 50, rows, 1)
    assert slope == pytest.approx(np.tan(np.deg2rad(5)), rel=0.01)
    assert middle == pytest.approx(50, abs=0.05)


@pytest.mark.parametrize("interpolation", ["linear", "cubic"])
def test_rotation_first_then_shift(interpolation):
    moved = transform(
        gaussian(31.5, 55.5, (64, 72))[None], angle_deg=30, yshift=4, xshift=-3, interpolation=interpolation
    )[0]
    y, x = np.mgrid[:64, :72]
    found = (moved * y).sum() / moved.sum(), (moved * x).sum() / moved.sum()
    angle = np.deg2rad(30)
    expected = 31.5 + 20 * np.sin(angle) + 4, 35.5 + 20 * np.cos(angle) - 3
    assert found == pytest.approx(expected, abs=0.02)


def test_common_area_is_covered_by_every_image():
    rows, columns = common_area(np.array([[2.2, -1], [-3.5, 4]]), (50, 60))
    assert (rows.start, rows.stop, columns.start, columns.stop) == (3, 46, 4, 59)
    assert common_area(np.zeros((3, 2)), (50, 60)) == (slice(0, 50), slice(0, 60))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda d: apply_shifts(d, [[0, 0]]),
            r"shifts must have the shape \(2, 2\), one \(y, x\) per projection",
        ),
        (lambda d: apply_shifts(d, [[0, 0], [np.nan, 0]]), "shifts of projections 1 are not finite"),
        (
            lambda d: apply_shifts(d, [[0, 0], [0, 60]]),
            "projections 1 would be shifted out of the 50 x 60 px",
        ),
        (
            lambda d: apply_shifts(d, [[0, 0]] * 2, method="x"),
            "shifting method 'x' is unknown; use one of fourier",
        ),
        (lambda d: apply_shifts(d, [[0, 0]] * 2, order=6), "order must be an integer from 0 to 5, not 6"),
        (
            lambda d: transform(d, interpolation="x"),
            "interpolation 'x' is unknown; use one of nearest, linear, cubic",
        ),
        (lambda d: transform(d * np.nan), "projections 0, 1 hold NaN or infinite values"),
        (
            lambda d: common_area(np.array([[60, 0], [-60, 0]]), (50, 60)),
            "shifts from -60.0 to 60.0 px in y leave nothing that all projections of 50 px share",
        ),
    ],
)
def test_wrong_input_is_refused(call, message):
    with pytest.raises(EtwidgetsError, match=message):
        call(np.ones((2, 50, 60), np.float32))

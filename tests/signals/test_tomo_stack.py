"""Construction, tilts and shifts, slicing, removing: what the paper prints, and what is refused."""

import dask.array as da
import hyperspy.api as hs
import numpy as np
import pytest

from etwidgets.errors import DataError, MissingTiltsError, ParameterError, ShapeError, TiltCountError
from etwidgets.signals import LazyTomoStack, TomoShifts, TomoStack, TomoTilts


def test_a_stack_prints_as_in_the_paper(stack):
    assert str(stack) == "<TomoStack, title: , dimensions: (9|14, 12)>"
    assert str(stack.tilts) == "<TomoTilts, title: Image tilt values, dimensions: (9|1)>"
    assert str(stack.shifts) == "<TomoShifts, title: Image shift values, dimensions: (9|2)>"
    assert set(stack.metadata.Tomography.keys()) >= {"cropped", "tiltaxis", "xshift", "yshift", "tilts"}


@pytest.mark.parametrize(
    "given", [list, tuple, np.asarray, lambda t: t[:, None], lambda t: TomoTilts(t[:, None])]
)
def test_tilts_may_be_given_in_any_form(data, tilts, given):
    assert np.array_equal(TomoStack(data, given(tilts)).tilts.data, tilts[:, None])


@pytest.mark.parametrize("given", [np.asarray, lambda d: d.tolist(), lambda d: d.astype(np.uint16)])
def test_data_may_be_given_in_any_form(data, tilts, given):
    made = TomoStack(given(data), tilts)
    assert type(made) is TomoStack
    assert np.allclose(made.data, given(data))


def test_a_hyperspy_signal_keeps_axes_and_metadata(data, tilts):
    signal = hs.signals.Signal2D(data)
    signal.metadata.General.title = "needle"
    signal.axes_manager["sig"][0].scale = 3.36
    signal.axes_manager["sig"][0].units = "nm"
    made = TomoStack(signal, tilts)
    assert (made.metadata.General.title, made.axes_manager["x"].scale) == ("needle", 3.36)
    assert made.axes_manager["x"].units == "nm"
    assert made.metadata.Signal.signal_type == "ETWTomoStack"


@pytest.mark.parametrize("lazy", [da.from_array, lambda d: hs.signals.Signal2D(d).as_lazy()])
def test_dask_data_make_a_lazy_stack(data, tilts, lazy):
    made = TomoStack(lazy(data), tilts)
    assert type(made) is LazyTomoStack
    made.compute(show_progressbar=False)
    assert type(made) is TomoStack
    assert np.array_equal(made.data, data)
    assert np.array_equal(made.tilts_deg, tilts)


def test_the_navigation_axis_shows_uniform_tilts_and_says_when_they_are_not(stack):
    axis = stack.axes_manager["Projections"]
    assert (axis.offset, axis.scale, axis.units) == (-8, 2, "degrees")
    axis = stack.remove_projections([1]).axes_manager["Projections"]
    assert (axis.offset, axis.scale) == (0, 1)
    assert "not uniform" in axis.units


def test_tilts_and_shifts_are_views(stack):
    stack.tilts.data[3] = 77
    stack.shifts.data[2, 1] = -4
    assert stack.tilts_deg[3] == 77
    assert stack.shifts_px[2].tolist() == [0, -4]


def test_a_copy_has_its_own_tilts_and_shifts(stack, tilts):
    copy = stack.deepcopy()
    copy.tilts.data[:] = 0
    copy.shifts.data[:] = 5
    assert np.array_equal(stack.tilts_deg, tilts)
    assert not stack.shifts.data.any()


def test_set_tilts_gives_exactly_one_tilt_per_projection(stack):
    stack.set_tilts(-70, 0.1)  # an arange to the end would overshoot here
    assert stack.tilts_deg == pytest.approx(-70 + 0.1 * np.arange(9))


def test_inav_takes_tilts_and_shifts_along(stack, tilts, data):
    stack.shifts.data[:, 0] = np.arange(9)
    for index in (slice(2, 5), slice(None, None, 2), slice(5, 1, -1), slice(-3, None)):
        part = stack.inav[index]
        assert np.array_equal(part.tilts_deg, tilts[index])
        assert np.array_equal(part.shifts_px[:, 0], np.arange(9)[index])
        assert np.array_equal(part.data, data[index])
    one = stack.inav[3]
    assert str(one) == "<TomoStack, title: , dimensions: (|14, 12)>"
    assert one.tilts.data.tolist() == [[-2]]


def test_inav_by_a_float_means_degrees(stack):
    assert stack.inav[-4.0:4.0].tilts_deg.tolist() == [-4, -2, 0, 2]


def test_isig_crops_and_keeps_the_tilts(stack, data):
    part = stack.isig[2:-1, 3:-2]
    assert np.array_equal(part.data, data[:, 3:-2, 2:-1])
    assert len(part.tilts.data) == 9
    assert stack.isig[4].data.shape == (9, 12, 1)
    assert stack.isig[-1, 5].data.shape == (9, 1, 1)
    assert type(stack.isig[4]) is TomoStack


@pytest.mark.parametrize(
    "keep",
    [[0, 3, 8], np.array([0, 3, -1]), np.arange(9) % 9 == 0, [8, 0]],
    ids=["list", "negative", "mask", "order"],
)
def test_select_projections_by_mask_or_indices(stack, data, tilts, keep):
    part = stack.select_projections(keep)
    assert np.array_equal(part.data, data[keep])
    assert np.array_equal(part.tilts_deg, tilts[keep])


def test_remove_projections(stack, data, tilts):
    left = stack.remove_projections([1, 3, 3, -1])
    keep = [0, 2, 4, 5, 6, 7]
    assert np.array_equal(left.data, data[keep])
    assert np.array_equal(left.tilts_deg, tilts[keep])
    assert left.axes_manager["Projections"].size == 6
    assert stack.data.shape[0] == 9


def test_extract_sinogram_is_one_column(stack, data):
    stack.axes_manager["x"].scale = 0.5
    sinogram = stack.extract_sinogram(3)
    assert np.array_equal(sinogram.data, data[:, :, 3])
    assert sinogram.axes_manager.signal_axes[0].name == "y"
    assert np.array_equal(stack.extract_sinogram(1.5).data, data[:, :, 3])
    assert np.array_equal(stack.extract_sinogram(np.int64(3)).data, data[:, :, 3])


def test_multi_frame_stacks(tilts):
    data = np.random.default_rng(0).random((9, 3, 6, 7))
    stack = TomoStack(data, tilts)
    assert str(stack) == "<TomoStack, title: , dimensions: (3, 9|7, 6)>"
    assert np.array_equal(stack.inav[:, 2:4].tilts_deg, tilts[2:4])
    assert np.array_equal(stack.inav[1].data, data[:, 1])
    assert np.array_equal(stack.inav[1].tilts_deg, tilts)
    assert np.allclose(stack.mean("Frames").data, data.mean(1))
    assert np.array_equal(stack.mean("Frames").tilts_deg, tilts)
    assert stack.remove_projections([0]).data.shape == (8, 3, 6, 7)
    with pytest.raises(ShapeError, match="average them first"):
        stack.reconstruct()


def test_wrong_input_is_refused_with_the_values(data, stack, tilts):
    with pytest.raises(TiltCountError, match="8 tilts for 9 projections"):
        TomoStack(data, tilts[:8])
    with pytest.raises(TiltCountError, match="2 shifts for 9"):
        stack.shifts = np.zeros((2, 2))
    with pytest.raises(ShapeError, match="shape"):
        stack.shifts = np.zeros((9, 3))
    with pytest.raises(DataError, match=r"\[4\]"):
        stack.tilts = np.where(np.arange(9) == 4, np.nan, tilts)
    with pytest.raises(MissingTiltsError, match="set_tilts"):
        _ = TomoStack(data).tilts
    with pytest.raises(DataError, match="complex"):
        TomoStack(data * 1j, tilts)
    with pytest.raises(ShapeError, match="empty"):
        TomoStack(data[:0])
    with pytest.raises(ShapeError, match="navigation dimensions"):
        TomoStack(np.zeros((2, 2, 2, 4, 4)))
    with pytest.raises(ShapeError, match="TomoShifts"):
        TomoShifts(np.zeros((9, 3)))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda s: s.remove_projections([]), "No projections"),
        (lambda s: s.remove_projections([99]), "99"),
        (lambda s: s.remove_projections(range(9)), "no projection would remain"),
        (lambda s: s.select_projections([1, 1]), "twice"),
        (lambda s: s.select_projections([0.5]), "0.5"),
        (lambda s: s.select_projections([True, False]), "9 values"),
        (lambda s: s.extract_sinogram("a"), "'a'"),
        (lambda s: s.swap_axes("x", "y").remove_projections([0]), "swap_axes"),
    ],
)
def test_wrong_parameters_are_refused_with_the_values(stack, call, message):
    with pytest.raises(ValueError, match=message):
        call(stack)
    assert stack.data.shape == (9, 12, 14)


def test_a_column_outside_is_an_index_error(stack):
    with pytest.raises(IndexError, match="14 columns"):
        stack.extract_sinogram(14)


def test_removed_tilts_can_be_set_again(stack, tilts):
    del stack.tilts
    assert not stack.has_tilts
    stack.tilts = list(tilts)
    assert stack.has_tilts


def test_single_projection_is_refused_where_a_series_is_needed(stack):
    with pytest.raises(ParameterError, match="nslice"):
        stack.manual_align(0)
    with pytest.raises(ShapeError, match="single projection"):
        stack.inav[0].stack_register()

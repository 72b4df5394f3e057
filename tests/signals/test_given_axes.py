"""What a signal's axes say is kept when a stack is made of it; what cannot be a stack is refused."""

import hyperspy.api as hs
import numpy as np
import pytest

from etwidgets.errors import DataError, ShapeError
from etwidgets.signals import RecStack, TomoStack


def given(data, name, units, scale=2.0, offset=-8.0):
    signal = hs.signals.Signal2D(data)
    axis = signal.axes_manager.navigation_axes[0]
    axis.scale, axis.offset = scale, offset
    if name:
        axis.name = name
    if units:
        axis.units = units
    return signal


@pytest.mark.parametrize(
    ("name", "units"),
    [
        ("Tilt", "deg"),
        ("Tilts", None),
        ("angles", "degrees"),
        ("alpha", "°"),
        (None, "deg"),
        ("z", "degrees"),
    ],
)
def test_a_navigation_axis_of_tilts_gives_the_tilts(data, tilts, name, units):
    stack = TomoStack(given(data, name, units))
    assert stack.tilts_deg.tolist() == tilts.tolist()
    axis = stack.axes_manager["Projections"]
    assert (axis.scale, axis.offset, axis.units) == (2, -8, "degrees")
    assert stack.metadata.Tomography.tilt_source == "navigation axis"
    assert stack.inav[-4.0:4.0].tilts_deg.tolist() == [-4, -2, 0, 2]


def test_radians_become_degrees(data, tilts):
    stack = TomoStack(given(data, "Tilt", "rad", np.deg2rad(2), np.deg2rad(-8)))
    assert stack.tilts_deg == pytest.approx(tilts)


def test_uneven_tilts_on_an_axis_are_taken(data):
    uneven = [-60.0, -35, -20, -9, 0, 4, 20, 41, 62]
    axes = [
        {"axis": uneven, "name": "angles", "units": "deg", "navigate": True},
        {"size": 12, "name": "y", "navigate": False},
        {"size": 14, "name": "x", "navigate": False},
    ]
    for source in (data, hs.signals.Signal2D(data, axes=axes)):
        stack = TomoStack(source, axes=axes) if source is data else TomoStack(source)
        assert stack.tilts_deg.tolist() == uneven
        assert stack.inav[2:4].tilts_deg.tolist() == [-20, -9]


@pytest.mark.parametrize(
    ("name", "units", "scale", "offset"),
    [
        (None, None, 1.0, 0.0),
        ("Projections", "degrees", 1.0, 0.0),  # as every stack of ETSpy has it, with tilts and without
        ("Time", "s", 2.0, -8.0),
        ("z", "nm", 0.8, 0.0),
    ],
)
def test_an_axis_without_tilts_gives_none_and_is_kept(data, name, units, scale, offset):
    stack = TomoStack(given(data, name, units, scale, offset))
    assert not stack.has_tilts
    axis = stack.axes_manager["Projections"]
    assert (axis.scale, axis.offset, axis.units) == (scale, offset, units or "index")


def test_given_and_stored_tilts_come_before_those_of_the_axis(data, stack):
    assert TomoStack(given(data, "Tilt", "deg"), np.arange(9)).tilts_deg.tolist() == list(range(9))
    signal = given(data, "Tilt", "deg")
    signal.metadata.set_item("Tomography.tilts", np.arange(9.0)[:, None])
    assert TomoStack(signal).tilts_deg.tolist() == list(range(9))
    del stack.tilts
    assert not TomoStack(stack).has_tilts


@pytest.mark.parametrize(
    ("units", "factor"), [("µm", 1e3), ("um", 1e3), ("Å", 0.1), ("\u212b", 0.1), ("A", 0.1), ("pm", 1e-3),
                          ("mm", 1e6), ("m", 1e9), ("nm", 1)]
)  # fmt: skip
@pytest.mark.parametrize("kind", [TomoStack, RecStack])
def test_lengths_become_nm_with_scale_and_offset(data, kind, units, factor):
    signal = hs.signals.Signal2D(data)
    for axis in signal.axes_manager.signal_axes:
        axis.units, axis.scale, axis.offset = units, 0.3, 2
    made = kind(signal).axes_manager.signal_axes
    assert [axis.units for axis in made] == ["nm", "nm"]
    assert [axis.scale for axis in made] == pytest.approx([0.3 * factor] * 2)
    assert [axis.offset for axis in made] == pytest.approx([2 * factor] * 2)
    assert signal.axes_manager.signal_axes[0].units == units


def test_a_volume_has_one_unit_and_an_mrc_file_its_pixel_size(data, tilts, tmp_path):
    from etwidgets import io

    signal = hs.signals.Signal2D(data)
    for axis in signal.axes_manager.signal_axes:
        axis.units, axis.scale = "µm", 0.0005
    stack = TomoStack(signal, tilts)
    volume = stack.reconstruct(show_progressbar=False)
    assert {axis.units for axis in volume.axes_manager._axes} == {"nm"}
    io.save(stack, tmp_path / "a.mrc")
    assert io.load(tmp_path / "a.mrc", tilts=tilts).axes_manager["x"].scale == pytest.approx(0.5)


def test_axes_given_in_words_are_not_ignored(data):
    axes = [
        {"name": "Tilt", "units": "deg", "size": 9, "scale": 3.0, "offset": -12.0, "navigate": True},
        {"name": "high", "units": "nm", "size": 12, "scale": 0.3, "navigate": False},
        {"name": "wide", "units": "nm", "size": 14, "scale": 0.2, "navigate": False},
    ]
    for source in (data, hs.signals.Signal2D(data)):
        stack = TomoStack(source, axes=axes)
        assert stack.tilts_deg.tolist() == list(range(-12, 13, 3))
        assert (stack.axes_manager["x"].scale, stack.axes_manager["y"].scale) == (0.2, 0.3)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda d: TomoStack(d[0]), r"one image of shape \(12, 14\)"),
        (lambda d: TomoStack(d[0].tolist()), "one image"),
        (lambda d: TomoStack(hs.signals.Signal2D(d[0])), "one image"),
        (lambda d: TomoStack([d[0], d[1, :4]]), "different shapes"),
        (lambda d: TomoStack(d, axes=[{"size": 12, "name": "y"}, {"size": 14, "name": "x"}]), "sizes"),
    ],
)
def test_what_is_no_series_is_refused(data, make, message):
    with pytest.raises(ShapeError, match=message):
        make(data)


def test_tilts_on_the_axis_of_the_frames_are_refused(data):
    signal = hs.signals.Signal2D(np.stack([data, data]))  # (frames, projections, y, x)
    axis = signal.axes_manager._axes[1]
    axis.name, axis.units, axis.scale = "Tilt", "deg", 2
    with pytest.raises(ShapeError, match="swap the first two axes"):
        TomoStack(signal)


def test_pixels_of_different_sizes_are_refused(data):
    axes = [
        {"size": 9, "name": "Projections", "navigate": True},
        {"size": 12, "name": "y", "navigate": False},
        {"axis": np.arange(14.0) ** 2, "name": "x", "navigate": False},
    ]
    with pytest.raises(DataError, match="x have different sizes"):
        TomoStack(data, axes=axes)


def test_nothing_is_refused_as_data():
    with pytest.raises(DataError, match="must not be None"):
        TomoStack(None)


def test_one_projection_of_a_stack_stays_one(stack, data):
    one = stack.inav[3]
    for same in (one, one.deepcopy(), TomoStack(one), one + 0, TomoStack(one.as_lazy())):
        assert isinstance(same, TomoStack)
        assert same.tilts.data.tolist() == [[-2]]
        assert np.array_equal(np.asarray(same.data), data[3])


def test_tilts_on_the_axis_that_cannot_be_are_a_warning_and_not_used(data, tilts):
    signal = given(data, "Tilt", "deg", scale=400)
    with pytest.warns(UserWarning, match="navigation axis are not used.*beyond 360"):
        stack = TomoStack(signal)
    assert not stack.has_tilts
    assert TomoStack(signal, tilts).tilts_deg.tolist() == tilts.tolist()


def test_a_stack_of_etspy_keeps_its_tilts_and_shifts(data, tilts):
    other = hs.signals.Signal2D(data)  # it has them as signals, and their mean step on its axis
    other.tilts = hs.signals.Signal1D((tilts + 0.3 * (tilts == 0))[:, np.newaxis])
    other.shifts = hs.signals.Signal1D(np.arange(18.0).reshape(9, 2))
    axis = other.axes_manager[0]
    axis.name, axis.units, axis.scale, axis.offset = "Projections", "degrees", 2, -8
    stack = TomoStack(other)
    assert stack.tilts_deg.tolist() == [-8, -6, -4, -2, 0.3, 2, 4, 6, 8]
    assert stack.shifts_px[8].tolist() == [16, 17]
    other.tilts = hs.signals.Signal1D(np.zeros((9, 1)))
    axis.scale, axis.offset = 1, 0
    assert not TomoStack(other).has_tilts

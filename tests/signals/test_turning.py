"""Quarter turns are exact, and all that a stack knows goes with them."""

import numpy as np
import pytest

from etwidgets.errors import ParameterError
from etwidgets.session import Session, TomoStackModel
from etwidgets.signals import TomoStack


@pytest.fixture
def stack():
    data = np.random.default_rng(3).integers(0, 4000, (5, 6, 9)).astype(np.uint16)
    stack = TomoStack(data, np.linspace(-40, 40, 5), shifts=np.arange(10.0).reshape(5, 2))
    for name, scale in (("x", 0.5), ("y", 0.25)):
        stack.axes_manager[name].scale, stack.axes_manager[name].units = scale, "nm"
    return stack


def test_every_pixel_keeps_its_value_and_pixel_sizes_are_swapped(stack):
    turned = stack.turn()
    assert turned.data.dtype == np.uint16
    assert turned.data.shape == (5, 9, 6)
    # clockwise: what was at the left of the lowest row is at the top left
    assert np.array_equal(turned.data[:, 0, 0], stack.data[:, -1, 0])
    assert np.array_equal(turned.data[:, 0, -1], stack.data[:, 0, 0])
    assert (turned.axes_manager["x"].scale, turned.axes_manager["y"].scale) == (0.25, 0.5)
    assert np.array_equal(turned.tilts_deg, stack.tilts_deg)
    assert np.array_equal(turned.turn(3).data, stack.data)
    assert np.array_equal(turned.turn(-1).shifts_px, stack.shifts_px)


def test_it_turns_as_the_rotation_by_90_degrees_does(stack):
    square = TomoStack(stack.data[:, :, :6].astype(np.float32), stack.tilts_deg)
    rotated = square.trans_stack(angle=90, interpolation="nearest")
    assert np.array_equal(square.turn().data, rotated.data)


def test_shifts_turn_with_the_images(stack):
    base = TomoStack(stack.data.astype(np.float32), stack.tilts_deg)
    moved = np.zeros((5, 2))
    moved[:] = 2, -1
    one = base.shift_projections(moved, shift_type="interp", order=1).turn()
    other = base.turn().shift_projections(one.shifts_px, shift_type="interp", order=1)
    np.testing.assert_allclose(one.data, other.data, atol=1e-3)


def test_another_signal_is_turned_with_it(stack):
    stack = TomoStack(stack.data, stack.tilts_deg)
    model = stack.turn().isig[1:5, 2:8]
    other = model.bring_along(TomoStack(2.0 * stack.data, stack.tilts_deg))
    assert np.array_equal(other.data, 2.0 * model.data)


def test_what_a_crop_keeps_is_told_in_pixels_as_loaded():
    images = np.zeros((3, 6, 9), np.float32)
    images[:, 1:4, 2:7] = 1
    for turns in (1, 2, 3):
        session = Session(TomoStackModel(TomoStack(images, [-1.0, 0, 1])))
        session.apply("turn", quarter_turns=turns)
        rows, columns = np.nonzero(session.model.stack.data[0])
        session.apply(
            "crop",
            x_start=int(columns.min()), x_stop=int(columns.max()) + 1,
            y_start=int(rows.min()), y_stop=int(rows.max()) + 1,
        )  # fmt: skip
        assert session.model.stack.data.min() == 1
        assert session.model.crop == (2, 1, 7, 4)


def test_what_the_header_says_of_the_axis_does_not_stay(stack):
    stack.metadata.Tomography.header_tiltaxis = 84.0
    assert not stack.turn(1).metadata.Tomography.has_item("header_tiltaxis")
    assert stack.turn(2).metadata.Tomography.header_tiltaxis == 84.0


@pytest.mark.parametrize("turns", [np.int64(1), 1.0, -3])
def test_any_whole_number_of_turns_is_taken(stack, turns):
    assert np.array_equal(stack.turn(turns).data, np.rot90(stack.data, -1, axes=(1, 2)))


def test_the_step_is_exported_and_a_part_of_a_quarter_turn_is_refused(stack, tmp_path):
    session = Session(TomoStackModel(stack))
    session.apply("turn")
    assert session.history[-1].label == "Turn by 90°"
    text = session.export_script(tmp_path / "steps.py").read_text()
    assert "stack = stack.turn()" in text
    with pytest.raises(ParameterError, match="integer"):
        stack.turn(0.5)

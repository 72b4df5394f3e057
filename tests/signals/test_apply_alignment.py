"""An alignment of a stack: once interpolated whatever was done before, recorded, replayed, carried along."""

import numpy as np
import pytest

from etwidgets import TomoStack
from etwidgets.align import Alignment, apply_alignment
from etwidgets.errors import TiltCountError
from etwidgets.signals.alignment_report import AlignmentReport, write_report
from etwidgets.signals.automatic import recorded
from etwidgets.simulation import ellipsoid_series

TILTS = np.linspace(-60, 60, 7)


@pytest.fixture(scope="module")
def images():
    return ellipsoid_series("rods", shape_yx=(40, 56), tilts_deg=TILTS, dose=None, drift_px=0).projections


@pytest.fixture
def stack(images):
    return TomoStack(images, TILTS)


def random_alignment(seed=0, count=7):
    random = np.random.default_rng(seed)
    return Alignment.of(
        random.uniform(-3, 3, (count, 2)),
        rotation_deg=random.uniform(-3, 3, count),
        magnification=random.uniform(0.98, 1.02, count),
    )


def test_what_was_shifted_and_rotated_is_interpolated_once(stack, images):
    first, shifts = random_alignment(), random_alignment(1).shifts_px
    moved = (
        stack.shift_projections(shifts).trans_stack(yshift=1.5, xshift=-0.5, angle=2).apply_alignment(first)
    )
    turned = Alignment.of(np.tile([1.5, -0.5], (7, 1)), rotation_deg=2)
    once = apply_alignment(images, Alignment.of(shifts).then(turned).then(first))
    assert np.array_equal(moved.data, once)


def test_on_request_the_present_images_are_interpolated(stack):
    moved = stack.shift_projections(np.full((7, 2), 0.5))
    again = moved.apply_alignment(random_alignment(), from_original=False)
    assert np.array_equal(again.data, apply_alignment(moved.data, random_alignment()))


def test_crops_turns_and_choices_between_are_kept(stack, images):
    shifts = random_alignment(1).shifts_px
    keep = [5, 0, 2, 3]
    moved = stack.shift_projections(shifts).crop_to(x_start=3, x_stop=50, y_start=6, y_stop=40)
    moved = moved.select_projections(keep).turn(1)
    whole = apply_alignment(images, Alignment.of(shifts))[keep, 6:40, 3:50]
    expected = np.rot90(whole, -1, axes=(1, 2))
    nothing = moved.apply_alignment(Alignment.identity(4))
    assert nothing.data.shape == (4, 47, 34)
    assert nothing.data == pytest.approx(expected, abs=0.01 * float(images.max()))


def test_the_original_images_are_turned_with_the_stack(stack, images):
    shifts = random_alignment(1).shifts_px
    turned = stack.shift_projections(shifts).turn(1)
    original, start = recorded(turned)  # what a refinement begins with, in the frame of the stack
    assert original.shape[1:] == turned.data.shape[1:]
    assert start.rotations_deg == pytest.approx(0)
    assert start.shifts_px == pytest.approx(np.stack([shifts[:, 1], -shifts[:, 0]], axis=1))
    dark = images.min() - original.min()
    assert original + dark == pytest.approx(np.rot90(images, -1, axes=(1, 2)), rel=1e-5)


def test_a_change_of_intensity_begins_anew(stack):
    filtered = stack.shift_projections(np.full((7, 2), 0.5)).filter("median", size=3)
    moved = filtered.apply_alignment(random_alignment())
    assert np.array_equal(moved.data, apply_alignment(filtered.data, random_alignment()))


def test_another_signal_follows_to_the_same_place(stack, images):
    other = TomoStack(2 * images, TILTS)
    moved = stack.shift_projections(random_alignment(1).shifts_px).apply_alignment(random_alignment())
    assert np.array_equal(moved.align_other(other).data, 2 * moved.data)
    assert np.array_equal(moved.bring_along(other).data, 2 * moved.data)


def test_tilts_and_shifts_are_written_down(stack, tmp_path):
    shifts = np.full((7, 2), 1.5)
    moved = stack.shift_projections(shifts).apply_alignment(
        Alignment.of(shifts, rotation_deg=2, tilts_deg=TILTS + 1)
    )
    assert moved.tilts_deg == pytest.approx(TILTS + 1)
    assert moved.metadata.Tomography.tiltaxis == pytest.approx(2)
    assert moved.shifts_px[0] == pytest.approx([1.5 + 1.5 * 1.0338, 1.5 + 1.5 * 0.9645], abs=1e-3)


def test_lazy_and_frames_give_the_same(stack, images):
    eager = stack.apply_alignment(random_alignment())
    lazy = stack.as_lazy().apply_alignment(random_alignment())
    assert np.array_equal(lazy.data.compute(), eager.data)
    frames = TomoStack(np.stack([images, images], axis=1), TILTS).apply_alignment(random_alignment())
    assert np.array_equal(frames.data[:, 1], eager.data)


def test_an_alignment_of_other_projections_is_refused(stack):
    with pytest.raises(TiltCountError, match="alignments"):
        stack.apply_alignment(Alignment.identity(3))


def test_one_frame_of_many_begins_anew(images):
    frames = TomoStack(np.stack([images, 2 * images], axis=1), TILTS)
    second = frames.shift_projections(np.full((7, 2), 0.5)).inav[1]
    assert np.array_equal(second.apply_alignment(Alignment.identity(7)).data, second.data)


def test_the_report_follows_a_choice_of_projections(stack):
    count = np.arange(7.0)
    report = AlignmentReport(
        accepted=True,
        misfit_before=0.3,
        misfit_after=0.2,
        residuals_px=np.stack([count, count], axis=1),
        weights=count / 7,
        misfits=count,
        trace=np.zeros(1),
        rotation_interval_deg=None,
        shift_interval_px=None,
        doubted=(2, 5),
    )
    write_report(stack, report)
    chosen = stack.select_projections([5, 0, 3]).alignment_report
    assert chosen.doubted == (0,)
    assert chosen.misfits.tolist() == [5, 0, 3]
    assert chosen.residuals_px.tolist() == [[5, 5], [0, 0], [3, 3]]
    assert (
        stack.remove_projections([2]).alignment_report.weights.tolist() == (np.delete(count, 2) / 7).tolist()
    )

"""align_other repeats any history exactly, and refuses what does not fit."""

import numpy as np
import pytest

from etwidgets.errors import HistoryError, ParameterError
from etwidgets.signals import TomoStack

SHIFTS = np.random.default_rng(5).uniform(-3, 3, (11, 2))

HISTORIES = {
    "shift": lambda s: s.shift_projections(SHIFTS),
    "shift, rotate": lambda s: s.shift_projections(SHIFTS).trans_stack(yshift=1.5, angle=2),
    "rotate, shift": lambda s: s.trans_stack(xshift=-2, angle=-3, interpolation="cubic").shift_projections(
        SHIFTS, "interp"
    ),
    "two transforms": lambda s: s.trans_stack(xshift=6).trans_stack(angle=20),
    "shift, crop, rotate": lambda s: s.shift_projections(SHIFTS).shift_crop().trans_stack(angle=1),
    "remove, shift, bin": lambda s: (
        s.remove_projections([1, 4]).shift_projections(SHIFTS[:9]).rebin(scale=[1, 2, 2])
    ),
    "crop, shift, slice, rotate": lambda s: (
        s.isig[2:-3, 4:36].shift_projections(SHIFTS).inav[1:-1].trans_stack(yshift=-2)
    ),
    "reorder, shift": lambda s: s.select_projections(np.arange(11)[::-1]).shift_projections(SHIFTS),
}


@pytest.mark.parametrize("history", HISTORIES.values(), ids=HISTORIES)
def test_the_same_data_come_out_bit_for_bit(blobs, history):
    aligned = history(blobs)
    other = aligned.align_other(blobs)
    assert np.array_equal(other.data, aligned.data)
    assert np.array_equal(other.tilts_deg, aligned.tilts_deg)
    assert np.array_equal(other.shifts_px, aligned.shifts_px)
    ours, theirs = (s.metadata.Tomography.as_dictionary() for s in (aligned, other))
    for name in ("xshift", "yshift", "tiltaxis", "cropped"):
        assert ours[name] == theirs[name]


@pytest.mark.parametrize("history", HISTORIES.values(), ids=HISTORIES)
def test_another_channel_gets_the_same_geometry(blobs, history):
    channel = TomoStack(blobs.data**2, blobs.tilts_deg)
    assert np.array_equal(history(blobs).align_other(channel).data, history(channel).data)


def test_only_what_is_missing_is_applied(blobs):
    registered = blobs.shift_projections(SHIFTS)
    aligned = registered.trans_stack(angle=2)
    assert np.array_equal(aligned.align_other(registered).data, aligned.data)
    assert np.array_equal(aligned.align_other(aligned).data, aligned.data)


def test_a_channel_that_begins_where_the_alignment_began(blobs):
    cropped = blobs.isig[4:-4, 4:-4]
    aligned = cropped.shift_projections(SHIFTS)
    map_of_element = TomoStack(cropped.data.copy(), blobs.tilts_deg)
    assert np.array_equal(aligned.align_other(map_of_element).data, aligned.data)


def test_the_other_stack_is_not_written(blobs):
    before = blobs.data.copy()
    blobs.shift_projections(SHIFTS).align_other(blobs)
    assert np.array_equal(blobs.data, before)
    assert not blobs.shifts.data.any()


def test_the_history_survives_a_file(tmp_path, blobs):
    import hyperspy.api as hs

    aligned = HISTORIES["shift, crop, rotate"](blobs)
    loaded = hs.load(aligned.save(tmp_path / "a.hspy"))
    assert np.array_equal(loaded.align_other(blobs).data, aligned.data)


def test_what_does_not_fit_is_refused_with_the_reason(blobs):
    aligned = blobs.shift_projections(SHIFTS)
    with pytest.raises(HistoryError, match="No transformations"):
        blobs.align_other(blobs)
    with pytest.raises(HistoryError, match=r"\(11, 40, 40\).*\(11, 40, 48\)"):
        aligned.align_other(TomoStack(blobs.data[:, :, :40], blobs.tilts_deg))
    with pytest.raises(HistoryError, match="already shifted or rotated differently"):
        aligned.align_other(blobs.shift_projections(SHIFTS + 1))
    changed = aligned.map(lambda image: image[::2], inplace=False, show_progressbar=False)
    with pytest.raises(HistoryError, match="not recorded"):
        changed.align_other(blobs)
    with pytest.raises(HistoryError, match="differ by up to 5"):
        aligned.align_other(TomoStack(blobs.data, blobs.tilts_deg + 5))
    with pytest.raises(ParameterError, match="cuda"):
        aligned.align_other(blobs, cuda=True)

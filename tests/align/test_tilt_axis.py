"""The tilt axis is found where it was put; and the needle's where the paper has it."""

import numpy as np
import pytest

from etwidgets import datasets
from etwidgets.align import (
    AXIS_METHODS,
    AxisEstimate,
    Method,
    add_axis_method,
    apply_shifts,
    estimate_shifts,
    find_tilt_axis,
    transform,
)
from etwidgets.errors import EtwidgetsError

TILTS = np.arange(-72.0, 73, 4)
RANDOM = np.random.default_rng(0).random((5, 20, 30))


@pytest.mark.parametrize(("rotation", "shift"), [(2.3, 3.4), (-4, -2.5), (0, 0)])
def test_com_on_a_needle_of_blobs(blobs, rotation, shift):
    data = blobs(TILTS, rotation_deg=rotation, shift=shift)
    found = find_tilt_axis(data, TILTS, "CoM")
    assert found.rotation_deg == pytest.approx(-rotation, abs=0.15)
    assert found.shift_px == pytest.approx(-shift, abs=0.3)


def test_after_applying_it_nothing_is_left(blobs):
    data = blobs(TILTS, rotation_deg=2.3, shift=3.4)
    found = find_tilt_axis(data, TILTS, "CoM")
    aligned = transform(data, yshift=found.shift_px, angle_deg=found.rotation_deg, interpolation="cubic")
    left = find_tilt_axis(aligned.clip(0), TILTS, "CoM")
    assert abs(left.rotation_deg) < 0.1
    assert abs(left.shift_px) < 0.1


def test_the_needle_after_phase_correlation():
    stack = datasets.get_needle_data()
    data, tilts = stack.data.astype(np.float32), stack.tilts_deg
    registered = apply_shifts(data, estimate_shifts(data, tilts, "PC"))
    found = find_tilt_axis(registered, tilts, "CoM")
    assert found.rotation_deg == pytest.approx(-2.7, abs=0.5)
    assert 0 < found.rotation_error_deg < 0.5


def test_max_image_on_the_rotated_catalyst(catalyst):
    data, tilts = catalyst
    found = find_tilt_axis(transform(data, angle_deg=2.3, interpolation="cubic"), tilts, "MaxImage")
    assert found.rotation_deg == pytest.approx(-2.3, abs=0.25)


def test_max_image_finds_the_shift_too(catalyst):
    data, tilts = catalyst
    data = transform(data, yshift=3.4)
    found = find_tilt_axis(data, tilts, "maximage", also_shift=True, shift_limit=8)
    assert found.shift_px == pytest.approx(-3.4, abs=0.3)
    assert found.candidates_px.shape == found.objective.shape


def test_a_further_method_runs_itself_and_no_other(blobs):
    def by_hand(images, tilts_deg, options, progress):
        return AxisEstimate(1.5, -0.5, None, None, "ByHand")

    record = Method("ByHand", "By hand", "Tests.", "Always.", "None.", "nobody", by_hand)
    with add_axis_method(record):
        found = find_tilt_axis(blobs(TILTS), TILTS, "byhand")
    assert "ByHand" not in AXIS_METHODS
    assert (found.method, found.shift_px, found.rotation_deg) == ("ByHand", 1.5, -0.5)


@pytest.mark.parametrize(
    ("data", "method", "options", "message"),
    [
        (RANDOM, "XYZ", {}, "tilt axis method 'XYZ' is unknown; use one of CoM, CommonLine, MaxImage"),
        (RANDOM, "CoM", {"slice": [1]}, "CoM has no parameter 'slice'; did you mean 'slices'"),
        (RANDOM, "CoM", {"slices": [1, 2, 30]}, r"slices must be columns 0 to 29, not \[1, 2, 30\]"),
        (RANDOM, "CoM", {"slices": [1, 1, 2]}, "CoM: 2 different columns given and 3 needed for a line"),
        (RANDOM, "MaxImage", {"limit": 46}, "limit must be a number, from 0.002 to 45 deg, not 46"),
        (
            RANDOM,
            "MaxImage",
            {"limit": 2, "delta": 1.5},
            "delta must be at most half of limit=2 deg, not 1.5",
        ),
        (
            RANDOM[:, :, :2],
            "CoM",
            {},
            r"CoM: only 2 column\(s\) hold mass in every projection and 3 are needed",
        ),
        (RANDOM - 5, "CoM", {}, "CoM needs intensities that are mass"),
        (np.full((5, 20, 30), np.nan), "CoM", {}, "projections 0, 1, 2, 3, 4 hold NaN or infinite values"),
        (np.ones((5, 20, 30)), "MaxImage", {}, "MaxImage: projections 0, 1, 2, 3, 4 are blank"),
    ],
)
def test_what_cannot_work_is_refused(data, method, options, message):
    with pytest.raises(EtwidgetsError, match=message):
        find_tilt_axis(data, [-20, -10, 0, 10, 20], method, **options)

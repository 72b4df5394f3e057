"""Every registration method finds known shifts to its stated accuracy, in any order of acquisition."""

import numpy as np
import pytest

from etwidgets.align import METHODS, apply_shifts, estimate_shifts
from etwidgets.errors import EtwidgetsError

# the median RMS error allowed on the catalyst, pixels (y, x)
LIMITS = {"PC": (0.15, 0.05), "StackReg": (0.13, 0.045), "COM": (0.002, 0.0006), "COM-CL": (0.0012, 0.0008)}
SEEDS = (0, 1, 2)


@pytest.fixture(scope="module")
def jittered(catalyst):
    data, tilts = catalyst
    made = []
    for seed in SEEDS:
        truth = np.random.default_rng(seed).uniform(-5, 5, (90, 2))
        made.append((apply_shifts(data, truth).clip(0), truth, tilts))
    return made


@pytest.mark.parametrize("method", LIMITS)
def test_accuracy_on_the_catalyst(jittered, gauge_free, method):
    errors = []
    for data, truth, tilts in jittered[: 1 if method == "StackReg" else 3]:  # which takes ten times as long
        options = {"upsample_factor": 20} if method == "PC" else {}
        errors.append(gauge_free(estimate_shifts(data, tilts, method, **options) + truth, tilts))
    y, x = np.median(errors, axis=0)
    assert y <= LIMITS[method][0], (y, x)
    assert x <= LIMITS[method][1], (y, x)


@pytest.mark.parametrize("method", LIMITS)
def test_the_order_of_acquisition_does_not_matter(blobs, method):
    tilts = np.arange(-40.0, 41, 8)
    truth = np.random.default_rng(0).uniform(-2, 2, (11, 2))
    data = apply_shifts(blobs(tilts, size=(80, 140)), truth).clip(0)
    order = np.argsort(np.abs(tilts), kind="stable")  # dose-symmetric: from 0 outwards
    options = {"p": 5} if method == "COM" else {}
    straight = estimate_shifts(data, tilts, method, **options)
    symmetric = estimate_shifts(data[order], tilts[order], method, **options)
    assert np.allclose(symmetric, straight[order], atol=1e-6)


@pytest.mark.parametrize("method", ["PC", "StackReg"])
def test_the_start_stays_in_place_and_is_the_middle_tilt(blobs, method):
    tilts = np.array([20.0, -20, 0, 10, -10])
    data = blobs(tilts)
    assert estimate_shifts(data, tilts, method)[2].tolist() == [0, 0]
    assert estimate_shifts(data, tilts, method, start=4)[4].tolist() == [0, 0]


def test_duplicate_tilts_are_no_trouble(blobs):
    tilts = np.array([-10.0, 0, 0, 10])
    data = apply_shifts(blobs(tilts), [[0, 0], [0, 0], [1.5, -2.25], [0, 0]])
    found = estimate_shifts(data, tilts, "PC", start=1)
    assert found[2] == pytest.approx((-1.5, 2.25), abs=0.06)


def test_names_in_any_case_and_every_method_says_what_it_is_for():
    for name, method in METHODS.items():
        assert min(len(method.use_for), len(method.when), len(method.caution), len(method.source)) > 10, name
        assert method.name == name
        assert "doi:10." in method.source
    data = np.random.default_rng(0).random((32, 32)) + np.zeros((3, 1, 1))  # noise alone is refused
    assert estimate_shifts(data, [0, 1, 2], "pc").shape == (3, 2)


def test_a_reference_projection_is_counted_as_acquired(blobs):
    tilts = np.array([20.0, -20, 0, 10, -10])  # in order of tilt, projection 3 is at place 3, 1 at place 0
    data = apply_shifts(blobs(tilts), np.random.default_rng(0).uniform(-2, 2, (5, 2))).clip(0)
    for index in range(5):
        found = estimate_shifts(data, tilts, "COM-CL", cl_ref_index=index)
        assert [i for i in range(5) if found[i, 1] == 0] == [index]


@pytest.mark.parametrize(
    ("change", "method", "options", "message"),
    [
        (lambda d: d, "XYZ", {}, "registration method 'XYZ' is unknown; use one of PC, StackReg, COM"),
        (lambda d: d, "StackRg", {}, "did you mean 'StackReg'"),
        (
            lambda d: d,
            "PC",
            {"upsample": 3},
            "PC has no parameter 'upsample'; did you mean 'upsample_factor'",
        ),
        (
            lambda d: d,
            "PC",
            {"upsample_factor": 0},
            "upsample_factor must be an integer, from 1 to 1000, not 0",
        ),
        (lambda d: d, "PC", {"start": 9}, "start must be a projection, 0 to 3, not 9"),
        (lambda d: d, "COM-CL", {"cl_ref_index": 9}, "cl_ref_index must be a projection, 0 to 3, not 9"),
        (
            lambda d: d,
            "COM-CL",
            {"com_ref_index": 39.5},
            "com_ref_index must be a pixel row, 0 to 39, not 39.5",
        ),
        (lambda d: d, "COM", {"xrange": (90, 30)}, "xrange must be two increasing columns of 0 to 120"),
        (lambda d: d * np.nan, "PC", {}, "projections 0, 1, 2, 3 hold NaN or infinite values"),
        (lambda d: np.where(np.arange(4)[:, None, None] == 2, 0, d), "PC", {}, "PC: projections 2 are blank"),
        (
            lambda d: np.where(np.arange(4)[:, None, None] == 2, 0, d),
            "COM",
            {},
            "COM: projections 2 are blank",
        ),
        (lambda d: d - 100, "COM-CL", {}, r"COM-CL needs intensities that are mass \(zero or more\)"),
        (lambda d: d - 100, "COM", {}, "COM needs intensities that are mass .* go down to -99.99"),
        (lambda d: d[:, :, :30], "COM", {}, "COM: of 30 columns, 0 remain within 6 to 24 and p=20 px"),
        (lambda d: d[:1], "PC", {}, r"1 projection\(s\) given and at least 2 needed"),
    ],
)
def test_what_cannot_work_is_refused_with_the_reason(change, method, options, message):
    data = change(np.random.default_rng(0).random((4, 40, 120)))
    with pytest.raises(EtwidgetsError, match=message):
        estimate_shifts(data, np.arange(len(data)), method, **options)

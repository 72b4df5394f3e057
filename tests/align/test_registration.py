"""Every registration method finds known shifts to its stated accuracy, in any order of acquisition."""

import numpy as np
import pytest

from etwidgets.align import METHODS, apply_shifts, estimate_shifts
from etwidgets.errors import EtwidgetsError

# the median RMS error allowed on the catalyst, pixels (y, x)
LIMITS = {"PC": (0.5, 0.12), "StackReg": (0.5, 0.05), "COM": (0.2, 0.3), "COM-CL": (0.12, 0.02)}
SEEDS = (0, 1, 2)


@pytest.fixture(scope="module")
def jittered(catalyst):
    data, tilts = catalyst
    made = []
    for seed in SEEDS:
        truth = np.random.default_rng(seed).uniform(-5, 5, (90, 2))
        made.append((apply_shifts(data, truth).clip(0), truth, tilts))
    return made


@pytest.mark.parametrize("method", METHODS)
def test_accuracy_on_the_catalyst(jittered, gauge_free, method):
    errors = []
    for data, truth, tilts in jittered:
        options = {"upsample_factor": 20} if method == "PC" else {}
        errors.append(gauge_free(estimate_shifts(data, tilts, method, **options) + truth, tilts))
    median = np.median(errors, axis=0)
    assert tuple(median) <= LIMITS[method] or (median <= LIMITS[method]).all(), median


@pytest.mark.parametrize("method", METHODS)
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
    data = np.random.default_rng(0).random((3, 32, 32))
    assert estimate_shifts(data, [0, 1, 2], "pc").shape == (3, 2)


@pytest.mark.parametrize(
    ("change", "method", "options", "message"),
    [
        (lambda d: d, "XYZ", {}, "XYZ"),
        (lambda d: d, "PC", {"upsampling": 3}, "upsampling"),
        (lambda d: d, "PC", {"upsample_factor": 0}, "upsample_factor"),
        (lambda d: d, "PC", {"start": 9}, "9"),
        (lambda d: d * np.nan, "PC", {}, "."),
        (lambda d: np.where(np.arange(4)[:, None, None] == 2, 0, d), "PC", {}, "2"),
        (lambda d: np.where(np.arange(4)[:, None, None] == 2, 0, d), "COM", {}, "2"),
        (lambda d: d - 100, "COM-CL", {}, "zero or more"),
        (lambda d: d - 100, "COM", {}, "."),
        (lambda d: d[:, :, :30], "COM", {}, "."),
        (lambda d: d[:1], "PC", {}, "."),
    ],
)
def test_what_cannot_work_is_refused_with_the_reason(change, method, options, message):
    data = change(np.random.default_rng(0).random((4, 40, 120)))
    with pytest.raises(EtwidgetsError, match=message):
        estimate_shifts(data, np.arange(len(data)), method, **options)

"""Each thing that is odd is found and named, its fix mends it, and good series are not blamed."""

import numpy as np
import pytest

from etwidgets import align, datasets, simulation
from etwidgets.session import Session, TomoStackModel
from etwidgets.session.findings import cure_of
from etwidgets.signals import TomoStack
from etwidgets.simulation import ellipsoid_series

TILTS = np.arange(-70.0, 71, 5)


@pytest.fixture(scope="module")
def series():
    return simulation.project(simulation.needle((96, 64, 96)), TILTS)


@pytest.mark.parametrize("sample", ["needle", "aligned", "catalyst", "simulated"])
def test_good_series_are_not_blamed(series, sample):
    if sample == "simulated":
        images, tilts = series, TILTS
    elif sample == "catalyst":
        tilts = np.arange(-70.0, 71, 5)
        images = simulation.project(simulation.catalyst(96), tilts)
    else:
        stack = datasets.get_needle_data(aligned=sample == "aligned")
        images, tilts = stack.data, stack.tilts_deg
    assert [finding.message for finding in align.check_up(images, tilts)] == []


def spoilt(series, kind):
    images, tilts = series.copy(), TILTS.copy()
    if kind == "blank":
        images[3] = images[3].mean()
    elif kind == "duplicate":
        images, tilts = np.insert(images, 5, images[5], axis=0), np.insert(tilts, 5, tilts[5])
    elif kind == "order":
        order = np.random.default_rng(0).permutation(len(tilts))
        images, tilts = images[order], tilts[order]
    elif kind == "vertical":
        images = np.rot90(images, axes=(1, 2)).copy()
    elif kind == "vertical and not square":
        images = np.rot90(images[:, 8:], axes=(1, 2)).copy()
    return images, tilts


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("blank", "projection 4 (-55.0°)"),
        ("duplicate", "one tilt: 7 (-45.0°)"),
        ("order", "not in order"),
        ("vertical", "vertical"),
        ("vertical and not square", "vertical"),
    ],
)
def test_what_can_be_mended_is_mended_by_its_fix(series, kind, words):
    images, tilts = spoilt(series, kind)
    found = align.check_up(images, tilts)
    assert len(found) == 1
    assert words in found[0].message
    session = Session(TomoStackModel(TomoStack(images, tilts)))
    cure = cure_of(found[0])
    session.apply(cure.operation, **cure.parameters)
    stack = session.model.stack
    assert align.check_up(stack.data, stack.tilts_deg) == []


def test_gaps_saturation_and_a_dim_projection_are_told(series):
    keep = np.delete(np.arange(29), [10, 11, 12])
    assert "-25.0° to -5.0°" in align.check_up(series[keep], TILTS[keep])[0].message
    clipped = np.minimum(series, 0.5 * series.max())
    assert "Saturated" in align.check_up(clipped, TILTS)[0].message
    dim = series.copy()
    dim[14] *= 0.6
    assert "15 (+0.0°) darker" in align.check_up(dim, TILTS)[0].message
    assert "more than half a turn" in align.check_up(series, 3 * TILTS)[0].message


def test_the_headers_axis_is_named_beside_what_is_seen():

    tilts = np.arange(-60.0, 61, 5)
    upright = simulation.project(simulation.needle((48, 48, 48)), tilts).transpose(0, 2, 1)
    [found] = align.check_up(upright, tilts, -3.7)
    assert "vertical (the header says 3.7° from the vertical)" in found.message
    assert found.quarter_turns == -1
    assert align.check_up(upright, tilts, 176.3)[0].quarter_turns == 1
    [found] = align.check_up(upright, tilts, 86.3)  # the images are believed
    assert "3.7° from the horizontal, but in the images it appears to be vertical" in found.message
    lying = upright.transpose(0, 2, 1)
    assert align.check_up(lying, tilts, -86.3) == []
    [found] = align.check_up(lying, tilts, 86.3)
    assert "mirror image" in found.message
    assert found.quarter_turns == 2
    [found] = align.check_up(lying, tilts, 0.5)
    assert found.fix is None


def test_a_round_needle_is_no_evidence_of_a_vertical_axis():
    stack = datasets.get_spectral_needle_haadf(jitter_px=1)
    found = align.check_up(stack.data, stack.tilts_deg)
    assert not any("vertical" in finding.message for finding in found)


def test_a_dark_level_is_told_with_what_it_would_do_and_its_button_subtracts_it():
    tilts = np.arange(-60.0, 61, 10)
    images = ellipsoid_series("catalyst", dark=0.03, jump_px=0, tilts_deg=tilts).projections
    found = [each for each in align.check_up(images, tilts) if each.fix is align.FixKind.SUBTRACT_BACKGROUND]
    assert len(found) == 1
    pull = 9 / images.mean()
    assert f"Dark level: {align.estimate_background(images).level:.3g}" in found[0].message
    assert f"too small by {pull:.0%}" in found[0].message
    session = Session(TomoStackModel(TomoStack(images, tilts)))
    cure = cure_of(found[0])
    session.apply(cure.operation, **cure.parameters)
    left = session.model.stack
    assert abs(np.median(left.data[:, :8])) < 1
    fixes = [each.fix for each in align.check_up(left.data, left.tilts_deg)]
    assert align.FixKind.SUBTRACT_BACKGROUND not in fixes


def test_nothing_is_said_of_the_axis_of_pure_noise():
    noise = np.random.default_rng(0).poisson(5, (13, 32, 40)).astype(np.float32)
    found = align.check_up(noise, np.linspace(-60, 60, 13))
    assert not [finding for finding in found if finding.fix is align.FixKind.TURN]

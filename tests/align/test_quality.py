"""One projection that is dim, blurred or shifted is found, with the reason, and no other."""

import numpy as np
import pytest
import scipy.ndimage

from etwidgets import align, datasets, simulation

TILTS = np.arange(-60.0, 61, 5)


@pytest.fixture(scope="module")
def series():
    return simulation.project(simulation.catalyst(96), TILTS)


@pytest.mark.parametrize("which", [0, 8, 24])
@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (lambda image: 0.8 * image, "darker"),
        (lambda image: 1.3 * image, "brighter"),
        (lambda image: scipy.ndimage.gaussian_filter(image, 2.0), "blurred"),
        (lambda image: align.apply_shifts(image[None], np.array([[0, 3.0]]))[0], "off by"),
    ],
)
def test_a_spoilt_projection_is_found(series, which, spoil, reason):
    images = series.copy()
    images[which] = spoil(images[which])
    found = align.projection_quality(images, TILTS)
    assert found.suspects == (which,)
    assert reason in found.reasons[which]


def test_a_good_series_is_not_blamed(series):
    assert align.projection_quality(series, TILTS).suspects == ()


def test_the_needle_drifts_everywhere_and_so_nowhere():
    stack = datasets.get_needle_data()
    found = align.projection_quality(stack.data, stack.tilts_deg)
    assert not any("off by" in reason for reason in found.reasons)


@pytest.mark.parametrize(("kind", "dose"), [("needle", 60), ("slab", 300)])
def test_two_spoiled_projections_rank_first_and_good_ends_are_not_named(kind, dose):
    bodies = simulation.specimen(kind, seed=1)[:250]
    tilts = np.linspace(-60, 60, 25)
    for n_bad in (2, 0):
        series = simulation.ellipsoid_series(bodies, dose=dose, n_bad=n_bad, tilts_deg=tilts, seed=1)
        found = align.projection_quality(series.projections, tilts)
        assert set(found.ranking[:n_bad]) == set(series.bad)
        assert set(found.suspects) == set(series.bad)

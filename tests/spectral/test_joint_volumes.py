"""Elements together with HAADF, as signals: what goes in, what comes out, what it refuses."""

from functools import partial

import numpy as np
import pytest

from etwidgets import spectral
from etwidgets.engine import joint_choice
from etwidgets.errors import ParameterError
from etwidgets.signals import TomoStack


@pytest.fixture(autouse=True)
def quick_choice(monkeypatch):
    """Fewer weights to choose from, and fewer iterations to judge them by."""
    few = partial(
        joint_choice.choose_weights,
        haadf_weights=(100.0,),
        tv_weights=(0.3, 1.0),
        tv_factors=(0.55, 1.0),
        iterations=100,
    )
    monkeypatch.setattr("etwidgets.spectral.joint.choose_weights", few)


@pytest.fixture(scope="module")
def series(needle, spectra):
    haadf = TomoStack(needle.haadf, needle.tilts_deg)
    haadf.set_pixel_size(3)
    return haadf, dict(spectral.decompose(spectra, 4).maps)


def test_few_counts_are_held_together_by_haadf(needle, series):
    haadf, maps = series
    found = spectral.reconstruct_jointly(haadf, maps, iterations=100)
    assert found.missed[1] < found.missed[0]
    assert found.warning == ""
    for name, volume in found.volumes.items():
        alone = maps[name].reconstruct("SIRT", iterations=30, constrain=True, show_progressbar=False)
        truth = needle.truth[name].ravel()
        joint = np.corrcoef(volume.data.ravel(), truth)[0, 1]
        assert joint > 0.97, name
        assert joint > np.corrcoef(alone.data.ravel(), truth)[0, 1], name
        assert volume.axes_manager["z"].scale == 3
        assert volume.metadata.Tomography.reconstruction.algorithm == "joint"
    again = spectral.reconstruct_jointly(
        haadf, maps, haadf_weight=found.haadf_weight, tv_weight=found.tv_weight, iterations=100
    )
    for name, volume in found.volumes.items():
        np.testing.assert_array_equal(again.volumes[name].data, volume.data)


def test_a_haadf_series_of_something_else_is_found_out(needle, series):
    _, maps = series
    other = TomoStack(needle.haadf[:, ::-1, ::-1].copy(), needle.tilts_deg)
    found = spectral.reconstruct_jointly(other, maps, iterations=20)
    assert "HAADF does not help here" in found.warning


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda maps: {}, "there are no maps"),
        (lambda maps: {"phase 1": maps["Ni"]}, "does not begin with an element"),
        (lambda maps: {"Ni": maps["Ni"], "Cr": maps["Cr"].inav[:5]}, "different tilts"),
    ],
)
def test_what_does_not_fit_is_refused(series, change, words):
    haadf, maps = series
    with pytest.raises(ParameterError, match=words):
        spectral.reconstruct_jointly(haadf, change(maps))


def test_one_weight_alone_is_refused(series):
    haadf, maps = series
    with pytest.raises(ParameterError, match="both weights, or none"):
        spectral.reconstruct_jointly(haadf, maps, haadf_weight=10.0)

"""Windows: where they are put, what they refuse, and that the maps are those of the truth."""

import dask.array as da
import numpy as np
import pytest

from etwidgets import TomoStack, spectral
from etwidgets.errors import MissingTiltsError, ParameterError, ShapeError, TiltCountError

LINES = ["Si_Ka", "Cr_Ka", "Ni_Ka", "Pt_La"]
# part of the element's counts within the window of the line
PARTS = {"Si_Ka": 0.97, "Cr_Ka": 0.75, "Ni_Ka": 0.72, "Pt_La": 0.30}


def correlation(first, second):
    return np.corrcoef(np.ravel(first), np.ravel(second))[0, 1]


def test_maps_are_those_of_the_elements(needle, spectra):
    maps = spectral.element_maps(spectra, LINES)
    for line, stack in maps.items():
        element = line.split("_")[0]
        truth = needle.maps[element]
        assert correlation(stack.data, truth) > 0.94, line
        expected = truth.sum() * 0.75 * PARTS[line]  # a quarter of the counts is background
        assert stack.data.sum() / expected == pytest.approx(1, abs=0.05), line
        np.testing.assert_allclose(stack.tilts_deg, needle.tilts_deg)
        assert isinstance(stack, TomoStack)
        assert (stack.axes_manager["x"].scale, stack.axes_manager["x"].units) == (3, "nm")
        assert stack.metadata.General.title == line


def test_lazy_spectra_give_the_same_maps(needle, spectra):
    lazy = spectral.from_array(
        da.from_array(spectra.data, chunks=(1, -1, -1, -1)), needle.tilts_deg, channel_kev=0.02,
        pixel_size_nm=3, elements=needle.elements,
    )  # fmt: skip
    assert lazy._lazy
    ours, theirs = (spectral.element_maps(each, ["Ni_Ka"])["Ni_Ka"] for each in (spectra, lazy))
    np.testing.assert_array_equal(ours.data, theirs.data)
    np.testing.assert_array_equal(spectral.sum_image(lazy).data, spectra.data.sum(-1))
    np.testing.assert_array_equal(spectral.sum_spectrum(lazy), spectra.data.sum((0, 1, 2)))


def test_proposed_windows_keep_clear_of_neighboring_lines(needle, spectra):
    """A window beside Ni Ka as a fixed distance puts it can lie on a neighbor; the loss is a quarter."""
    for element in needle.elements:  # and with more elements than are there
        crowd = [*needle.elements, "Fe", "Co", "Cu"]
        line = f"{element}_{'La' if element == 'Pt' else 'Ka'}"
        (row,) = spectral.background_windows(spectra, [line], crowd)
        spectra_with = spectra.deepcopy()
        spectra_with.set_elements(crowd)
        assert spectral.check_windows(spectra_with, [line], [row]) == []


def test_a_window_on_another_line_is_told(spectra):
    said = spectral.check_windows(spectra, ["Cr_Ka"], [[5.0, 5.15, 7.4, 7.6]])
    assert len(said) == 1
    assert "7.40 to 7.60 keV lies on Ni_Ka (7.48 keV)" in said[0]


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ([[5.0, 5.2, 5.7, 5.9]] * 2, "2 rows of background windows for 1 lines"),
        ([[5.2, 5.0, 5.7, 5.9]], "must ascend"),
        ([[5.0, 5.2, 5.7]], "has 4 energies, not 3"),
        ([[4.5, 4.8, 11.9, 25.0]], "lie outside of the spectra"),
        ([[6.0, 6.2, 6.7, 6.9]], "is not between its background windows"),
    ],
)
def test_windows_that_give_wrong_numbers_are_refused(spectra, rows, words):
    with pytest.raises(ParameterError, match=words):
        spectral.element_maps(spectra, ["Cr_Ka"], rows)


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        (["Ni_K"], "there is no line 'Ni_K'; Ni has Ni_Ka"),
        (["Xy_Ka"], "no element 'Xy'"),
        ([], "at least one line"),
    ],
)
def test_lines_that_there_are_not_are_refused(spectra, lines, words):
    with pytest.raises(ParameterError, match=words):
        spectral.element_maps(spectra, lines)


def test_elements_are_found_in_the_sum_spectrum(spectra):
    unnamed = spectra.deepcopy()
    del unnamed.metadata.Sample
    assert sorted(spectral.find_elements(unnamed)) == ["Cr", "Ni", "Pt", "Si"]
    assert sorted(spectral.lines_of(unnamed)) == sorted(spectral.lines_of(spectra))


def test_the_signal_to_noise_ratio_is_that_of_the_counts(spectra):
    """Pixels of Poisson counts n without background: signal n, noise sqrt(n)."""
    n = 9
    counts = np.random.default_rng(0).poisson(n / 10, (4, 32, 32, 1024)).astype(np.uint16)
    flat = spectral.from_array(counts, np.arange(4.0), channel_kev=0.02)
    (stack,) = spectral.element_maps(flat, ["Ni_Ka"], None, windows=[[7.4, 7.6]]).values()
    assert stack.data.mean() == pytest.approx(n, rel=0.02)
    assert stack.metadata.Spectral.snr == pytest.approx(np.sqrt(n), rel=0.02)
    nothing = spectral.element_maps(flat, ["Ni_Ka"], [[7.2, 7.3, 7.7, 7.8]], windows=[[7.4, 7.6]])["Ni_Ka"]
    assert nothing.metadata.Spectral.snr < 0.15
    assert "mostly noise" in spectral.snr_warning("Ni", nothing)
    assert spectral.snr_warning("Ni", stack) == ""


def test_energy_losses_by_the_same_door():
    """A power law with an edge of known counts on it."""
    import exspy

    axis = np.arange(1024) * 0.5 + 500
    law = 4e4 * (axis / 500) ** -3.0
    edge = np.where(axis >= 708, 800.0, 0.0)
    amounts = np.random.default_rng(1).uniform(0, 1, (3, 5, 6))
    data = np.random.default_rng(2).poisson(law + amounts[..., np.newaxis] * edge).astype(np.uint32)
    losses = exspy.signals.EELSSpectrum(data)
    losses.axes_manager.signal_axes[0].scale, losses.axes_manager.signal_axes[0].offset = 0.5, 500
    losses.axes_manager.signal_axes[0].units = "eV"
    losses.metadata.set_item("Tomography.tilts", np.arange(3.0)[:, np.newaxis])
    maps = spectral.element_maps(losses, ["Fe_L3"], [[560, 700]], windows=[[710, 760]])
    assert maps["Fe_L3"].data.shape == (3, 5, 6)
    assert correlation(maps["Fe_L3"].data, amounts) > 0.97
    slope = np.polyfit(amounts.ravel(), maps["Fe_L3"].data.ravel(), 1)[0]
    assert slope == pytest.approx(800 * 100, rel=0.1)
    with pytest.raises(ParameterError, match="must lie before the edge"):
        spectral.element_maps(losses, ["Fe_L3"], [[720, 750]], windows=[[710, 760]])


def test_what_is_no_spectral_series_is_refused(spectra):
    with pytest.raises(ShapeError, match=r"\(x, y, tilt \| energy\)"):
        spectral.sum_image(spectra.inav[:, :, 0])
    with pytest.raises(TiltCountError, match="3 tilts for 12"):
        spectral.from_array(spectra.data, [0, 1, 2], channel_kev=0.02)
    bare = spectra.deepcopy()
    del bare.metadata.Tomography
    with pytest.raises(MissingTiltsError, match=r"spectral\.load"):
        spectral.element_maps(bare, ["Ni_Ka"])

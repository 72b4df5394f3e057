"""Spectra without a browser: windows that are dragged, maps that follow, what is made of them."""

from functools import partial

import numpy as np
import pytest
import seen

from etwidgets import simulation, spectral
from etwidgets.engine import joint_choice
from etwidgets.panels import SpectralPanel, VolumePanel
from etwidgets.session import Session, TomoStackModel
from etwidgets.signals import TomoStack
from etwidgets.views import SpectrumView


@pytest.fixture(scope="module")
def needle():
    return simulation.spectral_needle((32, 24, 24), np.arange(0, 180, 20.0), seed=5)


@pytest.fixture
def root(needle, tmp_path):
    spectra = spectral.from_array(
        needle.all_counts(), needle.tilts_deg, channel_kev=0.02, pixel_size_nm=3, elements=needle.elements
    )
    spectra.save(tmp_path / "edx.hspy")
    for number in range(3):
        image = spectra.inav[:, :, number]
        del image.metadata.Tomography
        image.save(tmp_path / f"si_{number}.hspy")
    return tmp_path


@pytest.fixture
def panel(made, root):
    return made(SpectralPanel(Session(TomoStackModel()), root))


@pytest.fixture
def opened(panel):
    panel.controls["file"].value = "edx.hspy"
    panel.controls["open"].click()
    return panel


def drag(panel, index, start, stop, *, done=True):
    seen.view(panel, SpectrumView).receive(
        {"type": "window", "index": index, "range": [start, stop], "done": done}
    )


def test_the_sum_spectrum_is_shown_with_windows_on_a_line(opened, needle):
    assert opened.controls["elements"].value == "Cr, Ni, Pt, Si"
    drawn = seen.spectrum(opened)
    np.testing.assert_allclose(drawn.curves[0].counts, opened.model.spectra.data.sum((0, 1, 2)))
    assert [window.kind for window in drawn.windows] == ["line", "background", "background"]
    assert drawn.windows[0].start < 5.415 < drawn.windows[0].stop
    assert ("Ni Ka", pytest.approx(7.478, abs=0.01)) in drawn.marks


def test_the_map_follows_the_window(opened, needle):
    before = opened._map.image
    opened.controls["background"].value = False
    drag(opened, 0, 7.3, 7.64, done=False)
    data = opened.model.spectra.data[opened.display.projection]
    energies = needle.energies_kev
    inside = (energies > 7.29) & (energies < 7.63)
    np.testing.assert_allclose(opened._map.image, data[..., inside].sum(-1), atol=1e-6)
    assert np.corrcoef(before.ravel(), opened._map.image.ravel())[0, 1] < 0.5  # nickel, where chromium was
    opened.controls["propose"].click()
    opened.controls["background"].value = True
    np.testing.assert_allclose(opened._map.image, before)


def test_the_frame_gives_its_own_spectrum(opened):
    seen.drag(opened, "rectangle", (2, 3, 10, 20))
    curves = seen.spectrum(opened).curves
    part = opened.model.spectra.data[opened.display.projection, 3:20, 2:10]
    np.testing.assert_allclose(curves[1].counts, part.sum((0, 1)))


def test_a_window_on_another_line_is_said(opened):
    drag(opened, 2, 7.4, 7.6)
    assert "lies on Ni_Ka" in seen.text(opened)
    assert "lies on Ni_Ka" in opened.model.message.text
    drag(opened, 2, 5.0, 5.2)
    assert "must ascend" in seen.text(opened)


def test_windows_as_they_were_dragged_make_the_maps(opened):
    drag(opened, 0, 5.2, 5.6)
    opened.controls["run"].click()
    names = [channel.name for channel in opened.model.channels]
    assert sorted(names) == ["Cr_Ka", "Ni_Ka", "Pt_Ma", "Si_Ka"]
    chromium = next(channel for channel in opened.model.channels if channel.name == "Cr_Ka")
    assert list(chromium.stack.metadata.Spectral.window) == [5.2, 5.6]
    assert "S/N" in seen.text(opened)
    assert "Cr Ka, Ni Ka" in opened.model.history[-1].label
    assert "5.2" not in opened.model.history[-1].label


def test_components_are_shown_with_their_spectra_named_and_colored(opened, needle):
    opened.controls["decompose"].click()
    assert {channel.name for channel in opened.model.channels} == {"Si", "Cr", "Ni", "Pt"}
    opened.controls["map"].value = "Ni"
    curve = seen.spectrum(opened).curves[-1]
    assert curve.name == "Ni"
    assert np.corrcoef(curve.counts, needle.spectra["Ni"])[0, 1] > 0.99
    opened.controls["color"].value = "#123456"
    opened.controls["shown"].value = False
    assert opened.display.channel_colors == {"Ni": "#123456"}
    assert opened.display.hidden_channels == ("Ni",)
    opened.controls["name"].value = "nickel"
    opened.controls["rename"].click()
    assert "nickel" in {channel.name for channel in opened.model.channels}


def test_a_fit_shows_its_residual_and_names_missing_elements(opened):
    opened.controls["method"].value = "fit"
    assert seen.spectrum(opened).windows == ()
    opened.controls["elements"].value = "Si, Cr, Pt"
    opened.controls["run"].click()
    assert opened.session.history[-1].parameters["method"] == "fit"
    curves = {curve.name: curve for curve in seen.spectrum(opened).curves}
    counts = opened.model.spectra.data.sum((0, 1, 2))
    used = curves["fit"].counts > 0
    np.testing.assert_allclose(
        curves["residual spectrum"].counts[used], (counts - curves["fit"].counts)[used], atol=0.01
    )
    assert curves["residual spectrum"].scaled_as_first
    nickel = slice(int(7.35 / 0.02), int(7.61 / 0.02))
    assert curves["residual spectrum"].counts[nickel].sum() > 0.8 * counts[nickel].sum()
    assert "The residual spectrum has lines of Ni" in seen.text(opened)
    assert "lines of Ni" in opened.model.message.text
    opened.controls["elements"].value = "Si, Cr, Ni, Pt"
    opened.controls["run"].click()
    assert "width of Mn Ka 1" in seen.text(opened)
    assert "residual spectrum has" not in seen.text(opened)


def test_the_method_chooses_what_is_shown(opened):
    def shown(name):
        box = next(each for each in boxes(opened) if opened.controls[name] in each.children)
        return "none" not in (box.layout.display, opened.controls[name].layout.display)

    def boxes(panel):
        return [panel._windows.widget, panel._decomposition]

    names = ("elements", "line", "propose", "run", "components", "decompose")
    for method, there in (
        ("windows", {"elements", "line", "propose", "run"}),
        ("fit", {"elements", "run"}),
        ("NMF", {"components", "decompose"}),
    ):
        opened.controls["method"].value = method
        assert {name for name in names if shown(name)} == there


def test_elements_with_haadf_say_what_is_missing(opened):
    opened.controls["run"].click()
    assert opened.controls["together"].disabled
    assert "Open the HAADF series" in seen.text(opened)


def test_elements_with_haadf_take_one_map_of_each(made, needle, root, monkeypatch):
    few = partial(joint_choice.choose_weights, haadf_weights=(100.0,), tv_weights=(1.0,), tv_factors=(1.0,))
    monkeypatch.setattr("etwidgets.spectral.joint.choose_weights", partial(few, iterations=10))
    haadf = TomoStack(needle.haadf, needle.tilts_deg)
    haadf.set_pixel_size(3)
    panel = made(SpectralPanel(Session(TomoStackModel(haadf)), root))
    panel.controls["file"].value = "edx.hspy"
    panel.controls["add"].click()
    panel.controls["run"].click()
    panel.controls["decompose"].click()
    assert "reconstruct the series first" in seen.text(panel)
    panel.session.apply("reconstruct", method="SIRT", iterations=3)
    panel.controls["coupling"].value = "tnv"
    panel.controls["together"].click()
    step = panel.session.history[-1]
    assert step.operation == "reconstruct_jointly"
    assert set(step.parameters["names"]) == {"Si", "Cr", "Ni", "Pt"}
    assert step.parameters["coupling"] == "tnv"


def test_one_file_per_tilt_and_the_tilts_in_words(panel):
    panel.controls["file"].value = "si_*.hspy"
    panel.controls["open"].click()
    assert "have no tilts" in panel.model.message.text
    panel.controls["tilts"].value = "zero, ten"
    panel.controls["open"].click()
    assert "such as 0, 5" in panel.model.message.text
    panel.controls["tilts"].value = "-10, 20"
    panel.controls["open"].click()
    np.testing.assert_allclose(panel.model.stack.tilts_deg, [-10, 10, 30])
    assert panel.model.source == "si_0.hspy and 2 more"


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("", "name of a file"),
        ("../*.hspy", "searched in"),
        ("x_*.hspy", "matches x_"),
        ("../a", "outside"),
    ],
)
def test_only_files_of_the_folder_are_opened(panel, name, words):
    panel.controls["file"].value = name
    panel.controls["open"].click()
    assert words in panel.model.message.text
    assert panel.model.spectra is None


def test_without_a_series_nothing_can_be_added(panel):
    assert panel.controls["add"].disabled
    assert not panel.controls["open"].disabled


def test_elements_that_there_are_not_are_refused(opened):
    opened.controls["elements"].value = "Ni Zz"
    assert "no element 'Zz'" in opened.model.message.text
    assert opened.controls["run"].disabled
    opened.controls["elements"].value = "Ni; Cr"
    assert [value for _, value in opened.controls["line"].options] == ["Ni_Ka", "Cr_Ka"]


def test_slices_show_each_channel_or_all_in_their_colors(opened, made, needle):
    session = opened.session
    session.apply("decompose", components=4)
    session.apply("reconstruct", method="SIRT", iterations=5)
    panel = made(VolumePanel(session))
    assert panel.controls["which"].value == ""
    assert all(pane.image.shape[2:] == (3,) for pane in seen.images(panel))
    x = session.display.voxel[0]
    image = seen.images(panel)[0].image.astype(float)
    places = {name: np.argwhere(needle.truth[name][x] > 0.9) for name in needle.elements}
    element = max(places, key=lambda name: len(places[name]))
    names = [channel.name for channel in session.model.channels]
    color = session.display.color_of(element, 1 + names.index(element))
    expected = np.array([int(color[i : i + 2], 16) for i in (1, 3, 5)], float)
    middle = image[tuple(places[element].T)].mean(0)
    assert np.corrcoef(middle, expected)[0, 1] > 0.9
    session.display.hidden_channels = (element,)
    assert element not in panel._legend.value
    panel.controls["which"].value = element
    assert all(pane.image.ndim == 2 for pane in seen.images(panel))
    channel = session.model.channels[names.index(element)]
    panel.display.contrast = (0, 100)
    low, high = seen.images(panel)[0].limits
    assert (low, high) == pytest.approx(
        (channel.reconstruction.data.min(), channel.reconstruction.data.max())
    )

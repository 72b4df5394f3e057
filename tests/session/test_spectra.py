"""Spectra of a series: opened, mapped, decomposed, aligned and reconstructed with it, undone and replayed."""

from functools import partial

import numpy as np
import pytest
from scripts import run_script

import etwidgets as etw
from etwidgets import datasets, simulation, spectral
from etwidgets.engine import joint_choice
from etwidgets.errors import HistoryError, ParameterError
from etwidgets.session import Session, TomoStackModel
from etwidgets.session.measuring import Subject
from etwidgets.signals import TomoStack

SHAPE, TILTS = (32, 24, 24), np.arange(0, 180, 15.0)


@pytest.fixture(scope="module")
def needle():
    return simulation.spectral_needle(SHAPE, TILTS, jitter_px=2, seed=4)


@pytest.fixture(scope="module")
def folder(needle, tmp_path_factory):
    folder = tmp_path_factory.mktemp("spectra")
    spectra = spectral.from_array(
        needle.all_counts(), TILTS, channel_kev=0.02, pixel_size_nm=4, elements=needle.elements
    )
    spectra.save(folder / "edx.hspy")
    bare = spectra.deepcopy()
    del bare.metadata.Tomography
    bare.save(folder / "bare.hspy")
    fine = np.repeat(np.repeat(needle.haadf, 2, axis=1), 2, axis=2)  # the same field, half the pixel size
    haadf = TomoStack(fine, TILTS)
    haadf.set_pixel_size(2)
    etw.io.save(haadf, folder / "haadf.hspy")
    return folder


@pytest.fixture
def session(folder):
    session = Session(TomoStackModel())
    session.apply("open_spectra", path=str(folder / "edx.hspy"))
    return session


@pytest.fixture
def quick_choice(monkeypatch):
    """Fewer weights to choose from, and fewer iterations to judge them by."""
    few = partial(
        joint_choice.choose_weights,
        haadf_weights=(100.0,),
        tv_weights=(0.3, 1.0),
        tv_factors=(1.0,),
        iterations=20,
    )
    monkeypatch.setattr("etwidgets.spectral.joint.choose_weights", few)


def test_the_sum_of_the_spectra_is_the_series(session, needle):
    assert session.model.spectra.data.shape == needle.shape
    np.testing.assert_array_equal(session.model.stack.data, session.model.spectra.data.sum(-1))
    np.testing.assert_allclose(session.model.stack.tilts_deg, TILTS)


def test_maps_are_where_the_series_is_whenever_they_are_made(session):
    lines = ["Si_Ka", "Ni_Ka"]
    session.apply("map_elements", lines=lines)
    session.apply("register", method="COM", p=2)
    session.apply("remove_projections", projections=[4])
    before = {channel.name: channel.stack.data for channel in session.model.channels}
    session.apply("map_elements", lines=lines)
    for channel in session.model.channels:
        np.testing.assert_array_equal(channel.stack.data, before[channel.name])
        np.testing.assert_allclose(channel.stack.tilts_deg, session.model.stack.tilts_deg)


def test_one_alignment_brings_every_element_to_the_truth(session, needle):
    session.apply("register", method="COM", p=2)
    session.apply("decompose", components=4)
    session.apply("reconstruct", method="SIRT", iterations=30, constrain=True)
    names = {channel.name for channel in session.model.channels}
    assert names == {"Si", "Cr", "Ni", "Pt"}
    for channel in session.model.channels:
        truth = needle.truth[channel.name]
        # the alignment is known up to a shift of the whole along x
        best = max(
            np.corrcoef(np.roll(channel.reconstruction.data, x, 0).ravel(), truth.ravel())[0, 1]
            for x in (-2, -1, 0, 1, 2)
        )
        assert best > 0.9, channel.name


def test_a_fit_says_which_elements_are_missing(session, needle):
    session.apply("map_elements", lines=["Si_Ka", "Cr_Ka", "Pt_La"], method="fit")
    assert "lines of Ni; add these" in session.model.message.text
    session.apply("map_elements", lines=["Si_Ka", "Cr_Ka", "Ni_Ka", "Pt_La"], method="fit")
    assert "lines of" not in session.model.message.text
    nickel = next(channel for channel in session.model.channels if channel.name == "Ni_Ka")
    assert nickel.stack.data.sum() == pytest.approx(0.75 * 0.72 * needle.maps["Ni"].sum(), rel=0.03)


def test_names_of_channels_are_changed_and_kept_apart(session):
    session.apply("map_elements", lines=["Si_Ka", "Ni_Ka"])
    session.apply("rename_channel", name="Ni_Ka", new_name="nickel")
    assert [channel.name for channel in session.model.channels] == ["Si_Ka", "nickel"]
    with pytest.raises(ParameterError, match="'Si_Ka' already"):
        session.apply("rename_channel", name="nickel", new_name="Si_Ka")
    with pytest.raises(ParameterError, match="there is no channel 'Xy'; there are: Si_Ka, nickel"):
        session.apply("rename_channel", name="Xy", new_name="a")
    session.undo()
    assert [channel.name for channel in session.model.channels] == ["Si_Ka", "Ni_Ka"]


def test_undo_goes_back_to_before_the_spectra(session, folder):
    session.apply("open", path=str(folder / "haadf.hspy"))
    assert session.model.spectra is None
    session.undo()
    assert session.model.spectra is not None


STEPS = [
    ("map_elements", {"lines": ["Ni_Ka"], "background_windows": [[7.0, 7.2, 7.75, 7.95]]}),
    ("register", {"method": "PC"}),
    ("decompose", {"components": 4, "seed": 2}),
    ("rename_channel", {"name": "Ni_Ka", "new_name": "Ni by its line"}),
    ("bin", {"factor": 2}),
    ("remove_channel", {"name": "Si"}),
    ("map_elements", {"lines": ["Cr_Ka", "Si_Ka"], "method": "fit"}),
    ("reconstruct", {"method": "SIRT", "iterations": 3}),
]
LATER = [
    ("reconstruct_jointly", {"names": ["Ni", "Cr", "Pt"], "iterations": 5}),
    ("rename_channel", {"name": "Ni", "new_name": "Ni and more"}),
]


@pytest.mark.parametrize("begin", [pytest.param("open_spectra", marks=pytest.mark.slow), "add_spectra"])
def test_the_script_and_the_session_file_give_the_same_volumes(
    folder, begin, tmp_path, quick_choice, monkeypatch
):
    session = Session(TomoStackModel())
    if begin == "add_spectra":
        session.apply("open", path=str(folder / "haadf.hspy"))
    session.apply(begin, path=str(folder / "bare.hspy"), first_tilt=0.0, tilt_step=15.0)
    for name, parameters in [*STEPS, *(LATER if begin == "add_spectra" else [])]:
        session.apply(name, **parameters)
    path = session.export_script(tmp_path / "steps.py")
    names = [channel.name for channel in session.model.channels]
    assert "Ni by its line" in names
    assert "Si" not in names
    path.write_text(path.read_text() + "\nnp.savez('all.npz', **{n: v.data for n, v in volumes.items()})\n")
    monkeypatch.undo()  # the script does not choose again
    run_script(path)
    with np.load(tmp_path / "all.npz") as found:
        assert set(found) == set(names)
        for channel in session.model.channels:
            assert np.array_equal(found[channel.name], channel.reconstruction.data)
    session.save(tmp_path / "work.json")
    again = Session(TomoStackModel())
    again.open_session(tmp_path / "work.json")
    for ours, theirs in zip(session.model.channels, again.model.channels, strict=True):
        assert np.array_equal(ours.reconstruction.data, theirs.reconstruction.data)


def test_maps_in_larger_pixels_go_with_a_finer_series(folder, needle):
    session = Session(TomoStackModel())
    session.open(str(folder / "haadf.hspy"))
    session.apply("register", method="PC")
    session.apply("add_spectra", path=str(folder / "edx.hspy"))
    session.apply("map_elements", lines=["Ni_Ka"])
    (channel,) = session.model.channels
    assert channel.stack.data.shape == session.model.stack.data.shape
    assert channel.stack.axes_manager["x"].scale == 2
    # where the map comes to lie is where the same shifts bring the finely sampled truth
    fine = TomoStack(np.repeat(np.repeat(needle.maps["Ni"], 2, axis=1), 2, axis=2), TILTS)
    fine.set_pixel_size(2)
    raw = etw.load(folder / "haadf.hspy")
    moved = raw.stack_register("PC").align_other(fine)
    assert np.corrcoef(moved.data.ravel(), channel.stack.data.ravel())[0, 1] > 0.95


def test_elements_with_haadf_keep_their_weights_in_the_step(folder, quick_choice):
    session = Session(TomoStackModel())
    session.open(str(folder / "haadf.hspy"))
    session.apply("add_spectra", path=str(folder / "edx.hspy"))
    session.apply("bin", factor=2)
    session.apply("decompose", components=4)
    with pytest.raises(ParameterError, match="reconstruct the series first"):
        session.apply("reconstruct_jointly", iterations=2)
    session.apply("reconstruct", method="SIRT", iterations=3)
    before = session.model.reconstruction
    session.apply("reconstruct_jointly", iterations=4)
    assert session.model.reconstruction is before
    parameters = session.history[-1].parameters
    assert parameters["haadf_weight"] > 0
    assert len(parameters["tv_weight"]) == 4
    algorithms = {
        c.reconstruction.metadata.Tomography.reconstruction.algorithm for c in session.model.channels
    }
    assert algorithms == {"joint"}
    with pytest.raises(ParameterError, match="there is no channel 'Xy'"):
        session.apply("reconstruct_jointly", names=["Xy"])
    channel = session.model.channels[0]
    subject = Subject(channel.name, channel.reconstruction.data, {"threshold": 0.5})
    with pytest.raises(ParameterError, match="was reconstructed with HAADF"):
        session.measure(subject, one_iteration_more=True)


def test_the_sum_of_the_spectra_is_no_haadf(session):
    session.apply("decompose", components=4)
    session.apply("reconstruct", method="FBP")
    with pytest.raises(ParameterError, match="open the HAADF series"):
        session.apply("reconstruct_jointly")


def test_what_does_not_fit_is_refused(session, folder, tmp_path):
    with pytest.raises(ParameterError, match="there are no spectra yet"):
        Session(TomoStackModel(session.model.stack)).apply("map_elements", lines=["Ni_Ka"])
    other = datasets.get_spectral_needle((32, 24, 24))
    other.save(tmp_path / "other.hspy")
    with pytest.raises(HistoryError, match="the same projections and the same field"):
        session.apply("add_spectra", path=str(tmp_path / "other.hspy"))
    with pytest.raises(ParameterError, match="there is no tilt series yet"):
        Session(TomoStackModel()).apply("add_spectra", path=str(folder / "edx.hspy"))

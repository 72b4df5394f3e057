"""Every operation writes a script that gives what it gave, and declares what the session asks of it."""

import contextlib
import inspect
from pathlib import Path

import numpy as np
import pytest

from etwidgets import simulation, spectral
from etwidgets.errors import ParameterError
from etwidgets.session import OPERATIONS, Session, TomoStackModel, operation
from etwidgets.session.operations import Operation
from etwidgets.signals import RecStack, TomoStack

TILTS = np.arange(0, 180, 15.0)
CHANNEL = ("add_channel", {"path": "second.hspy", "name": "second"})
SPECTRA = ("add_spectra", {"path": "edx.hspy"})
MAPS = ("map_elements", {"lines": ["Si_Ka", "Ni_Ka"]})
VOLUME = ("reconstruct", {"method": "FBP"})
JOINT = {"names": ["Ni_Ka"], "coupling": "tv", "iterations": 3, "haadf_weight": 1.0, "tv_weight": [0.1]}
MARKERS = [
    [
        [None, None] if i == 3 else [11.5 + y * float(np.cos(t)) - z * float(np.sin(t)), 12.5 + x]
        for i, t in enumerate(np.deg2rad(TILTS))
    ]
    for x, y, z in ((-8.0, 2.0, 3.0), (0.0, -6.0, 2.0), (7.0, 4.0, -5.0), (3.0, 6.0, 6.0))
]

CASES = {
    "open": ({"path": "series.hspy"}, []),
    "sample": ({"name": "EDX needle"}, []),
    "take_over": ({"path": ["series.hspy", "volume.hspy"]}, []),
    "open_spectra": ({"path": "edx.hspy"}, []),
    "add_spectra": ({"path": "bare.hspy", "first_tilt": 0.0, "tilt_step": 15.0}, []),
    "set_tilts": ({"start": -60, "increment": 5}, []),
    "set_pixel_size": ({"pixel_size": 0.7}, [CHANNEL]),
    "sort_tilts": ({}, [("set_tilts", {"start": 60, "increment": -10})]),
    "crop": ({"x_start": 2, "x_stop": 20, "y_start": 1, "y_stop": 23}, [CHANNEL]),
    "turn": ({"quarter_turns": 3}, [CHANNEL]),
    "bin": ({"factor": 2}, [CHANNEL]),
    "remove_projections": ({"projections": [3, 5]}, [CHANNEL]),
    "filter": ({"method": "median", "size": 3}, [CHANNEL]),
    "normalize": ({"width": 2.0}, []),
    "subtract_background": ({"method": "edge", "edge_px": 4, "each": True, "shape": "plane"}, [CHANNEL]),
    "equalize_intensity": ({"law": "trend"}, [CHANNEL]),
    "remove_hot_pixels": ({"deviations": 6.0}, []),
    "correct_detector": ({"dark": 2}, [CHANNEL]),
    "correct_linearity": ({"term_percent": -3.0, "brightest": 1000.0}, [CHANNEL]),
    "register": ({"method": "PC", "upsample_factor": 10}, [CHANNEL]),
    "align_markers": ({"markers": MARKERS}, [CHANNEL]),
    "refine_alignment": ({"rounds": 1, "axis": False}, [CHANNEL]),
    "manual_align": ({"nslice": 4, "xshift": 1, "yshift": -1}, [CHANNEL]),
    "shift_one": ({"projection": 2, "yshift": 0.25}, []),
    "tilt_align": ({"method": "CoM", "nslices": 3}, [CHANNEL]),
    "transform": ({"yshift": 0.3, "angle": 1.5}, [CHANNEL]),
    "apply_alignment_file": ({"path": "series.xf", "first_row": "top"}, [CHANNEL]),
    "add_channel": ({"path": "second.hspy", "name": "third", "aligned": True}, [CHANNEL]),
    "remove_channel": ({"name": "second"}, [CHANNEL]),
    "rename_channel": ({"name": "second", "new_name": "Ni"}, [CHANNEL, VOLUME]),
    "map_elements": ({"lines": ["Si_Ka"]}, [SPECTRA]),
    "decompose": ({"components": 4}, [SPECTRA]),
    "reconstruct": ({"method": "FISTA-TV", "iterations": 3, "tv_weight": 0.1}, [CHANNEL]),
    "reconstruct_jointly": (JOINT, [SPECTRA, MAPS, VOLUME]),
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A series, a second signal of it, and its spectra with and without tilts, in files."""
    folder = tmp_path_factory.mktemp("operations")
    needle = simulation.spectral_needle((24, 24, 24), TILTS, jitter_px=1, seed=4)
    TomoStack(needle.haadf, TILTS).save(folder / "series.hspy")
    TomoStack(needle.haadf, TILTS).reconstruct("FBP").save(folder / "volume.hspy")
    np.savetxt(folder / "series.xf", np.tile([0.1, 1, -1, 0.1, 1.5, -2], (len(TILTS), 1)))
    TomoStack(3 * needle.haadf, TILTS).save(folder / "second.hspy")
    spectra = spectral.from_array(needle.all_counts(), TILTS, channel_kev=0.02, elements=needle.elements)
    spectra.save(folder / "edx.hspy")
    del spectra.metadata.Tomography
    spectra.save(folder / "bare.hspy")
    return folder


def same_signal(ours, theirs):
    assert type(ours) is type(theirs)
    np.testing.assert_array_equal(np.asarray(ours.data), np.asarray(theirs.data))
    for axis in ours.axes_manager._axes:
        assert axis.scale == theirs.axes_manager[axis.name].scale
    if isinstance(ours, TomoStack):
        np.testing.assert_array_equal(ours.tilts_deg, theirs.tilts_deg)


@pytest.mark.parametrize("name", OPERATIONS)
def test_the_script_of_each_operation_gives_what_it_gave(name, folder):
    parameters, before = CASES[name]
    session = Session()
    steps = before if OPERATIONS[name].opens else [("open", {"path": "series.hspy"}), *before]
    with contextlib.chdir(folder):
        for each, given in [*steps, (name, parameters)]:
            session.apply(each, **given)
        given = {}
        exec(session.export_script("steps.py").read_text(), given)  # noqa: S102  (our own script)
    model = session.model
    same_signal(given["stack"], model.stack)
    if model.reconstruction is not None:
        same_signal(given["volume"], model.reconstruction)
    if model.spectra is not None:
        np.testing.assert_array_equal(np.asarray(given["spectra"].data), np.asarray(model.spectra.data))
    assert set(given.get("channels", {})) == {channel.name for channel in model.channels}
    for channel in model.channels:
        same_signal(given["channels"][channel.name], channel.stack)
        if channel.reconstruction is not None:
            same_signal(given["volumes"][channel.name], channel.reconstruction)


def test_every_operation_is_tried_above():
    assert set(CASES) == set(OPERATIONS)


def test_the_reference_lists_every_operation():
    text = (Path(__file__).parents[2] / "docs" / "reference" / "session.md").read_text(encoding="utf-8")
    assert [name for name in OPERATIONS if f"``{name}``" not in text] == []


def test_none_is_without_a_writer():
    assert "write" in Operation.__abstractmethods__

    class Silent(Operation):
        def apply(self, state, parameters, progress):
            raise NotImplementedError

    with pytest.raises(TypeError, match=r"abstract method '?write"):
        Silent("silent", "Silent", "saying nothing")


@pytest.mark.parametrize("name", OPERATIONS)
def test_what_it_needs_is_asked_for_by_name(name):
    operation = OPERATIONS[name]
    assert operation.needed <= operation.parameters
    if operation.needed:
        with pytest.raises(ParameterError, match=f"{name} needs {', '.join(sorted(operation.needed))}"):
            operation.check({})
    else:
        operation.check({})
    with pytest.raises(ParameterError, match=f"{name} has no parameter 'colour'"):
        operation.check({"colour": 1})  # codespell:ignore colour


def test_each_change_is_declared():
    declared = {
        change: {each.name for each in OPERATIONS.values() if each.changes == change and not each.opens}
        for change in ("volumes", "channels", "spectra")
    }
    assert declared == {
        "volumes": {"reconstruct", "reconstruct_jointly"},
        "channels": {"add_channel", "remove_channel", "rename_channel", "map_elements", "decompose"},
        "spectra": {"add_spectra"},
    }
    assert {each.name for each in OPERATIONS.values() if each.opens} == {
        "open",
        "sample",
        "take_over",
        "open_spectra",
    }
    assert [each.name for each in OPERATIONS.values() if each.reconstructs] == ["reconstruct"]


def test_parameters_are_those_of_the_method_that_is_called():
    """A name that the method does not take would be refused only when the step runs."""
    for name, method in (
        ("crop", TomoStack.crop_to), ("bin", TomoStack.bin), ("turn", TomoStack.turn),
        ("transform", TomoStack.trans_stack), ("manual_align", TomoStack.manual_align),
        ("remove_projections", TomoStack.remove_projections), ("set_tilts", TomoStack.set_tilts),
        ("normalize", TomoStack.normalize), ("set_pixel_size", TomoStack.set_pixel_size),
    ):  # fmt: skip
        assert OPERATIONS[name].parameters <= set(inspect.signature(method).parameters), name


def test_a_volume_of_ones_own_is_made_of_channels_too_and_written(folder, monkeypatch):
    (folder / "my_volumes.py").write_text(
        "from etwidgets.session import operation\n\n\n"
        '@operation("Simple", kind="volume", needs_tilts=True)\n'
        "def simple(stack, *, rows=24):\n"
        '    return stack.reconstruct("BP", thickness=rows, show_progressbar=False)\n'
    )
    monkeypatch.syspath_prepend(folder)
    from my_volumes import simple

    session = Session(operations=[simple])
    with contextlib.chdir(folder):
        session.open("series.hspy")
        session.apply(CHANNEL[0], **CHANNEL[1])
        session.apply("simple", rows=12)
        given = {}
        exec(session.export_script("own.py").read_text(), given)  # noqa: S102  (our own script)
    assert session.model.reconstruction.data.shape == (24, 12, 24)
    same_signal(given["volume"], session.model.reconstruction)
    same_signal(given["volumes"]["second"], session.model.channels[0].reconstruction)


def test_called_outside_a_session_it_gives_the_signal(stack):
    np.testing.assert_array_equal(OPERATIONS["bin"](stack, factor=2).data, stack.bin(2).data)
    assert isinstance(OPERATIONS["reconstruct"](stack, method="BP"), RecStack)
    assert OPERATIONS["sample"](None, name="catalyst").has_tilts

    @operation("Double")
    def double(stack):
        return stack * 2

    np.testing.assert_array_equal(double(stack).data, 2 * stack.data)


def test_dart_is_refused_before_anything_is_reconstructed(stack, tmp_path):
    stack.save(tmp_path / "second.hspy")
    session = Session(TomoStackModel(stack))
    session.apply("add_channel", path=str(tmp_path / "second.hspy"), name="second")
    with pytest.raises(ParameterError, match="DART takes the gray levels of one signal"):
        session.apply("reconstruct", method="DART", gray_levels=[0, 1])
    assert session.model.reconstruction is None

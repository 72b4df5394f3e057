"""After another series was opened every panel shows what it would if there had been no series before."""

import copy
import gc
import hashlib
import re
import threading
import weakref

import ipywidgets as widgets
import numpy as np
import pytest
import seen

from etwidgets import simulation, spectral
from etwidgets.app import Workbench
from etwidgets.session import InlineRunner, Session, ThreadRunner, TomoStackModel
from etwidgets.session.measuring import Subject
from etwidgets.signals import TomoStack
from etwidgets.views import CurveView, HistogramView, ImageView, SpectrumView, VolumeView

PANELS = (
    "data", "inspect", "clean", "register", "axis", "reconstruct", "volume", "trust", "spectral", "analyze",
    "live", "history",
)  # fmt: skip
RECORD = {
    "history": ("steps", "undo", "redo")
}  # which go back to A on purpose: it is the record of all that was done


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """A: 8 tilts, 40 wide, in nm, with spectra. B: uint16, 11 tilts, 28 wide, no pixel size. V: a volume."""
    root = tmp_path_factory.mktemp("root")
    needle = simulation.spectral_needle((40, 32, 32), np.arange(-70.0, 71, 20), seed=5)
    counts = needle.all_counts()
    spectra = spectral.from_array(
        counts, needle.tilts_deg, channel_kev=0.02, pixel_size_nm=3, elements=needle.elements
    )
    spectra.save(root / "a_spectra.hspy")
    first = spectral.sum_image(spectra)
    first.save(root / "a.hspy")
    tilts = np.linspace(-50, 50, 11)
    images = simulation.project(simulation.needle((28, 36, 36)), tilts)
    images = images.clip(0) / images.max() * 900
    moved, _ = simulation.misalign(images, jitter_px=1.5, seed=8)
    other = TomoStack(moved.clip(0).astype(np.uint16), tilts)
    other.save(root / "b.hspy")
    other.reconstruct("FBP").save(root / "v.hspy")
    bare = other.deepcopy()
    del bare.tilts
    bare.save(root / "without_tilts.hspy")
    return root


@pytest.fixture(scope="module")
def make(root):
    benches = []

    def make():
        benches.append(Workbench(root=root, runner=InlineRunner()))
        return benches[-1]

    yield make
    for bench in benches:
        bench.close()


def controls(bench, panel):
    bench.show(panel)
    return bench.panels[panel].controls


def work_through(bench, root):
    """Do something in every panel, and leave its controls where they were put last."""
    session, display = bench.session, bench.session.display
    session.open(str(root / "a.hspy"))
    session.apply("set_pixel_size", pixel_size=3.36)
    c = controls(bench, "data")
    c["first-tilt"].value, c["channel-name"].value, c["sample"].value = -33, "HAADF", "catalyst"
    c = controls(bench, "inspect")
    c["tilt"].value, c["column"].value, c["contrast"].value = 2, 31, (7.0, 80.0)
    c["beside"].value = "maximum over tilts"
    display.row = 29
    c = controls(bench, "clean")
    c["tool"].value, c["x_start"].value, c["size"].value = "crop", 3, 5
    c["run"].click()
    c["tool"].value = "exclude"
    bench.panels["clean"]._marked.add(1)
    bench.panels["clean"].refresh()
    c = controls(bench, "register")
    c["run"].click()
    c["look"].value = "neighbor (to nudge)"
    c["nudge_y"].value = 1.5
    c = controls(bench, "axis")
    c["method"].value = "CoM"
    c["auto"].click()
    c["shift"].value, c["rotation"].value, c["compare"].value = 2.0, 1.0, "three shifts"
    c = controls(bench, "spectral")
    c["file"].value = "a_spectra.hspy"
    c["add"].click()
    c = controls(bench, "spectral")
    c["elements"].value = "Ni, Si"
    c["run"].click()
    c["color"].value = "#123456"
    c = controls(bench, "reconstruct")
    c["method"].value, c["iterations"].value = "SIRT", 3
    c["run"].click()
    c["follow"].click()
    c["compare"].click()
    c["thickness"].value = 21
    c = controls(bench, "volume")
    bench.panels["volume"]._images.receive({"type": "slide", "pane": 0, "value": 30, "number": 1})
    c["clip-x"].value = (10, 60)
    c["renderer"].value = "ipyvolume"
    c["render"].click()
    bench.panels["volume"]._rendering.view.controls["level"].value = 60
    c = controls(bench, "analyze")
    c["smooth"].value, c["axis"].value, c["again"].value = 1, "x", True
    c["run"].click()
    c["threshold"].value = 12.5
    c = controls(bench, "history")
    c["kind"].value = "movie: rotation"
    c["save"].click()


@pytest.fixture(scope="module")
def used(make, root):
    """A workbench in which A was worked through."""
    bench = make()
    work_through(bench, root)
    model = bench.model
    assert [message.text for message in model.messages if message.level == "error"] == []
    assert model.measurements
    assert model.reconstruction is not None
    assert [channel.name for channel in model.channels] == ["Ni_Ka", "Si_Ka"]
    bench.of_a = {name: visible(bench, name) for name in PANELS}
    bench.at_a = len(bench.session.history)
    return bench


def digest(*buffers):
    found = hashlib.sha1(usedforsecurity=False)
    for each in buffers:
        found.update(np.ascontiguousarray(each).tobytes() if isinstance(each, np.ndarray) else bytes(each))
    return found.hexdigest()[:12]


def drawn(view):
    """What a view shows beside its traits."""
    if isinstance(view, ImageView):
        return [{**vars(pane), "image": digest(pane.image)} for pane in view.snapshot()]
    shown = view.snapshot()
    if isinstance(view, SpectrumView):
        curves = [(curve.name, curve.color, digest(curve.counts)) for curve in shown.curves]
        return {**vars(shown), "curves": curves}
    if isinstance(view, CurveView):
        curves = {name: [axis.tolist() for axis in pair] for name, pair in shown.curves.items()}
        return {**vars(shown), "curves": curves}
    if isinstance(view, VolumeView):
        return [(each.name, each.limits, digest(each.voxels)) for each in shown.channels]
    return ()


def state_of(widget, skip=()):
    """All that can be seen of a widget and of what is in it."""
    if widget in skip:
        return []
    own = {}
    inner = []
    for name in sorted(widget.keys):
        value = getattr(widget, name)
        if isinstance(value, widgets.Widget):
            inner.append(value)
        elif isinstance(value, list | tuple) and any(isinstance(each, widgets.Widget) for each in value):
            inner += value
        elif not name.startswith("_") or name == "_options_labels":
            own[name] = re.sub(r"\d+\.\d+ s\b", "some s", repr(value))
    found = [(type(widget).__name__, widget._dom_classes if hasattr(widget, "_dom_classes") else (), own)]
    if isinstance(widget, ImageView | SpectrumView | CurveView | VolumeView | HistogramView):
        found.append(("drawn", drawn(widget)))
    if isinstance(widget, CurveView):
        return found
    for each in inner:
        found += state_of(each, skip)
    return found


def visible(bench, name):
    bench.show(name)
    panel = bench.panels[name]
    skip = [panel.controls[each] for each in RECORD.get(name, ())]
    step = bench._tabs[name]
    return [("step", step.description), *state_of(panel.widget, skip)]


@pytest.fixture(scope="module", params=["b.hspy", "v.hspy", "without_tilts.hspy"])
def pair(request, used, make, root):
    """The used workbench and a new one, in both of which B was opened."""
    new = make()
    used.session.go_to(used.at_a)
    for bench in (used, new):
        bench.session.open(str(root / request.param))
    return used, new


@pytest.mark.parametrize("panel", PANELS)
def test_nothing_of_a_is_left_in(pair, panel):
    used, new = pair
    assert len(used.session.steps_of_series) == 1
    assert set(PANELS) == set(used.panels)
    assert used.model.messages[-1].level != "error", used.model.messages[-1]
    found, wanted = (visible(bench, panel) for bench in (used, new))
    differing = [(one, other) for one, other in zip(found, wanted, strict=False) if one != other]
    assert differing == []
    assert len(found) == len(wanted)
    if panel != "live":  # which knows its folder, and no series
        assert used.of_a[panel] != wanted  # there was something of A


def test_the_path_ticks_what_was_done_with_this_series(used, make, root):
    used.session.go_to(used.at_a)
    assert "✓" in used._tabs["register"].description
    used.session.open(str(root / "b.hspy"))
    assert [name for name, step in used._tabs.items() if "✓" in step.description] == ["data"]
    used.session.undo()
    assert "✓" in used._tabs["reconstruct"].description


@pytest.mark.parametrize("panel", PANELS)
def test_undo_brings_a_back_and_nothing_of_b(used, make, root, panel):
    """As it is when the same steps were done, and the controls were not touched."""
    new = make()
    used.session.go_to(used.at_a)
    new.session._core.timeline.history = copy.copy(used.session._core.timeline.history)
    new.session._core.timeline.history._entries = list(used.session._core.timeline.history._entries)
    new.session._core.publish()
    used.session.open(str(root / "b.hspy"))
    used.session.undo()
    found, wanted = visible(used, panel), visible(new, panel)
    assert [(one, other) for one, other in zip(found, wanted, strict=False) if one != other] == []


def session_with(stack, **options):
    return Session(TomoStackModel(stack), **options)


@pytest.fixture
def stack():
    tilts = np.arange(-60.0, 61, 20)
    return TomoStack(simulation.project(simulation.needle((16, 20, 20)), tilts).clip(0), tilts)


def measured(session):
    data = session.model.reconstruction.data
    session.measure(Subject("series", data, {"threshold": float(data.max()) / 2}))


def test_numbers_go_and_come_with_the_state_that_they_are_of(stack, root):
    session = session_with(stack)
    session.apply("reconstruct", method="FBP")
    measured(session)
    session.open(str(root / "b.hspy"))
    assert session.model.measurements == ()
    session.undo()
    assert len(session.model.measurements) == 1
    session.undo()
    assert session.model.measurements == ()
    session.redo()
    assert len(session.model.measurements) == 1
    session.apply("reconstruct", method="BP")
    assert session.model.measurements == ()  # of a volume that is not there any more


def test_a_measured_volume_is_let_go_with_its_series(make, root):
    bench = make()
    session = bench.session
    session._core.timeline.memory_limit = session._core.timeline.history._limit = 0
    session.open(str(root / "a.hspy"))
    session.apply("reconstruct", method="FBP")
    for name in PANELS:
        bench.show(name)
    bench.show("analyze")
    bench.panels["analyze"].controls["run"].click()
    assert session.model.measurements
    controls(bench, "volume")["renderer"].value = "ipyvolume"
    controls(bench, "volume")["render"].click()
    volume, projections = (
        weakref.ref(each.data) for each in (session.model.reconstruction, session.model.stack)
    )
    session.open(str(root / "b.hspy"))
    session.apply("normalize")  # the state before the present one is kept for undo
    gc.collect()
    assert volume() is None
    assert projections() is None


def test_a_preview_that_comes_late_is_dropped(stack, root):
    session = session_with(stack, runner=ThreadRunner())
    began, go, seen = threading.Event(), threading.Event(), []

    def slow(what):
        if what == "a":
            began.set()
            assert go.wait(10)
        elif what == "worse":
            raise ValueError("of a, too")
        return what

    late = session.latest(slow, seen.append)
    late.submit("a")
    assert began.wait(10)
    job = session.open(str(root / "b.hspy"))
    assert session.runner.wait(lambda: job.done, 20)
    go.set()
    late.submit("b")
    assert session.runner.wait(lambda: bool(seen), 10)
    assert seen == ["b"]
    late.close()
    session.close()


def test_a_measurement_that_waited_while_another_series_was_opened_measures_nothing(stack, root):
    session = session_with(stack)
    session.apply("reconstruct", method="FBP")
    subject = Subject("series", session.model.reconstruction.data, {"threshold": 0.1})
    session.open(str(root / "v.hspy"))
    with pytest.raises(ValueError, match="changed meanwhile"):
        session.measure(subject)
    assert session.model.measurements == ()


def test_pictures_go_when_those_of_now_cannot_be_drawn(make, root):
    bench = make()
    bench.session.open(str(root / "a.hspy"))
    bench.show("inspect")
    panel = bench.panels["inspect"]
    assert len(seen.images(panel)) == 2

    def fail():
        raise ValueError("no picture of this")

    panel.redraw = fail
    panel.refresh()
    assert seen.images(panel) == []
    assert "no picture of this" in bench.model.message.text

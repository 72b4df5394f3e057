"""The list of files shows, looks into and opens nothing outside the served folder, whatever a page sends."""

import numpy as np
import pytest
import seen
import tifffile
from hypothesis import given, settings
from hypothesis import strategies as st

from etwidgets.errors import UnsafeFileError
from etwidgets.panels import DataPanel, file_look
from etwidgets.panels.file_list import FileList, Handlers
from etwidgets.session import InlineRunner, RecentFiles, Session, allowed_file


@pytest.fixture
def folder(tmp_path, stack):
    """A root with a series and links that lead out of it, and beside it what must not be seen."""
    root, outside = tmp_path / "root", tmp_path / "outside"
    (root / "inner").mkdir(parents=True)
    outside.mkdir()
    stack.save(root / "in.hspy")
    stack.save(root / "inner" / "deep.mrc")
    stack.save(outside / "secret.hspy")
    (root / "link.hspy").symlink_to(outside / "secret.hspy")
    (root / "leads out").symlink_to(outside)
    (root / "dead.hspy").symlink_to(outside / "nothing.hspy")
    return root


@pytest.fixture
def looked_at(monkeypatch):
    """The files that were looked into."""
    paths = []
    facts = file_look.file_facts
    monkeypatch.setattr(file_look, "file_facts", lambda path: paths.append(path) or facts(path))
    return paths


@pytest.fixture
def panel(folder, looked_at):
    recent = RecentFiles(folder.parent / "recent.json")
    recent.add({"path": str(folder.parent / "outside" / "secret.hspy")})
    session = Session(runner=InlineRunner(), root=folder, recent=recent)
    panel = DataPanel(session, folder)
    yield panel
    panel.close()


def view(panel):
    return panel.controls["files"]


def test_links_that_lead_out_are_not_listed(panel):
    assert view(panel).names == ["inner", "in.hspy"]
    view(panel).receive({"type": "filter", "what": 1})
    assert view(panel).names == ["inner", "in.hspy"]
    assert view(panel).recent == []


@pytest.mark.parametrize(
    "name", ["..", "../outside", "leads out", "link.hspy", "/", "../outside/secret.hspy"]
)
def test_what_is_not_listed_is_not_entered_or_chosen(panel, name, looked_at):
    view(panel).receive({"type": "enter", "what": name})
    view(panel).value = [name]
    assert view(panel).value == []
    assert view(panel).names == ["inner", "in.hspy"]
    assert (looked_at, panel.model.stack) == ([], None)


@pytest.mark.parametrize("name", ["../outside/secret.hspy", "link.hspy", "leads out/secret.hspy"])
def test_what_is_typed_is_not_looked_at_outside(panel, name, looked_at):
    panel.controls["file"].value = name
    assert "outside the folder" in panel.model.message.text
    panel.controls["open"].click()
    assert (looked_at, panel.model.stack) == ([], None)


def test_a_link_that_takes_the_place_of_a_folder_or_a_file_is_not_followed(panel, folder, looked_at):
    view(panel).receive({"type": "enter", "what": "inner"})
    (folder / "inner" / "deep.mrc").unlink()
    (folder / "inner" / "deep.rawtlt").unlink(missing_ok=True)
    (folder / "inner").rmdir()
    (folder / "inner").symlink_to(folder.parent / "outside")
    view(panel).receive({"type": "again"})
    assert view(panel).names == ["in.hspy"]
    (folder / "in.hspy").unlink()
    (folder / "in.hspy").symlink_to(folder.parent / "outside" / "secret.hspy")
    view(panel).value = ["in.hspy"]
    view(panel).receive({"type": "enter", "what": "in.hspy"})
    assert (looked_at, panel.model.stack) == ([], None)


@pytest.mark.parametrize("beside", ["deep.rawtlt", "deep.tlt", "deep.mdoc", "deep.mrc.mdoc"])
def test_a_file_of_tilts_beside_a_series_may_not_lead_out(panel, folder, beside, looked_at):
    secret = folder.parent / "outside" / "passwords"
    secret.write_text("secret words\n")
    (folder / "inner" / "deep.rawtlt").unlink(missing_ok=True)
    (folder / "inner" / beside).symlink_to(secret)
    with pytest.raises(UnsafeFileError, match="outside"):
        allowed_file(folder, "inner/deep.mrc")
    panel.controls["file"].value = "inner/deep.mrc"
    panel.controls["open"].click()
    assert "secret words" not in seen.text(panel) + panel.model.message.text
    with pytest.raises(UnsafeFileError, match="outside"):
        panel.session.open(folder / "inner" / "deep.mrc")
    assert (looked_at, panel.model.stack) == ([], None)


def test_no_part_of_a_zspy_folder_may_lead_out(folder, stack):
    stack.save(folder / "a.zspy")
    assert allowed_file(folder, "a.zspy") == folder / "a.zspy"
    chunk = next(path for path in (folder / "a.zspy").rglob("*") if path.is_file())
    chunk.unlink()
    chunk.symlink_to(folder.parent / "outside" / "secret.hspy")
    with pytest.raises(UnsafeFileError, match="outside"):
        allowed_file(folder, "a.zspy")


def test_a_file_name_is_text_on_the_page(panel, folder):
    inner = folder / "<img src=y>"
    inner.mkdir()
    names = [f"<img src=x onerror=alert(1)>_{angle}deg.tif" for angle in (0, 1)]
    for name in names:
        tifffile.imwrite(inner / name, np.ones((8, 8), np.uint8))
    view(panel).receive({"type": "again"})
    view(panel).value = ["<img src=y>"]
    assert "2 files as one tilt series" in seen.text(panel)
    written = seen.html(panel)
    view(panel).receive({"type": "enter", "what": "<img src=y>"})
    view(panel).value = names[:1]
    written += seen.html(panel)
    (inner / names[0]).write_bytes(b"no image")
    view(panel).value = []
    view(panel).value = names[:1]
    written += seen.html(panel)
    assert written.count("onerror") >= 4
    assert "<img src=x" not in written


KINDS = ["enter", "place", "sort", "filter", "recent", "open-recent", "again", "mud"]
ANYTHING = st.one_of(st.none(), st.booleans(), st.integers(-3, 9), st.floats(), st.text(max_size=5))


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(KINDS), st.one_of(ANYTHING, st.sampled_from(["a", "b", ".."])))))
def test_no_sequence_of_messages_breaks_the_list_or_leaves_the_folder(tmp_path_factory, messages):
    root = tmp_path_factory.mktemp("chooser") / "root"
    (root / "a" / "b").mkdir(parents=True)
    (root.parent / "secret.mrc").write_bytes(b"x")
    files = FileList(
        Session(), "data", root, (".mrc",), Handlers(lambda _names: None, enter=lambda _name: None)
    )
    for kind, what in messages:
        view(files).receive({"type": kind, "what": what})
        assert set(view(files).names) <= {"a", "b"}
    assert files.model.message is None
    files.close()

"""What a session is asked for: operations, history, session files, batches, commands, paths of the page."""

import numpy as np

from bad_inputs.case import Area
from etwidgets import io
from etwidgets.cli import main
from etwidgets.errors import FileFormatError, HistoryError, ParameterError, UnsafeFileError
from etwidgets.session import Session, operation, run_batch

ops = Area("Session")


def _apply(name, /, **parameters):
    return lambda w: w.session.apply(name, **parameters)


ops.refused("an unknown operation", _apply("magic"), ParameterError, "no operation 'magic'", "register")
ops.refused("an unknown parameter", _apply("register", metod="PC"), ParameterError, "'metod'", "'method'")
ops.refused(
    "an array",
    _apply("remove_projections", projections=np.array([1])),
    ParameterError,
    "projections",
    "ndarray",
    "tolist",
)
ops.refused(
    "a number of numpy", _apply("bin", factor=np.int64(2)), ParameterError, "factor", "int64", "plain"
)
ops.refused("NaN", _apply("transform", angle=float("nan")), ParameterError, "angle", "finite", "nan")
ops.refused(
    "a number of 400 digits", _apply("bin", factor=10**400), ParameterError, "factor", "finite", "bits"
)
ops.refused(
    "a stack in place of a word",
    lambda w: w.session.apply("register", method=w.stack),
    ParameterError,
    "method",
    "TomoStack",
    "plain",
)
ops.refused(
    "a list in place of a word",
    _apply("register", method=["PC"]),
    ParameterError,
    "method",
    "['PC']",
    "StackReg",
)
ops.refused(
    "a dict in place of a number",
    _apply("transform", angle={"deg": 3}),
    ParameterError,
    "angle",
    "finite",
    "deg",
)
ops.refused(
    "no parameter where one is needed",
    _apply("remove_projections"),
    ParameterError,
    "remove_projections",
    "needs",
    "projections",
)
ops.refused(
    "one of two parameters", _apply("set_tilts", start=0), ParameterError, "set_tilts", "needs", "increment"
)
ops.refused("a path that is a number", _apply("open", path=3), ParameterError, "path", "int")
ops.refused("an unknown sample", _apply("sample", name="mud"), ParameterError, "no sample 'mud'", "needle")
ops.refused(
    "nothing was opened",
    lambda w: Session().apply("register"),
    ParameterError,
    "no tilt series yet",
    "open one",
)
ops.refused("undo nothing", lambda w: w.session.undo(), HistoryError, "no step to undo", "0 of 0")
ops.refused("redo nothing", lambda w: w.session.redo(), HistoryError, "no step to do again", "0 of 0")
ops.refused("go to step 99", lambda w: w.session.go_to(99), HistoryError, "no step", "99", "0")
ops.refused("go to step 0.5", lambda w: w.session.go_to(0.5), HistoryError, "no step", "0.5")
ops.refused("go to a word", lambda w: w.session.go_to("first"), HistoryError, "no step", "'first'")
ops.refused(
    "delete a snapshot that does not exist",
    lambda w: w.session.delete_snapshot(3),
    HistoryError,
    "no snapshot 3",
    "0",
)
ops.refused(
    "restore a snapshot that does not exist",
    lambda w: w.session.restore_snapshot("a"),
    HistoryError,
    "no snapshot",
    "'a'",
)
ops.handled("finish nothing", lambda w: w.session.finish(), lambda result: result is None)
ops.handled("cancel nothing", lambda w: w.session.cancel(), lambda result: result is None)
ops.refused(
    "save something unknown",
    lambda w: w.session.save_data("mud", w.folder / "a.hspy"),
    ParameterError,
    "'mud'",
    "projections",
    "volume",
)
ops.refused(
    "save a volume that does not exist",
    lambda w: w.session.save_data("volume", w.folder / "a.hspy"),
    ParameterError,
    "no volume",
    "save",
    "econstruct",
)
ops.refused(
    "a movie of something unknown",
    lambda w: w.session.save_movie("mud", w.folder / "a.gif"),
    ParameterError,
    "'mud'",
    "projections",
)
ops.refused(
    "measure nothing", lambda w: w.session.measure(None), ParameterError, "subject", "None", "threshold"
)
ops.refused(
    "a channel without a name",
    lambda w: w.session.apply("add_channel", path=str(w.saved()), name=" "),
    ParameterError,
    "name",
    "HAADF",
)
ops.refused(
    "a channel that does not exist",
    _apply("remove_channel", name="Ni"),
    ParameterError,
    "no channel 'Ni'",
    "none",
)
ops.refused(
    "spectra that are not there",
    _apply("map_elements", lines=["Ni_Ka"]),
    ParameterError,
    "no spectra",
    "Spectral",
)
ops.refused(
    "an operation of an unknown kind",
    lambda w: operation("Smooth", running="smoothing", kind="mud"),
    ParameterError,
    "kind",
    "'mud'",
    "volume",
)
ops.refused(
    "a function that is not an operation",
    lambda w: Session(operations=[len]),
    ParameterError,
    "len",
    "@operation",
)
ops.refused(
    "an estimate of an unknown operation",
    lambda w: w.session.estimate("magic"),
    ParameterError,
    "no operation 'magic'",
    "register",
)

saved = Area("Session files")


def _open(**changes):
    return lambda w: Session().open_session(w.session_file(**changes))


def _file(content):
    return lambda w: Session().open_session(w.file("work.json", content))


saved.refused(
    "missing", lambda w: Session().open_session(w.folder / "none.json"), FileNotFoundError, "no", "none.json"
)
saved.refused("a folder", lambda w: Session().open_session(w.folder), FileFormatError, "folder", "session")
saved.refused("empty", _file(b""), FileFormatError, "work.json", "not a session")
saved.refused("bytes", _file(bytes(range(256))), FileFormatError, "work.json", "not a session")
saved.refused("a list", _file("[1, 2]"), FileFormatError, "work.json", "not a session")
saved.refused(
    "another program's", _file('{"format": "other"}'), FileFormatError, "work.json", "not a session"
)
saved.refused("nested too deep", _file("[" * 100_000), FileFormatError, "work.json", "not a session")
saved.refused(
    "a number of 10000 digits",
    _file('{"format": ' + "9" * 10_000 + "}"),
    FileFormatError,
    "work.json",
    "not a session",
)
saved.refused("of a later version", _open(version=99), FileFormatError, "version 99", "reads 1", "install")
saved.refused(
    "position beyond the steps", _open(position=99), FileFormatError, "damaged", "position 99", "2 steps"
)
saved.refused("position of None", _open(position=None), FileFormatError, "damaged", "position None")
saved.refused("no steps", _open(steps=None), FileFormatError, "damaged", "steps")
saved.refused(
    "steps that are words", _open(steps=["open", "crop"]), FileFormatError, "damaged", "steps", "open"
)
saved.refused("an unknown step", _open(operation="magic"), ParameterError, "no operation 'magic'", "register")
saved.refused("a step of a number", _open(operation=3), FileFormatError, "damaged", "operation", "3")
saved.refused("unknown parameters", _open(parameters={"mud": 1}), ParameterError, "'mud'", "width")
saved.refused(
    "parameters that are a list", _open(parameters=[1]), FileFormatError, "damaged", "parameters", "[1]"
)
saved.refused(
    "parameters of another kind", _open(parameters={"width": {"a": 1}}), ParameterError, "width", "a"
)
saved.refused("NaN in it", _open(parameters={"width": float("nan")}), FileFormatError, "damaged", "NaN")
saved.refused("seconds as text", _open(seconds="long"), FileFormatError, "damaged", "seconds", "'long'")
saved.refused("another result than it says", _open(after="mud"), HistoryError, "another result", "mud")
saved.refused(
    "an invalid display", _open(display={"voxel": "mud"}), FileFormatError, "damaged", "voxel", "mud"
)
saved.refused(
    "unknown display settings", _open(display={"session": 3}), FileFormatError, "damaged", "session"
)
saved.refused(
    "a start outside its folder",
    _open(start="../../etc/passwd"),
    FileFormatError,
    "damaged",
    "start",
    "passwd",
)
saved.refused("invalid snapshots", _open(kept=[3]), FileFormatError, "damaged", "kept")
saved.refused(
    "repeat a session without steps",
    lambda w: _repeat(w, position=1),
    ParameterError,
    "session.json",
    "no step after",
)


def _repeat(w, **changes):
    return w.session.repeat(w.session_file(**changes))


saved.refused(
    "repeat with a file of another series",
    lambda w: _repeat(w, operation="add_channel", parameters={"path": "/etc/passwd", "name": "Ni"}),
    ParameterError,
    "session.json",
    "belongs to its own series",
)

batch = Area("Batch and command line")
batch.refused(
    "no session file",
    lambda w: run_batch(w.folder / "none.json", [w.saved()], output=w.folder / "out"),
    FileNotFoundError,
    "no",
    "none.json",
)
batch.refused(
    "a series that is missing",
    lambda w: run_batch(w.session_file(), [w.folder / "none.mrc"], output=w.folder / "out"),
    ParameterError,
    "1 of 1",
    "none.mrc",
)
batch.refused(
    "a result that is there", lambda w: _twice(w), ParameterError, "1 of 1", "already exists", "--output"
)
batch.refused(
    "an unknown extension",
    lambda w: run_batch(w.session_file(), [w.saved("a.hspy")], output=w.folder / "out", ending=".png"),
    ParameterError,
    ".png",
    ".hspy",
)
batch.refused(
    "a file for the results' folder",
    lambda w: run_batch(w.session_file(), [w.saved("a.hspy")], output=w.file("out")),
    ParameterError,
    "out",
    "folder",
)
batch.refused(
    "two series of one name",
    lambda w: run_batch(w.session_file(), [w.saved("a.hspy"), w.saved("a.mrc")], output=w.folder / "out"),
    ParameterError,
    "a.hspy",
    "a.mrc",
    "one name",
)


def _twice(w):
    steps, series = w.session_file(), w.saved("other.hspy")
    run_batch(steps, [series], output=w.folder / "out")
    return run_batch(steps, [series], output=w.folder / "out", ending=".zspy")


def _command(*arguments):
    """The exit status of a command; argparse ends the program, which counts as well."""

    def do(w):
        try:
            return main([each.replace("FOLDER", str(w.folder)) for each in arguments])
        except SystemExit as error:
            return error.code

    return do


for _words in (
    ("run", "FOLDER/none.json"), ("run", "FOLDER"), ("run", "FOLDER/none.json", "a.mrc"),
    ("app", "FOLDER/none.mrc"), ("app", "--root", "FOLDER/none"), ("app", "--port", "99999"),
    ("app", "--port", "-1"), ("app", "FOLDER/none.mrc", "--sample", "mud"), ("mud",), ("run",),
):  # fmt: skip
    batch.handled(f"etwidgets {' '.join(_words)}", _command(*_words), lambda status: status == 2)

page = Area("Paths of the page")


def _path(name):
    return lambda w: io.safe_path(w.folder, name)


def _new(name):
    return lambda w: io.safe_new_path(w.folder, name)


def _linked(w):
    (w.folder / "series.mrc").symlink_to("/etc/passwd")
    return io.safe_path(w.folder, "series.mrc")


page.refused("the folder above", _path("../x.mrc"), UnsafeFileError, "../x.mrc", "outside the folder")
page.refused(
    "from the root of the machine", _path("/etc/passwd"), UnsafeFileError, "/etc/passwd", "outside the folder"
)
page.refused(
    "by way of a folder that does not exist",
    _path("none/../../x.mrc"),
    UnsafeFileError,
    "x.mrc",
    "outside the folder",
)
page.refused("a link out of it", _linked, UnsafeFileError, "series.mrc", "outside the folder")
page.refused("a name with a zero byte", _path("a\0.mrc"), UnsafeFileError, "a\\x00.mrc", "name")
page.refused("a name of 4 kB", _path("a" * 4096), UnsafeFileError, "4096 characters")
page.refused("a name of nothing", _path(""), UnsafeFileError, "not a regular file")
page.refused("a file that does not exist", _path("none.mrc"), FileNotFoundError, "no file", "none.mrc")
page.refused("the folder itself", _path("."), UnsafeFileError, "not a regular file")
page.refused("a new file in a folder", _new("a/b.mrc"), UnsafeFileError, "'a/b.mrc'", "without folders")
page.refused("a new file above", _new("../b.mrc"), UnsafeFileError, "'../b.mrc'", "without folders")
page.refused("a new file that is hidden", _new(".profile"), UnsafeFileError, "'.profile'", "without folders")
page.refused("a new file with a zero byte", _new("a\0.mrc"), UnsafeFileError, "x00", "without folders")
page.refused("a new file of Windows", _new("a\\b.mrc"), UnsafeFileError, "b.mrc", "without folders")
page.refused("a new file of no name", _new(""), UnsafeFileError, "''", "without folders")
page.refused(
    "a new file of 4 kB of name", _new("a" * 4096 + ".mrc"), UnsafeFileError, "4100 characters", "shorter"
)
page.refused(
    "a new file over another",
    lambda w: io.safe_new_path(w.folder, w.file("a.mrc").name),
    FileExistsError,
    "a.mrc",
    "another name",
)
page.refused(
    "a new file over a link",
    lambda w: ((w.folder / "a.mrc").symlink_to("/nowhere"), io.safe_new_path(w.folder, "a.mrc")),
    FileExistsError,
    "a.mrc",
    "another name",
)
AREAS = (ops, saved, batch, page)

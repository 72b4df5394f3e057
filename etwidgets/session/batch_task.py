"""One series of a batch: what is to be done with it, whether it was done, and the doing; knows no process."""

from __future__ import annotations

import hashlib
import importlib.metadata
import importlib.util
import json
import shutil
import sys
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from etwidgets import io
from etwidgets.atomic import atomic_path
from etwidgets.errors import FileFormatError, ParameterError
from etwidgets.io.mdoc import mdoc_beside
from etwidgets.io.texts import file_beside
from etwidgets.session import session_file
from etwidgets.session.operations import Operation
from etwidgets.session.session import Session

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

_CHUNK = 1 << 22  # bytes
_AUTOMATIC = {"method": "auto", "constrain": True}
_RECORD = "_done.json"


@dataclass(frozen=True)
class SeriesTask:
    """What is to be done with a series; all of it can be written as JSON.

    Attributes
    ----------
    name
        Of the series, with which the names of its results begin.
    folder
        Of the results.
    source
        File with the series; empty: that which the session itself opened.
    steps
        Session file; empty: aligned and reconstructed automatically.
    ending
        Of the results.
    report
        Whether to write a report.
    channels
        Name of a channel to the file that has it.
    operations
        Python files with operations of the user's own.
    """

    name: str
    folder: str
    source: str
    steps: str
    ending: str
    report: bool
    channels: Mapping[str, str] = field(default_factory=dict)
    operations: tuple[str, ...] = ()

    def file(self, what: str) -> Path:
        """A file of the results."""
        return Path(self.folder) / f"{self.name}_{what}"

    def to_json(self) -> str:
        """All of it."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> SeriesTask:
        """What :meth:`to_json` wrote."""
        given = json.loads(text)
        return cls(**{**given, "operations": tuple(given["operations"])})

    def key(self) -> str:
        """Fingerprint of all that the results depend on: files, steps, operations, version."""
        known = hashlib.blake2b(digest_size=16)
        version = importlib.metadata.version("etwidgets")
        shape = [version, self.ending, self.report, sorted(self.channels), _what_is_done(self.steps)]
        known.update(json.dumps(shape, sort_keys=True).encode())
        for path in self._inputs():
            known.update(f"{path.name}\n".encode())
            _update(known, path)
        return known.hexdigest()

    def _inputs(self) -> Iterator[Path]:
        sources = [Path(self.source)] if self.source else _files_of(self.steps)
        for source in [*sources, *(Path(self.channels[name]) for name in sorted(self.channels))]:
            yield source
            beside = (mdoc_beside(source), file_beside(source, ".rawtlt"), file_beside(source, ".tlt"))
            yield from (each for each in beside if each is not None)
        yield from map(Path, self.operations)


def done(task: SeriesTask, key: str) -> Path | None:
    """The result, if the task has been done with the same files, steps and version; otherwise None."""
    record = _record(task)
    if record.get("key") != key or not record.get("result"):
        return None
    result = Path(task.folder) / record["result"]
    return result if all((Path(task.folder) / each).exists() for each in record["files"]) else None


def do(task: SeriesTask, key: str, operations: Iterable[Operation] = ()) -> Path:
    """Do it, and note that it is done.

    Parameters
    ----------
    task
        What to do.
    key
        Of the task.
    operations
        Of the user's own, beside those in the files of the task.

    Returns
    -------
    Path
        Of the volume, or of the series where no volume was made.

    Raises
    ------
    ParameterError
        If there are results already, of other steps or files.
    Exception
        Whatever the steps raise.
    """
    _make_room(task)
    with atomic_path(task.file(_RECORD[1:])) as temporary:
        temporary.write_text(json.dumps({"key": key, "files": _names(task)}), encoding="utf-8")
    session = Session(operations=[*operations, *_operations_in(task.operations)])
    _run(session, task)
    files = _save(session, task)
    record = {"key": key, "result": files[0].name, "files": [each.name for each in files]}
    with atomic_path(task.file(_RECORD[1:])) as temporary:
        temporary.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    return files[0]


def _run(session: Session, task: SeriesTask) -> None:
    if not task.source:
        session.open_session(task.steps)
        return
    session.open(task.source)
    added = _channels_of(task.steps)
    for name, path in task.channels.items():
        if name not in added:
            session.apply("add_channel", path=path, name=name)
    if task.steps:
        session.repeat(task.steps, {name: path for name, path in task.channels.items() if name in added})
    else:
        session.auto_align()
        session.apply("reconstruct", **_AUTOMATIC)


def _save(session: Session, task: SeriesTask) -> list[Path]:
    """Write all results; the main one comes first."""
    model = session.model
    has_volume = model.reconstruction is not None
    what = "rec" if has_volume else "aligned"
    files = [task.file(f"{what}{task.ending}")]
    session.save_data("volume" if has_volume else "projections", files[0])
    for channel in model.channels:
        signal = channel.reconstruction if has_volume else channel.stack
        if signal is not None:
            files.append(task.file(f"{_plain(channel.name)}_{what}{task.ending}"))
            io.save(signal, files[-1])
    files.append(task.file("steps.json"))
    session.save(files[-1])
    if task.report:
        files += [task.file("report.html"), task.file("report.json")]
        session.save_report(files[-2])
    return files


def _make_room(task: SeriesTask) -> None:
    """Remove what an earlier attempt, which was interrupted, has left; refuse what is there otherwise."""
    record = _record(task)
    unfinished = set(record.get("files", ())) if record and not record.get("result") else set()
    for name in _names(task):
        path = Path(task.folder) / name
        if name in unfinished and path.exists():
            shutil.rmtree(path) if path.is_dir() else path.unlink()
        if path.exists():
            raise ParameterError(f"{path} already exists; choose another folder with --output")


def _names(task: SeriesTask) -> list[str]:
    """Of all files that the task may write, but the record."""
    made = [f"{what}{task.ending}" for what in ("rec", "aligned")]
    made += [f"{_plain(name)}_{each}" for name in task.channels for each in made[:2]]
    made += ["steps.json", *(("report.html", "report.json") if task.report else ())]
    return [task.file(each).name for each in made]


def _record(task: SeriesTask) -> dict[str, Any]:
    path = task.file(_RECORD[1:])
    try:
        record = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    except ValueError:
        return {}
    files = record.get("files") if isinstance(record, dict) else None
    plain = isinstance(files, list) and all(
        isinstance(each, str) and Path(each).name == each for each in files
    )
    return record if plain else {}


def _what_is_done(steps: str) -> list[Any]:
    """Operations and parameters that are in effect."""
    if not steps:
        return ["automatic", _AUTOMATIC]
    saved = session_file.read(steps)
    return [[step.operation, dict(step.parameters)] for step in saved.steps[: saved.position]]


def _files_of(steps: str) -> list[Path]:
    """Those that the steps of a session read."""
    found = (step.parameters.get("path", []) for step in session_file.read(steps).steps)
    return [Path(path) for each in found for path in ([each] if isinstance(each, str) else each)]


def _channels_of(steps: str) -> set[str]:
    """Names of the channels that the steps add."""
    taken = session_file.read(steps).steps if steps else ()
    return {str(step.parameters.get("name")) for step in taken if step.operation == "add_channel"}


def _operations_in(files: Iterable[str]) -> Iterator[Operation]:
    """The operations in Python files, which can then be imported by the names of the files."""
    for path in map(Path, files):
        spec = importlib.util.spec_from_file_location(path.stem, path)
        if spec is None or spec.loader is None or not path.is_file():
            raise FileFormatError(f"{path} is no Python file with operations")
        module = importlib.util.module_from_spec(spec)
        sys.modules[path.stem] = module
        spec.loader.exec_module(module)
        found = [each for each in vars(module).values() if isinstance(each, Operation)]
        if not found:
            raise ParameterError(f"there is no operation in {path.name}; see the notebook on extending")
        yield from found


def _plain(name: str) -> str:
    """The name of a channel as a part of the name of a file."""
    return "".join(letter if letter.isalnum() or letter in "-+" else "_" for letter in name)


def _update(known: hashlib.blake2b, path: Path) -> None:
    files = sorted(each for each in path.rglob("*") if each.is_file()) if path.is_dir() else [path]
    for file in files:
        with file.open("rb") as opened:
            while chunk := opened.read(_CHUNK):
                known.update(chunk)

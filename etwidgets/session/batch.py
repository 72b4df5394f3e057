"""The steps of one session on many series, or a report of one, without a page; results are saved."""

from __future__ import annotations

import glob
import json
import logging
from pathlib import Path
from typing import TYPE_CHECKING, Any

from etwidgets.atomic import atomic_path
from etwidgets.checks import checked_count
from etwidgets.errors import ParameterError
from etwidgets.session import session_file
from etwidgets.session.batch_places import in_processes, on_cluster
from etwidgets.session.batch_task import SeriesTask
from etwidgets.session.operations import Operation
from etwidgets.session.parameters import check_choice
from etwidgets.session.report import OVERVIEW_TITLE, check_target, from_json, overview_page, overview_rows
from etwidgets.session.session import Session

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from etwidgets.session.batch_places import Outcome

ENDINGS = (".hspy", ".zspy", ".mrc", ".tif")
"""Of results."""

_OVERVIEW = "reports.html"

_log = logging.getLogger(__name__)


def run_batch(
    steps: str | Path | None,
    series: Sequence[str | Path] = (),
    *,
    output: str | Path = ".",
    ending: str = ".hspy",
    report: bool = False,
    channels: Mapping[str, str] | None = None,
    operations: Iterable[Operation | str | Path] = (),
    jobs: int = 1,
    cluster: str | None = None,
    tell: Callable[[str], None] = _log.info,
) -> list[Path]:
    """Do the steps of a saved session on each series, and save what comes out.

    A series that fails is reported, and the others are done. What has been done is not done again: a series
    whose results are there, from the same files by the same steps and version, is passed over. No other file
    is replaced.

    Parameters
    ----------
    steps
        Session file, as ``session.save`` and the History tab write it. None: each series is aligned by itself
        (:meth:`etwidgets.TomoStack.auto_align`) and reconstructed by the method that is best for it.
    series
        Files with tilt series, or patterns such as ``"data/*.mrc"``; none: the one that the session itself
        opened, and its results must then be those that it had.
    output
        Folder of the results, made if it is not there: ``NAME_rec`` for a volume, ``NAME_aligned`` where the
        steps make none, ``NAME_steps.json``, the session of its own, and ``NAME_done.json``, by which it is
        known to be done.
    ending
        Of the results: ``.hspy``, ``.zspy``, ``.mrc`` or ``.tif``.
    report
        Also write ``NAME_report.html`` and ``.json`` for each, and ``reports.html`` and ``.json``, a table
        over all series, those that failed among them.
    channels
        Name of a channel to its file, such as ``{"Ni": "maps/{name}_Ni.mrc"}``; ``{name}`` stands for the
        name of the series, and the path begins at its folder. They take the place of those that the steps
        add, or are added at the beginning.
    operations
        Of your own, which the steps need, or Python files that have some. With several jobs or a cluster:
        files only.
    jobs
        Series at a time; more than one: each in a process of its own, which share the cores.
    cluster
        Address of a scheduler of ``dask.distributed``; default: the client that is active, if any. If there
        are at least as many series as threads, each series is done by one of them, from files that all
        workers see; otherwise one series at a time, block by block.
    tell
        Is given one line for each series.

    Returns
    -------
    list
        Paths of the results, in the order of the series.

    Raises
    ------
    FileNotFoundError, FileFormatError
        Before the first series, if there is no such session file, or it is none.
    ParameterError
        Before the first, if a parameter is wrong, no file fits a pattern, two series have one name, or the
        folder is a file; at the end, if a series failed, with the reason of each.
    ClusterError
        If there is no scheduler at the address.
    """
    folder, given = Path(output), tuple(operations)
    own = [each for each in given if isinstance(each, Operation)]
    files = tuple(str(Path(each).resolve()) for each in given if not isinstance(each, Operation))
    check_choice("ending", ending, ENDINGS)
    checked_count("jobs", jobs)
    if jobs > 1 and (own or cluster is not None):
        raise ParameterError("several jobs take operations from Python files only, and no cluster")
    tasks = _tasks(steps, series, folder, ending, report=report, channels=channels or {}, operations=files)
    _make_folder(folder)
    _check_overview(folder, report)
    outcomes: dict[str, Outcome] = {}

    def heard(task: SeriesTask, found: Outcome) -> None:
        outcomes[task.name] = found
        before = " (done before)" if found.get("again") is False else ""
        tell(f"{task.name}: {found.get('error') or found['result'] + before}")

    if jobs > 1:
        in_processes(tasks, jobs, heard)
    else:
        on_cluster(cluster, tasks, own, heard)
    failed = {task.name: outcomes[task.name]["error"] for task in tasks if "error" in outcomes[task.name]}
    if report:
        _write_overview(folder, [task.name for task in tasks if task.name not in failed], failed)
    if failed:
        said = ", ".join(f"{name} ({reason})" for name, reason in failed.items())
        raise ParameterError(f"{len(failed)} of {len(tasks)} series failed: {said}")
    return [Path(outcomes[task.name]["result"]) for task in tasks]


def _tasks(
    steps: str | Path | None,
    series: Sequence[str | Path],
    folder: Path,
    ending: str,
    *,
    report: bool,
    channels: Mapping[str, str],
    operations: tuple[str, ...],
) -> list[SeriesTask]:
    """One for each series."""
    if steps is not None:
        session_file.read(steps)
    sources = [path for each in series for path in _expanded(each)]
    _check_names(sources)
    if not sources and (steps is None or channels):
        raise ParameterError("name the tilt series, such as a.mrc b.mrc")
    session = "" if steps is None else str(Path(steps).resolve())
    common: dict[str, Any] = {
        "folder": str(folder.resolve()), "steps": session, "ending": ending, "report": report,
        "operations": operations,
    }  # fmt: skip
    if not sources:
        return [SeriesTask(Path(session).stem, source="", **common)]
    return [
        SeriesTask(
            source.stem,
            source=str(source.resolve()),
            channels={
                name: str((source.parent / pattern.replace("{name}", source.stem)).resolve())
                for name, pattern in channels.items()
            },
            **common,
        )
        for source in sources
    ]


def _expanded(path: str | Path) -> list[Path]:
    """The files that a pattern means; a name without wildcards is taken as it is."""
    text = str(path)
    if Path(text).exists() or not glob.has_magic(text):
        return [Path(text)]
    found = sorted(glob.glob(text, recursive=True))  # noqa: PTH207  (the pattern may be absolute)
    if not found:
        raise ParameterError(f"no file fits {text}")
    return [Path(each) for each in found]


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError) as error:
        raise ParameterError(
            f"{folder} is not a folder; choose another one for the results with --output"
        ) from error


def report_of(path: str | Path, output: str | Path | None = None) -> Path:
    """Write a report of a session file, whose steps are repeated, or of a file with a series or a volume.

    Parameters
    ----------
    path
        Session file (``.json``), or any file that :func:`etwidgets.load` opens.
    output
        As for :meth:`Session.save_report`; default: ``NAME_report.html`` in the current folder.

    Returns
    -------
    Path
        Of the report.

    Raises
    ------
    FileNotFoundError, FileFormatError, HistoryError
        If there is no such file, it cannot be read, or a step gives another result than it did.
    ParameterError, FileExistsError
        If the report cannot be written there.
    """
    source = Path(path)
    target = check_target(f"{source.stem}_report.html" if output is None else output)
    session = Session()
    if source.suffix.lower() == ".json":
        session.open_session(source)
    else:
        session.open(str(source.resolve()))
    session.save_report(target)
    return target


def _check_overview(folder: Path, report: bool) -> None:
    """Refuse to write over anything but an earlier table, before anything is computed."""
    table = folder / _OVERVIEW
    ours = table.is_file() and OVERVIEW_TITLE in table.read_text(encoding="utf-8", errors="replace")
    if report and not ours:
        check_target(table)


def _write_overview(folder: Path, done: Sequence[str], failed: Mapping[str, str]) -> None:
    """The table over the reports of all series, as a page and as JSON."""
    pages = {name: f"{name}_report.html" for name in done}
    contents = {
        name: from_json((folder / page).with_suffix(".json").read_text(encoding="utf-8"))
        for name, page in pages.items()
    }
    rows = overview_rows(contents, failed)
    with atomic_path(folder / _OVERVIEW, beside=(".json",)) as temporary:
        temporary.write_text(overview_page(rows, pages), encoding="utf-8")
        temporary.with_suffix(".json").write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")


def _check_names(sources: Sequence[Path]) -> None:
    """Refuse two series whose results would have one name."""
    seen: dict[str, Path] = {}
    for source in sources:
        other = seen.setdefault(source.stem, source)
        if other is not source:
            raise ParameterError(
                f"the results of {other.name} and {source.name} would have one name; do them one after the "
                "other, each with its own --output"
            )

"""The steps of one session on many series, or a report of one, without a page; results are saved."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import TYPE_CHECKING

from etwidgets.atomic import atomic_path
from etwidgets.errors import ParameterError
from etwidgets.session import session_file
from etwidgets.session.jobs import error_text, is_expected
from etwidgets.session.parameters import check_choice
from etwidgets.session.report import check_target, from_json, overview_page, overview_rows
from etwidgets.session.session import Session

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from etwidgets.session.operations import Operation

ENDINGS = (".hspy", ".zspy", ".mrc", ".tif")
"""Of results."""

_OVERVIEW = "reports.html"

_log = logging.getLogger(__name__)


def run_batch(
    steps: str | Path,
    series: Sequence[str | Path] = (),
    *,
    output: str | Path = ".",
    ending: str = ".hspy",
    report: bool = False,
    operations: Iterable[Operation] = (),
    tell: Callable[[str], None] = _log.info,
) -> list[Path]:
    """Do the steps of a saved session on each series, and save what comes out.

    A series that fails is reported, and the next one is done. No file is replaced.

    Parameters
    ----------
    steps
        Session file, as ``session.save`` and the History tab write it.
    series
        Files with tilt series; none: the one that the session itself opened, and its results must then be
        those that it had.
    output
        Folder of the results, made if it is not there: ``NAME_rec`` for a volume, ``NAME_aligned`` where the
        steps make none, and ``NAME_steps.json``, the session of its own.
    ending
        Of the results: ``.hspy``, ``.zspy``, ``.mrc`` or ``.tif``.
    report
        Also write ``NAME_report.html`` and ``.json`` for each, and ``reports.html`` and ``.json``, a table
        over all series.
    operations
        Of your own, which the steps need.
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
        Before the first, if the ending is not known, two series have one name, or the folder is a file; at
        the end, if a series failed, with the reason of each.
    """
    steps, folder, own = Path(steps), Path(output), tuple(operations)
    sources: list[Path | None] = [Path(each) for each in series]
    session_file.read(steps)
    check_choice("ending", ending, ENDINGS)
    _check_names([each for each in sources if each is not None])
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError) as error:
        raise ParameterError(
            f"{folder} is not a folder; choose another one for the results with --output"
        ) from error
    _check_overview(folder, report)
    results: list[Path] = []
    failed: dict[str, str] = {}
    for source in sources or [None]:
        name = steps.stem if source is None else source.stem
        try:
            result = _one(Session(operations=own), steps, source, folder / name, ending, report=report)
        except Exception as error:  # noqa: BLE001  (the border: the other series must still be done)
            _log.log(logging.INFO if is_expected(error) else logging.ERROR, "%s", name, exc_info=error)
            failed[name] = error_text(error)
            tell(f"{name}: {error_text(error)}")
        else:
            results.append(result)
            tell(f"{name}: {result}")
    if report:
        done = [steps.stem if source is None else source.stem for source in sources or [None]]
        _write_overview(folder, [name for name in done if name not in failed], failed)
    if failed:
        count = len(failed) + len(results)
        said = ", ".join(f"{name} ({reason})" for name, reason in failed.items())
        raise ParameterError(f"{len(failed)} of {count} series failed: {said}")
    return results


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
    """Refuse to write over an earlier table, before anything is computed."""
    if report:
        check_target(folder / _OVERVIEW)


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


def _one(
    session: Session, steps: Path, source: Path | None, stem: Path, ending: str, *, report: bool
) -> Path:
    targets = {what: stem.with_name(f"{stem.name}_{what}{ending}") for what in ("rec", "aligned")}
    record = stem.with_name(f"{stem.name}_steps.json")
    page = stem.with_name(f"{stem.name}_report.html")
    for path in (*targets.values(), record, *((page, page.with_suffix(".json")) if report else ())):
        if path.exists():
            raise ParameterError(f"{path} already exists; choose another folder with --output")
    if source is None:
        session.open_session(steps)
    else:
        session.open(str(source.resolve()))
        session.repeat(steps)
    has_volume = session.model.reconstruction is not None
    target = targets["rec" if has_volume else "aligned"]
    session.save_data("volume" if has_volume else "projections", target)
    session.save(record)
    if report:
        session.save_report(page)
    return target

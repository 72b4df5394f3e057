"""Writes a report to files: a page with the same content as JSON beside it; replaces no file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from etwidgets.atomic import atomic_path
from etwidgets.errors import ParameterError
from etwidgets.session.report.collect import collect
from etwidgets.session.report.content import to_json
from etwidgets.session.report.html import page

if TYPE_CHECKING:
    from etwidgets.progress import Progress
    from etwidgets.session.report.collect import ReportSource
    from etwidgets.session.report.content import Content

_PAGE, _DATA = ".html", ".json"


def free_target(path: str | Path) -> Path:
    """The path itself or, where it or the file beside it exists, the next free one: ``report-2.html``."""
    target, number = Path(path), 2
    while any(each.exists() for each in (target, target.with_suffix(_DATA))):
        target = Path(path).with_stem(f"{Path(path).stem}-{number}")
        number += 1
    return target


def check_target(path: str | Path) -> Path:
    """Where a report is to be written, if it can be.

    Raises
    ------
    ParameterError
        If the name does not end in ``.html`` or ``.json``.
    FileExistsError
        If there is such a file, or the one beside it.
    """
    target = Path(path)
    if target.suffix.lower() not in (_PAGE, _DATA):
        raise ParameterError(f"a report is saved as {_PAGE} or {_DATA}, not as {target.name}")
    for each in (target, target.with_suffix(_DATA)):
        if each.exists():
            raise FileExistsError(f"{each} exists; choose another name, as {free_target(target).name}")
    return target


def save_report(source: ReportSource, path: str | Path, progress: Progress) -> Content:
    """Make a report and write it: ``.html`` with the same as JSON beside it, or ``.json`` alone.

    Raises
    ------
    ParameterError, FileExistsError
        As :func:`check_target`, before anything is computed.
    """
    target = check_target(path)
    content = collect(source, progress)
    is_page = target.suffix.lower() == _PAGE
    with atomic_path(target, beside=(_DATA,) if is_page else ()) as temporary:
        if is_page:
            temporary.write_text(page(content), encoding="utf-8")
        data = temporary.with_suffix(_DATA) if is_page else temporary
        data.write_text(to_json(content), encoding="utf-8")
    return content

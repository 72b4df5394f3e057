"""Small pieces that panels are built of: labeled controls, lists of facts, help; wires nothing."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any

import ipywidgets as widgets

from etwidgets.session import size_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from etwidgets.align import Method
    from etwidgets.engine import Algorithm

_LABEL = "104px"


def heading(text: str) -> widgets.HTML:
    """A heading in a form."""
    return widgets.HTML(f"<h3>{escape(text)}</h3>").add_class("etw-heading")


def text(html: str = "", *classes: str) -> widgets.HTML:
    """A piece of text; ``html`` must be escaped where it comes from outside."""
    piece = widgets.HTML(html).add_class("etw-text")
    for name in classes:
        piece.add_class(name)
    return piece


def help_text(html: str = "") -> widgets.HTML:
    """What a step is for and when not to believe it; shown when the *i* of the form is pressed."""
    return text(html).add_class("etw-help")


def sentence_case(label: str) -> str:
    """The label with a capital; x, y and z are names of axes and stay small."""
    return label if label[:1] in "xyz" and not label[1:2].isalpha() else label[:1].upper() + label[1:]


def control(kind: type[widgets.Widget], label: str, **options: Any) -> Any:
    """A control with its label at the left, as wide as its column."""
    return kind(
        description=sentence_case(label),
        style={"description_width": _LABEL},
        layout=widgets.Layout(width="auto"),
        **options,
    ).add_class("etw-control")


def offer(chooser: Any, options: Sequence[tuple[str, Any]], otherwise: Any = None) -> None:
    """Offer other options; what was chosen stays chosen where it is still there.

    Parameters
    ----------
    chooser
        A dropdown.
    options
        Label and value of each.
    otherwise
        What is chosen in place of a value that is gone; default: the first.
    """
    if list(chooser.options) == list(options):
        return
    chosen, known = chooser.value, [value for _, value in options]
    chooser.options = options
    if known:
        chooser.value = chosen if chosen in known else known[0] if otherwise is None else otherwise


def wide_control(kind: type[widgets.Widget], label: str, **options: Any) -> Any:
    """A control with its label above it, for long words."""
    return control(kind, label, **options).add_class("etw-wide")


def words_first(method: Algorithm | Method[Any]) -> str:
    """The method's full name and then its abbreviation, for a list of methods."""
    return f"{method.title} ({method.name})"


def button(label: str, *, primary: bool = False, **options: Any) -> widgets.Button:
    """A button; each step has one primary."""
    made = widgets.Button(description=label, layout=widgets.Layout(width="auto"), **options)
    return made.add_class("etw-primary" if primary else "etw-button")


def row(*children: widgets.Widget) -> widgets.HBox:
    """Controls side by side."""
    return widgets.HBox(list(children)).add_class("etw-row")


def file_size(size: int) -> str:
    """Bytes as a person reads them; of small files kilobytes, for there may be many of them."""
    return f"{max(1, round(size / 1000))} kB" if size < 1_000_000 else size_text(size)


class Markup(str):
    """HTML, which :func:`table` does not escape."""

    __slots__ = ()


@dataclass(frozen=True)
class Row:
    """A row of a table whose cells look alike.

    Attributes
    ----------
    cells
        From left to right.
    style
        A DOM class of the row.
    spans
        How many columns a single cell is wide.
    """

    cells: Sequence[str]
    style: str = ""
    spans: int = 1


def table(
    rows: Iterable[Row | Sequence[str]],
    heads: Sequence[str] = (),
    *,
    style: str = "etw-facts",
    named: bool = False,
) -> str:
    """A table as HTML; what is not :class:`Markup` is escaped.

    Parameters
    ----------
    rows
        From top to bottom.
    heads
        Of the columns; none: no row of heads.
    style
        Its DOM classes.
    named
        The first cell of a row is its head.
    """
    lines = [_line(Row(heads), ["th"] * len(heads))] if heads else []
    for each in rows:
        made = each if isinstance(each, Row) else Row(each)
        lines.append(_line(made, ["th" if named and not place else "td" for place in range(len(made.cells))]))
    return f"<table class='{style}'>{''.join(lines)}</table>"


def _line(made: Row, tags: Sequence[str]) -> str:
    spans = f" colspan='{made.spans}'" if made.spans > 1 else ""
    cells = "".join(
        f"<{tag}{spans}>{cell if isinstance(cell, Markup) else escape(str(cell))}</{tag}>"
        for tag, cell in zip(tags, made.cells, strict=True)
    )
    return f"<tr class='{made.style}'>{cells}</tr>" if made.style else f"<tr>{cells}</tr>"


def facts(pairs: Iterable[tuple[str, str]]) -> str:
    """A small table of names and values as HTML; both are escaped."""
    return table(pairs, named=True)


def method_help(method: Algorithm | Method[Any]) -> str:
    """Help in its fixed slots, as HTML."""
    slots = (("For", method.use_for), ("When", method.when), ("Caution", method.caution))
    lines = "".join(f"<p><b>{name}</b> {escape(words)}</p>" for name, words in slots)
    return f"{lines}<p class='etw-source'>{escape(method.source)}</p>"

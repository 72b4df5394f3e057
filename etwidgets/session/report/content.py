"""What a report says, as plain values that JSON gives back exactly; knows no signal and no page."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from etwidgets.errors import FileFormatError

if TYPE_CHECKING:
    from collections.abc import Mapping

_FORMAT, _VERSION = "etwidgets-report", 1


@dataclass(frozen=True)
class Doubt:
    """One reason not to believe a volume, in a sentence or two; ``level`` is ``serious`` or ``note``."""

    level: Literal["serious", "note"]
    text: str

    @property
    def serious(self) -> bool:
        """Whether it is more than a note."""
        return self.level == "serious"


@dataclass(frozen=True)
class Picture:
    """A picture: what it shows, how it was made, and its bytes (PNG, base64)."""

    title: str
    caption: str
    png: str


@dataclass(frozen=True)
class ReportedStep:
    """A step as it was done; ``before`` and ``after`` are digests of the data, or empty."""

    operation: str
    label: str
    parameters: dict[str, Any]
    seconds: float | None = None
    when: str = ""
    before: str = ""
    after: str = ""


@dataclass(frozen=True)
class ReportedFile:
    """A file that was read: path, size, SHA-256; both None where it is not there any more."""

    path: str
    n_bytes: int | None
    sha256: str | None


@dataclass(frozen=True)
class Reference:
    """A reference: as it stands in the list, its DOI or an empty text, and its entry of BibTeX."""

    text: str
    doi: str
    bibtex: str


@dataclass(frozen=True)
class Facts:
    """The numbers; an empty dictionary where there are none.

    Attributes
    ----------
    series
        Projections, size in pixels, tilts (degrees), size of a pixel, and what is known of its alignment.
    registration, axis, alignment
        Quality of the registration, estimate of the tilt axis, and report of the alignment, as in
        ``metadata.Tomography``.
    check
        Of :func:`etwidgets.align.check_projections`, or ``error``: why there is none.
    reconstruction, held_out, resolution
        As in ``metadata.Tomography``; ``reconstruction`` also has ``shape`` ``(X, Z, Y)`` and ``stale``.
    convergence
        What tab *Trust* measured of the iterations of the volume: ``level``, ``number`` and ``sentence``, and
        the curve: ``iterations``, ``misfit`` and ``standard_error``, all ``(N,)``.
    linearity
        Of :class:`etwidgets.analysis.Linearity`, with its ``advice``.
    measurements
        One dictionary for everything that was measured.
    other
        What else is in ``metadata.Tomography``.
    """

    series: dict[str, Any] = field(default_factory=dict)
    registration: dict[str, Any] = field(default_factory=dict)
    axis: dict[str, Any] = field(default_factory=dict)
    alignment: dict[str, Any] = field(default_factory=dict)
    check: dict[str, Any] = field(default_factory=dict)
    reconstruction: dict[str, Any] = field(default_factory=dict)
    held_out: dict[str, Any] = field(default_factory=dict)
    resolution: dict[str, Any] = field(default_factory=dict)
    convergence: dict[str, Any] = field(default_factory=dict)
    linearity: dict[str, Any] = field(default_factory=dict)
    measurements: tuple[dict[str, Any], ...] = ()
    other: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Content:
    """All that a report says.

    Attributes
    ----------
    source
        Where the series comes from, in words.
    made
        When the report was made, ISO 8601 in UTC.
    doubts
        The caveats, the gravest first.
    facts
        The numbers.
    pictures
        In the order in which they are shown.
    earlier
        Changes that are recorded in the file that was opened, done before the steps.
    steps
        Those of the session that belong to the series.
    files
        That were read.
    machine, packages
        This machine, and the versions of packages.
    methods
        A paragraph for a paper, with numbers of references in brackets.
    references
        In the order of their numbers, from 1.
    """

    source: str
    made: str
    doubts: tuple[Doubt, ...]
    facts: Facts
    pictures: tuple[Picture, ...]
    earlier: tuple[ReportedStep, ...]
    steps: tuple[ReportedStep, ...]
    files: tuple[ReportedFile, ...]
    machine: tuple[str, ...]
    packages: dict[str, str | None]
    methods: str
    references: tuple[Reference, ...]

    @property
    def bibtex(self) -> str:
        """All references as a file of BibTeX."""
        return "\n\n".join(each.bibtex for each in self.references) + "\n"


_LISTS: dict[str, type[Any]] = {
    "doubts": Doubt,
    "pictures": Picture,
    "earlier": ReportedStep,
    "steps": ReportedStep,
    "files": ReportedFile,
    "references": Reference,
}


def to_json(content: Content) -> str:
    """The content as JSON; :func:`from_json` gives an equal one."""
    known = {"format": _FORMAT, "version": _VERSION, **asdict(content)}
    return json.dumps(known, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def from_json(text: str) -> Content:
    """The content that :func:`to_json` wrote.

    Raises
    ------
    FileFormatError
        If it is not a report, or of a later version.
    """
    try:
        known = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise FileFormatError(f"this is not a report of etwidgets: {str(error)[:80]}") from error
    if not isinstance(known, dict) or known.get("format") != _FORMAT:
        raise FileFormatError("this is not a report of etwidgets")
    if known.get("version") != _VERSION:
        raise FileFormatError(f"this report has version {known.get('version')!r}; only {_VERSION} is known")
    try:
        return _content(known)
    except (KeyError, TypeError) as error:
        raise FileFormatError(f"the report is damaged: {error}") from error


def _content(known: Mapping[str, Any]) -> Content:
    lists: dict[str, Any] = {
        name: tuple(kind(**each) for each in known[name]) for name, kind in _LISTS.items()
    }
    facts = {**known["facts"], "measurements": tuple(known["facts"]["measurements"])}
    texts: dict[str, Any] = {name: known[name] for name in ("source", "made", "packages", "methods")}
    return Content(**lists, **texts, machine=tuple(known["machine"]), facts=Facts(**facts))

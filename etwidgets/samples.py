"""The samples that can be opened by name, in one table; loads nothing before it is asked for."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from etwidgets.errors import ParameterError

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True)
class _Loader:
    """A function of :mod:`etwidgets.datasets`, with its keywords."""

    function: str
    keywords: Mapping[str, Any] = field(default_factory=dict)

    def load(self) -> Any:
        from etwidgets import datasets

        return getattr(datasets, self.function)(**self.keywords)

    @property
    def line(self) -> str:
        given = ", ".join(f"{name}={value!r}" for name, value in self.keywords.items())
        return f"etw.datasets.{self.function}({given})"


@dataclass(frozen=True)
class Sample:
    """A tilt series to try things with.

    Attributes
    ----------
    title
        What it is, in words.
    stack
        What gives the tilt series.
    spectra
        What gives its spectra, if it has any.
    """

    title: str
    stack: _Loader
    spectra: _Loader | None = None

    def load(self) -> Any:
        """The tilt series, or the series and its spectra.

        Raises
        ------
        SampleDataError
            If its data are not installed.
        """
        return self.stack.load() if self.spectra is None else (self.stack.load(), self.spectra.load())

    @property
    def lines(self) -> list[str]:
        """What a script does to have them as ``stack`` and ``spectra``."""
        lines = [f"stack = {self.stack.line}"]
        return lines if self.spectra is None else [*lines, f"spectra = {self.spectra.line}"]


_TABLE = {
    "needle": Sample(
        "Needle: 77 projections of 256 x 256, STEM-HAADF, not aligned",
        _Loader("get_needle_data", {"aligned": False}),
    ),
    "needle (aligned)": Sample(
        "Needle, aligned: 77 projections of 256 x 256", _Loader("get_needle_data", {"aligned": True})
    ),
    "EDX needle": Sample(
        "EDX needle: HAADF and 37 x 64 x 64 spectra of Si, Ni, Cr, Pt, simulated",
        _Loader("get_spectral_needle_haadf", {"jitter_px": 1.5}),
        _Loader("get_spectral_needle", {"jitter_px": 1.5}),
    ),
    "catalyst": Sample("Catalyst: simulated particles on a support", _Loader("get_catalyst_data")),
    "catalyst (misaligned)": Sample(
        "Catalyst, every projection shifted at random by up to 5 px",
        _Loader("get_catalyst_data", {"misalign": True}),
    ),
}

SAMPLES: Mapping[str, str] = MappingProxyType({name: sample.title for name, sample in _TABLE.items()})
"""Names of the samples and what they are, in words."""


def sample_named(name: str) -> Sample:
    """The sample of that name.

    Raises
    ------
    ParameterError
        If there is none; the message lists them.
    """
    if name not in _TABLE:
        raise ParameterError(f"there is no sample {name!r}; there are: {', '.join(SAMPLES)}")
    return _TABLE[name]

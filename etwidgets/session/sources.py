"""Where tilt series come from: files and samples; does not know what is done to them afterwards."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from etwidgets.errors import ParameterError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from etwidgets.progress import Progress
    from etwidgets.signals import RecStack, TomoStack

SAMPLES: Mapping[str, str] = MappingProxyType(
    {
        "needle": "Needle: 77 projections of 256 x 256, STEM-HAADF, not aligned",
        "needle (aligned)": "Needle, aligned: 77 projections of 256 x 256",
        "catalyst": "Catalyst: simulated particles on a support",
        "catalyst (misaligned)": "Catalyst, every projection shifted at random by up to 5 px",
    }
)
"""Names of the samples and what they are, in words."""


def open_file(_stack: None, _progress: Progress, *, path: str, **options: Any) -> TomoStack | RecStack:
    """Load a file; see :func:`etwidgets.io.load`."""
    from etwidgets import io

    return io.load(path, **options)


def open_sample(_stack: None, _progress: Progress, *, name: str) -> TomoStack:
    """One of :data:`SAMPLES`.

    Raises
    ------
    ParameterError
        If there is no sample of that name.
    SampleDataError
        If its data are not installed.
    """
    from etwidgets import datasets

    if name == "needle":
        return datasets.get_needle_data(aligned=False)
    if name == "needle (aligned)":
        return datasets.get_needle_data(aligned=True)
    if name == "catalyst":
        return datasets.get_catalyst_data()
    if name == "catalyst (misaligned)":
        return datasets.get_catalyst_data(misalign=True)
    raise ParameterError(f"there is no sample {name!r}; there are: {', '.join(SAMPLES)}")

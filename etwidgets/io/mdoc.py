"""SerialEM's mdoc: tilts in the order of the sections, and what it says of the microscope."""

from __future__ import annotations

import logging
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from mdocfile.data_models import Mdoc

from etwidgets.errors import FileFormatError

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

logging.getLogger("mdocfile").setLevel(
    logging.ERROR
)  # it warns of every field that it keeps but does not know
_AXIS = re.compile(r"Tilt axis angle\s*=\s*(-?\d+(?:\.\d*)?)", re.IGNORECASE)


@dataclass(frozen=True, eq=False)
class MdocSeries:
    """What an mdoc file says.

    Attributes
    ----------
    name
        Of the file.
    tilts_deg
        ``(T,)`` by ZValue.
    pixel_size_nm
        Or None.
    tilt_axis_deg
        Direction of the tilt axis in the images, or None.
    microscope
        Values for HyperSpy's ``Acquisition_instrument.TEM``.
    original
        All of the first section.
    """

    name: str
    tilts_deg: NDArray[np.float64]
    pixel_size_nm: float | None
    tilt_axis_deg: float | None
    microscope: dict[str, float]
    original: dict[str, Any] = field(repr=False)


def read_mdoc(path: Path) -> MdocSeries:
    """Read an mdoc file.

    Raises
    ------
    FileFormatError
        If it has no sections, or one without a tilt.
    """
    text = path.read_text(encoding="utf-8", errors="replace")
    try:
        sections = [section.model_dump() for section in Mdoc.from_string(text).section_data]
    except (ValueError, IndexError, TypeError) as error:
        first = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise FileFormatError(f"{path.name} cannot be read as mdoc: {first}") from error
    if not sections:
        raise FileFormatError(f"{path.name} has no [ZValue = ...] section")
    if all(section.get("ZValue") is not None for section in sections):
        sections.sort(key=lambda section: int(section["ZValue"]))
    tilts = [section.get("TiltAngle") for section in sections]
    missing = [i for i, tilt in enumerate(tilts) if tilt is None or not np.isfinite(tilt)]
    if missing:
        raise FileFormatError(f"{path.name}: section(s) {missing} have no TiltAngle")
    axis = _AXIS.search(text)
    first_section = {key: value for key, value in sections[0].items() if value is not None}
    pixel = first_section.get("PixelSpacing") or _global(text, "PixelSpacing")
    return MdocSeries(
        name=path.name,
        tilts_deg=np.array(tilts, dtype=float),
        pixel_size_nm=float(pixel) / 10 if pixel else None,
        tilt_axis_deg=float(axis.group(1)) if axis else None,
        microscope=_microscope(first_section, text),
        original={key: _plain(value) for key, value in first_section.items()},
    )


def beside(path: Path) -> Path | None:
    """The mdoc file of an MRC file, if there is one: ``a.mrc.mdoc`` or ``a.mdoc``."""
    for candidate in (path.with_name(path.name + ".mdoc"), path.with_suffix(".mdoc")):
        if candidate.is_file():
            return candidate
    return None


def _microscope(section: dict[str, Any], text: str) -> dict[str, float]:
    names = {"Magnification": "magnification", "SpotSize": "spot_size", "Defocus": "defocus"}
    values = {ours: float(section[theirs]) for theirs, ours in names.items() if theirs in section}
    voltage = _global(text, "Voltage")
    if voltage:
        values["beam_energy"] = voltage
    size = re.search(r"^ImageSize\s*=\s*(\d+)\s+(\d+)", text, re.MULTILINE)
    if "ExposureTime" in section and size:
        values["dwell_time"] = float(section["ExposureTime"]) / (int(size.group(1)) * int(size.group(2)))
    return values


def _global(text: str, name: str) -> float | None:
    found = re.search(rf"^{name}\s*=\s*(-?[\d.]+)\s*$", text, re.MULTILINE)
    return float(found.group(1)) if found else None


def _plain(value: Any) -> Any:
    if isinstance(value, tuple | list):
        return [_plain(item) for item in value]
    return value if isinstance(value, str | int | float | bool) else str(value)

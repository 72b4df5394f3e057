"""SerialEM's mdoc: tilts in the order of the sections, and what it says of the microscope."""

from __future__ import annotations

import logging
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from mdocfile.data_models import Mdoc

from etwidgets.checks import listing
from etwidgets.errors import FileFormatError
from etwidgets.io.mrc_extended import axis_in
from etwidgets.io.texts import file_beside, read_text

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

logging.getLogger("mdocfile").setLevel(
    logging.ERROR
)  # it warns of every field that it keeps but does not know
_MONTAGE = re.compile(r"^\[MontSection\b.*?(?=^\[|\Z)", re.MULTILINE | re.DOTALL)
_AXIS_BEFORE_ROTATION_DEG = 90  # SerialEM's RotationAngle is that much more than the angle of its title


@dataclass(frozen=True, eq=False)
class MdocSeries:
    """What an mdoc file says.

    Attributes
    ----------
    name
        Of the file.
    tilts_deg
        ``(T,)`` by ZValue, or None.
    lacking
        Why there are no tilts; empty if there are.
    pixel_size_nm
        Or None.
    tilt_axis_deg
        From the vertical to the tilt axis, counterclockwise positive where the first row of the MRC file is
        drawn below, or None. SerialEM writes it as a title, and as ``RotationAngle``, which is 90 more.
    microscope
        Values for HyperSpy's ``Acquisition_instrument.TEM``.
    original
        All of the first section.
    """

    name: str
    tilts_deg: NDArray[np.float64] | None
    lacking: str
    pixel_size_nm: float | None
    tilt_axis_deg: float | None
    microscope: dict[str, float]
    original: dict[str, Any] = field(repr=False)


def read_mdoc(path: Path) -> MdocSeries:
    """Read an mdoc file; the sections of a montage are passed over, as they are no images.

    Raises
    ------
    FileFormatError
        If it cannot be read, or has no sections.
    """
    text = _MONTAGE.sub("", read_text(path))
    try:
        sections = [section.model_dump() for section in Mdoc.from_string(text).section_data]
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        lines = [line.strip() for line in str(error).splitlines()] or [type(error).__name__]
        reason = ": ".join(lines[1:3] or lines)  # pydantic counts its errors in the first line
        raise FileFormatError(f"{path.name} cannot be read as mdoc: {reason}") from error
    if not sections:
        raise FileFormatError(f"{path.name} has no [ZValue = ...] section")
    if all(section.get("ZValue") is not None for section in sections):
        sections.sort(key=lambda section: int(section["ZValue"]))
    tilts = [section.get("TiltAngle") for section in sections]
    missing = [i for i, tilt in enumerate(tilts) if tilt is None or not np.isfinite(tilt)]
    first_section = {key: value for key, value in sections[0].items() if value is not None}
    pixel = first_section.get("PixelSpacing") or _global(text, "PixelSpacing")
    return MdocSeries(
        name=path.name,
        tilts_deg=None if missing else np.array(tilts, dtype=float),
        lacking=f"section(s) {listing(missing)} have no TiltAngle" if missing else "",
        pixel_size_nm=float(pixel) / 10 if pixel and 0 < float(pixel) < np.inf else None,
        tilt_axis_deg=_axis(text, first_section),
        microscope=_microscope(first_section, text),
        original={key: _plain(value) for key, value in first_section.items()},
    )


def _axis(text: str, section: dict[str, Any]) -> float | None:
    named = axis_in(text)
    if named is None:
        named = _global(text, "TiltAxisAngle")
    rotation = section.get("RotationAngle")
    if named is not None or not isinstance(rotation, int | float) or not np.isfinite(rotation):
        return named
    return (float(rotation) - _AXIS_BEFORE_ROTATION_DEG + 180) % 360 - 180


def mdoc_beside(path: Path) -> Path | None:
    """The mdoc file of an MRC file, if there is one: ``a.mrc.mdoc`` or ``a.mdoc``."""
    longer = path.with_name(f"{path.name}.x")  # of which the last ending is replaced
    return file_beside(longer, ".mdoc") or file_beside(path, ".mdoc")


def _microscope(section: dict[str, Any], text: str) -> dict[str, float]:
    names = {"Magnification": "magnification", "SpotSize": "spot_size", "Defocus": "defocus"}
    values = {ours: float(section[theirs]) for theirs, ours in names.items() if theirs in section}
    voltage = _global(text, "Voltage")
    if voltage:
        values["beam_energy"] = voltage
    size = re.search(r"^ImageSize\s*=\s*(\d+)\s+(\d+)", text, re.MULTILINE)
    pixels = int(size.group(1)) * int(size.group(2)) if size else 0
    if "ExposureTime" in section and pixels:
        values["dwell_time"] = float(section["ExposureTime"]) / pixels
    return values


def _global(text: str, name: str) -> float | None:
    found = re.search(rf"^{name}\s*=\s*(-?\d+(?:\.\d*)?)\s*$", text, re.MULTILINE)
    return float(found.group(1)) if found else None


def _plain(value: Any) -> Any:
    if isinstance(value, tuple | list):
        return [_plain(item) for item in value]
    return value if isinstance(value, str | int | float | bool) else str(value)

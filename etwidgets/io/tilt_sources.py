"""Which tilts a series has, and from where: a stated order of sources, and a warning where two disagree.

Order: argument, mdoc, rawtlt or tlt beside the file, extended header, DM tags, metadata, file names.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from etwidgets.errors import DataError, FileFormatError, TiltCountError
from etwidgets.io import mdoc as mdoc_files
from etwidgets.io.texts import file_beside, read_tilt_file
from etwidgets.signals.tilt_check import repeated, tilt_fault

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

_DISAGREEMENT_DEG = 0.5
ARGUMENT = "argument"
_TEXT_ENDINGS = (".rawtlt", ".tlt")


@dataclass(frozen=True, eq=False)
class TiltSource:
    """Tilts and where they were found.

    Attributes
    ----------
    name
        For the user: ``"argument"``, ``"HAADF.rawtlt"``, ``"FEI extended header"``...
    tilts_deg
        ``(T,)``.
    """

    name: str
    tilts_deg: NDArray[np.float64]


def given(tilts: ArrayLike | str | Path) -> TiltSource:
    """The tilts that the caller gave: values, or a text or mdoc file.

    Raises
    ------
    FileNotFoundError, FileFormatError
        If the file is not there, or holds no tilts.
    DataError
        If they are no numbers, or cannot be tilts in degrees.
    """
    if isinstance(tilts, str | Path):
        path = Path(tilts).expanduser()
        if not path.is_file():
            raise FileNotFoundError(f"there is no file of tilts {path}")
        array, name = _of_file(path), f"{ARGUMENT} ({path.name})"
    else:
        values = getattr(tilts, "data", tilts) if hasattr(tilts, "axes_manager") else tilts
        name = ARGUMENT
        try:
            array = np.asarray(values, dtype=float).ravel()
        except (TypeError, ValueError) as error:
            raise DataError(f"the tilts are not numbers: {error}") from error
    fault = tilt_fault(array)
    if fault:
        raise DataError(f"{name}: {fault}")
    return TiltSource(name, array)


def _of_file(path: Path) -> NDArray[np.float64]:
    if path.suffix.lower() != ".mdoc":
        return read_tilt_file(path)
    series = mdoc_files.read_mdoc(path)
    if series.tilts_deg is None:
        raise FileFormatError(f"{path.name}: {series.lacking}")
    return series.tilts_deg


def tilts_beside(path: Path) -> list[TiltSource]:
    """The tilts in a ``.rawtlt`` or ``.tlt`` of the same name; the ending may be in capitals.

    Warns
    -----
    UserWarning
        If such a file cannot be read.
    """
    found = []
    for file in [file_beside(path, ending) for ending in _TEXT_ENDINGS]:
        if file is not None:
            try:
                found.append(TiltSource(file.name, read_tilt_file(file)))
            except FileFormatError as error:
                warn_unused(path.name, str(error))
    return found


def files_beside(path: Path) -> list[Path]:
    """The files beside another one that are read with it: mdoc, ``.rawtlt``, ``.tlt``."""
    found = [mdoc_files.mdoc_beside(path), *(file_beside(path, ending) for ending in _TEXT_ENDINGS)]
    return [file for file in found if file is not None]


def warn_unused(what: str, reason: str) -> None:
    """Say why a file beside ``what`` is not used."""
    warnings.warn(f"{what}: not used: {reason}", stacklevel=4)


def of_dm_tags(original: dict[str, Any], count: int) -> list[TiltSource]:
    """The tilts in Digital Micrograph's tags: per image where tracked, else from the range and step."""
    images = original.get("ImageList", {})
    tomography: dict[str, Any] = next(
        (
            image["ImageTags"]["Tomography"]
            for image in images.values()
            if isinstance(image, dict) and "Tomography" in image.get("ImageTags", {})
        ),
        {},
    )
    found = []
    tracked = tomography.get("Tracking data", {}).get("Online tracking data", {})
    angles = [tags["stage angle (degree)"] for tags in tracked.values() if "stage angle (degree)" in tags]
    if len(angles) == count:
        found.append(TiltSource("DM tags (stage angle of each image)", np.array(angles, dtype=float)))
    setup = tomography.get("Tomography setup", {}).get("Tilt angles", {})
    limits = [_first(setup, word) for word in ("minimum", "maximum", "step")]
    if None not in limits and limits[2]:
        steps = round((limits[1] - limits[0]) / limits[2])  # type: ignore[operator]
        if steps + 1 == count:
            found.append(TiltSource("DM tags (tilt range)", np.linspace(limits[0], limits[1], count)))  # type: ignore[arg-type]
    return found


def of_metadata(metadata: dict[str, Any], count: int) -> list[TiltSource]:
    """The tilts in HyperSpy's ``Acquisition_instrument.TEM.Stage.tilt_alpha``, if there is one per image."""
    stage = metadata.get("Acquisition_instrument", {}).get("TEM", {}).get("Stage", {})
    tilts = np.atleast_1d(np.asarray(stage.get("tilt_alpha", []), dtype=float))
    if count > 1 and tilts.size == count and np.ptp(tilts) > 0:
        return [TiltSource("metadata (stage tilt)", tilts)]
    return []


def resolve(sources: Sequence[TiltSource], count: int, what: str) -> TiltSource | None:
    """The first of the sources that fits, checked against the others.

    Parameters
    ----------
    sources
        In order of precedence.
    count
        The number of projections.
    what
        Name of the file, for messages.

    Raises
    ------
    TiltCountError
        If the caller did not give one tilt per projection.

    Warns
    -----
    UserWarning
        If a source has another number of tilts or none that can be, two differ, or tilts occur twice.
    """
    fitting = []
    for source in sources:
        if source.tilts_deg.size != count:
            if source.name.startswith(ARGUMENT):
                raise _count_error(source, count, what)
            fault = f"{source.tilts_deg.size} tilts for {count} projections"
        else:
            fault = tilt_fault(source.tilts_deg)
        if fault:
            warnings.warn(f"{what}: the tilts of {source.name} are not used: {fault}", stacklevel=3)
        else:
            fitting.append(source)
    if not fitting:
        return None
    chosen = fitting[0]
    twice = repeated(chosen.tilts_deg)
    if twice:
        warnings.warn(f"{what}: tilts of {chosen.name} that occur more than once: {twice}", stacklevel=3)
    for other in fitting[1:]:
        difference = np.abs(other.tilts_deg - chosen.tilts_deg)
        if difference.max() > _DISAGREEMENT_DEG:
            worst = int(difference.argmax())
            warnings.warn(
                f"{what}: the tilts of {chosen.name} and {other.name} differ by up to "
                f"{difference.max():.2f} deg (projection {worst}: {chosen.tilts_deg[worst]:.2f} and "
                f"{other.tilts_deg[worst]:.2f}); those of {chosen.name} are used",
                stacklevel=3,
            )
    return chosen


def _count_error(source: TiltSource, count: int, what: str) -> TiltCountError:
    error = TiltCountError(source.tilts_deg.size, count)
    error.args = (f"{what}: {source.name}: {error.args[0]}",)
    return error


def _first(tags: dict[str, Any], word: str) -> float | None:
    for name, value in tags.items():
        if word in name.lower() and isinstance(value, int | float):
            return float(value)
    return None

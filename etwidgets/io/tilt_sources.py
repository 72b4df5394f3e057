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


def read_tilt_file(path: Path) -> NDArray[np.float64]:
    """Read a ``.rawtlt``, ``.tlt`` or other text file with one tilt in degrees per line.

    Empty lines and what follows a ``#`` are passed over.

    Raises
    ------
    FileFormatError
        If a line is not one number; the message names it.
    """
    tilts = []
    for number, line in enumerate(path.read_text(encoding="utf-8", errors="replace").splitlines(), 1):
        text = line.split("#")[0].strip()
        if not text:
            continue
        try:
            tilts.append(float(text))
        except ValueError as error:
            raise FileFormatError(
                f"{path.name}, line {number}: {line!r} is not one tilt in degrees"
            ) from error
    if not tilts:
        raise FileFormatError(f"{path.name} holds no tilts")
    return np.array(tilts)


def given(tilts: ArrayLike | str | Path) -> TiltSource:
    """The tilts that the caller gave: values, or a text or mdoc file."""
    if isinstance(tilts, str | Path):
        path = Path(tilts)
        if path.suffix.lower() == ".mdoc":
            from etwidgets.io.mdoc import read_mdoc

            return TiltSource(f"{ARGUMENT} ({path.name})", read_mdoc(path).tilts_deg)
        return TiltSource(f"{ARGUMENT} ({path.name})", read_tilt_file(path))
    values = getattr(tilts, "data", tilts) if hasattr(tilts, "axes_manager") else tilts
    array = np.asarray(values, dtype=float).ravel()
    if not np.isfinite(array).all():
        raise DataError(f"tilt(s) {np.flatnonzero(~np.isfinite(array)).tolist()} are not finite")
    return TiltSource(ARGUMENT, array)


def beside(path: Path) -> list[TiltSource]:
    """The tilts in a ``.rawtlt`` or ``.tlt`` of the same name."""
    candidates = [path.with_suffix(ending) for ending in _TEXT_ENDINGS]
    return [TiltSource(file.name, read_tilt_file(file)) for file in candidates if file.is_file()]


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
        If no source has one tilt per projection, or what the caller gave has not.
    """
    if not sources:
        return None
    fitting = [source for source in sources if source.tilts_deg.size == count]
    if not fitting or (sources[0].name.startswith(ARGUMENT) and fitting[0] is not sources[0]):
        raise _count_error(sources[0], count, what)
    chosen = fitting[0]
    for other in sources:
        if other.tilts_deg.size != count:
            warnings.warn(
                f"{what}: {other.name} has {other.tilts_deg.size} tilts for {count} projections; "
                f"the tilts of {chosen.name} are used",
                stacklevel=2,
            )
            continue
        difference = np.abs(other.tilts_deg - chosen.tilts_deg)
        if difference.max() > _DISAGREEMENT_DEG:
            worst = int(difference.argmax())
            warnings.warn(
                f"{what}: the tilts of {chosen.name} and {other.name} differ by up to "
                f"{difference.max():.2f} deg (projection {worst}: {chosen.tilts_deg[worst]:.2f} and "
                f"{other.tilts_deg[worst]:.2f}); those of {chosen.name} are used",
                stacklevel=2,
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

"""What is odd about a tilt series, in plain words, and what would fix it; changes nothing."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto
from typing import TYPE_CHECKING, Any

import numpy as np

from etwidgets.align.axis.direction import quarter_turns_for, remaining_rotation_deg
from etwidgets.align.checks import named_projections
from etwidgets.align.intensity.background import estimate_background
from etwidgets.align.quality import projection_quality
from etwidgets.align.registration import estimate_shifts
from etwidgets.align.shifting import apply_shifts, common_area
from etwidgets.deprecated import renamed_property
from etwidgets.errors import AlignmentError

if TYPE_CHECKING:
    from numpy.typing import NDArray

_SAME_DEG = 0.01
_GAP = 2.5  # steps
_SATURATED = 0.01  # part of the pixels
_CLEARLY = 1.5  # times steadier along one axis than along the other
_SMALL, _CLEARLY_OF_SMALL = 0.03, 4.0  # of a profile; of a round needle, chance alone gives 3.3
_FEWEST_PX = 8
_FEWEST_PROJECTIONS = 5
_LEVEL_JUDGED = 15  # projections, of which a level can be told
_LEAST_PULL = 0.02  # a smaller error of centers of mass is not worth a word


class FixKind(Enum):
    """What fixes something odd in a series."""

    EXCLUDE = auto()
    """Leave the projections out."""
    KEEP_FIRST = auto()
    """Leave the projections out, which repeat the tilts of others."""
    SORT_BY_TILT = auto()
    TURN = auto()
    """Turn all images by quarter turns."""
    SUBTRACT_BACKGROUND = auto()
    """Subtract the level that the detector adds."""
    INSPECT = auto()
    """Look at the projections: only a person can judge them."""


@dataclass(frozen=True, eq=False)
class Finding:
    """One thing that is odd.

    Attributes
    ----------
    message
        What it is, and why it matters.
    fix
        What to do about it; None if nothing can be done.
    projections
        Indices of those that the fix is about; empty where it is about all of them.
    quarter_turns
        Those that turn the tilt axis along x; positive ones are clockwise.
    """

    message: str
    fix: FixKind | None = None
    projections: tuple[int, ...] = ()
    quarter_turns: int = 0
    words = renamed_property("Finding.words", "message")


def check_up(
    projections: NDArray[Any], tilts_deg: NDArray[np.float64], tilt_axis_angle_deg: float | None = None
) -> list[Finding]:
    """Look for what goes wrong most often, the gravest first.

    Parameters
    ----------
    projections
        ``(T, Y, X)``.
    tilts_deg
        ``(T,)`` degrees. Their sign cannot be determined from projections: with the opposite sign,
        the mirror image of the volume explains them as well.
    tilt_axis_angle_deg
        What the file's header says of the tilt axis, degrees, as for :func:`quarter_turns_for`; it tells
        which way to turn. Where the images clearly say otherwise, they are believed.
    """
    found = [*_blank(projections, tilts_deg), *_tilts(tilts_deg), *_saturated(projections)]
    if not found:  # a blank projection would spoil what compares them
        found += [
            *_axis(projections, tilts_deg, tilt_axis_angle_deg),
            *_unlike_their_neighbors(projections, tilts_deg),
        ]
    return [*found, *_dark_level(projections)]


def _indices(projections: NDArray[np.intp]) -> tuple[int, ...]:
    return tuple(int(i) for i in projections)


def _blank(projections: NDArray[Any], tilts_deg: NDArray[np.float64]) -> list[Finding]:
    flat = np.array([image.min() == image.max() for image in projections])
    if not flat.any():
        return []
    which = np.flatnonzero(flat)
    message = f"Blank: projection {named_projections(which, tilts_deg)} has one value everywhere."
    if flat.all():
        return [Finding("All projections are blank.")]
    return [Finding(message, FixKind.EXCLUDE, _indices(which))]


def _tilts(tilts_deg: NDArray[np.float64]) -> list[Finding]:
    found = []
    order = np.argsort(tilts_deg, kind="stable")
    ranked = tilts_deg[order]
    steps = np.diff(ranked)
    twice = order[1:][steps < _SAME_DEG]
    if twice.size:
        message = f"Two projections at one tilt: {named_projections(np.sort(twice), tilts_deg)}."
        found.append(Finding(message, FixKind.KEEP_FIRST, _indices(np.sort(twice))))
    if np.ptp(tilts_deg) > 180 + _SAME_DEG:
        found.append(
            Finding(f"The tilts span {np.ptp(tilts_deg):.0f}°, more than half a turn: are they right?")
        )
    usual = float(np.median(steps)) if steps.size else 0.0
    gaps = np.flatnonzero(steps > _GAP * usual) if usual > _SAME_DEG else np.empty(0, int)
    if gaps.size:
        between = ", ".join(f"{ranked[i]:+.1f}° to {ranked[i + 1]:+.1f}°" for i in gaps[:4])
        found.append(Finding(f"Gaps in the tilts: {between}. FBP has streaks there; SIRT is less affected."))
    if np.any(np.diff(tilts_deg) < 0) and np.any(np.diff(tilts_deg) > 0):
        message = "The projections are not in order of tilt, as acquired from the middle outwards perhaps."
        found.append(Finding(message, FixKind.SORT_BY_TILT))
    return found


def _saturated(projections: NDArray[Any]) -> list[Finding]:
    highest = projections.max()
    part = np.array([(image == highest).mean() for image in projections])
    count = int((part > _SATURATED).sum())
    if not count or projections.min() == highest:
        return []
    message = (
        f"Saturated: in {count} projections more than 1 % of the pixels have the highest value, {highest:g}."
    )
    return [Finding(message + " Their true values are not known.")]


def _dark_level(projections: NDArray[Any]) -> list[Finding]:
    """A level in the empty area pulls centers of mass to the image center by its part of the intensity."""
    images = projections[:: max(1, len(projections) // _LEVEL_JUDGED)]
    found = estimate_background(images)
    mean = float(np.mean([image.mean(dtype=float) for image in images]))
    if not found.determined or found.level <= 3 * found.error or mean <= 0:
        return []
    pull = found.level / mean
    if pull < _LEAST_PULL:
        return []
    message = (
        f"Dark level: {found.level:.3g}, {found.fraction:.0%} of the maximum. It is {pull:.0%} "
        f"of the total intensity: with COM and CoM, shifts and tilt axis would be too small by {pull:.0%}; "
        "BP would add it to every voxel."
    )
    return [Finding(message, FixKind.SUBTRACT_BACKGROUND)]


def _axis(
    projections: NDArray[Any], tilts_deg: NDArray[np.float64], tilt_axis_angle_deg: float | None
) -> list[Finding]:
    vertical = _seen_vertical(projections, tilts_deg)
    if tilt_axis_angle_deg is None:
        if not vertical:
            return []
        message = (
            "The tilt axis appears to be vertical; it must be horizontal, parallel to x. "
            "Turning the images the wrong way mirrors the volume, and the header does not say which way."
        )
        return [Finding(message, FixKind.TURN, quarter_turns=1)]
    return _axis_by_header(vertical, tilt_axis_angle_deg)


def _axis_by_header(vertical: bool | None, angle_deg: float) -> list[Finding]:
    """What a header's angle means, where the images look so; None: they do not tell."""
    turns, left = quarter_turns_for(angle_deg), remaining_rotation_deg(angle_deg)
    off = f"{abs(left):.1f}° from the {'vertical' if turns % 2 else 'horizontal'}"
    if vertical is not None and vertical != bool(turns % 2):
        seen = "vertical" if vertical else "horizontal"
        message = f"The header says that the tilt axis is {off}, but in the images it appears to be {seen}."
        if not vertical:
            return [Finding(message + " The header seems to be wrong; nothing needs to be turned.")]
        message += " It must be horizontal. Turning the images the wrong way mirrors the volume."
        return [Finding(message, FixKind.TURN, quarter_turns=1)]
    if turns % 2:
        message = (
            f"The tilt axis is vertical (the header says {off}); it must be horizontal, parallel to x. "
            "The button turns the images the way that does not mirror the volume; no pixel changes."
        )
        return [Finding(message, FixKind.TURN, quarter_turns=turns)]
    if turns:
        message = (
            f"The header says that the tilt axis is {off}, and points to the left: without half a turn of "
            "the images, the volume is the mirror image of the specimen. No pixel changes."
        )
        return [Finding(message, FixKind.TURN, quarter_turns=turns)]
    return []


def _seen_vertical(projections: NDArray[Any], tilts_deg: NDArray[np.float64]) -> bool | None:
    """Along the tilt axis each column keeps its mass at every tilt; across it the shadow changes."""
    if len(projections) < _FEWEST_PROJECTIONS:
        return None
    images = np.asarray(projections, np.float32)
    try:
        shifts = estimate_shifts(images, tilts_deg, "PC")
    except AlignmentError:  # noise; registration will say so
        return None
    rows, columns = common_area(shifts, images.shape[1:])
    seen = apply_shifts(images, shifts)[:, rows, columns]
    if min(seen.shape[1:]) < _FEWEST_PX:  # too far apart for a judgment
        return None
    along_x, along_y = (_unsteadiness(seen, axis) for axis in (1, 2))
    if along_x > (_CLEARLY if along_x > _SMALL else _CLEARLY_OF_SMALL) * along_y:
        return True
    return False if along_y > _CLEARLY * along_x else None


def _unsteadiness(images: NDArray[np.float32], summed: int) -> float:
    """How much the profile that is left changes with the tilt, other than by a shift.

    What registration has left moves the profile along the axis of a needle, whose ends the field cuts; of a
    round needle that is more than its shadow changes across.
    """
    profiles = images.sum(axis=summed, dtype=float)
    total = profiles.sum(axis=1, keepdims=True)
    profiles /= np.where(total > 0, total, 1)
    mean = profiles.mean(axis=0)
    known = np.stack([mean, np.gradient(mean)], axis=1)
    left = profiles.T - known @ np.linalg.lstsq(known, profiles.T, rcond=None)[0]
    return float(left.std(axis=1).sum())


def _unlike_their_neighbors(projections: NDArray[Any], tilts_deg: NDArray[np.float64]) -> list[Finding]:
    quality = projection_quality(projections, tilts_deg)
    if not quality.suspects:
        return []
    named = ", ".join(f"{i + 1} ({tilts_deg[i]:+.1f}°) {quality.reasons[i]}" for i in quality.suspects[:6])
    more = f" and {len(quality.suspects) - 6} more" if len(quality.suspects) > 6 else ""
    return [Finding(f"Unlike their neighbors: {named}{more}.", FixKind.INSPECT, tuple(quality.suspects))]

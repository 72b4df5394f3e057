"""The caveats of a volume, from the numbers of its report; computes nothing but these sentences."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from etwidgets import engine
from etwidgets.analysis import MissingWedge, elongation_factor
from etwidgets.session.report.content import Doubt

if TYPE_CHECKING:
    from collections.abc import Iterator

    from etwidgets.session.report.content import Facts

_FEW_PROJECTIONS, _WIDE_STEP_DEG = 30, 3.5
_GAP = 2.5  # times the usual step
_FAR_OFF_PX = 0.5  # remaining error of shifts that shows in the volume
_MANY_OFF = 0.1  # part of the projections
_LEAST_INTENSITY, _FLOORS = 0.05, 4.0
_WIDE_WEDGE_DEG = 80.0
_NAMED = 8


def doubts_of(facts: Facts) -> tuple[Doubt, ...]:
    """All that there is to doubt, what is serious first."""
    parts = (
        _of_volume,
        _of_alignment,
        _of_projections,
        _of_linearity,
        _of_axis,
        _of_tilts,
        _of_iterations,
        _of_resolution,
        _of_scale,
    )
    found = [doubt for part in parts for doubt in part(facts)]
    return tuple(sorted(found, key=lambda doubt: not doubt.serious))


def _serious(text: str) -> Doubt:
    return Doubt("serious", text)


def _note(text: str) -> Doubt:
    return Doubt("note", text)


def _of_volume(facts: Facts) -> Iterator[Doubt]:
    if not facts.reconstruction:
        yield _serious("There is no volume yet; this report is about the tilt series alone.")
    elif facts.reconstruction.get("stale"):
        text = "The volume is older than the series: the series was changed after the reconstruction."
        yield _serious(f"{text} Reconstruct again.")


def _of_alignment(facts: Facts) -> Iterator[Doubt]:
    if not facts.series.get("n_projections"):
        return
    fits = bool(facts.check) and "error" not in facts.check and not facts.check["off"]
    if not facts.series["registered"] and not fits:
        yield _serious("The series was not registered, neither in these steps nor in what the file records.")
    if "error" in facts.check:
        yield _note(f"Projections could not be compared with their reprojections: {facts.check['error']}.")
    warning = facts.registration.get("warning")
    if warning:
        yield _note(f"Of the registration: {warning}")
    if facts.alignment and not facts.alignment.get("accepted", True):
        yield _note("The refinement did not predict left-out projections better; it moved nothing.")


def _of_projections(facts: Facts) -> Iterator[Doubt]:
    check = facts.check
    if not check or "error" in check:
        return
    off, count = check["off"], len(check["misfits"])
    if off:
        text = f"{len(off)} of {count} projections do not fit the others: {_named(off, facts)}."
        yield _serious(text) if len(off) > _MANY_OFF * count else _note(text)
    error, floor = (math.hypot(*check[name]) for name in ("errors_px", "floor_px"))
    if error > _FAR_OFF_PX:
        text = f"Projections are off by {error:.2f} px (root mean square) beyond the floor of {floor:.2f} px."
        yield _serious(text)
    least = max(_LEAST_INTENSITY, _FLOORS * check["floor_intensity"])
    differ = [i for i, value in enumerate(check["intensities"]) if abs(value - 1) > least]
    if differ:
        text = f"The intensity of {len(differ)} of {count} projections differs by more than {least:.0%}"
        yield _note(f"{text} from what the others predict: {_named(differ, facts)}.")


def _of_linearity(facts: Facts) -> Iterator[Doubt]:
    known = facts.linearity
    if known and known["determined"] and not known["is_linear"]:
        yield _note(f"Intensity is not proportional to mass. {known['advice']}")


def _named(indices: list[int], facts: Facts) -> str:
    tilts = facts.series["tilts_deg"]
    said = ", ".join(f"{i + 1} ({tilts[i]:+.1f}°)" for i in indices[:_NAMED])
    return said + (f" and {len(indices) - _NAMED} more" if len(indices) > _NAMED else "")


def _of_axis(facts: Facts) -> Iterator[Doubt]:
    if not facts.series.get("n_projections"):
        return
    if not facts.series["axis_looked_for"]:
        text = "The tilt axis was not looked for: it was taken to be the middle row of the images."
        yield _note(f"{text} An error of its shift bends what is straight, and blurs.")
        return
    known: dict[str, bool] = {}
    if facts.alignment:
        known = {name: facts.alignment.get(f"{name}_interval_{unit}") is not None for name, unit in _UNITS}
    elif facts.axis:
        known = {name: bool(facts.axis.get(f"{name}_determined", True)) for name, _ in _UNITS}
    unknown = [name for name, determined in known.items() if not determined]
    if unknown:
        text = f"The data do not determine the {' and the '.join(unknown)} of the tilt axis."
        yield _serious(f"{text} Compare the volume for a few values.")


_UNITS = (("rotation", "deg"), ("shift", "px"))


def _of_tilts(facts: Facts) -> Iterator[Doubt]:
    tilts = facts.series.get("tilts_deg")
    if not tilts or len(tilts) < 2:
        return
    missing = MissingWedge.of(tilts).width_deg
    at_ends = np.isclose(missing, 180 - np.ptp(tilts))  # a gap between the tilts is named below
    if missing and at_ends:
        text = (
            f"Missing wedge: {missing:.0f}° of 180° were not measured (tilts from {min(tilts):.1f}° to "
            f"{max(tilts):.1f}°). Faces nearly at right angles to the beam are blurred or absent"
        )
        if abs(max(tilts) + min(tilts)) < 0.1 * (max(tilts) - min(tilts)):
            text += f"; small details are about {elongation_factor(tilts):.2f} times as long along the beam"
        yield _serious(f"{text}.") if missing > _WIDE_WEDGE_DEG else _note(f"{text}.")
    steps = np.diff(np.sort(np.asarray(tilts)))
    usual = float(np.median(steps))
    if len(tilts) < _FEW_PROJECTIONS or usual > _WIDE_STEP_DEG:
        size = facts.series.get("height_px") or facts.reconstruction["shape"][2]
        text = f"Few tilts: {len(tilts)} projections, {usual:.1f}° apart."
        reach = math.pi * size / len(tilts)
        yield _note(f"{text} For a body of {size} px they reach {reach:.1f} px (Crowther criterion).")
    ranked = sorted(tilts)
    gaps = np.flatnonzero(steps > _GAP * usual) if usual > 0 else np.empty(0, int)
    if gaps.size:
        between = ", ".join(f"{ranked[i]:+.1f}° to {ranked[i + 1]:+.1f}°" for i in gaps[:_NAMED])
        yield _note(f"Gaps in the tilts: {between}.")


def _of_iterations(facts: Facts) -> Iterator[Doubt]:
    made = facts.reconstruction
    algorithm = engine.algorithms().get(str(made.get("algorithm", "")).upper())
    if algorithm is None:
        return
    if algorithm.counted is None:
        text = f"{algorithm.name} shows noise and gaps between tilts as streaks, which are not the specimen."
        yield _note(text)
    elif facts.convergence:
        if facts.convergence["level"] != "good":
            yield _note(f"Of the iterations: {facts.convergence['sentence']}")
    elif not facts.held_out:
        count = made.get(algorithm.counted.name)
        text = f"The number of iterations ({count}) was not checked against left-out projections."
        yield _note(f"{text} Too few blur, too many amplify noise.")


def _of_resolution(facts: Facts) -> Iterator[Doubt]:
    if not facts.reconstruction:
        return
    if not facts.resolution:
        yield _note("The resolution was not measured.")
        return
    spots = [str(each) for each in facts.resolution.get("blind_spots", [])]
    if spots:
        yield _note(f"What the measured resolution cannot see: {' '.join(spots)}")
    how, of = (_method(node) for node in (facts.resolution.get("settings", {}), facts.reconstruction))
    if how and of and how != of:
        yield _serious(f"The resolution was measured of {how}, and the volume was made by {of}.")


def _method(settings: dict[str, Any]) -> str:
    """Method and iterations of a reconstruction in words; empty if they are not recorded."""
    name = str(settings.get("algorithm", ""))
    algorithm = engine.algorithms().get(name.upper())
    counted = None if algorithm is None or algorithm.counted is None else settings.get(algorithm.counted.name)
    return name if counted is None else f"{name}, {counted} iterations"


def _of_scale(facts: Facts) -> Iterator[Doubt]:
    known = facts.series or facts.reconstruction
    if known and known.get("pixel_size_nm") is None and facts.reconstruction.get("pixel_size_nm") is None:
        yield _note("The pixel size is not known: all lengths are in pixels.")

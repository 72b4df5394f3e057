"""How far the present series and volume can be trusted: what is measured of them, and what it means in words.

Touches its arguments only; the job that measures is in ``trust_job``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from etwidgets import align, engine
from etwidgets.errors import ParameterError
from etwidgets.signals import trust
from etwidgets.signals.automatic import without_level
from etwidgets.signals.cleaning import averaged

if TYPE_CHECKING:
    from collections.abc import Mapping

    from etwidgets.align import ProjectionCheck
    from etwidgets.analysis import HeldOutCurve
    from etwidgets.progress import Progress
    from etwidgets.signals import TomoStack
    from etwidgets.signals.resolution_report import ResolutionReport

    Level = Literal["good", "doubtful", "bad"]

ALIGNMENT, CONVERGENCE, RESOLUTION = "alignment", "convergence", "resolution"
SUBJECTS = (ALIGNMENT, CONVERGENCE, RESOLUTION)
"""What is assessed, in order."""

_GOOD_PX, _FAIR_PX = 0.5, 1.0  # root mean square error of the shifts
_GOOD_MISFIT, _FAIR_MISFIT = 1.02, 1.15  # times the least held-out misfit
_FINE, _COARSE = 1 / 6, 1 / 20  # cycles per pixel at which the halves stop to agree
_MOST_SIRT = 400  # iterations of SIRT that are tried, or as many of another method as are worth them
_NAMED = 5  # projections named in a sentence


@dataclass(frozen=True, eq=False)
class Convergence:
    """The held-out misfit along the iterations of the method of the volume.

    Attributes
    ----------
    curve
        Along the iterations.
    used
        How many the volume has; None if the method has none.
    parameters
        Of ``reconstruct``, with which the volume was made.
    """

    curve: HeldOutCurve
    used: int | None
    parameters: Mapping[str, Any]

    @property
    def improved(self) -> dict[str, Any]:
        """The parameters with the number of iterations that predicts best."""
        counted = engine.find_algorithm(self.curve.algorithm).counted
        own = {} if counted is None else {counted.user_keyword: self.curve.recommended}
        return {**self.parameters, **own}

    @property
    def excess(self) -> float:
        """The misfit at the iterations that were used, over the least."""
        misfit = self.curve.misfit
        if self.used is None or self.curve.least == 0:
            return 1.0
        return float(misfit[min(self.used, len(misfit)) - 1]) / self.curve.least


@dataclass(frozen=True, eq=False)
class Assessment:
    """One thing that was measured of the series or the volume, to know how far to trust it.

    Attributes
    ----------
    subject
        Of :data:`SUBJECTS`.
    data
        The array that it is about: where it is gone, the numbers mean nothing.
    found
        :class:`~etwidgets.align.ProjectionCheck`, :class:`Convergence`, or
        :class:`~etwidgets.signals.resolution_report.ResolutionReport`.
    """

    subject: str
    data: Any
    found: ProjectionCheck | Convergence | ResolutionReport


@dataclass(frozen=True)
class Verdict:
    """An assessment in words.

    Attributes
    ----------
    level
        The color of the lamp.
    number
        With its unit.
    sentence
        What it means.
    """

    level: Level
    number: str
    sentence: str


def check_alignment(stack: TomoStack, progress: Progress) -> ProjectionCheck:
    """Each projection beside what the others predict, and beside what a perfect alignment would show."""
    return align.check_projections(without_level(averaged(stack)), stack.tilts_deg, progress=progress)


def check_convergence(stack: TomoStack, parameters: Mapping[str, Any], progress: Progress) -> Convergence:
    """The held-out misfit along the iterations of the method with which a volume was made.

    Parameters
    ----------
    stack
        The series.
    parameters
        Of ``reconstruct``, as recorded.
    progress
        Reports progress and can cancel the work.
    """
    algorithm = engine.find_algorithm(parameters.get("method", "FBP"))
    counted = algorithm.counted
    if counted is None:
        return Convergence(trust.curve_of(stack, parameters, 1, progress), None, parameters)
    keyword = counted.user_keyword
    used = int(parameters.get(keyword, counted.default))
    most = max(2 * used, round(_MOST_SIRT / algorithm.worth))
    given = {name: value for name, value in parameters.items() if name != keyword}
    return Convergence(trust.curve_of(stack, given, most, progress, stop_early=True), used, parameters)


def check_resolution(stack: TomoStack, parameters: Mapping[str, Any], progress: Progress) -> ResolutionReport:
    """How far the volumes of both halves of the series agree, by the method of the volume."""
    return stack.resolution(progress=progress, **parameters)


def verdict(assessment: Assessment) -> Verdict:
    """What was found, in a color, a number and a sentence."""
    makers: dict[str, Any] = {
        ALIGNMENT: _of_alignment,
        CONVERGENCE: _of_convergence,
        RESOLUTION: _of_resolution,
    }
    found: Verdict = makers[assessment.subject](assessment.found)
    return found


def _of_alignment(check: ProjectionCheck) -> Verdict:
    y, x = check.errors_px
    error = float(np.hypot(y, x))
    odd = [int(i) + 1 for i in check.ranking if check.outliers[i]]
    level: Level = "good" if error <= _GOOD_PX and not odd else "doubtful" if error <= _FAIR_PX else "bad"
    named = ", ".join(str(i) for i in odd[:_NAMED]) + (" …" if len(odd) > _NAMED else "")
    if odd:
        rest = f"Look at projection{'s' if len(odd) > 1 else ''} {named} first."
    else:
        rest = "No projection stands out."
    floor = float(np.hypot(*check.floor_px))
    seen = f"RMS error: y {y:.2f}, x {x:.2f} px" if error > floor else "No error is seen"
    number = f"{error:.2f} px" if error > floor else f"below {max(floor, 0.01):.2f} px"
    unseen = "What all projections share, as an error of the tilt axis, is not in it."
    return Verdict(level, number, f"{seen}. {rest} {unseen}")


def _of_convergence(found: Convergence) -> Verdict:
    curve = found.curve
    if found.used is None:
        return Verdict(
            "doubtful", f"misfit {curve.least:.3g}", f"{curve.algorithm} has no iterations: compare methods."
        )
    excess, best = found.excess, curve.recommended
    past = found.used > best
    flat = found.used <= len(curve.flat) and bool(curve.flat[found.used - 1])
    good = excess <= _GOOD_MISFIT or flat
    level: Level = "good" if good else "doubtful" if excess <= _FAIR_MISFIT else "bad"
    said = f"{curve.algorithm}, {found.used} iterations"
    if good:
        sentence = f"{said}: left-out projections are predicted as well as they can be."
    else:
        what = "noise is being fitted" if past else "the volume is not yet sharp"
        sentence = f"{said}: {what}; {best} iterations would be best."
    return Verdict(level, f"{100 * (excess - 1):.0f} % above least misfit", sentence)


def _of_resolution(report: ResolutionReport) -> Verdict:
    found = report.resolution()
    whole = found["all"]
    frequency = whole.frequency if np.isfinite(whole.frequency) else 0.0
    level: Level = "good" if frequency >= _FINE else "doubtful" if frequency >= _COARSE else "bad"
    named = (("x", "along x"), ("y", "along y"), ("beam", "along the beam"))
    others = "; ".join(
        f"{title} {'not seen (missing wedge)' if np.isnan(found[name].frequency) else found[name]}"
        for name, title in named
        if name in found
    )
    return Verdict(
        level, str(whole), f"Both halves agree down to this detail (half-bit criterion): {others}."
    )


def parameters_of_volume(steps: Any) -> dict[str, Any]:
    """Those of the last step that made the volume.

    Raises
    ------
    ParameterError
        If it was made in another way than by ``reconstruct``.
    """
    made = [step for step in steps if step.operation == "reconstruct"]
    if not made:
        raise ParameterError("the volume was not reconstructed here; reconstruct it, then measure")
    return dict(made[-1].parameters)

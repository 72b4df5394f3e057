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
from etwidgets.signals.automatic import has_level, recorded

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from etwidgets.align import ProjectionCheck
    from etwidgets.analysis import HeldOutCurve, Linearity, Resolution
    from etwidgets.progress import Progress
    from etwidgets.signals import RecStack, TomoStack
    from etwidgets.signals.resolution_report import ResolutionReport

    Level = Literal["good", "doubtful", "bad"]

ALIGNMENT, CONVERGENCE, RESOLUTION = "alignment", "convergence", "resolution"
SUBJECTS = (ALIGNMENT, CONVERGENCE, RESOLUTION)
"""What is assessed, in order; each has a lamp."""

SPREAD, LINEARITY = "spread", "linearity"
"""What is measured beside them, on demand."""

_GOOD_PX, _FAIR_PX = 0.5, 1.0  # root mean square error of the shifts
_NEGLIGIBLE = 0.003  # more than the least held-out misfit
_FAIR_MISFIT = 1.05  # times the least: most of a misfit is often noise, so that little of it means much
_FINE, _COARSE = 1 / 6, 1 / 20  # cycles per pixel at which the halves stop to agree
_MOST_SIRT = 400  # iterations of SIRT that are tried, or as many of another method as are worth them
_BEYOND = 2  # times the iterations of the volume: the curve must reach beyond them
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
    has_level
        Whether the series has a dark level, which no volume predicts.
    """

    curve: HeldOutCurve
    used: int | None
    parameters: Mapping[str, Any]
    has_level: bool = False

    @property
    def improved(self) -> dict[str, Any]:
        """The parameters with the number of iterations that predicts best."""
        counted = engine.find_algorithm(self.curve.algorithm).counted
        own = {} if counted is None else {counted.user_keyword: self.recommended}
        return {**self.parameters, **own}

    @property
    def recommended(self) -> int:
        """How many iterations would be best; of a method that settles, after how many it has.

        Where the curve still falls at its end, the best number is not known: how many to try next.
        """
        settled = engine.find_algorithm(self.curve.algorithm).settles_after
        if settled is not None:
            return settled
        end = int(self.curve.iterations[-1])
        if self.still_falling:
            return end if self.used is None or self.used < end else 2 * self.used
        return self.curve.recommended

    @property
    def still_falling(self) -> bool:
        """Whether the misfit falls to the end of the curve, so that the best number is not known."""
        return self.curve.still_falling and engine.find_algorithm(self.curve.algorithm).settles_after is None

    @property
    def as_good_as_best(self) -> tuple[int, int] | None:
        """The first and the last of several numbers as good as the best; None if it is one or unknown."""
        flat = self.curve.iterations[self.curve.flat]
        return None if self.still_falling or len(flat) < 2 else (int(flat[0]), int(flat[-1]))

    @property
    def excess(self) -> float:
        """The misfit at the iterations that were used, over the least."""
        misfit = self.curve.misfit
        least = float(misfit.min())
        if self.used is None or least == 0:
            return 1.0
        return float(misfit[min(self.used, len(misfit)) - 1]) / least

    @property
    def as_good(self) -> bool:
        """Whether what was used is among the numbers that are as good as the best, within the errors."""
        if self.still_falling:
            return False
        if self.used is None or self.excess <= 1 + _NEGLIGIBLE:
            return True
        settled = engine.find_algorithm(self.curve.algorithm).settles_after
        if settled is not None:
            return self.used >= settled and self.excess <= _FAIR_MISFIT
        flat = self.curve.flat
        return self.used <= len(flat) and bool(flat[self.used - 1])


@dataclass(frozen=True, eq=False)
class Assessment:
    """One thing that was measured of the series or the volume, to know how far to trust it.

    Attributes
    ----------
    subject
        Of :data:`SUBJECTS`, or :data:`SPREAD` or :data:`LINEARITY`.
    data, tilts_deg
        The array that it is about, and the tilts: where they are others, the numbers mean nothing.
    found
        :class:`~etwidgets.align.ProjectionCheck`, :class:`Convergence`,
        :class:`~etwidgets.signals.resolution_report.ResolutionReport`,
        :class:`~etwidgets.signals.RecStack` (standard deviations), or
        :class:`~etwidgets.analysis.Linearity`.
    """

    subject: str
    data: Any
    tilts_deg: NDArray[np.float64]
    found: ProjectionCheck | Convergence | ResolutionReport | RecStack | Linearity


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
    images, alignment = recorded(stack)
    return align.check_projections(images, stack.tilts_deg, alignment, progress=progress)


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
    level = has_level(stack)
    counted = algorithm.counted
    if counted is None:
        return Convergence(trust.curve_of(stack, parameters, 1, progress), None, parameters, level)
    used = int(parameters.get(counted.user_keyword, counted.default))
    most = algorithm.settles_after or max(round(_MOST_SIRT / algorithm.worth), _BEYOND * used)
    given = {name: value for name, value in parameters.items() if name != counted.user_keyword}
    curve = trust.curve_of(
        stack,
        given,
        max(used, most),
        progress,
        stop_early=algorithm.settles_after is None,
        least_iterations=used,
    )
    return Convergence(curve, used, parameters, level)


def check_resolution(stack: TomoStack, parameters: Mapping[str, Any], progress: Progress) -> ResolutionReport:
    """How far the volumes of both halves of the series agree, by the method of the volume."""
    return stack.resolution(progress=progress, **parameters)


def estimate_spread(stack: TomoStack, thickness: int, progress: Progress) -> RecStack:
    """The standard deviation of each voxel of a volume with so many rows in z."""
    return stack.reconstruction_spread(thickness=thickness, progress=progress)


def measure_linearity(stack: TomoStack, progress: Progress) -> Linearity:
    """Whether intensity is proportional to mass.

    Raises
    ------
    ParameterError
        If the series has a dark level, of which the correction must not be made.
    """
    if has_level(stack):
        raise ParameterError("the series has a dark level; subtract the background first, then check")
    return stack.measure_linearity(progress=progress)


def verdict(assessment: Assessment) -> Verdict:
    """What was found, in a color, a number and a sentence; of one of :data:`SUBJECTS`."""
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
    odd = [int(i) for i in check.ranking if check.outliers[i]]
    level: Level = "good" if error <= _GOOD_PX and not odd else "doubtful" if error <= _FAIR_PX else "bad"
    floor = float(np.hypot(*check.floor_px))
    seen = f"RMS error: y {y:.2f}, x {x:.2f} px" if error > floor else "No error detected"
    number = f"{error:.2f} px" if error > floor else f"below {max(floor, 0.01):.2f} px"
    unseen = "An error that all projections share, such as a wrong tilt axis, does not show here."
    return Verdict(level, number, f"{seen}. {_standing_out(check, odd)} {unseen}")


def _standing_out(check: ProjectionCheck, odd: list[int]) -> str:
    """Which projections to look at, the worst first, and by what they stand out: by shift or by misfit."""
    if not odd:
        return "No projection stands out."
    named = ", ".join(f"{i + 1} ({_reason(check, i)})" for i in odd[:_NAMED])
    more = " …" if len(odd) > _NAMED else ""
    return f"Look at projection{'s' if len(odd) > 1 else ''} {named}{more} first."


def _reason(check: ProjectionCheck, i: int) -> str:
    if check.distances_px[i] > _GOOD_PX:
        return f"off by {check.distances_px[i]:.1f} px"
    floor = float(check.floor_misfits[i])
    times = f": misfit {check.misfits[i] / floor:.2g} times its floor" if floor > 0 else ""
    return f"does not fit the others{times}"


def _of_convergence(found: Convergence) -> Verdict:
    curve = found.curve
    if found.used is None:
        return Verdict(
            "doubtful", f"misfit {curve.least:.3g}", f"{curve.algorithm} has no iterations. Compare methods."
        )
    level: Level = "good" if found.as_good else "doubtful" if found.excess <= _FAIR_MISFIT else "bad"
    said = f"{curve.algorithm}, {found.used} iterations"
    if found.as_good:
        sentence = f"{said}: left-out projections are predicted as well as possible."
    elif found.still_falling:
        few = "too few; " if found.excess > 1 + _NEGLIGIBLE else ""
        sentence = (
            f"{said}: {few}the misfit of left-out projections still falls at {curve.iterations[-1]}, where "
            f"the curve ends. The best number is not known: reconstruct with {found.recommended}, then "
            "measure again."
        )
    else:
        many = found.used > found.recommended
        what = "too many, noise is fitted" if many else "too few, edges are still soft"
        sentence = f"{said}: {what}. The best number is {found.recommended}."
    if found.has_level:
        level = "doubtful" if level == "good" else level
        sentence = f"The series has a dark level, which no volume predicts: subtract it first. {sentence}"
    least = "lowest misfit so far" if found.still_falling else "lowest misfit"
    return Verdict(level, f"{max(100 * (found.excess - 1), 0):.1f} % above {least}", sentence)


def _of_resolution(report: ResolutionReport) -> Verdict:
    found = report.resolution()
    whole = found["all"]
    frequency = whole.frequency if np.isfinite(whole.frequency) else 0.0
    level: Level = "good" if frequency >= _FINE else "doubtful" if frequency >= _COARSE else "bad"
    if frequency == 0:
        return Verdict(
            "bad", "none", "The two half-volumes agree in no detail: all that they share is noise."
        )
    named = (("x", "along x"), ("y", "along y"), ("beam", "along the beam"))
    others = "; ".join(f"{title} {_words(found[name])}" for name, title in named if name in found)
    return Verdict(
        level, _words(whole), f"Two half-volumes agree down to this detail (half-bit criterion): {others}."
    )


def _words(found: Resolution) -> str:
    if np.isnan(found.frequency):
        return "not measured"
    return str(found).replace("to inf", "or worse")

"""Tries the methods that apply to a series on a coarse copy, and says which to use; applies nothing."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from etwidgets.align._workers import WorkerProgress, run_all
from etwidgets.align.alignment import Alignment, apply_alignment
from etwidgets.align.checks import checked_projections, checked_tilts, refuse_blank
from etwidgets.align.refinement import PaddedSeries, refine_alignment
from etwidgets.align.refinement.prediction import predict
from etwidgets.align.refinement.run import LEAST_SIDE_PX
from etwidgets.align.registering.patches import track_patches
from etwidgets.align.registration import estimate_shifts
from etwidgets.align.tilt_axis import find_tilt_axis
from etwidgets.errors import EtwidgetsError
from etwidgets.progress import NullProgress

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import ArrayLike, NDArray

    from etwidgets.progress import Progress

_COARSE_PX = 128  # longer side of the copy on which methods are tried, unless the shorter is too short then
_JUDGED_PX = 64  # shorter side of that on which they are ranked, at least
_WITH_AXIS = 3  # of the best registrations, whose axis is looked for
_ALIKE, _HOPELESS = 1.02, 1.3  # times the lowest misfit: no matter which; and too far behind to be refined
_QUICK = ("PC", "COM", "COM-CL", "StackReg")  # of those that predict alike, the first of these is used
AS_IT_IS = "none"
"""Name of the method that does nothing."""
_BY_PATCHES = "Patches"
_TRIED: tuple[tuple[str, dict[str, Any]], ...] = (
    ("PC", {}),
    ("PC", {"stretch": True}),
    ("StackReg", {}),
    ("COM", {}),
    ("COM-CL", {}),
)
_AXIS = ("CoM", "CommonLine")  # those with an interval


@dataclass(frozen=True)
class Candidate:
    """One way to align that was tried.

    Attributes
    ----------
    registration, axis
        Names of the methods; ``"none"``: as it is.
    options
        Of the registration.
    misfit
        How far left-out projections are from their prediction; infinite if it did not apply.
    refined
        The same after a short refinement; None if none was tried.
    rotation_deg, shift_px
        Of the tilt axis, as found.
    reason
        Why a method did not apply, or what it warned of; empty if there was nothing.
    """

    registration: str
    axis: str
    misfit: float
    refined: float | None = None
    rotation_deg: float = 0.0
    shift_px: float = 0.0
    reason: str = ""
    options: Mapping[str, Any] = field(default_factory=dict)

    @property
    def title(self) -> str:
        """In words, as a table shows it."""
        extra = "".join(f", {name}" for name, value in self.options.items() if value)
        return (
            f"{self.registration}{extra}; axis by {self.axis}"
            if self.axis != AS_IT_IS
            else (f"{self.registration}{extra}; axis as it is")
        )

    @property
    def steps(self) -> tuple[tuple[str, dict[str, Any]], ...]:
        """Operations that do it, by name, each with its parameters."""
        steps: list[tuple[str, dict[str, Any]]] = []
        if self.registration != AS_IT_IS:
            steps.append(("register", {"method": self.registration, **self.options}))
        if self.axis == _BY_PATCHES:
            steps.append(("transform", {"angle": self.rotation_deg, "interpolation": "cubic"}))
        elif self.axis != AS_IT_IS:
            steps.append(("tilt_align", {"method": self.axis}))
        return tuple(steps)

    @property
    def rank(self) -> float:
        """The lower, the better."""
        return self.misfit if self.refined is None else self.refined


@dataclass(frozen=True)
class AlignmentPlan:
    """What to do to a series, and what was tried.

    Attributes
    ----------
    candidates
        All that was tried: the one to use, and then the best first.
    """

    candidates: tuple[Candidate, ...]

    @property
    def chosen(self) -> Candidate:
        """The one to use."""
        return self.candidates[0]


def plan_alignment(
    projections: ArrayLike, tilts_deg: ArrayLike, *, progress: Progress | None = None
) -> AlignmentPlan:
    """Try registration and tilt-axis methods on a coarse copy, and rank them by what they predict.

    Parameters
    ----------
    projections
        ``(T, Y, X)``, the tilt axis roughly along x, background subtracted.
    tilts_deg
        ``(T,)`` degrees.
    progress
        Reports progress and can cancel the work.

    Notes
    -----
    Each candidate is judged by how well projections that were left out of a coarse reconstruction are
    predicted (see :func:`refine_alignment`). The best that is clearly behind is refined for a few rounds, so
    that a start which is worse but leads to a better end is not passed over; then the best is, too. Of those
    that predict alike, the quickest is used.
    """
    listener = progress or NullProgress()
    images = checked_projections(projections)
    tilts = checked_tilts(tilts_deg, len(images))
    refuse_blank(images, "automatic alignment")
    sides = images.shape[1:]
    coarse = PaddedSeries.of(
        images, tilts, max(1, min(-(-max(sides) // _COARSE_PX), min(sides) // LEAST_SIDE_PX))
    )
    judged = PaddedSeries.of(coarse.images, tilts, max(1, min(coarse.images.shape[1:]) // _JUDGED_PX))
    trials = _Trials(coarse.images, tilts, judged, listener)
    found = trials.all()
    found = trials.refined(sorted(found, key=lambda pair: pair[0].misfit))
    scale = coarse.factor
    ranked = _ranked([replace(candidate, shift_px=candidate.shift_px * scale) for candidate, _ in found])
    listener.advance(1, "candidates ranked")
    return AlignmentPlan(tuple(ranked))


def _ranked(candidates: list[Candidate]) -> list[Candidate]:
    """The best first, but before them the quickest of those that are no worse."""
    ranked = sorted(candidates, key=lambda each: each.rank)
    alike = [each for each in ranked if each.rank < _ALIKE * ranked[0].rank and each.registration in _QUICK]
    if ranked[0] not in alike:
        return ranked
    chosen = min(alike, key=lambda each: (_QUICK.index(each.registration), each.rank))
    return [chosen, *(each for each in ranked if each is not chosen)]


_Pair = tuple[Candidate, Alignment]


@dataclass(frozen=True, eq=False)
class _Trials:
    """Candidates on a coarse copy."""

    images: NDArray[np.float32]
    tilts: NDArray[np.float64]
    judged: PaddedSeries
    progress: Progress
    worker: WorkerProgress = field(default_factory=WorkerProgress)

    def all(self) -> list[_Pair]:
        """Every registration; the best of them with a tilt axis; and the series as it is."""
        start = Alignment.identity(len(self.images))
        tried = [Candidate(name, AS_IT_IS, np.inf, options=options) for name, options in _TRIED]
        works: list[Callable[[], list[_Pair]]] = [partial(self._registered, each, start) for each in tried]
        works += [partial(self._by_patches, start), partial(self._as_it_is, start)]
        found = self._together(works, (0.05, 0.4), "trying registration methods")
        usable = [pair for pair in found if pair[0].registration != AS_IT_IS and np.isfinite(pair[0].misfit)]
        foremost = sorted(usable, key=lambda pair: pair[0].misfit)[:_WITH_AXIS]
        if not foremost:
            return found
        best, *others = foremost
        by_axis = self._axes([(best, axis) for axis in _AXIS], (0.4, 0.55))
        better = min(by_axis, key=lambda pair: pair[0].misfit)[0].axis
        return found + by_axis + self._axes([(pair, better) for pair in others], (0.55, 0.65))

    def _axes(self, tried: list[tuple[_Pair, str]], span: tuple[float, float]) -> list[_Pair]:
        works = [partial(self._with_axis, *pair, axis) for pair, axis in tried]
        return self._together(works, span, "trying tilt axis methods")

    def _together(
        self, works: Sequence[Callable[[], list[_Pair]]], span: tuple[float, float], message: str
    ) -> list[_Pair]:
        """What they return, in their order; they share the processors."""
        results: list[list[_Pair]] = [[] for _ in works]

        def one(i: int) -> None:
            results[i] = works[i]()

        run_all(one, len(works), self.progress.part(*span, may_finish=False), message, self.worker)
        return [pair for result in results for pair in result]

    def _as_it_is(self, start: Alignment) -> list[_Pair]:
        return [self._judge(Candidate(AS_IT_IS, AS_IT_IS, np.inf), start)]

    def _registered(self, tried: Candidate, start: Alignment) -> list[_Pair]:
        try:
            shifts = estimate_shifts(
                self.images, self.tilts, tried.registration, progress=self.worker, **tried.options
            )
        except EtwidgetsError as error:
            return [(replace(tried, reason=str(error)), start)]
        return [self._judge(tried, Alignment.of(shifts))]

    def _by_patches(self, start: Alignment) -> list[_Pair]:
        """Shifts of tracked patches, without and with their rotation, where matter fills the field."""
        if not self.judged.wider:  # patches of an isolated specimen tell its rotation badly, and slowly
            return []
        tried = Candidate(_BY_PATCHES, AS_IT_IS, np.inf)
        try:
            found = track_patches(self.images, self.tilts, progress=self.worker)
        except EtwidgetsError as error:
            return [(replace(tried, reason=str(error)), start)]
        moved = Alignment.of(found.shifts_px)
        pairs = [self._judge(tried, moved)]
        if found.rotation_determined:
            turned = moved.then(Alignment.of(np.zeros_like(found.shifts_px), rotation_deg=found.rotation_deg))
            with_axis = replace(tried, axis=_BY_PATCHES, rotation_deg=found.rotation_deg)
            pairs.append(self._judge(with_axis, turned))
        return pairs

    def _with_axis(self, tried: Candidate, moved: Alignment, axis: str) -> list[_Pair]:
        registered = apply_alignment(self.images, moved)
        try:
            found = find_tilt_axis(registered, self.tilts, axis, progress=self.worker)
        except EtwidgetsError as error:
            return [(replace(tried, axis=axis, misfit=np.inf, reason=str(error)), moved)]
        rotation = found.rotation_deg if found.rotation_determined else 0.0
        shift = found.shift_px if found.shift_determined else 0.0
        if not rotation and not shift:
            reason = found.warning or "it changes nothing"
            return [(replace(tried, axis=axis, misfit=np.inf, reason=reason), moved)]
        place = np.tile([shift, 0.0], (len(self.tilts), 1))
        whole = moved.then(Alignment.of(place, rotation_deg=rotation))
        candidate = replace(tried, axis=axis, rotation_deg=rotation, shift_px=shift, reason=found.warning)
        return [self._judge(candidate, whole)]

    def _judge(self, candidate: Candidate, alignment: Alignment) -> _Pair:
        misfit = predict(self.judged, alignment, progress=self.worker).misfit
        return replace(candidate, misfit=misfit), alignment

    def refined(self, pairs: list[_Pair]) -> list[_Pair]:
        """Those that may still turn out best, after a few rounds of refinement; the others as they are."""
        lowest = pairs[0][0].misfit
        firsts = {pair[0].registration: pair for pair in reversed(pairs)}.values()  # the best of each
        close = [pair for pair in firsts if _ALIKE * lowest < pair[0].misfit < _HOPELESS * lowest]
        close.sort(key=lambda pair: pair[0].misfit)
        if not close:
            return pairs
        tried = close[:1]
        result = self._refine(tried, (0.65, 0.85))
        if min(candidate.rank for candidate, _ in result) < lowest:  # it is no longer clear which is best
            result += self._refine(pairs[:1], (0.85, 1))
            tried = [*tried, pairs[0]]
        return result + [pair for pair in pairs if pair not in tried]

    def _refine(self, pairs: list[_Pair], span: tuple[float, float]) -> list[_Pair]:
        return self._together([partial(self._refined, *pair) for pair in pairs], span, "refining the best")

    def _refined(self, candidate: Candidate, alignment: Alignment) -> list[_Pair]:
        start = alignment.binned(self.judged.factor)
        images = self.judged.images
        try:
            found = refine_alignment(images, self.tilts, start, rounds=2, axis=False, progress=self.worker)
        except EtwidgetsError:  # such as a copy that is too small
            return [(candidate, alignment)]
        better = found.misfit_after / max(found.misfit_before, 1e-12)  # bad projections count in neither
        return [(replace(candidate, refined=candidate.misfit * better), found.alignment)]

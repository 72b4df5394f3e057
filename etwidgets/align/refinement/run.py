"""The rounds of a refinement, from coarse to fine, and whether they made it better."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from etwidgets import engine
from etwidgets.align.alignment import Alignment
from etwidgets.align.refinement.axis_search import AxisIntervals, search_axis
from etwidgets.align.refinement.gauge import slow_part, stretching_part, turning_part, without_gauge
from etwidgets.align.refinement.matching import Match, match, search_shifts
from etwidgets.align.refinement.prediction import N_ITERATIONS, Prediction, predict
from etwidgets.align.refinement.records import Refinement, RefinementOptions
from etwidgets.align.refinement.reference import N_PARTS, partial_volume, predict_left_out
from etwidgets.align.refinement.series import PaddedSeries
from etwidgets.align.refinement.weights import robust_weights
from etwidgets.resources import return_freed_memory

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from etwidgets.progress import Progress

LEAST_SIDE_PX = 24  # of an image at the coarsest scale
_MOST_WORK = 6e8  # tilts times voxels at the finest scale; more would take minutes
_LARGEST_STEP_PX = 3.0  # of a round, at its scale
_ITERATIONS = (5, 7, 11)  # of the reference: coarse, in between, and the last rounds
_DOUBTED = 0.3  # weight
_SEARCHED_PX = 40  # shorter side of the images in which the tilt axis is searched, at least
_SEARCHES = 3  # of the tilt axis
_SAME_DEG, _SAME_PX = 0.1, 0.15  # less is no change; pixels of the scale
_RETURNS, _FAR_PX, _SEARCHED_SHARE = 4, 2, 0.3  # rounds of a search over a share of the field, coarse pixels
_LAST_ROUNDS = 3  # at the finest scale, whose rounds cost most and move least
_BETTER = 2.0  # standard errors of the gain, over projections; less is no better
_SURELY = 4.0  # of what the volume can make up for
_TINY = 1e-12  # of a squared misfit


def scales_for(shape: tuple[int, ...]) -> tuple[int, ...]:
    """Factors of binning, the coarsest first."""
    count, height, width = shape
    finest = 1
    while count * width * (1.3 * height) * (0.75 * height) / finest**3 > _MOST_WORK:
        finest += 1
    scales = [finest]
    while min(height, width) // (2 * scales[-1]) >= LEAST_SIDE_PX and len(scales) < 3:
        scales.append(2 * scales[-1])
    return tuple(scales[::-1])


@dataclass
class Run:
    """The state of one refinement."""

    images: NDArray[Any]
    tilts: NDArray[np.float64]
    start: Alignment
    options: RefinementOptions
    progress: Progress
    trace: list[float] = field(default_factory=list)

    def result(self) -> Refinement:
        """Do all rounds, and judge what came of them."""
        scales = scales_for(self.images.shape)
        finest = PaddedSeries.of(self.images, self.tilts, scales[-1])
        searched = next((n for n in scales if min(self.images.shape[1:]) // n >= _SEARCHED_PX), scales[-1])
        judge = finest if searched == scales[-1] else PaddedSeries.of(self.images, self.tilts, searched)
        alignment = self.start
        weights = self._judge(judge, alignment, np.ones(len(self.tilts)), 0.0)
        errors_px = np.full((len(self.tilts), 2), np.inf)
        intervals: AxisIntervals | None = None
        alignment = self._found_again(PaddedSeries.of(self.images, self.tilts, scales[0]), alignment, weights)
        for number, scale in enumerate(scales):
            low, high = 0.05 + 0.8 * number / len(scales), 0.05 + 0.8 * (number + 1) / len(scales)
            last = number == len(scales) - 1
            series = {finest.factor: finest, judge.factor: judge}.get(scale)
            series = series or PaddedSeries.of(self.images, self.tilts, scale)
            alignment, weights, found = self._scale(series, judge, alignment, weights, (low, high), last=last)
            if self.options.axis and scale == searched:
                alignment, weights = self._straighten(judge, alignment, weights, high)
            errors_px = found.errors[:, :2] * scale
            if self.progress.finish_requested:
                break
        alignment = self._without_unsure(judge, alignment, weights)
        if self.options.axis and not self.progress.finish_requested:
            alignment, intervals = search_axis(judge, alignment, weights, self._at(0.86))
            alignment, found = self._round(finest, alignment, weights, 0.9, last=True)
            errors_px = found.errors[:, :2] * finest.factor
        # with the same weights: leaving out what fits badly would look like a better alignment
        judged = []
        for each, at in ((self.start, 0.94), (alignment, 0.97)):
            return_freed_memory()
            judged.append(predict(finest, each, weights, far=True, progress=self._at(at)))
        before, after = judged
        return self._report(before, after, alignment, weights, errors_px, intervals)

    def _found_again(
        self, series: PaddedSeries, alignment: Alignment, weights: NDArray[np.float64]
    ) -> Alignment:
        """With projections brought back that are too far off for least squares, at the coarsest scale."""
        reach = max(2, round(_SEARCHED_SHARE * min(series.images.shape[1:])))
        for _ in range(_RETURNS):
            images, known = series.aligned(alignment)
            tilts = self.tilts if alignment.tilts_deg is None else alignment.tilts_deg
            counted = known * weights[:, None, None].astype(np.float32)
            predicted = predict_left_out(
                images, counted, series.geometry(tilts), N_ITERATIONS, N_PARTS, self._at(0.03)
            )
            shifts = search_shifts(images, predicted, known, reach)
            far = np.abs(shifts).max(1) >= _FAR_PX
            if not far.any():
                break
            moved = np.where(far[:, None], shifts, 0.0)
            moved = without_gauge(moved, self.tilts, weights, keep_constant=self.options.axis)
            alignment = alignment.then(Alignment.of(moved * series.factor))
        return alignment

    def _scale(
        self,
        series: PaddedSeries,
        judge: PaddedSeries,
        alignment: Alignment,
        weights: NDArray[np.float64],
        span: tuple[float, float],
        *,
        last: bool = False,
    ) -> tuple[Alignment, NDArray[np.float64], Match]:
        """Rounds at one scale, until nothing moves."""
        options = self.options
        slow = options.each_rotation or options.each_magnification or options.each_tilt
        rounds = min(options.rounds, _LAST_ROUNDS) if last and not slow else options.rounds
        for number in range(rounds):
            at = span[0] + (span[1] - span[0]) * number / rounds
            before = alignment
            alignment, found = self._round(series, alignment, weights, at, last=last)
            weights = self._judge(judge, alignment, weights, at)
            moved = self._moved_px(before, alignment)[weights > _DOUBTED].max(initial=0)
            if moved < self.options.tolerance * series.factor or self.progress.finish_requested:
                break
        return alignment, weights, found

    def _without_unsure(
        self, judge: PaddedSeries, alignment: Alignment, weights: NDArray[np.float64]
    ) -> Alignment:
        """Without what changed slowly with the tilt and the volume can make up for, unless it surely helps.

        Rounds let that grow. Where matter goes on beyond the field, it is a drift, and slow changes of
        rotation and magnification; elsewhere, magnifications that stretch the volume.
        """
        change = self.start.inverse().then(alignment)
        unsure = []
        if judge.wider:
            slow = [slow_part(each, self.tilts, weights) for each in change.shifts_px.T]
            drift = without_gauge(np.stack(slow, axis=1), self.tilts, weights, keep_constant=False)
            unsure += [Alignment.of(-drift * along) for along in np.eye(2)]
        still = np.zeros_like(change.shifts_px)
        if judge.wider and self.options.each_rotation:
            turns = slow_part(change.rotations_deg, self.tilts, weights)
            turns -= np.average(turns, weights=weights)  # of the tilt axis
            unsure.append(Alignment.of(still, rotation_deg=-turns))
        if self.options.each_magnification:
            part = slow_part if judge.wider else stretching_part
            sizes = 1 + part(change.magnifications - 1, self.tilts, weights)
            unsure.append(Alignment.of(still, magnification=1 / sizes))
        if not unsure:
            return alignment
        with_it = predict(judge, alignment, weights, progress=self._at(0.85)).misfits ** 2
        for each in unsure:
            steady = alignment.then(each)
            without = predict(judge, steady, weights, progress=self._at(0.85)).misfits ** 2
            if not _is_better(without, with_it, weights, _SURELY):
                alignment, with_it = steady, without
        return alignment

    def _moved_px(self, before: Alignment, after: Alignment) -> NDArray[np.float64]:
        """How far a change moved each projection, at the corners of the image, at most, pixels."""
        change = before.inverse().then(after)
        reach = np.hypot(*self.images.shape[1:]) / 2
        turned = np.abs(np.deg2rad(change.rotations_deg)) + np.abs(change.magnifications - 1)
        return np.abs(change.shifts_px).max(1) + reach * turned

    def _round(
        self,
        series: PaddedSeries,
        alignment: Alignment,
        weights: NDArray[np.float64],
        at: float,
        *,
        last: bool = False,
    ) -> tuple[Alignment, Match]:
        """Reconstruct, project, match, and move."""
        found = self._match(series, alignment, weights, at, last=last)
        return alignment.then(self._change(series, alignment, found, weights)), found

    def _straighten(
        self, series: PaddedSeries, alignment: Alignment, weights: NDArray[np.float64], at: float
    ) -> tuple[Alignment, NDArray[np.float64]]:
        """Search the tilt axis and match again, in turns, until it stays."""
        for _ in range(_SEARCHES):
            alignment, found = search_axis(series, alignment, weights, self._at(at))
            if abs(found.rotation_deg) < _SAME_DEG and abs(found.shift_px) < _SAME_PX * series.factor:
                break
            alignment, weights, _ = self._scale(series, series, alignment, weights, (at, at))
            if self.progress.finish_requested:
                break
        return alignment, weights

    def _match(
        self,
        series: PaddedSeries,
        alignment: Alignment,
        weights: NDArray[np.float64],
        at: float,
        *,
        last: bool,
    ) -> Match:
        images, known = series.aligned(alignment)
        tilts = self.tilts if alignment.tilts_deg is None else alignment.tilts_deg
        geometry = series.geometry(tilts)
        counted = known * weights[:, None, None].astype(np.float32)
        n_iterations = _ITERATIONS[2 if last else 1 if series.factor < 4 else 0]
        volume = partial_volume(images, counted, geometry, n_iterations, self._at(at))
        predicted = engine.forward_project(volume, geometry)
        tilted = None
        if self.options.each_tilt:
            step = 0.25
            ahead = engine.forward_project(volume, series.geometry(tilts + step))
            behind = engine.forward_project(volume, series.geometry(tilts - step))
            tilted = (ahead - behind) / np.float32(2 * np.deg2rad(step))
        return match(images, predicted, known, free=self._free(), tilted=tilted)

    def _free(self) -> tuple[str, ...]:
        options = self.options
        free = ["y", "x"]
        if options.each_rotation:
            free.append("rotation")
        if options.each_magnification:
            free.append("magnification")
        if options.each_tilt:
            free.append("tilt")
        return tuple(free)

    def _change(
        self, series: PaddedSeries, alignment: Alignment, found: Match, weights: NDArray[np.float64]
    ) -> Alignment:
        """What a round does to the aligned images, in pixels of the series as given."""
        largest = 2 * _LARGEST_STEP_PX / np.hypot(*series.images.shape[1:])  # radians, at the corners
        shifts = np.clip(found.values[:, :2], -_LARGEST_STEP_PX, _LARGEST_STEP_PX)
        rotation, magnification, tilt = np.clip(found.values[:, 2:], -largest, largest).T
        shifts = without_gauge(shifts, self.tilts, weights, keep_constant=self.options.axis)
        turns = np.zeros(len(shifts))
        if self.options.each_rotation:
            own = np.rad2deg(rotation)
            turns = own - turning_part(own, self.tilts, weights)
        sizes = np.ones(len(shifts))
        if self.options.each_magnification:
            sizes = 1 + magnification - np.average(magnification, weights=weights)
        tilts = None
        if self.options.each_tilt:
            before = self.tilts if alignment.tilts_deg is None else alignment.tilts_deg
            tilts = before + np.rad2deg(tilt - np.average(tilt, weights=weights))
        return Alignment(shifts * series.factor, turns, sizes, tilts)

    def _judge(
        self, series: PaddedSeries, alignment: Alignment, weights: NDArray[np.float64], at: float
    ) -> NDArray[np.float64]:
        """Note how well left-out projections are predicted; how far to trust each."""
        found = predict(series, alignment, weights, progress=self._at(at))
        self.trace.append(found.misfit)
        return robust_weights(found.fitted_misfits, self.tilts)

    def _at(self, at: float) -> Progress:
        """Says where the work is and how well it predicts, and lets the listener stop it."""
        last = f"left-out projections: misfit {self.trace[-1]:.4f}" if self.trace else "refining"
        return self.progress.part(at, min(at + 0.02, 1.0), may_finish=False, title=last)

    def _report(
        self,
        before: Prediction,
        after: Prediction,
        alignment: Alignment,
        weights: NDArray[np.float64],
        errors_px: NDArray[np.float64],
        intervals: AxisIntervals | None,
    ) -> Refinement:
        compared = [np.sqrt(np.average(each.misfits**2, weights=weights)) for each in (before, after)]
        accepted = _is_better(before.misfits**2, after.misfits**2, weights)
        order = np.argsort(weights, kind="stable")
        doubted = tuple(int(i) for i in order if weights[i] < _DOUBTED)
        self.progress.advance(1, f"left-out projections: misfit {compared[1]:.4f}")
        return Refinement(
            alignment=alignment if accepted else self.start,
            accepted=accepted,
            misfit_before=float(compared[0]),
            misfit_after=float(compared[1] if accepted else compared[0]),
            trace=np.array(self.trace),
            residuals_px=without_gauge((after if accepted else before).shifts_px, self.tilts, weights),
            errors_px=errors_px,
            weights=weights,
            misfits=after.misfits if accepted else before.misfits,
            doubted=doubted,
            axis=intervals if accepted else None,  # they are of the alignment that was not taken
        )


def _is_better(
    before: NDArray[np.float64],
    after: NDArray[np.float64],
    weights: NDArray[np.float64],
    errors: float = _BETTER,
) -> bool:
    """Whether projections are predicted better, and not only a few of them, or by chance."""
    gains = np.log(np.maximum(before, _TINY) / np.maximum(after, _TINY)) * weights
    surely = gains.sum() > errors * gains.std() * np.sqrt(len(gains))
    return bool(surely and ((before - after) * weights).sum() > 0)

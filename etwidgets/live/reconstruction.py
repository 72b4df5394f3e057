"""Aligns and reconstructs a tilt series while it is acquired: each projection is used as soon as it comes.

Knows no folder and no clock but its budget; who watches and who keeps it on disk is elsewhere.
"""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from etwidgets.align import Alignment, PaddedSeries, estimate_background, sharpness
from etwidgets.align.refinement.gauge import without_gauge
from etwidgets.align.refinement.matching import match
from etwidgets.align.refinement.reference import partial_volume
from etwidgets.errors import ShapeError
from etwidgets.live import judging
from etwidgets.live.columns import shifted_columns
from etwidgets.live.projections import LiveProjection
from etwidgets.live.registering import FEWEST, first_shift, onto_neighbor, onto_prediction
from etwidgets.live.volume import GrowingVolume, spread_over
from etwidgets.progress import NullProgress

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from etwidgets.progress import Progress

_COARSE_PX = 128  # longer side of what is registered
_STEEPEST_DEG = 70.0  # for which there must be room, before it is known how far the stage goes
_SHARP_PX = 1024  # longer side of the image whose sharpness is measured
_ROUND_ITERATIONS = 5
_ROUND_MOST = 80  # projections in the volume to which all are registered again
_LARGEST_STEP_PX = 3.0
_MOVED_PX = 0.05  # of the series as given; less is not worth a new interpolation
_ROUND_TILTS = 7  # from which on all are registered again
_REJUDGED = 6


class LiveReconstruction:
    """The projections so far, where they go, and what they show.

    Parameters
    ----------
    columns
        Where slices are shown, in parts of the width.
    budget_s
        Seconds for corrections of the slices with older projections, each time.

    Attributes
    ----------
    projections
        In order of arrival.
    slices
        Of the columns; empty before the first projection.
    coarse
        The whole field at reduced size, which predicts the next projection.
    level
        What the detector adds to every pixel.
    """

    def __init__(self, *, columns: Sequence[float] = (0.25, 0.5, 0.75), budget_s: float = 0.2) -> None:
        self.projections: list[LiveProjection] = []
        self.level, self._places, self._budget_s = 0.0, tuple(columns), budget_s
        self._frame: PaddedSeries | None = None
        self._ones: list[PaddedSeries] = []
        self.coarse = GrowingVolume(0, 0, 0)
        self.slices = GrowingVolume(0, 0, 0)
        self._seconds_per_tilt = {"slices": 0.01, "coarse": 0.01}
        self._turn = self._height = 0
        self._moved_px = np.inf

    # -- what there is ------------------------------------------------------------------------------

    @property
    def tilts_deg(self) -> NDArray[np.float64]:
        """``(T,)`` degrees, in order of arrival."""
        return np.array([each.tilt_deg for each in self.projections])

    @property
    def weights(self) -> NDArray[np.float64]:
        """``(T,)``, 0 to 1."""
        return np.array([each.weight for each in self.projections])

    @property
    def shifts_px(self) -> NDArray[np.float64]:
        """``(T, 2)`` pixels ``(y, x)`` to be applied."""
        return np.array([each.shift_px for each in self.projections]).reshape(-1, 2)

    @property
    def used(self) -> NDArray[np.intp]:
        """Indices of those that count."""
        return np.flatnonzero(self.weights > 0)

    @property
    def columns(self) -> tuple[int, ...]:
        """Where the slices are."""
        width = self.projections[0].image.shape[1]
        return tuple(min(int(place * width), width - 1) for place in self._places)

    @property
    def begun(self) -> bool:
        """Whether a projection has come that is not blank."""
        return self._frame is not None

    @property
    def height(self) -> int:
        """Of the projections, pixels."""
        return self._height

    @property
    def frame(self) -> PaddedSeries:
        """Size and units of the coarse copy; only after the first projection."""
        if self._frame is None:
            raise ShapeError("there is no projection yet")
        return self._frame

    @property
    def size_zy(self) -> tuple[int, int]:
        """Thickness and width of slices at full size; the width is even or odd as the images' height is."""
        n_y = self.frame.n_y * self.frame.factor
        return self.frame.n_z * self.frame.factor, n_y + (n_y - self.height) % 2

    # -- a new projection ---------------------------------------------------------------------------

    def add(
        self, key: str, tilt_deg: float, image: NDArray[Any], completed_at: float = 0.0
    ) -> LiveProjection:
        """Judge a projection, register it and correct slices and volume with it.

        Blank ones before the first that is not are reported, and not kept.

        Raises
        ------
        ShapeError
            If its size is another than that of those before.
        """
        if self.projections and image.shape != self.projections[0].image.shape:
            first = self.projections[0].image.shape
            raise ShapeError(f"{key} has {image.shape} pixels, the projections before {first}")
        new = LiveProjection(key, float(tilt_deg), completed_at=completed_at, image=image)
        blank = bool(image.min() == image.max())
        if self._frame is None:
            if blank:
                judging.judged(new, "blank", "", "")
                return new
            self._begin(image)
        new.total = float(image.sum(dtype=float)) - self.level * image.size
        new.sharpness = 0.0 if blank else _sharpness(image)
        one = self._one(image, new.tilt_deg)
        others = [each for each in self.projections if each.used]
        looked = judging.looks(new, others, blank=blank)
        self._register(new, one, blank=blank)
        unfit = "" if looked else judging.misfits(new, others)
        judging.judged(new, looked, judging.jump(new, others, min(image.shape)) if others else "", unfit)
        self.projections.append(new)
        self._ones.append(one)
        self._place(len(self.projections) - 1)
        self._correct(self.slices, "slices")
        new.done_at = time.time()
        self._judge_again()
        self._correct(self.coarse, "coarse")
        self._moved_px = np.inf
        return new

    def restore(self, projections: Sequence[LiveProjection], level: float, bright: float) -> None:
        """Take over projections that were judged and registered before; the volumes are still empty."""
        self.level = level
        self._begin(projections[0].image, level=level, bright=bright)
        for each in projections:
            self.projections.append(each)
            self._ones.append(self._one(each.image, each.tilt_deg))
            self._place(len(self.projections) - 1)

    def _begin(self, image: NDArray[Any], *, level: float | None = None, bright: float | None = None) -> None:
        """Choose the frame, and units of intensity, by the first projection."""
        if level is None:
            found = estimate_background(image[None].astype(np.float32))
            level = found.level if found.determined else 0.0
        self.level = level
        self._height = image.shape[0]
        factor = max(1, -(-max(image.shape) // _COARSE_PX))
        data = image[None].astype(np.float32) - np.float32(self.level)
        frame = PaddedSeries.of(data, np.array([_STEEPEST_DEG]), factor)
        if bright is not None:
            frame = replace(frame, bright=bright)
        self._frame = frame
        self.coarse = GrowingVolume(frame.images.shape[2], frame.n_z, frame.n_y)
        self.slices = GrowingVolume(len(self._places), *self.size_zy)

    def _one(self, image: NDArray[Any], tilt_deg: float) -> PaddedSeries:
        data = image[None].astype(np.float32) - np.float32(self.level)
        return self.frame.others(data, np.array([tilt_deg]))

    def _register(self, new: LiveProjection, one: PaddedSeries, *, blank: bool) -> None:
        used = self.used
        if not used.size or blank:
            new.shift_px = self.projections[-1].shift_px if self.projections else first_shift(one)
            return
        near = int(used[np.argmin(np.abs(self.tilts_deg[used] - new.tilt_deg))])
        by_neighbor = onto_neighbor(one, self._ones[near], self.projections[near].shift_px)
        new.shift_px = by_neighbor
        if used.size >= FEWEST:
            predicted = self.coarse.predicted(np.array([new.tilt_deg]))
            starts = [by_neighbor]
            new.shift_px, new.predicted_misfit = onto_prediction(one, predicted, starts)

    def _place(self, index: int) -> None:
        """Put a projection where it goes, into the coarse copy and into the columns."""
        each = self.projections[index]
        image, known = self._ones[index].aligned(Alignment.of([each.shift_px]))
        self.coarse.put(index, image[0], known[0])
        parts = [self.columns_of(index, at, at + 1) for at in self.columns]
        self.slices.put(
            index,
            np.concatenate([part[0] for part in parts], axis=1),
            np.concatenate([part[1] for part in parts], axis=1),
        )

    def columns_of(
        self, index: int, start: int, stop: int
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Aligned columns of a projection at full size, and how far they are known; ``(Y, X)`` both."""
        each = self.projections[index]
        columns, known = shifted_columns(each.image, each.shift_px, start, stop, self.size_zy[1])
        columns -= np.float32(self.level) * (known > 0)
        return columns / np.float32(self.frame.bright), known

    def _correct(self, volume: GrowingVolume, name: str) -> None:
        """The new projection first, then as many of the others as there is time for."""
        tilts, weights = self.tilts_deg, self.weights
        latest = len(volume) - 1
        volume.correct(np.array([latest]), tilts, weights)
        count = int(self._budget_s / self._seconds_per_tilt[name])
        which = spread_over(tilts, max(count, 1), self._turn, self.used)
        self._turn += 1
        began = time.perf_counter()
        volume.correct(which, tilts, weights)
        taken = (time.perf_counter() - began) / max(len(which), 1)
        self._seconds_per_tilt[name] = 0.5 * (self._seconds_per_tilt[name] + taken)

    def _judge_again(self) -> None:
        """The first ones had no neighbors to be compared with."""
        if len(self.projections) > _REJUDGED:
            return
        for each in self.projections:
            others = [other for other in self.projections if other is not each and other.used]
            if not each.doubts and len(others) >= 2:
                looked = judging.looks(each, others, blank=False)
                judging.judged(each, looked, "", "")

    # -- when there is time -------------------------------------------------------------------------

    def register_again(self, progress: Progress | None = None) -> float:
        """Reconstruct the coarse volume anew, and bring all projections onto it.

        Returns
        -------
        float
            How far the farthest was moved, pixels; 0 where there are too few projections.
        """
        used = self.used
        if len(np.unique(self.tilts_deg[used])) < _ROUND_TILTS:
            self._moved_px = 0.0
            return 0.0
        tilts, weights = self.tilts_deg, self.weights
        chosen = spread_over(tilts, _ROUND_MOST, self._turn, used)
        self._turn += 1
        listener = progress or NullProgress()
        images, known = self.coarse.data(chosen, weights)
        self.coarse.volume = partial_volume(
            images, known, self.coarse.geometry(tilts[chosen]), _ROUND_ITERATIONS, listener
        )
        images, known = self.coarse.data(used, weights)
        found = match(images, self.coarse.predicted(tilts[used]), known)
        steps = np.clip(found.values[:, :2], -_LARGEST_STEP_PX, _LARGEST_STEP_PX) * self.frame.factor
        steps = without_gauge(steps, tilts[used], weights[used])
        for index, step in zip(used, steps, strict=True):
            if np.abs(step).max() > _MOVED_PX:
                each = self.projections[index]
                each.shift_px = (each.shift_px[0] + float(step[0]), each.shift_px[1] + float(step[1]))
                self._place(int(index))
        self._moved_px = float(np.abs(steps).max())
        return self._moved_px

    @property
    def settled(self) -> bool:
        """Whether registering again would hardly move anything."""
        return self._moved_px < 2 * _MOVED_PX

    def sweep_slices(self) -> None:
        """Correct the slices with all projections once."""
        self.slices.correct(self.used, self.tilts_deg, self.weights)


def _sharpness(image: NDArray[Any]) -> float:
    factor = max(1, -(-max(image.shape) // _SHARP_PX))
    rows, columns = (n // factor * factor for n in image.shape)
    part = image[:rows, :columns].astype(np.float32)
    binned = part.reshape(rows // factor, factor, columns // factor, factor).mean((1, 3))
    return sharpness(binned)

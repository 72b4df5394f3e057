"""The misfit of projections that were left out, along the iterations, and what it says; runs nothing."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_PATIENCE = 5  # iterations beyond the minimum, at least; and half as many as lead to it
_FLAT_PART, _FLAT = 2 / 3, 1e-3  # falls by less than a thousandth in its last third: done


@dataclass(frozen=True, eq=False)
class HeldOutCurve:
    """Misfit of projections that were left out, along the iterations.

    Attributes
    ----------
    algorithm
        Of the reconstruction.
    iterations
        ``(N,)``: 1, 2, ...; of a direct algorithm only 1.
    squares
        ``(N, F, X)``: squared differences of the projections left out in each fold from their predictions, of
        each column; in units of the data.
    norms
        ``(F, X)``: the squares of these projections themselves; may be 0 in an empty column.
    is_gap
        ``(F,)``: whether the fold leaves out a block of neighboring tilts.
    columns
        ``(X,)`` indices along x.
    counts
        Whether the algorithm has iterations.
    at_end
        Whether the last iteration is what counts, and not the least misfit: of an algorithm that settles,
        such as FISTA-TV, or where the number of iterations is given.
    """

    algorithm: str
    iterations: NDArray[np.intp]
    squares: NDArray[np.float64]
    norms: NDArray[np.float64]
    is_gap: NDArray[np.bool_]
    columns: NDArray[np.intp]
    counts: bool = True
    at_end: bool = False

    @cached_property
    def misfit(self) -> NDArray[np.float64]:
        """``(N,)``: root of the squared differences over that of the projections, of the folds that decide.

        These are the folds that thin out, if there are any (see :func:`held_out_misfit`).
        """
        return self._pooled(self._deciding)

    @property
    def thin(self) -> NDArray[np.float64]:
        """``(N,)``: the misfit of the folds that thin out; NaN if there are none."""
        return self._pooled(~self.is_gap)

    @property
    def gap(self) -> NDArray[np.float64]:
        """``(N,)``: the misfit of the folds that leave a gap; NaN if there are none."""
        return self._pooled(self.is_gap)

    @property
    def misfits(self) -> NDArray[np.float64]:
        """``(N, F, X)``: the misfit of each fold and column; NaN where a column is empty."""
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where(self.norms > 0, np.sqrt(self.squares / self.norms), np.nan)

    @cached_property
    def best(self) -> int:
        """Index of the least misfit, or the last one if that counts."""
        return len(self.iterations) - 1 if self.at_end else int(self.misfit.argmin())

    @property
    def recommended(self) -> int:
        """The fewest iterations that are as good as those with the least misfit (:attr:`flat`)."""
        return int(self.iterations[self.best if self.at_end else int(self.flat.argmax())])

    @property
    def least(self) -> float:
        """The least misfit, or that after the last iteration if that counts."""
        return float(self.misfit[self.best])

    @property
    def still_falling(self) -> bool:
        """Whether the misfit fell to the end, so that more iterations might be better."""
        least = int(self.misfit.argmin())
        return self.counts and least == len(self.iterations) - 1 and not _hardly_falls(self.misfit)

    @cached_property
    def standard_error(self) -> NDArray[np.float64]:
        """``(N,)``: of the difference between this misfit and the least, from its spread.

        The greater of that over columns and that over folds. The noise of the projections is the same after
        each iteration and drops out of the difference. 0 if there are one column and one fold.
        """
        chosen = self._deciding
        rise = self.squares[:, chosen] - self.squares[self.best, chosen]
        total = max(float(self.norms[chosen].sum()), 1e-300)
        errors = [_error_of_sum(rise.sum(axis=axis)) for axis in (1, 2)]
        return np.asarray(np.maximum(*errors) / total / np.maximum(2 * self.misfit, 1e-12))

    @cached_property
    def flat(self) -> NDArray[np.bool_]:
        """``(N,)``: where the misfit is within one standard error of the least; numbers of like worth."""
        within = self.misfit - self.least <= self.standard_error
        first = last = self.best
        while first > 0 and within[first - 1]:
            first -= 1
        while last < len(within) - 1 and within[last + 1]:
            last += 1
        return (np.arange(len(within)) >= first) & (np.arange(len(within)) <= last)

    def lower_than(self, other: HeldOutCurve) -> tuple[float, float]:
        """By which part the least misfit is below that of another curve, and the standard error of that.

        On the folds that both have, which must begin alike, and the same columns.
        """
        ours = self.squares[self.best, self._deciding]
        theirs = other.squares[other.best, other._deciding]
        count = min(len(ours), len(theirs))
        saved = theirs[:count] - ours[:count]
        total = 2 * max(float(theirs[:count].sum()), 1e-300)
        errors = [float(_error_of_sum(saved.sum(axis=axis)[np.newaxis])[0]) for axis in (0, 1)]
        return float(saved.sum()) / total, max(errors) / total

    @property
    def sentence(self) -> str:
        """What was found, in words."""
        if not self.counts:
            return f"{self.algorithm}: held-out misfit {self.least:.3g}."
        if self.at_end:
            return f"{self.algorithm}: held-out misfit {self.least:.3g} after {self.recommended} iterations."
        numbers = self.iterations[self.flat]
        if self.still_falling:
            return (
                f"{self.algorithm}: the held-out misfit still falls after {self.iterations[-1]} iterations "
                f"({self.least:.3g}); more may be better."
            )
        span = f" ({numbers[0]} to {numbers[-1]} are as good)" if len(numbers) > 1 else ""
        return (
            f"{self.algorithm}: stop after {self.recommended} iterations{span}; "
            f"held-out misfit {self.least:.3g}."
        )

    @property
    def _deciding(self) -> NDArray[np.bool_]:
        return self.is_gap if self.is_gap.all() else ~self.is_gap

    def _pooled(self, folds: NDArray[np.bool_]) -> NDArray[np.float64]:
        total = self.norms[folds].sum()
        if total == 0:
            return np.full(len(self.iterations), np.nan)
        return np.asarray(np.sqrt(self.squares[:, folds].sum(axis=(1, 2)) / total))


def is_enough(misfit: NDArray[np.float64]) -> bool:
    """Whether the minimum lies well behind, or the misfit hardly falls."""
    done, best = len(misfit), int(misfit.argmin()) + 1
    if done - best >= max(_PATIENCE, best // 2):
        return True
    return _hardly_falls(misfit)


def _hardly_falls(misfit: NDArray[np.float64]) -> bool:
    done = len(misfit)
    return done > 3 * _PATIENCE and bool(misfit[-1] > (1 - _FLAT) * misfit[int(done * _FLAT_PART)])


def _error_of_sum(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Standard error ``(N,)`` of the sums over the rows ``(N, M)``."""
    count = values.shape[1]
    return np.sqrt(count) * values.std(axis=1, ddof=1) if count > 1 else np.zeros(len(values))

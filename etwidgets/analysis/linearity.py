"""Whether intensity is proportional to the projected mass, judged by mass that must be the same at all tilts.

Thick, heavy specimens damp the signal. Comparing projections with reprojections shows little of that: the
volume takes up most of what is damped. The mass of a column cannot: it is the same at every tilt, while the
sum of the squared intensities changes with the shape that is seen.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import scipy.ndimage

from etwidgets import engine
from etwidgets.checks import checked_count, checked_reals, is_number
from etwidgets.errors import DataError, ParameterError
from etwidgets.progress import NullProgress

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from etwidgets.progress import Progress

_PARTS = 4  # interleaved, each predicted from the others
_EDGE_ROWS = 3
_EDGE = 0.05  # of the brightest value: more at an edge, and matter leaves the field there
_FEWEST_COLUMNS = 8
_LEAST_MASS = 0.05  # of the column with the most
_BLOCKS = 10  # of neighboring tilts, left out in turn: errors go on from tilt to tilt
_OUTLIER = 4.0  # times the usual misfit of a tilt
_ROUNDS = 4
_BRIGHTEST = 99.95  # percentile
_LARGEST_ERROR = 2.5  # %: with more, a term of 5 % could not be told from none
_LEAST_CONTRAST, _LARGEST_TERM = 1.5, 50.0  # %: beyond, other errors of a real series decide
_CLEAR = 2.0  # standard errors


@dataclass(frozen=True)
class Linearity:
    """The quadratic term of a series: ``measured = t + term / 100 * t² / brightest``.

    Attributes
    ----------
    term_percent
        How far the brightest pixel is from linear, %; negative where the signal is damped.
    error_percent
        Its standard error.
    brightest
        Bright value t, on the linear scale, at which the term is given, in units of the projections without
        their level: that of the brightest 0.05 % of the pixels of the predicted projections.
    n_columns
        That were used.
    contrast_percent
        How much the sum of squares of a column changes from tilt to tilt, %, root mean square, beyond what a
        shift or a factor would explain; little for round columns.
    """

    term_percent: float
    error_percent: float
    brightest: float
    n_columns: int
    contrast_percent: float

    @property
    def determined(self) -> bool:
        """Whether a term of 5 % would be seen, and what is seen can be a term.

        Twice the standard error is at most 5 %, the contrast at least 1.5 %, and the term at most 50 %.
        """
        sure = self.error_percent <= _LARGEST_ERROR and self.contrast_percent >= _LEAST_CONTRAST
        return sure and abs(self.term_percent) <= _LARGEST_TERM

    @property
    def is_linear(self) -> bool:
        """Whether the term is determined, and not clearly different from 0."""
        return self.determined and abs(self.term_percent) < _CLEAR * self.error_percent

    @property
    def advice(self) -> str:
        """What to do, in one sentence."""
        if not self.determined:
            return (
                "Not determined: the columns look too similar at all tilts, or their mass changes for other "
                "reasons. Do not correct."
            )
        if self.is_linear:
            return f"Linear within {_CLEAR * self.error_percent:.2g} % of the brightest pixel; no action."
        if self.term_percent < 0:
            return (
                f"Damped: the brightest pixels are {-self.term_percent:.2g} % too dark; correct the series "
                "before reconstruction."
            )
        return (
            f"The brightest pixels are {self.term_percent:.2g} % too bright; check dark level and gain, then "
            "correct the series."
        )

    def __str__(self) -> str:
        return f"Quadratic term {self.term_percent:.2g} ± {self.error_percent:.2g} %. {self.advice}"


def measure_linearity(
    projections: NDArray[Any],
    tilts_deg: ArrayLike,
    *,
    n_columns: int = 48,
    iterations: int = 10,
    progress: Progress | None = None,
) -> Linearity:
    """Measure the quadratic term of an aligned series.

    In each column the mass of projection i is fitted by ``M_x (1 + f_i) + l_i + q S_ix / brightest``, where
    ``S`` sums the squares of the intensities. The mass of the column, and a factor, a level, a shift and a
    magnification along x of each projection are free. The squares of the projection as the others predict it
    (ordered-subset SIRT) serve as instrument, so that noise has no effect on average. The standard error is
    that of leaving out blocks of neighboring tilts.

    Parameters
    ----------
    projections
        ``(T, Y, X)``, aligned. All matter must be inside the field at all tilts; columns in which the upper
        or lower edge is not empty are left out.
    tilts_deg
        ``(T,)`` degrees.
    n_columns
        At most so many columns, spread over the field.
    iterations
        Of the reconstructions that predict projections.
    progress
        Reports progress and can cancel the work.

    Raises
    ------
    DataError
        If fewer than 8 columns can be used: a slab, or matter that enters the field.
    ParameterError, TiltCountError
        If a parameter is wrong.

    Notes
    -----
    Damping of STEM signals and its correction: Zhong et al. 2018, doi:10.1016/j.ultramic.2017.10.013.
    """
    tilts = checked_reals("tilts", tilts_deg).ravel()
    geometry = engine.Geometry(np.deg2rad(tilts), np.shape(projections)[1])
    data = geometry.checked_projections(projections)
    if len(tilts) < 2 * _BLOCKS:
        raise DataError(
            f"{len(tilts)} projections are too few to judge linearity; at least {2 * _BLOCKS} are needed"
        )
    images, slopes = _usable_columns(data, checked_count("n_columns", n_columns, _FEWEST_COLUMNS))
    found = _predicted(images, geometry, iterations, progress or NullProgress())
    order = np.argsort(tilts, kind="stable")
    measured, predicted = images[order].astype(np.float64), found[order].astype(np.float64)
    term, error, brightest = 0.0, np.inf, float(np.percentile(predicted, _BRIGHTEST))
    kept = np.ones(len(tilts), bool)
    for _ in range(_ROUNDS):
        linear, smooth = (_inverse(each, term, brightest) for each in (measured, predicted))
        brightest = float(np.percentile(smooth, _BRIGHTEST))
        term, error, contrast, misfits = _fitted(
            measured[kept], linear[kept], smooth[kept], slopes, brightest
        )
        if kept.all():
            kept = misfits < _OUTLIER * max(float(np.median(misfits)), 1e-12)
    return Linearity(100 * term, 100 * error, brightest, images.shape[2], 100 * contrast)


def linearized(projections: NDArray[Any], term_percent: float, brightest: float) -> NDArray[np.float32]:
    """Projections on a linear scale: the inverse of ``t + term / 100 * t² / brightest``.

    Parameters
    ----------
    projections
        ``(..., Y, X)``, without a dark level.
    term_percent, brightest
        Of :class:`Linearity`.

    Raises
    ------
    ParameterError
        If the term is not between -25 and 100 %, or the brightest value not positive.
    DataError
        If pixels are brighter than any linear value can be.
    """
    if not is_number(term_percent) or not -25 < term_percent <= 100:
        raise ParameterError(
            f"the quadratic term must be more than -25 and at most 100, not {term_percent!r}"
        )
    if not is_number(brightest) or brightest <= 0:
        raise ParameterError(f"brightest must be a positive number, not {brightest!r}")
    data = np.asarray(projections, dtype=np.float64)
    share = term_percent / 100
    bad = int(np.count_nonzero(1 + 4 * share * data / brightest < 0))
    if bad:
        raise DataError(
            f"{bad} pixel(s) are brighter than a term of {term_percent:g} % allows, "
            f"{-brightest / (4 * share):.4g}; remove hot pixels first"
        )
    return _inverse(data, share, brightest).astype(np.float32)


def _inverse(data: NDArray[np.float64], share: float, brightest: float) -> NDArray[np.float64]:
    """The small solution t of ``t + share t² / brightest = data``, in a form without cancellation."""
    root = np.sqrt(np.maximum(1 + 4 * share * data / brightest, 0))
    result: NDArray[np.float64] = 2 * data / (1 + root)
    return result


def _usable_columns(data: NDArray[Any], most: int) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
    """Columns ``(T, Y, C)`` whose matter stays inside the field, without the level of the edges.

    And ``(2, C)``: how their mass changes with a shift and with a magnification along x.
    """
    edges = np.concatenate([data[:, :_EDGE_ROWS], data[:, -_EDGE_ROWS:]], axis=1).astype(np.float64)
    level = float(np.median(edges))
    brightest = float(np.percentile(data, 99.9)) - level
    sides = edges.reshape(len(data), 2, _EDGE_ROWS, -1).mean(axis=2) - level
    smooth = scipy.ndimage.gaussian_filter(sides, (1, 0, 2), mode="nearest")
    mass = data.sum(axis=(0, 1), dtype=np.float64) - level * data.shape[0] * data.shape[1]
    inside = (smooth.max(axis=(0, 1)) < _EDGE * brightest) & (mass > _LEAST_MASS * mass.max())
    columns = np.flatnonzero(inside)
    if columns.size < _FEWEST_COLUMNS:
        raise DataError(
            f"matter stays inside the field at all tilts in {columns.size} columns only, of which at least "
            f"{_FEWEST_COLUMNS} are needed; linearity cannot be judged"
        )
    chosen = columns[np.unique(np.linspace(0, columns.size - 1, min(most, columns.size)).round().astype(int))]
    images: NDArray[np.float32] = data[:, :, chosen].astype(np.float32) - np.float32(level)
    slope = np.gradient(scipy.ndimage.gaussian_filter1d(mass, 1.0, mode="nearest"))
    slopes = np.stack([slope, slope * (np.arange(mass.size) - (mass.size - 1) / 2)])
    return images, slopes[:, chosen]


def _predicted(
    images: NDArray[np.float32], geometry: engine.Geometry, iterations: int, progress: Progress
) -> NDArray[np.float32]:
    """Each projection as those of the other parts predict it."""
    result = np.empty_like(images)
    order = np.argsort(geometry.angles_rad, kind="stable")
    for part in range(_PARTS):
        left_out = order[part::_PARTS]
        used = np.setdiff1d(order, left_out)
        volume = engine.reconstruct(
            images[used], geometry.subset(used), algorithm="OS-SIRT", iterations=iterations, minimum=0.0,
            progress=progress.part(part / _PARTS, (part + 1) / _PARTS, may_finish=False),
        )  # fmt: skip
        result[left_out] = engine.forward_project(volume, geometry.subset(left_out))
    return result


def _fitted(
    measured: NDArray[np.float64],
    linear: NDArray[np.float64],
    predicted: NDArray[np.float64],
    slopes: NDArray[np.float64],
    brightest: float,
) -> tuple[float, float, float, NDArray[np.float64]]:
    """The term, its standard error, the contrast, and the misfit of each tilt, in order of tilt.

    The squares of the predicted projections are the instrument: those of the measured ones share the noise of
    the mass, and those of the predicted ones alone are too small, for a reconstruction is blurred.
    """
    mass = measured.sum(axis=1)
    mean = np.maximum(mass.mean(axis=0), 1e-12)
    weight = 1 / np.sqrt(mean)
    basis = np.linalg.svd(np.stack([mean, mean.mean() + 0 * mean, *slopes]) * weight, full_matrices=False)[
        2
    ].T

    def cleaned(values: NDArray[np.float64]) -> NDArray[np.float64]:
        rows = values * weight
        rows = rows - rows.mean(axis=0)
        return rows - rows @ basis @ basis.T

    shape = np.square(predicted).sum(axis=1) / np.square(np.maximum(predicted.sum(axis=1), 1e-12))
    y, x = cleaned(mass), cleaned(np.square(linear).sum(axis=1) / brightest)
    instrument = cleaned(shape * mean**2)
    contrast = np.linalg.norm(instrument) / np.linalg.norm(shape * mean**2 * weight)
    products, power = (instrument * y).sum(axis=1), (instrument * x).sum(axis=1)
    total = float(power.sum()) or 1e-300
    term = float(products.sum()) / total
    misfit = y - term * x
    by_tilt = np.sqrt(np.square((instrument * misfit).sum(axis=1)).sum()) / abs(total)
    blocks = np.array_split(np.arange(len(mass)), _BLOCKS)
    others = [(products.sum() - products[b].sum()) / ((total - power[b].sum()) or 1e-300) for b in blocks]
    by_block = np.sqrt((_BLOCKS - 1) * np.var(others))
    error = float(max(by_tilt, by_block))
    return term, error, float(contrast), np.sqrt(np.square(misfit).mean(axis=1))

"""From checked arguments to an algorithm that is ready for its blocks; runs nothing itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from etwidgets.checks import checked_reals
from etwidgets.engine.algorithms.base import Block, Setting
from etwidgets.engine.arithmetic import aligned
from etwidgets.engine.backends import find_backend
from etwidgets.engine.blocks import load
from etwidgets.engine.checks import checked_limits
from etwidgets.engine.projectors import CpuProjector
from etwidgets.engine.team import Team, checked_workers
from etwidgets.errors import DataError, ParameterError, ShapeError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from etwidgets.engine.algorithms.base import Method
    from etwidgets.engine.algorithms.record import Algorithm
    from etwidgets.engine.backends import Backend
    from etwidgets.engine.geometry import Geometry

_MODERATE = 60  # powers of two within which products and squares of float32 numbers stay finite


@dataclass(frozen=True, eq=False)
class Run:
    """An algorithm for a geometry, with everything checked.

    Attributes
    ----------
    geometry, backend, model
        Where and how it is projected.
    method
        The algorithm.
    setting
        What its blocks share.
    widths
        Slices that a block may have, rising.
    n_threads
        For all blocks.
    factor
        A power of two, by which the projections are multiplied before and the volumes divided after.
    known
        ``(T, Y, X)``, 0 to 1: how far each pixel is known; None: all are.
    """

    geometry: Geometry
    backend: Backend
    model: str
    method: Method
    setting: Setting
    widths: tuple[int, ...]
    n_threads: int
    factor: float
    known: NDArray[Any] | None = None

    def block(
        self,
        stack: NDArray[Any],
        start: NDArray[Any] | None,
        slices: range,
        width: int,
        team: Team,
        *,
        watched: bool = False,
        numbers: range | None = None,
    ) -> Block:
        """A block of the stack ``(T, Y, X)`` and of the first estimate ``(X, Z, Y)``.

        ``numbers``: which slices of the run these are, where the stack is a part of it. ``watched``: few
        slices, whose iterations someone waits for, may differ in rounding from those of a reconstruction.
        """
        projector = self.backend.projector(self.geometry, self.model, width, team)
        if watched and isinstance(projector, CpuProjector):
            projector.keep_weights()
        if start is None:
            volume = aligned((self.geometry.n_z, self.geometry.n_y, width))
        else:
            volume = load(np.moveaxis(start, 0, -1), slices, width, self.factor)
        if start is not None or not self.setting.allows_zero:
            inside = np.clip(volume, self.setting.lowest, self.setting.highest)
            np.copyto(volume, inside, where=self.setting.mask[..., np.newaxis] > 0)
        known = None if self.known is None else load(self.known, slices, width)
        data = load(stack, slices, width, self.factor)
        return Block(projector, data, volume, slices if numbers is None else numbers, known)

    def hand_over(self, estimate: NDArray[np.float32], volumes: NDArray[np.float32]) -> None:
        """Write an estimate ``(Z, Y, width)`` to as many volumes ``(X, Z, Y)`` as there are."""
        largest = np.finfo(np.float32).max
        for z, rows in enumerate(estimate):  # row by row, which the cache can turn round
            turned = rows[:, : len(volumes)].T
            if self.factor != 1:
                turned = np.clip(turned / np.float64(self.factor), -largest, largest)
            volumes[:, z] = turned


def prepare(
    geometry: Geometry,
    algorithm: Algorithm,
    options: Any,
    *,
    largest: float = 1.0,
    minimum: Any = None,
    maximum: Any = None,
    weights: Any = None,
    known: Any = None,
    mask: Any = None,
    model: str | None = None,
    backend: str = "auto",
    n_workers: int | None = None,
) -> Run:
    """Check everything and work out what all blocks share.

    Parameters
    ----------
    geometry
        Of the slices.
    algorithm, options
        The method, and its checked options.
    largest
        Greatest magnitude among the projections.
    minimum, maximum, weights, known, mask, model, backend, n_workers
        As in :func:`etwidgets.engine.reconstruct`.

    Raises
    ------
    ParameterError, ShapeError, DataError, MissingDependencyError
        If something does not fit.
    """
    factor = _factor(largest)
    limits = checked_limits(minimum, maximum)
    lowest, highest = (
        infinite if limit is None else float(limit) * factor
        for limit, infinite in zip(limits, (-np.inf, np.inf), strict=True)
    )
    usable = _checked_weights(weights, geometry), _checked_mask(mask, geometry)
    chosen = find_backend(backend, model)
    used = model or ("linear" if algorithm.projects else chosen.direct_model)
    if used == "interpolation" and algorithm.projects:
        raise ParameterError(
            f"{algorithm.name} needs a model that projects: linear or strip, not interpolation"
        )
    n_threads = checked_workers(n_workers) if chosen.threaded else 1
    with Team(n_threads) as team:
        probe = chosen.projector(geometry, used, chosen.widths(geometry)[0], team)
        setting = Setting(probe, *usable, lowest, highest)
        method = algorithm.for_data(setting, options, factor)
    widths = usable_widths(chosen, geometry, method)
    there = _checked_known(known, geometry, algorithm)
    return Run(geometry, chosen, used, method, setting, widths, n_threads, factor, there)


def usable_widths(backend: Backend, geometry: Geometry, method: Method | type[Method]) -> tuple[int, ...]:
    """Slices that a block may have, rising: what the backend likes and the algorithm allows."""
    widths = backend.widths(geometry)
    return tuple(width for width in widths if width <= method.widest) or widths[:1]


def _factor(largest: float) -> float:
    """1 for ordinary data; for extreme data the power of two that makes them ordinary, which is exact."""
    if largest == 0:
        return 1.0
    exponent = int(np.frexp(largest)[1])
    return 1.0 if abs(exponent) < _MODERATE else float(2.0 ** -np.clip(exponent, -120, 120))


def _checked_weights(weights: Any, geometry: Geometry) -> NDArray[np.float32]:
    shape = (geometry.n_angles, geometry.n_y)
    if weights is None:
        return np.ones(shape, np.float32)
    given = checked_reals("weights", weights)
    if given.shape == shape[:1]:
        given = np.repeat(given[:, np.newaxis], shape[1], axis=1)
    if given.shape != shape:
        raise ShapeError(f"weights must be (T,) or (T, Y), {shape}, not {np.shape(weights)}")
    if not np.isfinite(given).all() or given.min() < 0 or given.max() == 0:
        raise DataError(
            "weights must be finite, zero or more, and not all zero; they go from "
            f"{given.min():g} to {given.max():g}"
        )
    return np.ascontiguousarray(given, dtype=np.float32)


def _checked_known(known: Any, geometry: Geometry, algorithm: Algorithm) -> NDArray[Any] | None:
    if known is None:
        return None
    if not algorithm.takes_known:
        raise ParameterError(f"{algorithm.name} cannot leave out single pixels; omit known, or choose SIRT")
    given = np.asarray(known)
    shape = (geometry.n_angles, geometry.n_y)
    if given.ndim != 3 or given.shape[:2] != shape:
        raise ShapeError(f"known must be (T, Y, X) with {shape} as (T, Y), not {given.shape}")
    if given.dtype.kind not in "bf" or not (given.min() >= 0 and given.max() <= 1):
        raise DataError("known must be truth values, or numbers from 0 to 1")
    return given


def _checked_mask(mask: Any, geometry: Geometry) -> NDArray[np.float32]:
    shape = (geometry.n_z, geometry.n_y)
    if mask is None:
        return np.ones(shape, np.float32)
    given = np.asarray(mask)
    if given.shape != shape:
        raise ShapeError(f"the mask must be of a slice (Z, Y), {shape}, not {given.shape}")
    if given.dtype != bool:
        raise DataError(f"the mask must be Boolean (True: reconstructed), not {given.dtype}")
    if not given.any():
        raise DataError("the mask leaves no pixel to solve for")
    return given.astype(np.float32)

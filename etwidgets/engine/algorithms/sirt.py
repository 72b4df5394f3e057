"""SIRT, OS-SIRT and SART: one correction, from all projections at a time, from some, or from one."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from etwidgets.engine.algorithms.base import Misfit, inverse, pixel_sums, ray_sums
from etwidgets.engine.algorithms.record import Algorithm, iterations
from etwidgets.engine.arithmetic import aligned
from etwidgets.errors import ParameterError
from etwidgets.options import option

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from etwidgets.engine.algorithms.base import Block, Setting

_GOLDEN = (np.sqrt(5) - 1) / 2
_FIRST_SWEEPS = 2  # before there is momentum
_TILTS_PER_SUBSET = 7  # fewer: faster at first, and noisier from then on


@dataclass(frozen=True)
class SirtOptions:
    """What SIRT and SART can be given."""

    iterations: int = iterations()


@dataclass(frozen=True)
class OsSirtOptions(SirtOptions):
    """What OS-SIRT can be given."""

    n_subsets: int | None = option(
        None,
        label="subsets",
        help="Groups of tilts that are corrected with in turn. More: faster, and noisier.",
        none_means="about 7 tilts in each",
        lowest=1,
    )
    momentum: float = option(
        0.0,
        label="momentum",
        help="How far each sweep goes on in the direction of the last. 0.6 halves the iterations.",
        lowest=0,
        highest=0.9,
    )


class Sirt:
    """Correct the estimate with the projections' misfit, spread evenly along the rays.

    ``x += C A' R (b - A x)``: R divides by the sums over rays, C by the sums over pixels. Of the whole
    series it is SIRT (Gilbert 1972, doi:10.1016/0022-5193(72)90180-4); of one projection after the other
    SART (Andersen and Kak 1984, doi:10.1016/0161-7346(84)90008-7); of a few at a time ordered-subset SIRT,
    which gets as far in a sweep as SIRT does in about as many iterations as there are subsets.

    Parameters
    ----------
    setting
        Of the run.
    iterations
        How many; each goes through all projections.
    subsets
        Tilts of each subset, in the order in which they are visited.
    momentum
        What each sweep goes on by, in changes made by the sweep before; from the third sweep on.
    """

    widest = 64
    copies = (1, 3)

    def __init__(
        self,
        setting: Setting,
        iterations: int,
        subsets: list[NDArray[np.intp]],
        momentum: float = 0.0,
    ) -> None:
        self.momentum = momentum
        self.n_iterations, self.n_steps = iterations, iterations * len(subsets)
        self.setting, self.subsets = setting, subsets
        rows = inverse(ray_sums(setting.projector, setting.mask)) * setting.weights
        self.row_factors = [rows[tilts] for tilts in subsets]
        self.pixel_factors = [
            inverse(pixel_sums(setting.projector.subset(tilts), setting.weights[tilts])) * setting.mask
            for tilts in subsets
        ]

    def begin(self, block: Block) -> RunningSirt:
        """Start on a block."""
        return RunningSirt(self, block)


class OsSirt(Sirt):
    """With momentum, it holds the estimate before, too."""

    copies = (3, 3)


class RunningSirt:
    """One block of :class:`Sirt`."""

    def __init__(self, method: Sirt, block: Block) -> None:
        self._method, self._limits = method, (method.setting.lowest, method.setting.highest)
        self.estimate: NDArray[np.float32] = block.start
        """The volume ``(Z, Y, width)``."""
        self._before: NDArray[np.float32] | None = None
        self._n_sweeps = 0
        self._projectors, self._misfits = [], []
        weights = method.setting.weights
        for tilts, factors in zip(method.subsets, method.row_factors, strict=True):
            projector, data, known = block.projector, block.data, block.known
            if len(method.subsets) > 1:
                projector = projector.subset(tilts)
                data = _taken(block.data, tilts)
                known = None if known is None else _taken(known, tilts)
            self._projectors.append(projector)
            self._misfits.append(Misfit(projector, data, factors, weights[tilts], known))

    def advance(self, step: Callable[[], None]) -> None:
        """Correct with every subset once."""
        method = self._method
        if method.momentum:
            self._go_on()
        for projector, misfit, scale in zip(
            self._projectors, self._misfits, method.pixel_factors, strict=True
        ):
            rows = misfit.of(self.estimate)
            projector.update(self.estimate, rows, scale, *self._limits)
            self._forget()
            step()

    def _go_on(self) -> None:
        """Move the estimate on as the last sweep moved it; the first sweep, from nothing, does not count."""
        momentum, latest = np.float32(self._method.momentum), self.estimate
        if self._before is None or self._n_sweeps < _FIRST_SWEEPS:
            self._before = aligned(latest.shape)
            self._before[:] = latest
        else:
            self._before *= -momentum
            self._before += (1 + momentum) * latest
            np.clip(self._before, *self._limits, out=self._before)
            self.estimate, self._before = self._before, latest
            self._forget()
        self._n_sweeps += 1

    def squares(self) -> NDArray[np.float64]:
        """Weighted sums of squares; of SIRT, the next iteration begins with the same projections."""
        return np.sum([misfit.squares(self.estimate) for misfit in self._misfits], axis=0)

    def _forget(self) -> None:
        for misfit in self._misfits:
            misfit.forget()


def _taken(projections: NDArray[np.float32], tilts: NDArray[np.intp]) -> NDArray[np.float32]:
    rows = aligned((tilts.size, *projections.shape[1:]))
    np.take(projections, tilts, axis=0, out=rows)
    return rows


def all_together(angles_rad: NDArray[np.float64]) -> list[NDArray[np.intp]]:
    """The one subset of SIRT: every projection."""
    return [np.arange(angles_rad.size)]


def one_by_one(angles_rad: NDArray[np.float64]) -> list[NDArray[np.intp]]:
    """The subsets of SART, in an order in which one differs much in angle from the few before it.

    SART converges several times faster in it than from one tilt to the next. It depends on the angles
    only, not on the order in which they were acquired: rank k follows at the golden section.
    """
    by_angle = np.argsort(angles_rad, kind="stable")
    return [by_angle[[rank]] for rank in _spread(angles_rad.size)]


def interleaved(angles_rad: NDArray[np.float64], n_subsets: int | None) -> list[NDArray[np.intp]]:
    """The subsets of OS-SIRT: every ``n_subsets``-th tilt in order of angle; None: about seven tilts in each.

    Raises
    ------
    ParameterError
        If there are more subsets than tilts.
    """
    count = _usual_subsets(angles_rad.size) if n_subsets is None else n_subsets
    if count > angles_rad.size:
        raise ParameterError(f"{count} subsets of {angles_rad.size} projections; choose at most as many")
    by_angle = np.argsort(angles_rad, kind="stable")
    return [by_angle[first::count] for first in _spread(count)]


def _usual_subsets(n_tilts: int) -> int:
    return max(1, round(n_tilts / _TILTS_PER_SUBSET))


def _as_many_subsets(options: OsSirtOptions, n_used: int, n_all: int) -> OsSirtOptions:
    """As many as of all projections: a sweep gets as far as there are subsets."""
    count = _usual_subsets(n_all) if options.n_subsets is None else options.n_subsets
    return replace(options, n_subsets=min(count, n_used))


def _spread(count: int) -> NDArray[np.intp]:
    places = np.arange(count) * _GOLDEN % 1
    return np.argsort(np.argsort(places, kind="stable"), kind="stable")


def _angles(setting: Setting) -> NDArray[np.float64]:
    return setting.projector.geometry.angles_rad


SIRT = Algorithm(
    name="SIRT",
    title="Simultaneous iterative reconstruction",
    options=SirtOptions,
    method=Sirt,
    takes_known=True,
    make=lambda setting, options: Sirt(setting, options.iterations, all_together(_angles(setting))),
    iteration="a correction with all projections at once: 1 pass",
    use_for="The standard for electron tomography.",
    when="Few tilts or noise; 20 to 100 iterations.",
    caution="Slow; with too many iterations noise grows.",
    source="Gilbert 1972, doi:10.1016/0022-5193(72)90180-4",
)

OS_SIRT = Algorithm(
    name="OS-SIRT",
    title="Ordered-subset SIRT",
    options=OsSirtOptions,
    method=OsSirt,
    takes_known=True,
    make=lambda setting, options: OsSirt(
        setting, options.iterations, interleaved(_angles(setting), options.n_subsets), options.momentum
    ),
    iteration="a correction with each subset of the tilts in turn: 1 pass",
    worth=8,
    automatic=True,
    automatic_options=lambda n_tilts: {"n_subsets": max(1, round(n_tilts / 5)), "momentum": 0.6},
    for_fewer=_as_many_subsets,
    use_for="SIRT some ten times faster.",
    when="As SIRT; 3 to 10 iterations, each a sweep over all tilts; with momentum, fewer.",
    caution="Noise grows sooner: fewer iterations than you think.",
    source="Between SIRT (doi:10.1016/0022-5193(72)90180-4) and SART (doi:10.1016/0161-7346(84)90008-7); "
    "momentum: Kim, Ramani and Fessler 2015, doi:10.1109/TMI.2014.2350962",
)

SART = Algorithm(
    name="SART",
    title="Simultaneous algebraic reconstruction",
    options=SirtOptions,
    method=Sirt,
    takes_known=True,
    make=lambda setting, options: Sirt(setting, options.iterations, one_by_one(_angles(setting))),
    iteration="a correction with each projection in turn: 1 pass",
    worth=8,
    use_for="Converges in few sweeps.",
    when="Little noise; 2 to 10 iterations, each a sweep over all tilts.",
    caution="Noisier than SIRT at the same sharpness.",
    source="Andersen and Kak 1984, doi:10.1016/0161-7346(84)90008-7",
)

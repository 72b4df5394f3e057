"""Element maps and a HAADF series of one specimen, reconstructed together; knows no signal and no spectrum.

Fused multi-modal tomography (Schwartz et al. 2024, doi:10.1038/s41467-024-47558-0): HAADF, of which there is
plenty, lends the few noisy element maps its edges, for it must be what all elements add up to.
"""

from __future__ import annotations

from numbers import Real
from typing import TYPE_CHECKING, Any

import numpy as np

from etwidgets.checks import MOST_ITERATIONS, checked_count
from etwidgets.engine import blocks
from etwidgets.engine.backends import find_backend
from etwidgets.engine.joint_balance import Balance, find_balance
from etwidgets.engine.joint_smoothing import COUPLINGS
from etwidgets.engine.joint_solver import RunningJoint, Terms
from etwidgets.engine.team import Team, checked_workers
from etwidgets.errors import DataError, ParameterError, ShapeError
from etwidgets.progress import NullProgress, Progress
from etwidgets.resources import check_memory

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from etwidgets.engine.geometry import Geometry

Z_EXPONENT = 1.7
"""HAADF grows with about this power of the atomic number."""

_WIDTHS = (8, 16)  # slices in a block, to stay within the memory
_BLOCK_COPIES = 8  # volumes of a block that its solver holds


def reconstruct_jointly(
    haadf: NDArray[Any],
    maps: NDArray[Any],
    haadf_geometry: Geometry,
    map_geometry: Geometry,
    atomic_numbers: Sequence[float],
    *,
    haadf_weight: float,
    tv_weight: float | Sequence[float] | NDArray[Any],
    coupling: str = "tv",
    z_exponent: float = Z_EXPONENT,
    iterations: int = 200,
    balance: Balance | None = None,
    n_workers: int | None = None,
    progress: Progress | None = None,
) -> NDArray[np.float32]:
    """Reconstruct all elements ``(E, X, Z, Y)``, float32, each in units of its own map; none is below 0.

    Minimizes, over volumes ``x_e = d_e u_e``, where ``d_e`` is the element's typical density,

    ``sum_e |A x_e - m_e|^2 / (2 v_e) + haadf_weight |A_h sum_e s_e u_e - h|^2 / 2 + V(tv_weight u)``.

    The variances ``v_e`` of the maps, the densities, and the shares ``s_e`` of HAADF (here in units of its
    root mean square) are estimated: see :func:`find_balance`. HAADF is taken for a sum over these elements:
    where one that is not mapped makes up much of the specimen, a small ``haadf_weight`` is in place.

    Parameters
    ----------
    haadf
        ``(T, Y, X)`` projections, aligned, with no background: vacuum is 0. In any unit.
    maps
        ``(E, U, Y, X)`` projections of each element, registered with HAADF; may be slightly negative.
    haadf_geometry, map_geometry
        Of ``T`` and of ``U`` tilts, for slices of one size.
    atomic_numbers
        ``(E,)``. They decide only what the data leave open: see :func:`find_balance`.
    haadf_weight
        Zero or more. HAADF with a relative noise of 10 % deserves 100, and with 1 % 10 000, if it were
        exactly a sum over the elements. 0: leave HAADF out.
    tv_weight
        One, or ``(E,)``: cost of an edge of 1 pixel, as high as the element's typical density, in units
        of the logarithm of a likelihood; some 0.1 to 1 for few counts. All above 0, or 0 alone.
        :func:`etwidgets.engine.joint_choice.choose_weights` finds both weights.
    coupling
        ``"tv"``: total variation of each element; ``"tnv"``: total nuclear variation of all (Zhong et
        al. 2018, doi:10.1016/j.ultramic.2018.04.011), which likes edges that elements share.
    z_exponent
        Of the atomic number, in HAADF.
    iterations
        How many.
    balance
        Default: estimated from these data.
    n_workers
        Threads; None: all cores. The result does not depend on it.
    progress
        Reports progress and can cancel the work.

    Raises
    ------
    ParameterError, ShapeError, DataError, TiltCountError
        If a parameter is wrong, or the projections do not fit together, are empty or not finite.
    """
    dark, elements = checked_series(haadf, maps, haadf_geometry, map_geometry)
    tv_weights = _checked_weights(haadf_weight, tv_weight, coupling, len(elements))
    n_iterations = checked_count("iterations", iterations, highest=MOST_ITERATIONS)
    if balance is None:
        numbers = checked_numbers(atomic_numbers, len(elements))
        balance = find_balance(dark, elements, haadf_geometry, map_geometry, numbers, z_exponent)
    voxels = map_geometry.n_z * map_geometry.n_y
    lanes = checked_workers(n_workers) * _WIDTHS[-1] * _BLOCK_COPIES
    check_memory(4.0 * len(elements) * voxels * (dark.shape[2] + lanes), "a joint reconstruction")
    result = np.empty((len(elements), dark.shape[2], map_geometry.n_z, map_geometry.n_y), np.float32)

    def work(slices: range, width: int, team: Team, step: Callable[[], None]) -> None:
        terms = _terms(
            dark, elements, haadf_geometry, map_geometry, balance, slices, width, team,
            haadf_weight, tv_weights, coupling,
        )  # fmt: skip
        running = RunningJoint(terms)
        for _ in range(n_iterations):
            running.advance()
            step()
        inside = np.moveaxis(running.estimate[..., : len(slices)], -1, 1)
        np.multiply(inside, balance.densities[:, None, None, None], out=result[:, slices.start : slices.stop],
                    casting="unsafe")  # fmt: skip

    blocks.run(
        work,
        blocks.portions(dark.shape[2], _WIDTHS),
        n_threads=checked_workers(n_workers),
        n_steps=n_iterations,
        progress=progress or NullProgress(),
    )
    return result


def checked_series(
    haadf: Any, maps: Any, haadf_geometry: Geometry, map_geometry: Geometry
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """HAADF ``(T, Y, X)`` and maps ``(E, U, Y, X)`` that belong together, float32.

    Raises
    ------
    ShapeError, DataError, TiltCountError
        If they do not, or are not finite.
    """
    dark = haadf_geometry.checked_projections(haadf)
    elements = np.asarray(maps)
    if elements.ndim != 4 or len(elements) == 0:
        raise ShapeError(f"expected maps (E, U, Y, X) of one element or more, got the shape {elements.shape}")
    for element in elements:
        map_geometry.checked_projections(element)
    if (haadf_geometry.n_z, haadf_geometry.n_y) != (map_geometry.n_z, map_geometry.n_y):
        raise ShapeError("the geometries of HAADF and maps are for slices of different sizes; give one size")
    if elements.shape[2:] != dark.shape[1:]:
        raise ShapeError(
            f"HAADF images are {dark.shape[1:]} and maps {elements.shape[2:]}; bin or crop one to fit"
        )
    return dark.astype(np.float32), elements.astype(np.float32)


def checked_numbers(atomic_numbers: Any, n_elements: int) -> NDArray[np.float64]:
    """``(E,)`` atomic numbers.

    Raises
    ------
    ShapeError, DataError
        If there is not one for each map, or one is not above 0.
    """
    numbers = np.asarray(atomic_numbers, dtype=np.float64)
    if numbers.shape != (n_elements,):
        raise ShapeError(f"{numbers.size} atomic numbers for {n_elements} maps; give one for each")
    if not np.isfinite(numbers).all() or numbers.min() <= 0:
        raise DataError(f"atomic numbers must be above 0, not {numbers.tolist()}")
    return numbers


def _checked_weights(
    haadf_weight: Any, tv_weight: Any, coupling: str, n_elements: int
) -> NDArray[np.float64]:
    if not isinstance(haadf_weight, Real) or not 0 <= float(haadf_weight) < np.inf:
        raise ParameterError(
            f"haadf_weight must be zero or more, not {haadf_weight}; choose_weights finds one"
        )
    prices = np.asarray(tv_weight, dtype=np.float64)
    if prices.shape not in ((), (n_elements,)):
        raise ShapeError(f"{prices.size} tv_weights for {n_elements} maps; give one, or one for each")
    if not np.isfinite(prices).all() or prices.min() < 0 or (prices.min() == 0 < prices.max()):
        raise ParameterError(
            f"tv_weight must be above 0, or 0 alone, not {tv_weight}; choose_weights finds one"
        )
    if coupling not in COUPLINGS:
        raise ParameterError(f"unknown coupling {coupling!r}; choose from {', '.join(COUPLINGS)}")
    return np.broadcast_to(prices, (n_elements,))


def _terms(
    haadf: NDArray[np.float32],
    maps: NDArray[np.float32],
    haadf_geometry: Geometry,
    map_geometry: Geometry,
    balance: Balance,
    slices: range,
    width: int,
    team: Team,
    haadf_weight: float,
    tv_weights: NDArray[np.float64],
    coupling: str,
) -> Terms:
    backend = find_backend("cpu", "linear")
    squared = balance.densities**2
    return Terms(
        map_projector=backend.projector(map_geometry, "linear", width, team),
        haadf_projector=backend.projector(haadf_geometry, "linear", width, team),
        maps=_loaded(maps, slices, width, 1 / balance.densities),
        weights=_loaded(1 / balance.variances, slices, width, squared),
        haadf=blocks.load(haadf, slices, width, 1 / balance.haadf_unit),
        shares=balance.shares.astype(np.float32),
        haadf_weight=np.float32(haadf_weight),
        tv_weights=tv_weights,
        coupling=coupling,
    )


def _loaded(
    stacks: NDArray[Any], slices: range, width: int, factors: NDArray[np.float64]
) -> NDArray[np.float32]:
    return np.array(
        [blocks.load(stack, slices, width, factor) for stack, factor in zip(stacks, factors, strict=True)]
    )

"""Reconstruction of whole stacks, by name; spreads blocks over threads, and leaves each to its algorithm."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from etwidgets.engine import blocks
from etwidgets.engine.algorithms.table import DIRECT, ITERATIVE, Options, checked_name
from etwidgets.engine.memory import check_memory_of
from etwidgets.engine.runs import prepare
from etwidgets.errors import ParameterError, ShapeError
from etwidgets.progress import NullProgress, Progress

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from etwidgets.engine.geometry import Geometry
    from etwidgets.engine.team import Team


def reconstruct(
    projections: NDArray[Any],
    geometry: Geometry,
    *,
    algorithm: str = "FBP",
    iterations: int = 20,
    minimum: float | None = None,
    maximum: float | None = None,
    start: NDArray[Any] | None = None,
    weights: NDArray[Any] | None = None,
    mask: NDArray[np.bool_] | None = None,
    filter_name: str = "shepp-logan",
    weight_tilts: bool = False,
    n_subsets: int | None = None,
    tv_weight: float | None = None,
    gray_levels: Sequence[float] | None = None,
    dart_iterations: int = 10,
    fix_probability: float = 0.85,
    seed: int = 0,
    model: str | None = None,
    backend: str = "auto",
    n_workers: int | None = None,
    progress: Progress | None = None,
) -> NDArray[np.float32]:
    """Reconstruct a volume ``(X, Z, Y)``, float32, from projections ``(T, Y, X)``.

    Parameters
    ----------
    projections
        Real, finite numbers of any type; not written.
    geometry
        Angles and size of a slice.
    algorithm
        One of :data:`ALGORITHMS`. BP smears the projections back and gives their mean; FBP filters
        them first, and gives the object's own values. SIRT (Gilbert 1972,
        doi:10.1016/0022-5193(72)90180-4) corrects with all projections at once; OS-SIRT with a few at a
        time; SART (Andersen and Kak 1984, doi:10.1016/0161-7346(84)90008-7) with one after the other.
        CGLS goes along conjugate directions. FISTA-TV (Beck and Teboulle 2009,
        doi:10.1109/TIP.2009.2028250) puts a price on edges. DART (Batenburg and Sijbers 2011,
        doi:10.1109/TIP.2011.2131661) gives only ``gray_levels``.
    iterations
        How many; of SART and OS-SIRT: sweeps over all tilts; of DART: inner iterations.
    minimum, maximum
        Limits put on the estimate in every iteration, of CGLS and the direct algorithms on the result;
        None: none. DART keeps to its levels.
    start
        ``(X, Z, Y)`` first estimate; default: zeros. BP, FBP and DART take none.
    weights
        ``(T,)`` or ``(T, Y)``, zero or more: how much each projection or detector pixel counts; 0 leaves
        it out.
    mask
        ``(Z, Y)`` truth values: the pixels that are solved for; the others stay at ``start``.
    filter_name
        One of :data:`etwidgets.engine.FILTERS`; only FBP uses it.
    weight_tilts
        BP and FBP: weigh each projection by the angle it stands for instead of all alike.
    n_subsets
        Of OS-SIRT; default: so many that each has about seven tilts.
    tv_weight
        FISTA-TV's price of a jump of 1 along an edge of 1 pixel, in units of the projections.
    gray_levels
        DART's values, on any scale.
    dart_iterations
        How often DART segments and solves again.
    fix_probability
        DART's chance to fix a pixel inside an even region, 0 to 1.
    seed
        Of DART's random choices; each slice has its own stream, whichever thread works on it.
    model
        ``"linear"`` (Joseph), ``"strip"`` (area overlap), or ``"interpolation"`` (BP and FBP only);
        default: interpolation for BP and FBP, which is the steadiest under noise, linear for the others.
    backend
        ``"auto"``, ``"cpu"``, ``"astra-cpu"`` or ``"astra-cuda"``.
    n_workers
        Threads; None: all cores. The result does not depend on it.
    progress
        Told how far the work is, and may stop it within a fraction of a second, or finish it early: then
        all slices are given after as many iterations as ``progress.iterations_done`` says.

    Raises
    ------
    ParameterError, ShapeError, DataError, TiltCountError
        If a parameter is wrong, or the projections do not fit or are not finite.
    MissingDependencyError
        If the backend needs ASTRA and it is not installed.
    MemoryLimitError
        If it does not fit into the memory; nothing was begun.
    """
    name = checked_name(algorithm)
    options = Options(
        iterations, filter_name, weight_tilts, n_subsets, tv_weight, gray_levels, dart_iterations,
        fix_probability, seed,
    )  # fmt: skip
    data = geometry.checked_projections(projections)
    in_step = progress is not None and progress.may_finish and name in ITERATIVE
    check_memory_of(
        geometry, name, n_slices=data.shape[2], model=model, backend=backend, n_workers=n_workers,
        in_step=in_step,
    )  # fmt: skip
    first = checked_start(start, geometry, name, data.shape[2])
    run = prepare(
        geometry, name, options, largest=magnitude(data), minimum=minimum, maximum=maximum, weights=weights,
        mask=mask, model=model, backend=backend, n_workers=n_workers,
    )  # fmt: skip
    result = np.empty((data.shape[2], geometry.n_z, geometry.n_y), np.float32)

    if progress is not None and in_step and run.method.n_iterations > 1:
        done = blocks.run_in_step(
            lambda slices, width, team: run.method.begin(run.block(data, first, slices, width, team)),
            lambda slices, running: run.hand_over(running.estimate, result[slices.start : slices.stop]),
            blocks.portions(data.shape[2], run.widths),
            n_threads=run.n_threads,
            n_iterations=run.method.n_iterations,
            n_steps=run.method.n_steps,
            progress=progress,
        )
        if done < run.method.n_iterations:
            progress.finished(done)
        return result

    def work(slices: range, width: int, team: Team, step: Callable[[], None]) -> None:
        running = run.method.begin(run.block(data, first, slices, width, team))
        for _ in range(run.method.n_iterations):
            running.advance(step)
        run.hand_over(running.estimate, result[slices.start : slices.stop])

    blocks.run(
        work,
        blocks.portions(data.shape[2], run.widths),
        n_threads=run.n_threads,
        n_steps=run.method.n_steps,
        progress=progress or NullProgress(),
    )
    return result


def magnitude(data: NDArray[Any]) -> float:
    """The largest absolute value."""
    return max(float(data.max()), -float(data.min()))


def checked_start(
    start: NDArray[Any] | None, geometry: Geometry, name: str, n_slices: int
) -> NDArray[Any] | None:
    """A first estimate ``(X, Z, Y)`` that fits, or None.

    Raises
    ------
    ParameterError, ShapeError, DataError
        If the algorithm takes none, or it does not fit.
    """
    if start is None:
        return None
    if name in (*DIRECT, "DART"):
        raise ParameterError(f"{name} has a beginning of its own; leave out start")
    first = geometry.checked_volume(start)
    if len(first) != n_slices:
        raise ShapeError(f"start has {len(first)} slices for {n_slices} sinograms; give one for each")
    return first

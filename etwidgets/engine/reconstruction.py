"""Reconstruction of whole stacks, by name; spreads blocks over threads, and leaves each to its algorithm."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from etwidgets import cluster
from etwidgets.engine import blocks, on_cluster
from etwidgets.engine.algorithms.table import checked_options, find_algorithm
from etwidgets.engine.memory import check_memory_of
from etwidgets.engine.runs import prepare
from etwidgets.errors import ParameterError, ShapeError
from etwidgets.progress import NullProgress, Progress

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from etwidgets.engine.algorithms.record import Algorithm
    from etwidgets.engine.geometry import Geometry
    from etwidgets.engine.team import Team


def reconstruct(
    projections: NDArray[Any],
    geometry: Geometry,
    *,
    algorithm: str = "FBP",
    minimum: float | None = None,
    maximum: float | None = None,
    start: NDArray[Any] | None = None,
    weights: NDArray[Any] | None = None,
    known: NDArray[Any] | None = None,
    mask: NDArray[np.bool_] | None = None,
    model: str | None = None,
    backend: str = "auto",
    n_workers: int | None = None,
    progress: Progress | None = None,
    **options: Any,
) -> NDArray[np.float32]:
    """Reconstruct a volume ``(X, Z, Y)``, float32, from projections ``(T, Y, X)``.

    Where a cluster is active (:func:`etwidgets.cluster.active`), the blocks of slices of an iterative
    algorithm go to its workers, and the volume is the same to the bit; it cannot be finished early there. A
    direct one is done here: its volume would take longer to come back.

    Parameters
    ----------
    projections
        Real, finite numbers of any type; not written.
    geometry
        Angles and size of a slice.
    algorithm
        One of :data:`ALGORITHMS`. BP back-projects the projections and averages them; FBP filters
        them first, and gives the object's own values. SIRT (Gilbert 1972,
        doi:10.1016/0022-5193(72)90180-4) corrects with all projections at once; OS-SIRT with a few at a
        time; SART (Andersen and Kak 1984, doi:10.1016/0161-7346(84)90008-7) with one after the other.
        CGLS goes along conjugate directions. FISTA-TV (Beck and Teboulle 2009,
        doi:10.1109/TIP.2009.2028250) weights the total variation. DART (Batenburg and Sijbers 2011,
        doi:10.1109/TIP.2011.2131661) gives only ``gray_levels``.
    minimum, maximum
        Limits put on the estimate in every iteration, of CGLS and the direct algorithms on the result;
        None: none. DART keeps to its levels.
    start
        ``(X, Z, Y)`` first estimate; default: zeros. BP, FBP and DART take none.
    weights
        ``(T,)`` or ``(T, Y)``, zero or more: how much each projection or detector pixel counts; 0 leaves
        it out.
    known
        ``(T, Y, X)`` truth values, or numbers from 0 to 1: how far each single pixel is known. Where it is
        not, what the estimate predicts stands in for it, as in expectation maximization. SIRT, OS-SIRT and
        SART only.
    mask
        ``(Z, Y)`` truth values: the pixels that are solved for; the others stay at ``start``.
    model
        ``"linear"`` (Joseph), ``"strip"`` (area overlap), or ``"interpolation"`` (BP and FBP only);
        default: interpolation for BP and FBP, which is the steadiest under noise, linear for the others.
    backend
        ``"auto"``, ``"cpu"``, ``"astra-cpu"`` or ``"astra-cuda"``.
    n_workers
        Threads on this machine; None: all cores. The result does not depend on it.
    progress
        Reports progress. It can cancel the work within a fraction of a second, or finish it early: then
        all slices are returned after as many iterations as ``progress.iterations_done`` says.
    **options
        Of the algorithm, with the defaults and limits of its record (those of other algorithms are left
        aside): ``iterations``, 20 (of SART and OS-SIRT: sweeps over all tilts; of DART: inner
        iterations); ``filter_name`` of FBP, one of :data:`etwidgets.engine.FILTERS`; ``weight_tilts`` of
        BP and FBP, which weighs each projection by the angle it stands for; ``n_subsets`` of OS-SIRT;
        ``tv_weight`` of FISTA-TV (:func:`etwidgets.engine.suggested_tv_weight`); ``gray_levels``,
        ``dart_iterations``, ``fix_probability`` and ``seed`` of DART.

    Raises
    ------
    ParameterError, ShapeError, DataError, TiltCountError
        If a parameter is wrong, or the projections do not fit or are not finite.
    MissingDependencyError
        If the backend needs ASTRA and it is not installed.
    MemoryLimitError
        If it does not fit into the memory; nothing was begun.
    """
    record = find_algorithm(algorithm)
    chosen = checked_options(record, options)
    data = geometry.checked_projections(projections)
    place = cluster.active() if record.iterative else None
    if place is not None and backend == "auto":
        backend = "cpu"  # what all workers have
    in_step = place is None and progress is not None and progress.may_finish and record.iterative
    check_memory_of(
        geometry, record.name, n_slices=data.shape[2], model=model, backend=backend, n_workers=n_workers,
        in_step=in_step,
    )  # fmt: skip
    first = checked_start(start, geometry, record, data.shape[2])
    if known is not None and np.shape(known)[-1] != data.shape[2]:
        raise ShapeError(f"known has {np.shape(known)[-1]} slices for {data.shape[2]} sinograms")
    run = prepare(
        geometry, record, chosen, largest=magnitude(data), minimum=minimum, maximum=maximum, weights=weights,
        known=known, mask=mask, model=model, backend=backend, n_workers=n_workers,
    )  # fmt: skip
    result = np.empty((data.shape[2], geometry.n_z, geometry.n_y), np.float32)
    cut = blocks.portions(data.shape[2], run.widths)

    if place is not None and len(cut) > 1:
        cut = on_cluster.cut(data.shape[2], run.widths, place.n_threads)
        pieces = on_cluster.pieces(run, data, first, cut, result)
        place.run(pieces, progress or NullProgress(), f"on {place.text}")
        return result

    if progress is not None and in_step and run.method.n_iterations > 1:
        done = blocks.run_in_step(
            lambda slices, width, team: run.method.begin(run.block(data, first, slices, width, team)),
            lambda slices, running: run.hand_over(running.estimate, result[slices.start : slices.stop]),
            cut,
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
        cut,
        n_threads=run.n_threads,
        n_steps=run.method.n_steps,
        progress=progress or NullProgress(),
    )
    return result


def magnitude(data: NDArray[Any]) -> float:
    """The largest absolute value."""
    return max(float(data.max()), -float(data.min()))


def checked_start(
    start: NDArray[Any] | None, geometry: Geometry, record: Algorithm, n_slices: int
) -> NDArray[Any] | None:
    """A first estimate ``(X, Z, Y)`` that fits, or None.

    Raises
    ------
    ParameterError, ShapeError, DataError
        If the algorithm takes none, or it does not fit.
    """
    if start is None:
        return None
    if not record.takes_start:
        raise ParameterError(f"{record.name} takes no start volume; omit start")
    first = geometry.checked_volume(start)
    if len(first) != n_slices:
        raise ShapeError(f"start has {len(first)} slices for {n_slices} sinograms; give one for each")
    return first

"""Blocks of slices of a reconstruction as pieces for the workers of a cluster; sends nothing itself."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from etwidgets.cluster import Pieces
from etwidgets.engine.blocks import portions
from etwidgets.engine.team import Team

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from etwidgets.engine.blocks import Portion
    from etwidgets.engine.runs import Run


@dataclass(frozen=True, eq=False)
class _Columns:
    """What a block needs.

    Attributes
    ----------
    numbers
        Its slices.
    width
        Of the block.
    projections
        ``(T, Y, n)``.
    start
        ``(n, Z, Y)``, or None.
    known
        ``(T, Y, n)``, or None.
    """

    numbers: range
    width: int
    projections: NDArray[Any]
    start: NDArray[Any] | None
    known: NDArray[Any] | None


def cut(n_slices: int, widths: Sequence[int], n_threads: int) -> list[Portion]:
    """Blocks as wide as they can be while there is one for each thread; their width changes no bit."""
    usable = [width for width in widths if -(-n_slices // width) >= n_threads]
    return portions(n_slices, usable or widths[:1])


def pieces(
    run: Run,
    data: NDArray[Any],
    start: NDArray[Any] | None,
    cut: Sequence[Portion],
    result: NDArray[np.float32],
) -> Pieces:
    """The blocks of a run over projections ``(T, Y, X)``, whose volumes go to ``result`` ``(X, Z, Y)``."""

    def piece(i: int) -> _Columns:
        numbers, width = cut[i]
        columns = slice(numbers.start, numbers.stop)
        return _Columns(
            numbers,
            width,
            np.ascontiguousarray(data[..., columns]),
            None if start is None else start[columns],
            None if run.known is None else np.ascontiguousarray(run.known[..., columns]),
        )

    def take(i: int, volumes: NDArray[np.float32]) -> None:
        numbers, _ = cut[i]
        result[numbers.start : numbers.stop] = volumes

    return Pieces(_solved, replace(run, known=None), len(cut), piece, take, run.method.n_steps)


def _solved(run: Run, columns: _Columns, step: Callable[[], None]) -> NDArray[np.float32]:
    """The volumes ``(n, Z, Y)`` of a block, by one thread."""
    run = replace(run, known=columns.known)
    count = len(columns.numbers)
    block = run.block(
        columns.projections, columns.start, range(count), columns.width, Team(), numbers=columns.numbers
    )
    running = run.method.begin(block)
    for _ in range(run.method.n_iterations):
        running.advance(step)
    volumes = np.empty((count, run.geometry.n_z, run.geometry.n_y), np.float32)
    run.hand_over(running.estimate, volumes)
    return volumes

"""How much memory and time an operation will take, and whether the machine has it; runs nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from etwidgets import cluster, engine
from etwidgets.checks import MOST_PIXELS, checked_count
from etwidgets.resources import check_memory, fits_memory, process_memory, total_memory
from etwidgets.session.digest import seconds_to_digest
from etwidgets.signals.trials import AUTO

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from etwidgets.session.operations import Operation
    from etwidgets.signals import TomoStack

_BYTES = 4  # of a float32


@dataclass(frozen=True)
class Estimate:
    """What an operation will take.

    Attributes
    ----------
    memory
        Bytes at its peak, beyond what is held already.
    work
        Size of the work in pixels: times of the same operation go in proportion to it. Of a reconstruction 0,
        whose time is found by a probe (:func:`etwidgets.session.previews.reconstruction_time`).
    """

    memory: int
    work: float


def estimate(operation: Operation, stack: TomoStack | None, parameters: Mapping[str, Any]) -> Estimate:
    """What the operation will take on this stack.

    Parameters
    ----------
    operation
        Of the table.
    stack
        What it is given; None for an operation that opens something, of which nothing is known before.
    parameters
        Of the operation.
    """
    if stack is None:
        return Estimate(0, 0.0)
    pixels = stack.data.size
    if not operation.reconstructs:
        return Estimate(int(operation.copies * pixels * _BYTES), float(pixels))
    return Estimate(_memory_to_reconstruct(stack, parameters, in_step=False), 0.0)


def seconds_after(operation: Operation, stack: TomoStack | None, parameters: Mapping[str, Any]) -> float:
    """What follows after the work of an operation: the fingerprints of what it was given and gave."""
    if stack is None:
        return 0.0
    if not operation.reconstructs:
        return seconds_to_digest(2.0 * stack.data.nbytes)
    shape = reconstruction_geometry(stack.data.shape, np.zeros(stack.data.shape[0]), parameters)
    voxels = stack.data.shape[-1] * shape.n_z * shape.n_y
    return seconds_to_digest(float(stack.data.nbytes) + _BYTES * voxels)


def can_finish(operation: Operation, stack: TomoStack | None, parameters: Mapping[str, Any]) -> bool:
    """Whether an operation has iterations, and memory here to bring all slices forward together."""
    if operation.finishes:
        return True
    algorithm = engine.algorithms().get(str(parameters.get("method", "FBP")).upper())
    if not operation.reconstructs or stack is None or algorithm is None or not algorithm.iterative:
        return False
    if not isinstance(stack.data, np.ndarray) or cluster.active() is not None:
        return False
    return fits_memory(_memory_to_reconstruct(stack, parameters, in_step=True))


def _memory_to_reconstruct(stack: TomoStack, parameters: Mapping[str, Any], *, in_step: bool) -> int:
    return engine.memory_needed(
        reconstruction_geometry(stack.data.shape, np.zeros(stack.data.shape[0]), parameters),
        _largest_method(parameters),
        n_slices=stack.data.shape[-1],
        in_step=in_step,
    )


def _largest_method(parameters: Mapping[str, Any]) -> str:
    """The method; of those that are tried where one is to be chosen, the one that needs most memory."""
    method = str(parameters.get("method", "FBP"))
    if method.lower() != AUTO:
        return method
    tried = [each for each in engine.algorithms().values() if each.automatic]
    return max(tried, key=lambda each: sum(each.method.copies)).name


def reconstruction_geometry(
    shape: tuple[int, ...], tilts_deg: NDArray[np.float64], parameters: Mapping[str, Any]
) -> engine.Geometry:
    """The geometry that a reconstruction of a stack ``(T, Y, X)`` with these parameters has."""
    height, thickness = shape[-2], parameters.get("thickness")
    rows = height if thickness is None else checked_count("thickness", thickness, highest=MOST_PIXELS)
    return engine.Geometry(np.deg2rad(tilts_deg), height, rows)


def memory_of_process() -> tuple[int, int]:
    """Bytes that this process holds, and that the machine has."""
    return process_memory(), total_memory()


def check_fits(needed: Estimate, what: str) -> None:
    """Refuse what cannot fit into the memory.

    Raises
    ------
    MemoryLimitError
        With what is needed and what there is.
    """
    check_memory(needed.memory, what)

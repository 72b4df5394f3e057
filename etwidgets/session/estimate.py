"""How much memory and time an operation will take, and whether the machine has it; runs nothing."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil

from etwidgets.errors import MemoryLimitError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from etwidgets.session.operations import Operation
    from etwidgets.signals import TomoStack

_BYTES = 4  # of a float32
_SPARE = 0.9  # of the free memory may be taken: the rest of the machine needs some, too


@dataclass(frozen=True)
class Estimate:
    """What an operation will take.

    Attributes
    ----------
    memory
        Bytes at its peak, beyond what is held already.
    work
        Size of the work: for a reconstruction voxels x projections x iterations, otherwise pixels. Times of
        the same operation go in proportion to it.
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
    if operation.kind != "volume":
        return Estimate(int(operation.copies * pixels * _BYTES), float(pixels))
    height, width = stack.data.shape[-2:]
    voxels = width * height * int(parameters.get("thickness") or height)
    iterative = str(parameters.get("method", "FBP")).upper() not in ("BP", "FBP")
    rounds = int(parameters.get("iterations", 20)) if iterative else 1
    if str(parameters.get("method")).upper() == "DART":
        rounds *= int(parameters.get("dart_iterations", 5))
    # the volume, the sinograms as float32, and per-thread work space
    memory = int(1.2 * voxels * _BYTES + operation.copies * pixels * _BYTES)
    return Estimate(memory, float(voxels) * stack.data.shape[0] * rounds)


def free_memory() -> int:
    """Bytes that can be taken now: of the machine, or of the container if that has less."""
    free = int(psutil.virtual_memory().available)
    limit = Path("/sys/fs/cgroup/memory.max")  # Linux containers (Binder): the machine's figure means nothing
    if limit.is_file():
        text = limit.read_text().strip()
        if text.isdigit():
            free = min(free, int(text) - int(psutil.Process().memory_info().rss))
    return max(free, 0)


def check_fits(needed: Estimate, what: str) -> None:
    """Refuse what cannot fit into the memory.

    Raises
    ------
    MemoryLimitError
        With what is needed and what there is.
    """
    free = free_memory()
    if needed.memory > _SPARE * free:
        raise MemoryLimitError(
            f"{what} needs about {size_in_words(needed.memory)} and {size_in_words(free)} are free; "
            "bin or crop the tilt series, or choose a smaller thickness"
        )


def size_in_words(n_bytes: float) -> str:
    """Bytes as MB or GB."""
    if n_bytes >= 1e9:
        return f"{n_bytes / 1e9:.1f} GB"
    return f"{n_bytes / 1e6:.0f} MB"

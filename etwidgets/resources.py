"""What the machine has left, of memory and of disk, and the refusal of what does not fit; runs nothing."""

from __future__ import annotations

import ctypes
import errno
import os
import re
import shutil
import sys
from pathlib import Path

import psutil

from etwidgets.errors import DiskFullError, MemoryLimitError

SPARE = 0.9
"""Of the free memory may be taken: the rest of the machine needs some, too."""

SMALLER = "bin or crop the tilt series, or choose a smaller thickness"
"""What helps where a series or its volume is too large."""

FULL = (errno.ENOSPC, errno.EFBIG, getattr(errno, "EDQUOT", errno.ENOSPC))
"""Numbers of the errors that say that a disk, or someone's share of it, is full."""

_CUT_SHORT = re.compile(r"requested and \d+ written")  # numpy's tofile tells no errno
_NEXT_TO_NOTHING = 65536  # bytes: a disk with less is full, whatever a library makes of it


def free_memory() -> int:
    """Bytes that can be taken now: of the machine, or of the container if that has less."""
    free = int(psutil.virtual_memory().available)
    limit = Path("/sys/fs/cgroup/memory.max")  # Linux containers (Binder): the machine's figure means nothing
    if limit.is_file():
        text = limit.read_text().strip()
        if text.isdigit():
            free = min(free, int(text) - process_memory())
    return max(free, 0)


def total_memory() -> int:
    """Bytes that the machine has."""
    return int(psutil.virtual_memory().total)


def used_memory_percent() -> float:
    """How much of the machine's memory is taken, by all of its processes."""
    return float(psutil.virtual_memory().percent)


def process_memory() -> int:
    """Bytes that this process holds."""
    return int(psutil.Process().memory_info().rss)


def return_freed_memory() -> None:
    """Give what was freed back to the machine; on Linux, the C library keeps what threads have freed."""
    if sys.platform == "linux":
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # of glibc only
        if trim is not None:
            trim(0)


def n_cores() -> int:
    """Cores to use: those that this process may, or fewer if the environment's ``ETWIDGETS_THREADS`` says so.

    On a worker of a cluster it is one, for it does as many tasks at a time as it has threads.
    """
    if in_a_task():
        return 1
    asked = os.environ.get("ETWIDGETS_THREADS", "")
    allowed = _allowed_cores()
    return min(allowed, int(asked)) if asked.isdecimal() and int(asked) else allowed


def _allowed_cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def in_a_task() -> bool:
    """Whether this thread does a task of ``dask.distributed``."""
    distributed = sys.modules.get("distributed")
    if distributed is None:
        return False
    try:
        distributed.get_worker()
    except ValueError:
        return False
    return True


def fits_memory(n_bytes: float) -> bool:
    """Whether so many bytes can be taken, with something to spare."""
    return n_bytes <= SPARE * free_memory()


def check_memory(n_bytes: float, what: str, fix: str = SMALLER) -> None:
    """Refuse what cannot fit into the memory, before it is begun.

    Parameters
    ----------
    n_bytes
        At the peak, beyond what is held already.
    what
        What needs them, for the message.
    fix
        What the user can do.

    Raises
    ------
    MemoryLimitError
        With what is needed and what is free.
    """
    free = free_memory()
    if n_bytes > SPARE * free:
        raise MemoryLimitError(
            f"{what} needs about {size_text(n_bytes)}, but only {size_text(free)} are free; {fix}"
        )


def free_disk(folder: Path) -> int:
    """Bytes that can be written into a folder."""
    return shutil.disk_usage(folder).free


def check_disk(path: Path, n_bytes: float) -> None:
    """Refuse a file for which there is no room, before it is begun.

    Parameters
    ----------
    path
        The file, whose folder exists. An old one of this name takes room until the new one is whole.
    n_bytes
        That it will have.

    Raises
    ------
    DiskFullError
        With what is needed, what is free, and where.
    """
    free = free_disk(path.parent)
    if n_bytes + _NEXT_TO_NOTHING > free:
        raise DiskFullError(
            f"{path.name} needs about {size_text(n_bytes)}, but only {size_text(free)} are free in "
            f"{path.parent}; nothing was written: free some space there, or save elsewhere"
        )


def disk_full(error: BaseException, path: Path) -> DiskFullError | None:
    """The error to raise instead, if a file could not be written because the disk is full; otherwise None.

    Libraries hide the reason behind errors of their own: then a disk with next to no room tells it.
    """
    free = free_disk(path.parent)
    known: BaseException | None = error
    while known is not None:
        if isinstance(known, OSError) and (known.errno in FULL or _CUT_SHORT.search(str(known))):
            break
        known = known.__cause__ or known.__context__
    if known is None and free >= _NEXT_TO_NOTHING:
        return None
    limit = (
        "it is larger than a file may be there"
        if isinstance(known, OSError) and known.errno == errno.EFBIG
        else "the disk, or your share of it, is full"
    )
    return DiskFullError(
        f"{path.name} could not be written to {path.parent}: {limit} ({size_text(free)} are free). An "
        "old file of this name is as it was; free some space, or save elsewhere"
    )


def size_text(n_bytes: float) -> str:
    """Bytes as kB, MB, GB or TB."""
    if n_bytes >= 1e13:
        return f"{n_bytes / 1e12:.0f} TB"
    if n_bytes >= 1e9:
        return f"{n_bytes / 1e9:.1f} GB"
    return f"{n_bytes / 1e6:.0f} MB" if n_bytes >= 1e6 or n_bytes == 0 else f"{n_bytes / 1e3:.0f} kB"

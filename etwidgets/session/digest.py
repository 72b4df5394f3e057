"""Fingerprints of stacks and volumes, to tell whether two are the same; changes nothing."""

from __future__ import annotations

import hashlib
import time
from typing import TYPE_CHECKING, Any

import dask.array as da
import numpy as np

from etwidgets.signals import TomoStack

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from etwidgets.signals import RecStack

_SAMPLE = 1 << 22  # bytes: some milliseconds


def digest(signal: TomoStack | RecStack) -> str:
    """Fingerprint of the data, their type and shape and, for a stack, its tilts and shifts.

    Parameters
    ----------
    signal
        Eager or lazy. Of a lazy one the graph is taken and not the data, which are not computed for this.

    Returns
    -------
    str
        16 hexadecimal digits; equal for equal arrays, on every machine (but for lazy signals).
    """
    known = _hash_of(signal.data)
    if isinstance(signal, TomoStack):
        if signal.has_tilts:
            known.update(signal.tilts_deg.tobytes())
        known.update(_shifts(signal).tobytes())
    return known.hexdigest()


def digest_of_images(data: NDArray[Any]) -> str:
    """Fingerprint of images alone, their type and shape; 16 hexadecimal digits."""
    return _hash_of(data).hexdigest()


def seconds_to_digest(n_bytes: float) -> float:
    """How long :func:`digest` takes for so many bytes on this machine, as busy as it is now."""
    sample = np.zeros(_SAMPLE, np.uint8)
    began = time.perf_counter()
    hashlib.blake2b(sample.tobytes(), digest_size=8).digest()
    return (time.perf_counter() - began) * n_bytes / _SAMPLE


def _hash_of(data: Any) -> hashlib.blake2b:
    known = hashlib.blake2b(f"{data.dtype.str}{data.shape}".encode(), digest_size=8)
    if isinstance(data, da.Array):
        known.update(data.name.encode())
    else:
        for image in data:  # image by image: a strided stack is never copied as a whole
            known.update(np.ascontiguousarray(image).tobytes())
    return known


def _shifts(stack: TomoStack) -> NDArray[np.float64]:
    # not stack.shifts_px, which would store zeros where there are none: looking must not change the stack
    shifts = stack.metadata.get_item("Tomography.shifts", None)
    n_projections = stack.data.shape[0] if stack.data.ndim > 2 else 1
    return np.zeros((n_projections, 2)) if shifts is None else np.asarray(shifts)

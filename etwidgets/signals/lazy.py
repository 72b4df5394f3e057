"""Lazy variants of the stacks, for series larger than memory; all they add is HyperSpy's lazy machinery."""

from __future__ import annotations

from hyperspy._signals.lazy import LazySignal

from etwidgets.signals.rec_stack import RecStack
from etwidgets.signals.tomo_stack import TomoStack


class LazyTomoStack(LazySignal, TomoStack):
    """A :class:`TomoStack` whose data are a dask array.

    Filters, shifts and transforms are applied projection by projection when the data are asked for;
    registration reads the projections into memory to measure them; ``reconstruct`` returns a
    :class:`LazyRecStack`.
    """


class LazyRecStack(LazySignal, RecStack):
    """A :class:`RecStack` whose data are a dask array, in blocks along x."""

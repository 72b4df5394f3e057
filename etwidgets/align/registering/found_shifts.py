"""What a registration method hands over beside the shifts; knows no method."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from etwidgets.align.registering.pairs import PairShifts


@dataclass(frozen=True, slots=True, eq=False)
class FoundShifts:
    """Shifts, with what the method knows about them.

    Attributes
    ----------
    shifts_px
        ``(T, 2)`` pixels ``(y, x)`` to apply, in order of tilt.
    pairs
        What the correlation of each image ``i + 1`` with image ``i`` found; None: not looked at.
    bridged
        Places ``i`` of pairs ``(i, i + 1)`` that did not correlate, and were bridged or left without a step.
    remarks
        Sentences on what makes the shifts doubtful.
    notes
        Sentences on what was done.
    """

    shifts_px: NDArray[np.float64]
    pairs: PairShifts | None = None
    bridged: tuple[int, ...] = ()
    remarks: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

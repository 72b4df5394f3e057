"""Images as they were before they were first interpolated, and what has been done to them since.

With them, a stack that was shifted, rotated and aligned again is interpolated once and not three times. They
go with a stack through every change of the geometry; what changes intensities or pixels leaves them behind.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from etwidgets.align import Alignment

if TYPE_CHECKING:
    from hyperspy.signal import BaseSignal
    from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class OriginalImages:
    """The images, which of them, and where they went.

    Attributes
    ----------
    data
        ``(T0, [F,] Y0, X0)``, numpy or dask; shared, never written.
    keep
        ``(T,)`` indices of the projections that are left, in their order.
    alignment
        From these images to the present ones, which may have another frame.
    """

    data: Any
    keep: NDArray[np.intp]
    alignment: Alignment

    @classmethod
    def of(cls, data: Any) -> OriginalImages:
        """Images that nothing has been done to yet."""
        return cls(data, np.arange(len(data)), Alignment.identity(len(data)))

    @property
    def images(self) -> Any:
        """``(T, [F,] Y0, X0)``: those that are left."""
        whole = np.array_equal(self.keep, np.arange(len(self.data)))
        return self.data if whole else self.data[self.keep]

    def moved(self, alignment: Alignment) -> OriginalImages:
        """After an alignment of the present images."""
        return replace(self, alignment=self.alignment.then(alignment))

    def selected(self, index: NDArray[np.intp]) -> OriginalImages:
        """After a choice among the present projections."""
        return replace(self, keep=self.keep[index], alignment=self.alignment.select(index))

    def cropped(
        self, before_yx: tuple[int, ...], start_yx: tuple[int, int], after_yx: tuple[int, ...]
    ) -> OriginalImages:
        """After a crop of the present images."""
        middles = np.array(before_yx) / 2 - np.array(start_yx) - np.array(after_yx) / 2
        return self.moved(Alignment.of(np.tile(middles, (len(self.keep), 1))))

    def turned(self, quarter_turns: int) -> OriginalImages:
        """After quarter turns, clockwise on screen."""
        if quarter_turns % 4 == 0:
            return self
        turn = Alignment.of(np.zeros((len(self.keep), 2)), rotation_deg=90.0 * quarter_turns)
        data = np.rot90(self.data, -quarter_turns, axes=(-2, -1))
        if isinstance(data, np.ndarray):
            data = np.ascontiguousarray(data)  # sums over another order of memory are rounded otherwise
        return replace(self, data=data, alignment=turn.inverse().then(self.alignment).then(turn))

    def as_plain(self) -> dict[str, list[Any]]:
        """What is beside the images, for JSON; :meth:`from_plain` makes the same of it, bit for bit."""
        return {
            "keep": self.keep.tolist(),
            "shifts": self.alignment.shifts_px.tolist(),
            "rotations": self.alignment.rotations_deg.tolist(),
            "magnifications": self.alignment.magnifications.tolist(),
        }

    @classmethod
    def from_plain(cls, data: Any, plain: dict[str, list[Any]]) -> OriginalImages:
        """The images with what :meth:`as_plain` gave."""
        alignment = Alignment.of(
            plain["shifts"], rotation_deg=plain["rotations"], magnification=plain["magnifications"]
        )
        return cls(data, np.array(plain["keep"], dtype=np.intp), alignment)


def originals_of(stack: BaseSignal) -> OriginalImages | None:
    """The original images of a stack; None if it was never interpolated, or is from a file."""
    return stack._original


def give_originals(stack: BaseSignal, originals: OriginalImages) -> None:
    """Let a stack that was read from a file have its original images again."""
    stack._original = originals

"""What is known of each projection as it came in; computes nothing."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(eq=False)
class LiveProjection:
    """One projection.

    Attributes
    ----------
    key
        By which its file and section are known.
    tilt_deg
        Degrees.
    shift_px
        ``(y, x)`` pixels, to be applied.
    weight
        How much it counts, 0 to 1.
    doubts
        What is wrong with it and what to do, in words; empty if nothing is.
    predicted_misfit
        What was left of it when it had been brought onto what the projections before it predict, relative to
        its contrast; NaN where there was nothing yet that predicts.
    total, sharpness
        Sum of the intensity, and fine over coarse detail.
    completed_at, done_at
        When its file was complete and when new slices were there, seconds since 1970.
    image
        ``(Y, X)`` as stored.
    """

    key: str
    tilt_deg: float
    shift_px: tuple[float, float] = (0.0, 0.0)
    weight: float = 1.0
    doubts: str = ""
    predicted_misfit: float = float("nan")
    total: float = 0.0
    sharpness: float = 0.0
    completed_at: float = 0.0
    done_at: float = 0.0
    image: NDArray[Any] = field(default_factory=lambda: np.zeros((0, 0)), repr=False)

    @property
    def lag_s(self) -> float:
        """Seconds from the complete file to new slices."""
        return self.done_at - self.completed_at

    @property
    def used(self) -> bool:
        """Whether it counts."""
        return self.weight > 0

    @property
    def told_misfit(self) -> float:
        """The predicted misfit, if the projection is good: of a bad one it says nothing about the volume."""
        return self.predicted_misfit if self.weight == 1 else float("nan")

    def as_dict(self) -> dict[str, Any]:
        """All but the image, for a file."""
        kept = {each.name: getattr(self, each.name) for each in fields(self) if each.name != "image"}
        return {**kept, "shift_px": list(self.shift_px)}

    @classmethod
    def from_dict(cls, known: dict[str, Any], image: NDArray[Any]) -> LiveProjection:
        """From :meth:`as_dict` and the image."""
        return cls(**{**known, "shift_px": tuple(known["shift_px"])}, image=image)

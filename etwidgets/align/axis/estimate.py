"""What is known of the tilt axis after it was looked for; does not know how it was found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, eq=False)
class AxisEstimate:
    """Where the tilt axis is, as what to *apply* with ``transform(yshift=shift_px, angle_deg=rotation_deg)``.

    Attributes
    ----------
    shift_px
        Pixels across the axis that put it into the middle row, after the rotation.
    rotation_deg
        Degrees, positive clockwise on screen, that make it horizontal.
    shift_error_px, rotation_error_deg
        Standard errors; None where the method has none.
    method
        ``"CoM"``, ``"CommonLine"`` or ``"MaxImage"``.
    rotation_determined, shift_determined
        False if the data do not determine it; ``warning`` then has the reason.
    warning
        Empty, or what the user should know before applying the estimate.
    columns, axis_rows
        ``(K,)`` pixel columns and the rows at which each saw the axis in the images as given (CoM).
    angles_deg, strength
        ``(A,)`` trial angles and how strongly lines at them stand out (MaxImage).
    candidates_px, objective
        ``(C,)`` trial shifts to apply, pixels, and the relative misfit at each; the lowest wins (trial
        reconstructions only).
    rotation_interval_deg, shift_interval_px
        Lower and upper end of the 95 % interval; None where the method has none.
    """

    shift_px: float
    rotation_deg: float
    shift_error_px: float | None
    rotation_error_deg: float | None
    method: str
    rotation_determined: bool = True
    warning: str = ""
    columns: NDArray[np.float64] | None = None
    axis_rows: NDArray[np.float64] | None = None
    angles_deg: NDArray[np.float64] | None = None
    strength: NDArray[np.float64] | None = None
    candidates_px: NDArray[np.float64] | None = None
    objective: NDArray[np.float64] | None = None
    shift_determined: bool = True
    rotation_interval_deg: tuple[float, float] | None = None
    shift_interval_px: tuple[float, float] | None = None

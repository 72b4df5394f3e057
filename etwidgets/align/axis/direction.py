"""What a header's angle of the tilt axis means for us: quarter turns, and the rotation that is left.

Knows one number, no file and no image. The angle is the one of IMOD and SerialEM, seen in pixels: from the
vertical to the tilt axis, positive from +y to -x, where y is the row in the file. On our screen, where rows
run down, that is clockwise. The axis has a direction, the one about which positive tilts turn as a
right-handed screw, so angles that differ by 180 degrees stand for mirrored volumes.

Source: IMOD, ``tiltxcorr -rotation``, https://bio3d.colorado.edu/imod/doc/man/tiltxcorr.html
"""

from __future__ import annotations

import math

from etwidgets.checks import is_number
from etwidgets.errors import ParameterError

_QUARTER_DEG = 90.0


def quarter_turns_for(tilt_axis_angle_deg: float) -> int:
    """Return the quarter turns that bring the tilt axis along x, to 45 degrees, without mirroring the volume.

    Parameters
    ----------
    tilt_axis_angle_deg
        Degrees from the vertical to the tilt axis, positive clockwise on screen (y down): what IMOD and
        SerialEM write for an MRC file. -90 is where we need it.

    Returns
    -------
    int
        -1, 0, 1 or 2; positive ones are clockwise on screen. What is left is
        :func:`remaining_rotation_deg`. A turn by 90 degrees the other way, or none instead of 2, leads to
        the mirror image of the volume, as opposite signs of all tilts do.

    Raises
    ------
    ParameterError
        If the angle is not a finite number.
    """
    return _split(tilt_axis_angle_deg)[0]


def remaining_rotation_deg(tilt_axis_angle_deg: float) -> float:
    """Return the rotation to apply after the turns of :func:`quarter_turns_for`.

    Parameters
    ----------
    tilt_axis_angle_deg
        As there.

    Returns
    -------
    float
        Degrees, more than -45 and at most 45, positive clockwise on screen, as
        :func:`etwidgets.align.transform` applies it.

    Raises
    ------
    ParameterError
        If the angle is not a finite number.
    """
    return _split(tilt_axis_angle_deg)[1]


def axis_angle_after(tilt_axis_angle_deg: float, rotation_deg: float) -> float:
    """Return the angle of the tilt axis in images that were rotated; -180 to below 180 degrees."""
    return (tilt_axis_angle_deg + rotation_deg + 180) % 360 - 180


def axis_angle_upside_down(tilt_axis_angle_deg: float) -> float:
    """Return the angle in images whose rows are in the opposite order; the volume is not mirrored by it."""
    return axis_angle_after(-tilt_axis_angle_deg, 180)


def _split(tilt_axis_angle_deg: float) -> tuple[int, float]:
    if not is_number(tilt_axis_angle_deg):
        raise ParameterError(f"tilt_axis_angle_deg must be a finite number, not {tilt_axis_angle_deg!r}")
    rotation = axis_angle_after(-float(tilt_axis_angle_deg), -_QUARTER_DEG)  # all of it, to apply
    turns = math.ceil(rotation / _QUARTER_DEG - 0.5)
    return (2 if turns == -2 else turns), rotation - turns * _QUARTER_DEG

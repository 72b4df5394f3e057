"""How the camera of a rendering moves in a movie: lists of camera states; knows no widget."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.spatial.transform import Rotation, Slerp

from etwidgets.errors import ParameterError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

Camera = dict[str, Any]
"""``rotation``: rows of the matrix from the box of the volume (x, y, z) to the screen (right, up, towards the
viewer); ``center``: what it turns around; ``scale``: the zoom; ``pan``: to the right and up."""

TURNS = ("tilt axis", "vertical")
"""About what a turntable turns: x of the volume, or the vertical of the screen."""


def turntable(camera: Camera, about: str, n_frames: int) -> list[Camera]:
    """One turn by 360 degrees, which can be repeated without a jump.

    Parameters
    ----------
    camera
        Where it begins.
    about
        One of :data:`TURNS`.
    n_frames
        At least 1.

    Raises
    ------
    ParameterError
        If ``about`` is another one or there are no frames.
    """
    if about not in TURNS:
        raise ParameterError(f"a rendering turns about its {' or '.join(TURNS)}, not about {about!r}")
    _check(n_frames)
    own = np.array(camera["rotation"])
    angles = 2 * np.pi * np.arange(n_frames) / n_frames
    if about == "vertical":
        turned = [_about("y", angle) @ own for angle in angles]
    else:
        turned = [own @ _about("x", angle) for angle in angles]
    return [{**camera, "rotation": matrix.tolist()} for matrix in turned]


def between(cameras: Sequence[Camera], n_frames: int) -> list[Camera]:
    """From the first camera through all others to the last, slower near each of them.

    Parameters
    ----------
    cameras
        Two or more: key frames, at equal intervals of time. Between two of them the volume turns the shorter
        way, and zooms by equal factors.
    n_frames
        At least as many.

    Raises
    ------
    ParameterError
        If there are fewer than two cameras, or fewer frames than cameras.
    """
    if len(cameras) < 2:
        raise ParameterError("a flight needs two views or more; add another one")
    _check(n_frames, len(cameras))
    knots = np.arange(len(cameras))
    times = np.linspace(0, len(cameras) - 1, n_frames)
    part = times - (leg := np.minimum(np.floor(times), len(cameras) - 2))
    eased = leg + part**2 * (3 - 2 * part)

    def values(name: str) -> NDArray[np.float64]:
        return np.array([camera[name] for camera in cameras], np.float64)

    def straight(given: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.stack([np.interp(eased, knots, column) for column in given.T], axis=-1)

    rotations = Slerp(knots, Rotation.from_matrix(values("rotation")))(eased).as_matrix()
    scales = np.exp(np.interp(eased, knots, np.log(values("scale"))))
    rows = zip(rotations, straight(values("center")), scales, straight(values("pan")), strict=True)
    return [
        {"rotation": r.tolist(), "center": c.tolist(), "scale": float(s), "pan": p.tolist()}
        for r, c, s, p in rows
    ]


def _about(axis: str, angle: float) -> NDArray[np.float64]:
    return Rotation.from_euler(axis, angle).as_matrix()


def _check(n_frames: int, least: int = 1) -> None:
    if n_frames < least:
        raise ParameterError(f"the movie needs at least {least} frames, not {n_frames}")

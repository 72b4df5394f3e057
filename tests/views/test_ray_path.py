"""Paths of the camera: turns that close, flights that meet their key frames."""

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from etwidgets.errors import ParameterError
from etwidgets.views.ray_path import TURNS, between, turntable

FRONT = {"rotation": [[1, 0, 0], [0, -1, 0], [0, 0, -1]], "center": [0, 0, 0], "scale": 2.0, "pan": [0, 0]}


def rotations(cameras):
    return np.array([camera["rotation"] for camera in cameras])


@pytest.mark.parametrize("about", TURNS)
def test_a_turntable_turns_in_equal_steps_and_comes_back(about):
    found = Rotation.from_matrix(rotations(turntable(FRONT, about, 12)))
    assert np.allclose(found[0].as_matrix(), FRONT["rotation"])
    steps = np.degrees((found[1:] * found[:-1].inv()).magnitude())
    assert np.allclose(steps, 30)
    assert np.degrees((found[0] * found[-1].inv()).magnitude()) == pytest.approx(30)


def test_a_turntable_keeps_its_axis_in_place():
    tilted = {**FRONT, "rotation": Rotation.from_euler("zyx", [0.3, 0.4, 0.5]).as_matrix().tolist()}
    along_x = rotations(turntable(tilted, "tilt axis", 8))[:, :, 0]  # x of the volume on the screen
    assert np.allclose(along_x, along_x[0])
    up = rotations(turntable(tilted, "vertical", 8))[:, 1, :]  # what of the volume is up
    assert np.allclose(up, up[0])


def test_a_flight_meets_its_key_frames_and_turns_the_shorter_way():
    turned = Rotation.from_euler("z", 90, degrees=True).as_matrix() @ np.array(FRONT["rotation"])
    other = {"rotation": turned.tolist(), "center": [0.2, 0, 0], "scale": 8.0, "pan": [0, 0.5]}
    found = between([FRONT, other, FRONT], 9)
    assert len(found) == 9
    for place, camera in ((0, FRONT), (4, other), (8, FRONT)):
        for name, value in camera.items():
            assert np.allclose(found[place][name], value)
    middle = found[2]
    away = Rotation.from_matrix(middle["rotation"]) * Rotation.from_matrix(FRONT["rotation"]).inv()
    assert np.degrees(away.magnitude()) == pytest.approx(45)
    assert middle["scale"] == pytest.approx(4.0)
    assert middle["center"] == pytest.approx([0.1, 0, 0])


def test_what_is_no_path_is_refused():
    with pytest.raises(ParameterError, match="two views"):
        between([FRONT], 10)
    with pytest.raises(ParameterError, match="at least 2 frames"):
        between([FRONT, FRONT], 1)
    with pytest.raises(ParameterError, match="tilt axis or vertical"):
        turntable(FRONT, "beam", 10)

"""Movies of the rendering: what the browser is asked for, and what becomes of its frames."""

from io import BytesIO

import numpy as np
import pytest
import seen
from PIL import Image

from etwidgets.panels import VolumePanel
from etwidgets.views import RayView

FRONT = {"rotation": [[1, 0, 0], [0, -1, 0], [0, 0, -1]], "center": [0, 0, 0], "scale": 2.0, "pan": [0, 0]}


@pytest.fixture
def asked(monkeypatch):
    messages = []
    monkeypatch.setattr(RayView, "send", lambda _self, content, buffers=None: messages.append(content))
    return messages


@pytest.fixture
def panel(session, made, tmp_path, asked):
    session.apply("reconstruct", method="BP", thickness=16)
    panel = made(VolumePanel(session, tmp_path))
    panel._rendering.rays.receive({"type": "ready", "most": 256})
    panel._rendering.rays.camera = FRONT
    panel.controls["film-length"].value = 1
    return panel


def frame(shade):
    file = BytesIO()
    Image.fromarray(np.full((48, 64), shade, np.uint8)).save(file, "png")
    return file.getvalue()


def choose(panel, what):
    panel.controls["what"].value = f"rendering movie: {what}"


def answer(panel, request, index):
    total = len(request["cameras"])
    still = {"type": "still", "id": request["id"], "index": index, "count": total}
    panel._rendering.rays.receive(still, [frame(15 * index)])


def test_a_turn_is_drawn_and_written_frame_by_frame(panel, asked, tmp_path):
    choose(panel, "tilt axis")
    panel.controls["save"].click()
    request = asked[-1]
    assert request["type"] == "stills"
    assert len(request["cameras"]) == 15  # of one second
    assert request["cameras"][0]["rotation"] == FRONT["rotation"]
    for index in range(14):
        answer(panel, request, index)
    assert "frame 14 of 15" in seen.text(panel)
    assert list(tmp_path.iterdir()) == []
    answer(panel, request, 14)
    with Image.open(tmp_path / "tilt-axis.gif") as film:
        assert film.n_frames == 15
    assert panel.controls["stop-film"].layout.display == "none"


def test_a_cancelled_movie_is_not_written(panel, asked, tmp_path):
    choose(panel, "vertical")
    panel.controls["save"].click()
    request = asked[-1]
    answer(panel, request, 0)
    panel.controls["stop-film"].click()
    assert asked[-1] == {"type": "stop"}
    for index in range(1, 15):
        answer(panel, request, index)
    assert list(tmp_path.iterdir()) == []


def test_a_flight_passes_through_the_views_that_were_kept(panel, asked):
    choose(panel, "key frames")
    panel.controls["save"].click()
    assert "two views" in panel.model.message.text
    panel.controls["keep-view"].click()
    panel._rendering.rays.camera = {**FRONT, "scale": 8.0}
    panel.controls["keep-view"].click()
    assert "2 key frames" in seen.text(panel)
    panel.controls["save"].click()
    cameras = asked[-1]["cameras"]
    assert [cameras[i]["scale"] for i in (0, 7, 14)] == pytest.approx([2, 4, 8])


def test_ipyvolume_makes_no_movies(panel):
    choose(panel, "vertical")
    assert not panel.controls["save"].disabled
    panel.controls["renderer"].value = "ipyvolume"
    assert panel.controls["save"].disabled

"""Movies of the rendering: turns and flights between views, drawn by the browser; knows no panel."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import ipywidgets as widgets

from etwidgets.errors import ParameterError
from etwidgets.panels.component import Component
from etwidgets.panels.pieces import button, control, row, text
from etwidgets.views.ray_path import TURNS, between, turntable

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from etwidgets.session import Session
    from etwidgets.views import RayView

KEY_FRAMES = "key frames"
FILMS = (*TURNS, KEY_FRAMES)
"""A turn about the tilt axis or the vertical of the screen, or a flight through the views that were kept."""

_SIZE_PX = (640, 480)
_FRAMES_PER_SECOND = 15


class FilmPart(Component):
    """Key frames, the length of a movie, and how far the browser is.

    Parameters
    ----------
    session
        Which writes the file.
    name
        Of the panel.
    rays
        What is filmed.
    """

    def __init__(self, session: Session, name: str, rays: RayView) -> None:
        super().__init__(session, name)
        self._rays = rays
        self._kept: list[dict[str, Any]] = []
        self._stop: Callable[[], None] | None = None
        length = {"min": 1, "max": 20, "value": 6}
        self.add("film-length", control(widgets.BoundedFloatText, "movie length (s)", **length))
        self.add("keep-view", button("Add key frame", tooltip="Keep this view for a movie"))
        self.add("forget-views", button("Clear", tooltip="Remove all key frames"))
        self.add("stop-film", button("Cancel movie"))
        self._note = text("", "etw-quiet")
        self.on_click("keep-view", self._keep)
        self.on_click("forget-views", self.fresh)
        self.on_click("stop-film", self.stop)
        self.listen(self.model, "reconstruction", self.stop)
        keep, forget, stop = (self.controls[each] for each in ("keep-view", "forget-views", "stop-film"))
        self.widget = widgets.VBox([self.controls["film-length"], row(keep, forget), self._note, stop])

    def fresh(self) -> None:
        """No key frames, and no movie that is drawn."""
        self._kept = []
        self.stop()

    @property
    def drawing(self) -> bool:
        """Whether the browser draws a movie."""
        return self._stop is not None

    def start(self, what: str, path: Path) -> None:
        """Have the browser draw a movie, and then the session write it.

        Parameters
        ----------
        what
            One of :data:`FILMS`.
        path
            Of the new file.

        Raises
        ------
        FileExistsError
            If there is such a file.
        ParameterError
            If a movie is being drawn, nothing is rendered, or there are fewer than two key frames.
        """
        if self.drawing:
            raise ParameterError("a movie is being drawn; wait for its end, or cancel it")
        if path.exists():
            raise FileExistsError(f"{path} exists; choose another name")
        if not self._rays.camera:
            raise ParameterError("nothing is rendered; look at the volume first")
        n_frames = round(self.controls["film-length"].value * _FRAMES_PER_SECOND)
        if what == KEY_FRAMES:
            cameras = between(self._kept, n_frames)
        else:
            cameras = turntable(self._rays.camera, what, n_frames)
        frames: list[bytes] = []

        def take(_index: int, total: int, frame: bytes) -> None:
            frames.append(frame)
            self._tell(f"Drawing frame {len(frames)} of {total}.")
            if len(frames) == total:
                self._stop = None
                self._tell()
                self.guard(lambda: self.session.save_frames(frames, path, _FRAMES_PER_SECOND))

        self._stop = self._rays.stills(take, *_SIZE_PX, cameras)
        self._tell(f"Drawing {n_frames} frames.")

    def stop(self) -> None:
        """Draw no more frames; nothing is written."""
        stop, self._stop = self._stop, None
        if stop is not None:
            stop()
        self._tell()

    def _keep(self) -> None:
        if not self._rays.camera:
            raise ParameterError("nothing is rendered; look at the volume first")
        self._kept.append(dict(self._rays.camera))
        self._tell()

    def _tell(self, words: str = "") -> None:
        """How far it is, or how many key frames there are."""
        count = len(self._kept)
        kept = f"{count} key frame{'' if count == 1 else 's'}." if count else ""
        self._note.value = words or kept
        self.controls["stop-film"].layout.display = "" if self.drawing else "none"
        self.controls["forget-views"].disabled = self.drawing or not self._kept

"""A volume, or a few in their own colors, drawn in the browser by ray casting; knows voxels only.

The voxels travel as a binary message and are not part of the widget's state.
"""

from __future__ import annotations

from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

import anywidget
import numpy as np
import traitlets

from etwidgets.errors import ParameterError
from etwidgets.views.parts import close_parts, connect, with_plain_text
from etwidgets.views.ray_volume import PRESETS, RayVolume, ray_volume
from etwidgets.views.scripts import script
from etwidgets.views.volume_channels import VolumeChannel

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray


_HERE = Path(__file__).parent
_USUAL_VOXELS = 256
_WHOLE = [[0.0, 1.0]] * 3
MODES = ("volume", "surface", "maximum")
"""Through the transfer function; the surface, with light; the maximum along each ray."""


class RayView(anywidget.AnyWidget):
    """A rendered volume: turned by the mouse, with an editable transfer function and slice planes.

    It fills the place that its owner gives it.

    Attributes
    ----------
    mode
        One of :data:`MODES`. Both sides write it.
    light, planes, box, editor
        Whether there is light, the three slices, the outline of the volume, the curve of the transfer
        function. Both sides write them.
    maximized
        Whether the user wants it to fill the view; its owner sees to that.
    clip
        What is drawn: from and to along x, y and z, parts of the sides. Its owner may write it.
    place
        Where the slices and the cross-hair are: parts of the sides x, y and z; see :meth:`point_at`.
    transfer
        Points of the transfer function of each channel: ``[value, opacity, color]``. Both sides write it.
    cut
        Direction of the side of an oblique plane through ``place`` that is not drawn; empty: there is none.
        Both sides write it.
    camera
        From where it is looked at, once the hand rests: see :data:`~etwidgets.views.ray_path.Camera`; empty
        before anything is drawn. Both sides write it.
    """

    _esm = script("ray_view.js")
    _css = _HERE / "ray_view.css"
    mode = traitlets.Enum(MODES, default_value="volume").tag(sync=True)
    """One of :data:`MODES`. The browser and its owner write it."""
    light = traitlets.Bool(default_value=True).tag(sync=True)
    """Whether there is light. The browser and its owner write it."""
    planes = traitlets.Bool(default_value=False).tag(sync=True)
    """Whether the slices are drawn in it. The browser and its owner write it."""
    box = traitlets.Bool(default_value=True).tag(sync=True)
    """Whether the outline of the volume is drawn. Its owner writes it."""
    editor = traitlets.Bool(default_value=False).tag(sync=True)
    """Whether the curve of the transfer function is shown. The browser and its owner write it."""
    maximized = traitlets.Bool(default_value=False).tag(sync=True)
    """Whether it is to fill the view. The browser and its owner write it."""
    clip = traitlets.List(default_value=_WHOLE).tag(sync=True)
    """From and to along x, y and z, parts of the sides. Its owner writes it."""
    place = traitlets.List(default_value=[0.5, 0.5, 0.5]).tag(sync=True)
    """Of the slices, parts of the sides x, y, z. Its owner writes it."""
    transfer = traitlets.List(default_value=[]).tag(sync=True)
    """Points of each channel. The browser and its owner write it."""
    unseen = traitlets.List(default_value=[]).tag(sync=True)
    """For 256 directions of normals in the plane of z and y, over 180 degrees from y to -z: 1 where a face is
    marked; empty: none. Its owner writes it."""
    cut = traitlets.List(default_value=[]).tag(sync=True)
    """Along x, y and z, of length 1, towards what is cut off. The browser and its owner write it."""
    camera = traitlets.Dict(default_value={}).tag(sync=True)
    """Its state when the hand last rested. The browser and its owner write it."""
    presets = traitlets.List(default_value=list(PRESETS)).tag(sync=True)
    """Names of the presets of the curve. Nobody writes it."""

    def __init__(self) -> None:
        super().__init__()
        self._drawn: RayVolume | None = None
        self._unit = "px"
        self._viewers, self._numbers = 0, count(1)
        self._wanted: dict[int, Callable[[int, int, bytes], None]] = {}
        self._handlers: dict[str, list[Callable[[Any], None]]] = {"pick": [], "save": []}
        self.on_msg(lambda _widget, content, buffers: self.receive(content, buffers))

    def show(
        self,
        volume: NDArray[Any] | Sequence[VolumeChannel],
        pixel_size: float | None = None,
        unit: str = "nm",
        *,
        most_voxels: int = _USUAL_VOXELS,
    ) -> None:
        """Draw a volume, or one to four channels over each other, instead of what was drawn.

        The camera and the transfer function stay where the shape and the names of the channels do.

        Parameters
        ----------
        volume
            ``(X, Z, Y)`` real numbers, or channels of one shape.
        pixel_size
            Length of a voxel for the scale bar; None: pixels.
        unit
            Of ``pixel_size``.
        most_voxels
            Along the longest side of what is drawn, at least 8.

        Raises
        ------
        ShapeError, ParameterError
            If it is not a volume, the channels differ in shape, or a number is out of range.
        """
        if most_voxels < 8:
            raise ParameterError(f"at least 8 voxels along the longest side are drawn, not {most_voxels}")
        channels = [VolumeChannel("", volume)] if isinstance(volume, np.ndarray) else list(volume)
        size, unit = (1.0, "px") if pixel_size is None else (pixel_size, unit)
        self.put(ray_volume(channels, size, most_voxels), unit)

    def put(self, volume: RayVolume, unit: str) -> None:
        """Draw what was prepared, as by a worker; ``unit`` is that of its pixel size."""
        before, self._drawn, self._unit = self._drawn, volume, unit
        same = before is not None and (before.names, before.shape) == (volume.names, volume.shape)
        if not same:
            self.transfer, self.clip, self.camera = volume.transfer(), _WHOLE, {}
        self._send_volume()

    @property
    def drawn(self) -> RayVolume | None:
        """What the browser was given; None: nothing."""
        return self._drawn

    def clear(self) -> None:
        """Draw nothing, and forget how it was looked at."""
        self._drawn, self._wanted = None, {}
        for name in ("mode", "planes", "clip", "place", "transfer", "unseen", "cut", "camera"):
            self.set_trait(name, self.traits()[name].default())
        if self._viewers:
            self.send({"type": "clear"})

    def point_at(self, voxel: Sequence[int]) -> None:
        """Move the slices and the cross-hair to a voxel with the indices x, z, y of the volume."""
        if self._drawn is not None:
            self.place = list(self._drawn.place_of(voxel))

    def use_preset(self, name: str, channel: int = 0) -> None:
        """Give a channel a transfer function of :data:`~etwidgets.views.ray_volume.PRESETS`."""
        if self._drawn is not None:
            made, before = self._drawn.transfer(name), self.transfer
            self.transfer = [made[i] if i == channel else each for i, each in enumerate(before)]

    def look_along(self, axis: str) -> None:
        """Turn the volume so that one looks along x, y or z, as at the slice across it."""
        self.send({"type": "look", "axis": axis})

    def stills(
        self,
        use: Callable[[int, int, bytes], None],
        width: int,
        height: int,
        cameras: Sequence[dict[str, Any] | None] = (None,),
    ) -> Callable[[], None]:
        """Have the browser draw pictures of this view, each sharp and with scale bar and axes.

        Parameters
        ----------
        use
            Called with the number of a picture, how many there are, and the bytes of a PNG file.
        width, height
            Of the pictures, pixels.
        cameras
            One state for each, as :attr:`camera`; None: as it is.

        Returns
        -------
        callable
            Stops it.

        Raises
        ------
        ParameterError
            If nothing is drawn.
        """
        if self._drawn is None or not self._viewers:
            raise ParameterError("show a volume first; there is no picture to save")
        number = next(self._numbers)
        self._wanted[number] = use
        wanted = {"width": width, "height": height, "cameras": list(cameras)}
        self.send({"type": "stills", "id": number, **wanted})

        def stop() -> None:
            if self._wanted.pop(number, None) is not None:
                self.send({"type": "stop"})

        return stop

    def on_pick(self, handler: Callable[[tuple[int, int, int]], None]) -> Callable[[], None]:
        """Call ``handler((x, z, y))`` with the voxel that was clicked; the result undoes it."""
        return connect(self._handlers["pick"], handler)

    def on_save(self, handler: Callable[[tuple[int, int]], None]) -> Callable[[], None]:
        """Call ``handler((width, height))`` when the picture is to be saved; the result undoes it."""
        return connect(self._handlers["save"], handler)

    def receive(self, content: dict[str, Any], buffers: Sequence[Any] = ()) -> None:
        """Act on a message as the browser sends it, which a test may send too."""
        kind = content.get("type")
        if kind == "ready":
            self._viewers += 1
            self._fit_into(int(content.get("most", _USUAL_VOXELS)))
        elif kind == "gone":
            self._viewers = max(0, self._viewers - 1)
        elif kind == "pick" and self._drawn is not None:
            self._tell("pick", self._drawn.voxel_at(content["place"]))
        elif kind == "save":
            self._tell("save", (int(content["width"]), int(content["height"])))
        elif kind == "preset":
            self.use_preset(content["name"], int(content["channel"]))
        elif kind == "still" and content["id"] in self._wanted:
            index, total = int(content["index"]), int(content["count"])
            use = self._wanted[content["id"]]
            if index + 1 == total:
                del self._wanted[content["id"]]
            use(index, total, bytes(buffers[0]))

    def close(self) -> None:
        """Take it off the page and forget the voxels and the handlers."""
        self._drawn, self._wanted = None, {}
        for handlers in self._handlers.values():
            handlers.clear()
        close_parts(self)
        super().close()

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        return with_plain_text(super()._repr_mimebundle_(**kwargs), "The rendered volume")

    def _fit_into(self, most: int) -> None:
        """The graphics card draws textures up to a size."""
        if self._drawn is None:
            return
        if max(self._drawn.sizes) > most:
            self._drawn = ray_volume(self._drawn.channels, self._drawn.pixel_size, most)
        self._send_volume()

    def _send_volume(self) -> None:
        """With the first picture of it the camera is fitted."""
        if self._viewers and self._drawn is not None:
            message = self._drawn.message(self._unit, anew=not self.camera)
            self.send(message, [self._drawn.data.tobytes()])

    def _tell(self, kind: str, what: Any) -> None:
        for handler in list(self._handlers[kind]):
            handler(what)

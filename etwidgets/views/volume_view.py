"""A volume rendered by ipyvolume, with controls of our own; knows voxels, not where they are from.

ipyvolume's own container does not work under ipyvue 3 and is not used.
"""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import ipywidgets as widgets
import matplotlib as mpl
import numpy as np
from scipy import ndimage

from etwidgets.errors import ParameterError, ShapeError
from etwidgets.views.panes import contrast_limits
from etwidgets.views.parts import close_parts

if TYPE_CHECKING:
    from numpy.typing import NDArray

_MOST_VOXELS_PER_SIDE = 256
_COLOURS = 256


def fewer_voxels(volume: NDArray[Any], max_side: int) -> tuple[NDArray[np.float32], float]:
    """Shrink a volume so that its longest side has at most ``max_side`` voxels.

    Returns
    -------
    volume
        float32; smoothed over what a new voxel covers, so that nothing small appears or vanishes by chance.
    factor
        Old voxels per new one.
    """
    factor = max(volume.shape) / max_side
    data = np.asarray(volume, dtype=np.float32)
    if factor <= 1:
        return data, 1.0
    smooth = ndimage.uniform_filter(data, size=max(1, round(factor)))
    return ndimage.zoom(smooth, 1 / factor, order=1, grid_mode=True, mode="nearest"), factor


class VolumeView(widgets.VBox):
    """A rendered volume that can be turned with the mouse.

    Parameters
    ----------
    width, height
        CSS pixels of the picture.
    """

    def __init__(self, width: int = 480, height: int = 400) -> None:
        self._size = width, height
        self._figure: Any = None
        self._volume: Any = None
        self._note = widgets.HTML("").add_class("etw-text")
        self._level = _slider("level (%)", 25, 0, 100, 1)
        self._width = _slider("width (%)", 30, 2, 100, 1)
        self._opacity = _slider("opacity", 0.2, 0.01, 1, 0.01)
        self.controls = {"level": self._level, "width": self._width, "opacity": self._opacity}
        self._place = widgets.Box([]).add_class("etw-volume-picture")
        for control in self.controls.values():
            control.observe(self._set_transfer, "value")
        self._side = widgets.VBox([*self.controls.values(), self._note]).add_class("etw-volume-controls")
        self._row = widgets.HBox([self._place, self._side])
        super().__init__([self._row])
        self.add_class("etw-volume-view")

    def show(
        self,
        volume: NDArray[Any],
        pixel_size: float | None = None,
        unit: str = "nm",
        *,
        max_side: int = 128,
    ) -> None:
        """Render a volume instead of what was shown.

        Parameters
        ----------
        volume
            ``(X, Z, Y)`` real numbers.
        pixel_size
            Length of a voxel for the axes; None: pixels.
        unit
            Of ``pixel_size``.
        max_side
            Voxels along the longest side of what is rendered, at most 256.

        Raises
        ------
        ShapeError
            If it is no volume.
        ParameterError
            If ``max_side`` is out of range.
        """
        if np.ndim(volume) != 3 or min(np.shape(volume)) < 2:
            raise ShapeError(
                f"a volume has the shape (x, z, y), at least 2 voxels each, not {np.shape(volume)}"
            )
        if not 8 <= max_side <= _MOST_VOXELS_PER_SIDE:
            raise ParameterError(f"max_side must be 8 to {_MOST_VOXELS_PER_SIDE}, not {max_side}")
        small, _ = fewer_voxels(np.asarray(volume), max_side)
        self._clear()
        self._build(small, np.shape(volume), pixel_size, unit)
        longest = max(np.shape(volume))
        if max(small.shape) < longest:
            self._note.value = f"Showing {max(small.shape)} of {longest} voxels along the longest side."
        else:
            self._note.value = "Showing every voxel."

    def close(self) -> None:
        """Take it off the page, with all that belongs to it."""
        self._clear()
        inner = (*self.controls.values(), self._note, self._place, self._side, self._row)
        for widget in (*inner, self):
            close_parts(widget)
        for widget in inner:
            widget.close()
        super().close()

    def _build(
        self, small: NDArray[np.float32], shape: tuple[int, ...], pixel_size: float | None, unit: str
    ) -> None:
        import ipyvolume as ipv
        import ipyvolume.styles

        scale, name = (1.0, "px") if pixel_size is None else (pixel_size, unit)
        lengths = [size * scale for size in (shape[0], shape[2], shape[1])]  # x, y, z
        half = max(lengths) / 2
        limits = contrast_limits(small, (1, 99.9))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # ipyvolume casts the gradient of even regions, which is NaN
            # without its pylab, which keeps every figure in a module global
            figure = ipv.Figure(width=self._size[0], height=self._size[1])
            self._volume = ipv.Volume(
                data_original=np.ascontiguousarray(small.transpose(1, 2, 0)),  # ipyvolume wants z, y, x
                data_min=limits[0],
                data_max=limits[1],
                show_min=limits[0],
                show_max=limits[1],
                extent_original=[[-length / 2, length / 2] for length in lengths],
                data_max_shape=_MOST_VOXELS_PER_SIDE,
                rendering_lighting=True,
                tf=self._transfer(),
            )
            figure.volumes = [self._volume]
            figure.style = ipyvolume.styles.dark
            for axis in ("x", "y", "z"):
                setattr(figure, f"{axis}lim", [-half, half])
                setattr(figure, f"{axis}label", f"{axis} ({name})")
        self._figure = figure
        self._place.children = (figure,)

    def _transfer(self) -> Any:
        """Nothing below the level, then more and more opaque over the width; colours as in the slices."""
        import ipyvolume as ipv

        level, width = self._level.value / 100, self._width.value / 100
        value = np.linspace(0, 1, _COLOURS)
        rgba = mpl.colormaps["inferno"](0.25 + 0.75 * value)
        rgba[:, 3] = self._opacity.value * np.clip((value - level) / width, 0, 1)
        return ipv.TransferFunction(rgba=rgba.astype(np.float32))

    def _set_transfer(self, _change: Any) -> None:
        if self._volume is None:
            return
        old = self._volume.tf
        self._volume.tf = self._transfer()
        close_parts(old)
        old.close()

    def _clear(self) -> None:
        self._place.children = ()
        for widget in _parts(self._figure):
            widget.close()
        self._figure = self._volume = None


def _slider(label: str, value: float, low: float, high: float, step: float) -> widgets.FloatSlider:
    return widgets.FloatSlider(
        description=label, value=value, min=low, max=high, step=step, continuous_update=False,
        style={"description_width": "64px"}, layout=widgets.Layout(width="auto"),
    )  # fmt: skip


def _parts(figure: Any) -> list[widgets.Widget]:
    """The figure and all widgets that hang on it, inner ones first."""
    found: dict[str, widgets.Widget] = {}

    def visit(widget: Any) -> None:
        if not isinstance(widget, widgets.Widget) or widget.model_id is None or widget.model_id in found:
            return
        found[widget.model_id] = widget
        for name in widget.keys:
            value = getattr(widget, name, None)
            inner = value.values() if isinstance(value, dict) else value
            for item in inner if isinstance(inner, list | tuple | type({}.values())) else (inner,):
                visit(item)

    visit(figure)
    return list(found.values())[::-1]

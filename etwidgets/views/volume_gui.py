"""What ``RecStack.plot_3d`` shows; found by HyperSpy's registry, for a signal knows no widget."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from IPython.display import display as show_in_cell

from etwidgets.views.volume_view import VolumeView

if TYPE_CHECKING:
    from etwidgets.signals import RecStack

_PIXELS = 100  # for a unit of figsize


def plot_3d(
    obj: RecStack,
    *,
    display: bool = True,
    vmin_std: float = 0.1,
    vmax_std: float = 10,
    figsize: tuple[float, float] = (10, 4),
) -> VolumeView | None:
    """Render a volume.

    Parameters
    ----------
    obj
        ``(X, Z, Y)``; the name is HyperSpy's.
    display
        Show the widget in the cell, and return nothing.
    vmin_std, vmax_std
        Contrast: from the mean minus ``vmin_std`` to the mean plus ``vmax_std`` standard deviations.
    figsize
        Width and height, in units of 100 pixels.
    """
    data = np.asarray(obj.data, dtype=np.float32)
    mean, deviation = float(data.mean()), float(data.std())
    limited = np.clip(data, mean - vmin_std * deviation, mean + vmax_std * deviation)
    axis = obj.axes_manager["x"]
    view = VolumeView(round(figsize[0] * _PIXELS), round(figsize[1] * _PIXELS))
    known = str(axis.units) != "pixels"
    view.show(limited, float(axis.scale) if known else None, str(axis.units) if known else "nm")
    if not display:
        return view
    show_in_cell(view)
    return None

"""How the data are looked at: slice, contrast, colors; apart from the data, and shared by all pictures.

Changing it changes no result and is not a step of the history.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from traitlets import Bool, Dict, Float, HasTraits, Int, Tuple, Unicode

from etwidgets.deprecated import renamed_method, renamed_property

if TYPE_CHECKING:
    from etwidgets.signals import RecStack, TomoStack

SERIES = "series"
"""How the series itself is called among its channels."""

CHANNEL_COLORS = ("#bbbbbb", "#e69f00", "#56b4e9", "#009e73", "#cc79a7", "#f0e442", "#d55e00", "#0072b2")
"""Of the series and of its channels; distinguishable with color blindness (Okabe and Ito)."""


class Display(HasTraits):
    """What all pictures of one session have in common."""

    projection = Int(0, min=0)
    """Index of the projection that is shown. Any panel may write it."""

    column = Int(0, min=0)
    """Image column x of the sinogram that is shown, pixels. Any panel may write it."""

    row = Int(0, min=0)
    """Image row y at which the cross-hair is, pixels. Any panel may write it."""

    contrast = Tuple(Float(), Float(), default_value=(0.5, 99.8))
    """Percentiles of the intensities that are drawn black and white. Any panel may write it."""

    limits = Dict(key_trait=Unicode(), value_trait=Tuple(Float(), Float(), Float(), Float()))
    """Intensities that are drawn black and white instead, with the percentiles that they replace, by the
    name of a signal: ``series``, ``volume``, or ``volume`` and the name of a channel. Written by
    :meth:`set_limits`."""

    gamma = Float(1.0, min=0.2, max=5.0)
    """Exponent of the brightness: below 1 shows more of what is dark. Any panel may write it."""

    log_scale = Bool(default_value=False)
    """Whether brightness follows the logarithm of the intensity above the darkest. Any panel may write it."""

    color_map = Unicode("gray")
    """One of ``session.COLOR_MAPS``. Any panel may write it."""

    voxel = Tuple(Int(), Int(), Int(), default_value=(0, 0, 0))
    """Indices x, z, y at which the volume is cut. Any panel may write it."""

    channel_colors = Dict()
    """Color of each channel by its name, as CSS writes it; ``series`` is the series itself. Any panel may
    write it."""

    hidden_channels = Tuple()
    """Names of the channels that are not drawn over the others. Any panel may write it."""

    colour_map = renamed_property("Display.colour_map", "color_map")
    channel_colours = renamed_property("Display.channel_colours", "channel_colors")

    def set_limits(self, name: str, low: float, high: float) -> None:
        """Have these intensities of a signal drawn black and white until :attr:`contrast` is changed."""
        self.limits = {**self.limits, name: (low, high, *self.contrast)}

    def limits_of(self, name: str) -> tuple[float, float] | None:
        """The intensities that were set for a signal; None where :attr:`contrast` counts."""
        low, high, *instead_of = self.limits.get(name, (0.0, 1.0))
        return (low, high) if tuple(instead_of) == self.contrast else None

    def color_of(self, name: str, place: int) -> str:
        """The color of a channel: the one it was given, or that of its place in the list."""
        given: Any = self.channel_colors.get(name)
        return str(given) if given else CHANNEL_COLORS[place % len(CHANNEL_COLORS)]

    def begin_anew(self, stack: TomoStack | None, volume: RecStack | None) -> None:
        """Another series: nothing stays of how the one before was looked at but the color map.

        That one is a matter of taste and says nothing of the data.
        """
        for name, trait in self.traits().items():
            if name != "color_map":
                self.set_trait(name, trait.default(self))
        self.center(stack, volume)

    def center(self, stack: TomoStack | None, volume: RecStack | None) -> None:
        """Look at the middle: the projection nearest to 0 degrees, the central column and voxel."""
        if stack is not None:
            n_projections = stack.data.shape[0]
            tilts = (
                np.abs(stack.tilts_deg)
                if stack.has_tilts
                else np.abs(np.arange(n_projections) - n_projections // 2)
            )
            self.projection = int(np.argmin(tilts))
            self.column, self.row = stack.data.shape[-1] // 2, stack.data.shape[-2] // 2
        if volume is not None:
            self.voxel = tuple(size // 2 for size in volume.data.shape)

    colour_of = renamed_method("Display.colour_of", "color_of")
    centre = renamed_method("Display.centre", "center")  # codespell:ignore centre

    def follow_size(self, before: TomoStack, after: TomoStack) -> None:
        """Stay at the same part of the specimen after the image changed its size: binned, or cropped."""
        if before.data.shape[-2:] == after.data.shape[-2:]:
            return
        for name, trait in (("x", "column"), ("y", "row")):
            old, new = (stack.axes_manager[name] for stack in (before, after))
            place = (old.offset + old.scale * getattr(self, trait) - new.offset) / new.scale
            setattr(self, trait, min(max(round(place), 0), new.size - 1))

    def keep_inside(self, stack: TomoStack | None, volume: RecStack | None) -> None:
        """Move to the nearest place that there is, after the data changed their size."""
        if stack is not None:
            self.projection = min(self.projection, stack.data.shape[0] - 1)
            self.column = min(self.column, stack.data.shape[-1] - 1)
            self.row = min(self.row, stack.data.shape[-2] - 1)
        if volume is not None:
            sizes = volume.data.shape
            self.voxel = tuple(min(index, size - 1) for index, size in zip(self.voxel, sizes, strict=True))

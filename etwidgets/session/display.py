"""How the data are looked at: slice, contrast, colours; apart from the data, and shared by all pictures.

Changing it changes no result and is no step of the history.
"""

from __future__ import annotations

from traitlets import Float, HasTraits, Int, Tuple, Unicode

COLOUR_MAPS = ("gray", "inferno", "viridis")


class Display(HasTraits):
    """What all pictures of one session have in common."""

    projection = Int(0, min=0)
    """Index of the projection that is shown. Any panel may write it."""

    column = Int(0, min=0)
    """Image column x of the sinogram that is shown, pixels. Any panel may write it."""

    contrast = Tuple(Float(), Float(), default_value=(0.5, 99.8))
    """Percentiles of the intensities that are drawn black and white. Any panel may write it."""

    colour_map = Unicode("gray")
    """One of :data:`COLOUR_MAPS`. Any panel may write it."""

    voxel = Tuple(Int(), Int(), Int(), default_value=(0, 0, 0))
    """Indices x, z, y at which the volume is cut. Any panel may write it."""

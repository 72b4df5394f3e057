"""The namespace of ETSpy: the listings of the paper and notebooks run with only the import lines changed.

Use ``import etwidgets.api as etspy``, or ``from etwidgets.api import datasets, io, simulation, utils``.
Nothing is defined here.
"""

from types import SimpleNamespace

from etwidgets import align, datasets, etspy_names
from etwidgets import io as _io
from etwidgets import simulation as _simulation
from etwidgets.align import calc_est_angles, calc_golden_ratio_angles
from etwidgets.io import load
from etwidgets.signals import RecStack, TomoShifts, TomoStack, TomoTilts

io = SimpleNamespace(
    **{name: getattr(_io, name) for name in _io.__all__},
    get_dm_tilts=etspy_names.get_dm_tilts,
    get_mrc_tilts=etspy_names.get_mrc_tilts,
    load_serialem=etspy_names.load_serialem,
    load_serialem_series=etspy_names.load_serialem_series,
    parse_mdoc=etspy_names.parse_mdoc,
    parse_mrc_header=etspy_names.parse_mrc_header,
)
"""All of :mod:`etwidgets.io`, and ETSpy's functions for single file types."""

simulation = SimpleNamespace(
    **{name: getattr(_simulation, name) for name in _simulation.__all__ if name != "add_noise"},
    add_noise=etspy_names.add_noise,
    create_catalyst_model=etspy_names.create_catalyst_model,
    create_cylinder_model=etspy_names.create_cylinder_model,
    create_model_tilt_series=etspy_names.create_model_tilt_series,
    misalign_stack=etspy_names.misalign_stack,
)
"""All of :mod:`etwidgets.simulation`, and ETSpy's models, which are signals."""

utils = SimpleNamespace(
    calc_est_angles=calc_est_angles,
    calc_golden_ratio_angles=calc_golden_ratio_angles,
    filter_stack=etspy_names.filter_stack,
    get_radial_mask=etspy_names.get_radial_mask,
    multiaverage=etspy_names.multiaverage,
    register_serialem_stack=etspy_names.register_serialem_stack,
    weight_stack=TomoStack.weight_stack,
)
"""ETSpy's helper functions, including ``weight_stack(stack, accuracy)``."""

__all__ = [
    "RecStack",
    "TomoShifts",
    "TomoStack",
    "TomoTilts",
    "align",
    "datasets",
    "io",
    "load",
    "simulation",
    "utils",
]

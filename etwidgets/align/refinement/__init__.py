"""Refines an alignment until the volume that follows from it predicts the projections best."""

from etwidgets.align.refinement.check import ProjectionCheck, check_projections
from etwidgets.align.refinement.records import Refinement, RefinementOptions
from etwidgets.align.refinement.refine import refine_alignment
from etwidgets.align.refinement.series import PaddedSeries

__all__ = [
    "PaddedSeries",
    "ProjectionCheck",
    "Refinement",
    "RefinementOptions",
    "check_projections",
    "refine_alignment",
]

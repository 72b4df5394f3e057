"""Refines an alignment until the volume that follows from it predicts the projections best."""

from etwidgets.align.refinement.refine import Refinement, RefinementOptions, refine_alignment
from etwidgets.align.refinement.series import PaddedSeries

__all__ = ["PaddedSeries", "Refinement", "RefinementOptions", "refine_alignment"]

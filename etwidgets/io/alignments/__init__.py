"""Alignments and markers of IMOD and AreTomo: read and written, in our convention; knows files alone."""

from etwidgets.io.alignments.alignment_files import (
    ENDINGS,
    AlignmentFile,
    load_alignment,
    read_alignment,
    save_alignment,
)
from etwidgets.io.alignments.applying import align_by_file
from etwidgets.io.alignments.markers import load_markers, save_markers
from etwidgets.io.alignments.present import save_alignment_of

__all__ = [
    "ENDINGS",
    "AlignmentFile",
    "align_by_file",
    "load_alignment",
    "load_markers",
    "read_alignment",
    "save_alignment",
    "save_alignment_of",
    "save_markers",
]

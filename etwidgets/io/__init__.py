"""Reading and writing of files; hands out signals, and knows no panel and no sample."""

from etwidgets.io.alignments import ENDINGS as ALIGNMENT_ENDINGS
from etwidgets.io.alignments import (
    AlignmentFile,
    align_by_file,
    load_alignment,
    load_markers,
    read_alignment,
    save_alignment,
    save_alignment_of,
    save_markers,
)
from etwidgets.io.file_facts import FileFacts, file_facts
from etwidgets.io.file_preview import FilePreview, preview_files
from etwidgets.io.loading import load
from etwidgets.io.paths import safe_new_path, safe_path, safe_place
from etwidgets.io.readers import EXTENSIONS, read_signals, reader_of
from etwidgets.io.series import natural_order
from etwidgets.io.tilt_sources import files_beside
from etwidgets.signals.saving import save

__all__ = [
    "ALIGNMENT_ENDINGS",
    "EXTENSIONS",
    "AlignmentFile",
    "FileFacts",
    "FilePreview",
    "align_by_file",
    "file_facts",
    "files_beside",
    "load",
    "load_alignment",
    "load_markers",
    "natural_order",
    "preview_files",
    "read_alignment",
    "read_signals",
    "reader_of",
    "safe_new_path",
    "safe_path",
    "safe_place",
    "save",
    "save_alignment",
    "save_alignment_of",
    "save_markers",
]

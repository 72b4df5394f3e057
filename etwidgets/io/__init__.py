"""Reading and writing of files; hands out signals, and knows no panel and no sample."""

from etwidgets.io.file_preview import FilePreview, preview_files
from etwidgets.io.loading import load
from etwidgets.io.paths import safe_new_path, safe_path
from etwidgets.io.readers import EXTENSIONS, read_signals
from etwidgets.io.series import natural_order
from etwidgets.signals.saving import save

__all__ = [
    "EXTENSIONS",
    "FilePreview",
    "load",
    "natural_order",
    "preview_files",
    "read_signals",
    "safe_new_path",
    "safe_path",
    "save",
]

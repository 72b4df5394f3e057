"""Reading and writing of files; hands out signals, and knows no panel and no sample."""

from etwidgets.io.loading import EXTENSIONS, load, read_signals
from etwidgets.io.paths import safe_new_path, safe_path
from etwidgets.signals.saving import save

__all__ = ["EXTENSIONS", "load", "read_signals", "safe_new_path", "safe_path", "save"]

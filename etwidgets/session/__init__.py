"""The observable state of a tilt series, the steps that change it, and the jobs they run as; no widget."""

from etwidgets.color_maps import COLOR_MAPS
from etwidgets.deprecated import renamed_names
from etwidgets.resources import size_text
from etwidgets.samples import SAMPLES
from etwidgets.session.allowed_folder import allowed_file
from etwidgets.session.autosave import Autosave, begin_autosave
from etwidgets.session.batch import report_of, run_batch
from etwidgets.session.display import SERIES, Display
from etwidgets.session.estimate import memory_of_process
from etwidgets.session.history import Channel
from etwidgets.session.jobs import Job, error_text
from etwidgets.session.latest_only import LatestOnly
from etwidgets.session.model import Cure, HistoryLine, JobStatus, Message, Snapshot, TomoStackModel
from etwidgets.session.operations import OPERATIONS, Operation
from etwidgets.session.operations.notes import with_notes
from etwidgets.session.own_operations import operation
from etwidgets.session.page_wording import for_page
from etwidgets.session.recent_files import RecentFile, RecentFiles
from etwidgets.session.runners import InlineRunner, Runner, ThreadRunner
from etwidgets.session.session import Session

__all__ = [
    "COLOR_MAPS",
    "OPERATIONS",
    "SAMPLES",
    "SERIES",
    "Autosave",
    "Channel",
    "Cure",
    "Display",
    "HistoryLine",
    "InlineRunner",
    "Job",
    "JobStatus",
    "LatestOnly",
    "Message",
    "Operation",
    "RecentFile",
    "RecentFiles",
    "Runner",
    "Session",
    "Snapshot",
    "ThreadRunner",
    "TomoStackModel",
    "allowed_file",
    "begin_autosave",
    "error_text",
    "for_page",
    "memory_of_process",
    "operation",
    "report_of",
    "run_batch",
    "size_text",
    "with_notes",
]

__getattr__ = renamed_names(
    __name__,
    {
        "COLOUR_MAPS": ("COLOR_MAPS", COLOR_MAPS),
        "Kept": ("Snapshot", Snapshot),
        "Latest": ("LatestOnly", LatestOnly),
        "in_words": ("error_text", error_text),
        "size_in_words": ("size_text", size_text),
    },
)

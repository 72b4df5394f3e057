"""What can be done to the state of a session, each thing with the lines that a script writes for it.

An operation is added in one place: the tuple at the end of the file of its sort (``series``, ``channels``,
``spectra``, ``opening``); the tests ask for a script that gives the same arrays.
"""

from etwidgets.session.operations.base import Operation, OperationResult
from etwidgets.session.operations.reconstruction import RECONSTRUCT, VolumeOperation
from etwidgets.session.operations.series import SeriesOperation
from etwidgets.session.operations.table import OPERATIONS, find

__all__ = [
    "OPERATIONS",
    "RECONSTRUCT",
    "Operation",
    "OperationResult",
    "SeriesOperation",
    "VolumeOperation",
    "find",
]

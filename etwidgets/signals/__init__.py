"""The HyperSpy signals of electron tomography; they know arrays and metadata, no file and no widget."""

from etwidgets.signals.lazy import LazyRecStack, LazyTomoStack
from etwidgets.signals.rec_stack import RecStack
from etwidgets.signals.tilts import TomoShifts, TomoTilts
from etwidgets.signals.tomo_stack import TomoStack

# The names under which hyperspy_extension.yaml registers the classes.
ETWTomoStack = TomoStack
ETWLazyTomoStack = LazyTomoStack
ETWRecStack = RecStack
ETWLazyRecStack = LazyRecStack
ETWTomoTilts = TomoTilts
ETWTomoShifts = TomoShifts

__all__ = ["LazyRecStack", "LazyTomoStack", "RecStack", "TomoShifts", "TomoStack", "TomoTilts"]

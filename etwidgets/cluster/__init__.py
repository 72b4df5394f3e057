"""Work in pieces on the workers of a ``dask.distributed`` cluster; knows no image, no method and no file.

Nothing outside this package imports ``distributed``, and this package only where a cluster is asked for.
"""

from etwidgets.cluster.choice import active, connect, place_text, using
from etwidgets.cluster.pieces import Pieces, StepProgress

__all__ = ["Pieces", "StepProgress", "active", "connect", "place_text", "using"]

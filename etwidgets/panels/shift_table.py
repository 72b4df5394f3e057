"""A table of projections in which signed columns are sorted by size, so that the worst come first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from etwidgets.views import TableView

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray


class ShiftTable(TableView):
    """A table whose signed columns are sorted by their absolute values.

    Parameters
    ----------
    signed
        Heads of the columns whose sign says only the direction.
    **given
        As for :class:`~etwidgets.views.TableView`.
    """

    def __init__(self, signed: Sequence[str], **given: Any) -> None:
        self._signed = tuple(signed)
        super().__init__(**given)

    @property
    def order(self) -> NDArray[np.intp]:
        """Indices of the rows as they are shown, from top to bottom."""
        heads = list(self._columns)
        if not heads or heads[self._sorted] not in self._signed:
            return super().order
        sizes = np.abs(self._columns[heads[self._sorted]][0])
        return np.argsort(-sizes if self._down else sizes, kind="stable")

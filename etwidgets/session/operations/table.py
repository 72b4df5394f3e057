"""The table of operations, by name; does not know what they do."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from etwidgets.errors import ParameterError
from etwidgets.session.operations.alignment_files import ALIGNMENT_FILES
from etwidgets.session.operations.channels import CHANNELS
from etwidgets.session.operations.opening import OPENING
from etwidgets.session.operations.reconstruction import RECONSTRUCT
from etwidgets.session.operations.series import SERIES
from etwidgets.session.operations.spectra import SPECTRA

if TYPE_CHECKING:
    from collections.abc import Mapping

    from etwidgets.session.operations.base import Operation

OPERATIONS: Mapping[str, Operation] = MappingProxyType(
    {
        operation.name: operation
        for operation in (*OPENING, *SERIES, *ALIGNMENT_FILES, *CHANNELS, *SPECTRA, RECONSTRUCT)
    }
)


def find(name: str, table: Mapping[str, Operation] = OPERATIONS) -> Operation:
    """The operation of that name.

    Raises
    ------
    ParameterError
        If there is none; the message lists them.
    """
    if name not in table:
        raise ParameterError(
            f"there is no operation {name!r}; there are: {', '.join(table)}. One of your own is given to the "
            "session: Session(operations=[...])"
        )
    return table[name]

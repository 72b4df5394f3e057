"""The errors that etwidgets raises on purpose; knows nothing of the rest of the package.

Every class inherits :class:`EtwidgetsError` and the built-in that a caller would catch. A message
says what is wrong, which values were met, and what to do.
"""

import errno


class EtwidgetsError(Exception):
    """Base of all errors that etwidgets raises on purpose."""


class ParameterError(EtwidgetsError, ValueError):
    """A parameter is misspelt, out of range or does not fit the data."""


class ParameterTypeError(ParameterError, TypeError):
    """A parameter is of a kind that cannot be used here, or names none that is known."""


class OutsideError(ParameterError, IndexError):
    """An index or a position lies outside the data."""


class ShapeError(EtwidgetsError, ValueError):
    """An array has another shape or number of dimensions than the operation needs."""


class DataError(EtwidgetsError, ValueError):
    """The data cannot be used: NaN or infinite values, blank projections, negative mass."""


class MissingTiltsError(EtwidgetsError, ValueError, AttributeError):
    """An operation needs the tilts and the stack has none.

    It is an AttributeError, too: ``hasattr(stack, "tilts")`` says False, and ``getattr`` gives its default.
    """


class TiltCountError(EtwidgetsError, ValueError):
    """The number of tilts (or shifts) differs from the number of projections.

    Parameters
    ----------
    n_given
        How many values were given.
    n_projections
        How many projections the stack has.
    what
        What was counted, in the plural: ``"tilts"`` or ``"shifts"``.
    """

    def __init__(self, n_given: int, n_projections: int, what: str = "tilts") -> None:
        super().__init__(
            f"{n_given} {what} for {n_projections} projections; give one per projection, "
            "or remove the projections that have none"
        )
        self.n_given = n_given
        self.n_projections = n_projections


class AlignmentError(EtwidgetsError, ValueError):
    """An alignment method's assumption does not hold for these data."""


class HistoryError(EtwidgetsError, ValueError):
    """A recorded list of transforms cannot be applied to this stack."""


class FileFormatError(EtwidgetsError, ValueError):
    """A file is damaged, or of a kind that cannot be read."""


class FileTypeError(FileFormatError, TypeError):
    """A file is of a kind that is not read at all."""


class UnsafeFileError(EtwidgetsError, ValueError):
    """A file refers to other files or would unpack to an absurd size; it was not opened."""


class SampleDataError(EtwidgetsError, FileNotFoundError):
    """Sample data are not installed and cannot be fetched."""


class MissingDependencyError(EtwidgetsError, ImportError):
    """An optional package is needed for this and is not installed."""


class ClusterError(EtwidgetsError, RuntimeError):
    """A cluster cannot be reached, was lost, or its workers cannot do the work."""


class MemoryLimitError(EtwidgetsError, MemoryError):
    """An operation needs more memory than is free; it was not begun."""


class DiskFullError(EtwidgetsError, OSError):
    """A file has no room on its disk; the file that was there before is as it was."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.errno = errno.ENOSPC

"""Opens spectral tilt series: one file, or one spectrum image per tilt; only listed formats."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import hyperspy.api as hs

from etwidgets.errors import ParameterError
from etwidgets.io import read_signals
from etwidgets.spectral.spectra import check, exspy, set_tilts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike


def load(
    filename: str | Path | Sequence[str | Path],
    tilts: ArrayLike | None = None,
    *,
    lazy: bool = False,
) -> Any:
    """Load a spectral tilt series.

    Parameters
    ----------
    filename
        One file with all tilts, or a list with one spectrum image per tilt, in order of tilt: ``.hspy``,
        ``.hdf5``, ``.zspy``, ``.dm3``, ``.dm4``, ``.emd``.
    tilts
        ``(T,)`` degrees; default: those in the file.
    lazy
        Leave the spectra on disk until they are needed.

    Returns
    -------
    EDSTEMSpectrum or EELSSpectrum
        A signal of exspy, ``(x, y, tilt | energy)``.

    Raises
    ------
    FileNotFoundError, FileFormatError, UnsafeFileError
        As :func:`etwidgets.load`.
    ShapeError
        If it does not contain a spectral tilt series.
    TiltCountError
        If there is not one tilt per spectrum image.
    """
    exspy()  # or HyperSpy would give plain signals
    names = [filename] if isinstance(filename, str | Path) else list(filename)
    if not names:
        raise ParameterError("the list of files is empty")
    parts = [_spectra_of(name, lazy=lazy) for name in names]
    signal = parts[0] if len(parts) == 1 else hs.stack(parts, show_progressbar=False)
    check(signal)
    if tilts is not None:
        set_tilts(signal, tilts)
    return signal


def _spectra_of(name: str | Path, *, lazy: bool) -> Any:
    """The largest spectrum image of a file."""
    spectra = [
        signal for signal in read_signals(name, lazy=lazy) if signal.axes_manager.signal_dimension == 1
    ]
    if not spectra:
        raise ParameterError(f"{name} holds no spectra")
    return max(spectra, key=lambda signal: signal.data.size)

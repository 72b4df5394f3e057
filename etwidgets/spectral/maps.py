"""Element maps: counts of a line minus the background next to it, or from a fit; also for energy losses."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from etwidgets.checks import is_number
from etwidgets.errors import ParameterError
from etwidgets.progress import NullProgress
from etwidgets.resources import check_memory
from etwidgets.spectral.line_fit import fit_lines, signal_to_noise
from etwidgets.spectral.lines import background_windows as proposed
from etwidgets.spectral.lines import check_in_range, check_windows, checked_lines, line_windows
from etwidgets.spectral.spectra import as_stack, check, energies_kev, pieces

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from etwidgets.progress import Progress
    from etwidgets.signals import TomoStack

    Rows = Sequence[Sequence[float]]

MAP_METHODS = ("windows", "fit")
"""Ways to make maps of lines."""

_LOW_SNR = 0.25


def element_maps(
    spectra: Any,
    lines: Sequence[str],
    background_windows: Rows | str | None = "auto",
    *,
    windows: Rows | None = None,
    method: str = "windows",
    progress: Progress | None = None,
) -> dict[str, TomoStack]:
    """A tilt series for each line.

    Parameters
    ----------
    spectra
        ``(x, y, tilt | energy)``, in memory or lazy: X-ray spectra, or energy losses.
    lines
        Such as ``["Si_Ka", "Ni_Ka"]``; for energy losses, edges such as ``"Fe_L3"``.
    background_windows
        For each line ``[left start, left stop, right start, right stop]``, keV; ``"auto"``: as
        suggested by :func:`background_windows`; None: the background is not subtracted. For energy losses,
        ``[start, stop]`` before each edge, in the units of the axis, for the fit of a power law.
    windows
        ``[start, stop]`` of each line; default: twice its full width at half maximum. Required for
        energy losses.
    method
        ``"windows"``; or ``"fit"`` for lines that overlap: all lines of the elements of ``lines`` and a
        background are fitted, see :func:`fit_lines`, without windows. X-ray spectra only.
    progress
        Reports the progress, and can cancel the work.

    Returns
    -------
    dict
        Line to tilt series ``(T, Y, X)`` float32, counts. With windows, some are negative because of noise;
        they are kept, because setting them to 0 would add counts everywhere. With a fit, none are.
        ``metadata.Spectral`` has the signal-to-noise ratio ``snr`` of a pixel (ratio of the root mean
        squares of signal and noise), and the windows; or, of a fit, the sum spectrum ``counts``, what was
        ``fitted``, and elements that are ``missing`` from the list.

    Raises
    ------
    ParameterError
        If a line or the method is unknown, or the windows are invalid: see :func:`check_windows`.
    """
    check(spectra)
    if method not in MAP_METHODS:
        raise ParameterError(f"the method of element maps is 'windows' or 'fit', not {method!r}")
    if method == "fit":
        if windows is not None or background_windows != "auto":
            raise ParameterError("a fit uses no windows; leave them out, or choose windows as the method")
        return dict(fit_lines(spectra, lines, progress=progress).maps)
    return _by_windows(spectra, checked_lines(lines), background_windows, windows, progress or NullProgress())


def _by_windows(
    spectra: Any,
    lines: list[str],
    background_windows: Rows | str | None,
    windows: Rows | None,
    progress: Progress,
) -> dict[str, TomoStack]:
    signal_rows: Rows
    rows: Rows | None
    losses = spectra.metadata.Signal.signal_type == "EELS"
    if losses:
        signal_rows, rows = _of_losses(lines, background_windows, windows)
    else:
        if isinstance(background_windows, str) and background_windows != "auto":
            raise ParameterError(f"background_windows are 'auto', None or rows, not {background_windows!r}")
        rows = proposed(spectra, lines) if isinstance(background_windows, str) else background_windows
        check_in_range(spectra, lines)
        signal_rows = line_windows(spectra, lines) if windows is None else _checked(spectra, lines, windows)
        if rows is not None:
            check_windows(spectra, lines, rows)
    count, done = spectra.data.shape[0], 0
    check_memory(8.0 * len(lines) * math.prod(spectra.data.shape[:-1]), f"a set of {len(lines)} maps")
    nets: dict[str, list[NDArray[np.float32]]] = {line: [] for line in lines}
    variances, squares = dict.fromkeys(lines, 0.0), dict.fromkeys(lines, 0.0)
    for piece in pieces(spectra):
        size = piece.data.shape[0]
        for place, line in enumerate(lines):
            progress.advance((done + size * place / len(lines)) / count, line)
            row = None if rows is None else rows[place]
            net, variance = (_loss_map if losses else _line_map)(piece, line, signal_rows[place], row)
            nets[line].append(net.astype(np.float32))
            variances[line] += float(variance.sum())
            squares[line] += float((net**2).sum())
        done += size
    found = {}
    for place, line in enumerate(lines):
        stack = as_stack(np.concatenate(nets[line]), spectra, line)
        known: dict[str, Any] = {"kind": "windows", "line": line, "window": list(signal_rows[place])}
        if rows is not None:
            known["background_windows"] = [float(value) for value in rows[place]]
        known["snr"] = signal_to_noise(squares[line], variances[line])
        stack.metadata.add_dictionary({"Spectral": known})
        found[line] = stack
    return found


def band_map(
    image: Any, line: str, window: Sequence[float], row: Sequence[float] | None
) -> NDArray[np.float64]:
    """The counts of an X-ray line in spectra in memory, minus the background.

    Parameters
    ----------
    image
        ``(x, y | energy)`` or ``(x, y, tilt | energy)``.
    line
        Its name.
    window
        Start and stop, keV.
    row
        The two background windows, or None.

    Returns
    -------
    array
        ``(Y, X)`` or ``(T, Y, X)``.
    """
    rows = None if row is None else [list(row)]
    (net,) = image.get_lines_intensity([line], integration_windows=[list(window)], background_windows=rows)
    return np.asarray(net.data, dtype=float)


def _line_map(
    piece: Any, line: str, window: Sequence[float], row: Sequence[float] | None
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Counts of a line above its background, and their variance."""
    gross = band_map(piece, line, window, None)
    if row is None:
        return gross, gross
    net = band_map(piece, line, window, row)
    # Poisson counts: what is taken off is ratio * counts beside the line; its variance is ratio**2 * these
    ratio = (window[1] - window[0]) / (row[1] - row[0] + row[3] - row[2])
    return net, np.maximum(gross + ratio * np.clip(gross - net, 0, None), 0)


def snr_warning(name: str, stack: TomoStack) -> str:
    """A warning if a map is mostly noise, otherwise empty."""
    snr = stack.metadata.get_item("Spectral.snr", default=None)
    if snr is None or snr >= _LOW_SNR:
        return ""
    return (
        f"{name}: the signal-to-noise ratio of a pixel is {snr:.2f}; a reconstruction will show mostly "
        "noise. Bin the images, or use a stronger line or a decomposition."
    )


def _checked(spectra: Any, lines: Sequence[str], windows: Rows) -> Rows:
    energies = energies_kev(spectra)
    if len(windows) != len(lines):
        raise ParameterError(f"{len(windows)} windows for {len(lines)} lines; give one for each")
    for line, row in zip(lines, windows, strict=True):
        numbers = len(row) == 2 and all(is_number(each) for each in row)
        if not numbers or not energies[0] <= row[0] < row[1] <= energies[-1]:
            raise ParameterError(
                f"{line}: a window is [start, stop] between {energies[0]:.2f} and {energies[-1]:.2f}, "
                f"not {list(row)}"
            )
    return windows


def _of_losses(lines: list[str], before: Any, windows: Rows | None) -> tuple[Rows, Rows]:
    if windows is None or before is None or isinstance(before, str):
        raise ParameterError(
            "maps of energy losses need windows=[[start, stop], ...] over each edge and "
            "background_windows=[[start, stop], ...] before it"
        )
    if not len(windows) == len(before) == len(lines):
        raise ParameterError(
            f"{len(windows)} and {len(before)} windows for {len(lines)} edges; give one for each"
        )
    for line, row, ground in zip(lines, windows, before, strict=True):
        if len(row) != 2 or len(ground) != 2 or not ground[0] < ground[1] <= row[0] < row[1]:
            raise ParameterError(
                f"{line}: the background {list(ground)} must lie before the edge {list(row)}, and ascend"
            )
    return windows, before


def _loss_map(
    image: Any, _line: str, window: Sequence[float], row: Sequence[float] | None
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Counts of an edge above the power law that was fitted before it, and their variance."""
    axis = image.axes_manager.signal_axes[0].axis
    if row is None or row[0] < axis[0] or window[1] > axis[-1]:
        raise ParameterError(f"the windows {row}, {window} leave the axis {axis[0]} to {axis[-1]}")
    above = image.remove_background(
        signal_range=(float(row[0]), float(row[1])), background_type="PowerLaw", fast=True,
        show_progressbar=False,
    )  # fmt: skip
    start, stop = (float(value) for value in window)
    net = np.asarray(above.isig[start:stop].data, dtype=float).sum(-1)
    gross = np.asarray(image.isig[start:stop].data, dtype=float).sum(-1)
    return net, np.maximum(gross + np.clip(gross - net, 0, None), 0)

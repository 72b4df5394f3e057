"""The filters of filtered back-projection; knows projections, not how they are made.

The ramp is built in real space (Kak and Slaney 1988, chapter 3, equation 61) and so has no offset at
frequency 0; the windows that damp it at high frequency are 1 at frequency 0, so that every filter gives
the same amplitude inside a large, even object.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import fft
from scipy.signal import windows

from etwidgets.errors import ParameterError

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Window = Callable[[NDArray[np.float64]], NDArray[np.float64]]


def _from_scipy(name: str | tuple[str, float]) -> Window:
    """The right half of one of scipy's windows, 1 in the middle, as a function of |f| / f_max."""

    def window(u: NDArray[np.float64]) -> NDArray[np.float64]:
        half = windows.get_window(name, 2 * _SAMPLES + 1, fftbins=False)[_SAMPLES:]
        return np.interp(u, np.linspace(0, 1, half.size), half / half[0])

    return window


_SAMPLES = 4096
_TILTS_AT_A_TIME = 4
_WINDOWS: dict[str, Window] = {
    "ram-lak": np.ones_like,
    "shepp-logan": lambda u: np.sinc(u / 2),
    "cosine": lambda u: np.cos(np.pi * u / 2),
    "hamming": lambda u: 0.54 + 0.46 * np.cos(np.pi * u),
    "hann": lambda u: 0.5 + 0.5 * np.cos(np.pi * u),
    "lanczos": np.sinc,
    "tukey": _from_scipy(("tukey", 0.5)),
    "gaussian": lambda u: np.exp(-0.5 * (u / 0.4) ** 2),
    "bartlett-hann": _from_scipy("barthann"),
    "blackman": _from_scipy("blackman"),
    "nuttall": _from_scipy("nuttall"),
    "blackman-harris": _from_scipy("blackmanharris"),
    "blackman-nuttall": lambda u: (
        0.3635819
        + 0.4891775 * np.cos(np.pi * u)
        + 0.1365995 * np.cos(2 * np.pi * u)
        + 0.0106411 * np.cos(3 * np.pi * u)
    ),
    "flat-top": _from_scipy("flattop"),
    "kaiser": _from_scipy(("kaiser", 8.6)),
    "parzen": _from_scipy("parzen"),
}
_ALIASES = {"barlett-hann": "bartlett-hann", "hanning": "hann", "cos": "cosine", "ramp": "ram-lak"}
FILTERS = tuple(_WINDOWS)
"""Names that ``filter_name`` accepts, in any letter case."""


def checked_filter(name: Any) -> str:
    """The name of a filter as in :data:`FILTERS`, from any letter case or from another name of it.

    Raises
    ------
    ParameterError
        If there is no such filter.
    """
    said = str(name).lower()
    key = _ALIASES.get(said, said)
    if key not in _WINDOWS:
        raise ParameterError(f"unknown filter {name!r}; choose from {', '.join(FILTERS)}")
    return key


def response(name: str, n_detector: int) -> NDArray[np.float64]:
    """The filter's factors at the frequencies of ``rfft`` of a row padded to :func:`padded_length`.

    Parameters
    ----------
    name
        One of :data:`FILTERS`.
    n_detector
        Pixels of the detector.

    Raises
    ------
    ParameterError
        If there is no such filter.
    """
    key = checked_filter(name)
    length = padded_length(n_detector)
    offsets = np.minimum(np.arange(length), length - np.arange(length))
    kernel = np.zeros(length)
    kernel[0] = 0.25
    odd = offsets % 2 == 1
    kernel[odd] = -1 / (np.pi * offsets[odd]) ** 2
    ramp = fft.rfft(kernel).real
    return ramp * _WINDOWS[key](np.linspace(0, 1, ramp.size))


def padded_length(n_detector: int) -> int:
    """The length to which a row is padded, so that its ends do not meet."""
    return int(fft.next_fast_len(2 * n_detector, real=True)) // 2 * 2


def filter_in_place(projections: NDArray[np.float32], factors: NDArray[np.float64]) -> None:
    """Filter ``(T, Y, width)`` along y; a few tilts at a time, which stay in the cache."""
    n_detector = projections.shape[1]
    length = 2 * (factors.size - 1)
    columns = factors.astype(np.float32)[:, np.newaxis]
    for first in range(0, len(projections), _TILTS_AT_A_TIME):
        rows = projections[first : first + _TILTS_AT_A_TIME]
        spectrum = fft.rfft(rows, length, axis=1)
        spectrum *= columns
        rows[:] = fft.irfft(spectrum, length, axis=1, overwrite_x=True)[:, :n_detector]


def angle_weights(angles_rad: NDArray[np.float64], *, by_step: bool) -> NDArray[np.float64]:
    """The angle ``(T,)`` in radians that each projection stands for; they sum to pi.

    Parameters
    ----------
    angles_rad
        ``(T,)``, in any order.
    by_step
        Weigh each projection by half the distance to its two neighbors in angle (the two at the ends
        of the range by the step to their only one) instead of all alike; equal angles share theirs.
    """
    count = angles_rad.size
    if not by_step or count < 3:
        return np.full(count, np.pi / count)
    unique, where, repeats = np.unique(angles_rad, return_inverse=True, return_counts=True)
    if unique.size < 3:
        return np.full(count, np.pi / count)
    steps = np.diff(unique)
    own = np.concatenate([steps[:1], (steps[1:] + steps[:-1]) / 2, steps[-1:]])
    weights = (own / repeats)[where.ravel()]
    return weights * np.pi / weights.sum()

"""Spectral tilt series and sums over them; reads one projection at a time."""

from __future__ import annotations

import warnings
from copy import copy
from typing import TYPE_CHECKING, Any

import dask.array as da
import numpy as np

from etwidgets.checks import checked_reals, is_number
from etwidgets.errors import (
    DataError,
    MissingDependencyError,
    MissingTiltsError,
    ParameterError,
    ShapeError,
    TiltCountError,
)
from etwidgets.progress import NullProgress
from etwidgets.signals import TomoStack

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import ArrayLike, NDArray

    from etwidgets.progress import Progress

_MOST_BYTES = 500_000_000  # of lazy spectra in memory at a time
_TO_KEV = {"keV": 1.0, "eV": 1e-3}


def exspy() -> Any:
    """The package for X-ray and energy-loss spectra.

    Raises
    ------
    MissingDependencyError
        If it is not installed.
    """
    try:
        # its classes, too: HyperSpy imports them sooner or later, and exspy 0.3 asks for some of its by
        # names that are deprecated, which is no news for a user
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Importing `Lazy.*` from `hyperspy._signals")
            import exspy as found
            import exspy.signals
    except ImportError as error:
        raise MissingDependencyError(
            "spectra need the package exspy: pip install 'etwidgets[spectral]'"
        ) from error
    return found


def from_array(
    counts: NDArray[Any] | da.Array,
    tilts_deg: ArrayLike,
    *,
    channel_kev: float,
    first_kev: float = 0.0,
    pixel_size_nm: float | None = None,
    elements: Sequence[str] = (),
    beam_kev: float = 200.0,
    resolution_ev: float = 130.0,
    title: str = "",
) -> Any:
    """A spectral tilt series of X-ray spectra.

    Parameters
    ----------
    counts
        ``(T, Y, X, channels)``; a dask array makes it lazy.
    tilts_deg
        ``(T,)`` degrees.
    channel_kev, first_kev
        Width of a channel and energy of the first.
    pixel_size_nm
        nm; None: pixels.
    elements
        Symbols of the elements in the specimen.
    beam_kev
        Beam energy.
    resolution_ev
        Energy resolution of the detector, at the line Mn Ka.
    title
        Title of the series.

    Returns
    -------
    EDSTEMSpectrum
        A signal of exspy, ``(x, y, tilt | energy)``.

    Raises
    ------
    ShapeError, TiltCountError
        If the shape does not match.
    ParameterError
        If a size is not positive, or an element unknown.
    """
    if counts.ndim != 4:
        raise ShapeError(f"spectra have the shape (tilts, y, x, channels), not {counts.shape}")
    for name, value in (
        ("channel_kev", channel_kev),
        ("pixel_size_nm", 1.0 if pixel_size_nm is None else pixel_size_nm),
    ):
        if not is_number(value) or value <= 0:
            raise ParameterError(f"{name} must be a positive number, not {value!r}")
    strange = [each for each in elements if each not in exspy().material.elements]
    if strange:
        raise ParameterError(f"there is no element {strange[0]!r}; write its symbol, such as Ni")
    kind = exspy().signals.EDSTEMSpectrum
    signal = kind(counts)
    if isinstance(counts, da.Array):
        signal = signal.as_lazy()
    for axis, name in zip(signal.axes_manager._axes, ("tilt", "y", "x", "Energy"), strict=True):  # noqa: SLF001
        axis.name = name
    for name in ("x", "y"):
        axis = signal.axes_manager[name]
        axis.scale, axis.units = (1.0, "pixels") if pixel_size_nm is None else (pixel_size_nm, "nm")
    energy = signal.axes_manager["Energy"]
    energy.scale, energy.offset, energy.units = channel_kev, first_kev, "keV"
    signal.set_microscope_parameters(beam_energy=beam_kev, energy_resolution_MnKa=resolution_ev)
    if elements:
        signal.set_elements(list(elements))
    signal.metadata.General.title = title
    set_tilts(signal, tilts_deg)
    return signal


def check(spectra: Any) -> None:
    """Reject anything that is not a spectral tilt series.

    Raises
    ------
    ShapeError
        The message lists its axes.
    """
    axes = getattr(spectra, "axes_manager", None)
    if axes is None or (axes.navigation_dimension, axes.signal_dimension) != (3, 1):
        raise ShapeError(
            f"a spectral tilt series has the axes (x, y, tilt | energy), this is {spectra!r}; stack one "
            "spectrum image per tilt with hyperspy.api.stack, or load them as a list"
        )


def set_tilts(spectra: Any, tilts_deg: ArrayLike) -> None:
    """Store the tilts ``(T,)``, degrees, in ``metadata.Tomography``.

    Raises
    ------
    TiltCountError
        If there is not one for each spectrum image.
    DataError
        If they are not finite.
    """
    check(spectra)
    tilts = checked_reals("tilts", tilts_deg).ravel()
    if tilts.size != spectra.data.shape[0]:
        raise TiltCountError(tilts.size, spectra.data.shape[0])
    if not np.isfinite(tilts).all():
        raise DataError(f"the tilts must be finite, not {tilts}")
    spectra.metadata.set_item("Tomography.tilts", tilts[:, np.newaxis])


def tilts_of(spectra: Any) -> NDArray[np.float64]:
    """The tilts ``(T,)``, degrees.

    Raises
    ------
    MissingTiltsError
        If there are none.
    """
    stored = spectra.metadata.get_item("Tomography.tilts", default=None)
    if stored is None:
        raise MissingTiltsError(
            "the spectra have no tilts; load them with spectral.load(..., tilts=[...]) (degrees)"
        )
    return np.asarray(stored, dtype=float).ravel()


def images(spectra: Any) -> Iterator[NDArray[Any]]:
    """The counts ``(Y, X, channels)`` of one tilt after another, in memory."""
    for image in spectra.data:
        yield np.asarray(image)


def projection(spectra: Any, number: int) -> Any:
    """The spectrum image ``(x, y | energy)`` of one tilt, in memory."""
    return _in_memory(_tilts(spectra, number))


def pieces(spectra: Any) -> Iterator[Any]:
    """The series ``(x, y, tilt | energy)`` in memory: all of it, or some tilts at a time if it is lazy."""
    if not spectra._lazy:  # noqa: SLF001  (HyperSpy has no public way to ask)
        yield spectra
        return
    count = spectra.data.shape[0]
    step = max(1, int(_MOST_BYTES * count // spectra.data.nbytes))
    for start in range(0, count, step):
        yield _in_memory(_tilts(spectra, slice(start, start + step)))


def _tilts(spectra: Any, tilts: int | slice) -> Any:
    """As ``spectra.inav[:, :, tilts]``, which takes the data out of the spectra while it copies the rest.

    Another thread that looks at the spectra meanwhile finds no data; the stand-in has its own reference.
    """
    everything = slice(None)
    return copy(spectra)._slicer((everything, everything, tilts), isNavigation=True)  # noqa: SLF001  (inav)


def _in_memory(spectra: Any) -> Any:
    if spectra._lazy:  # noqa: SLF001  (as above)
        spectra.compute(show_progressbar=False)
    return spectra


def energies_kev(spectra: Any) -> NDArray[np.float64]:
    """``(channels,)``: in keV for X-ray spectra; in the units of the axis for energy losses."""
    axis = spectra.axes_manager.signal_axes[0]
    return np.asarray(axis.axis) * _TO_KEV.get(str(axis.units), 1.0)


def as_stack(projections: NDArray[Any], spectra: Any, title: str) -> TomoStack:
    """Projections ``(T, Y, X)`` as a tilt series with the tilts and scales of the spectra."""
    stack = TomoStack(projections, tilts_of(spectra))
    for name, source in zip(("x", "y"), spectra.axes_manager.navigation_axes[:2], strict=True):
        target = stack.axes_manager[name]
        target.scale = source.scale
        target.units = source.units if isinstance(source.units, str) else "pixels"
    stack.metadata.General.title = title
    stack.metadata.Tomography.tilt_source = "spectra"
    return stack


def sum_image(spectra: Any, *, progress: Progress | None = None) -> TomoStack:
    """The counts of all energies: a tilt series ``(T, Y, X)`` float32, suitable for alignment.

    Parameters
    ----------
    spectra
        ``(x, y, tilt | energy)``.
    progress
        Reports the progress, and can cancel the work.
    """
    check(spectra)
    progress = progress or NullProgress()
    sums = []
    for number, image in enumerate(images(spectra)):
        progress.advance(number / spectra.data.shape[0])
        sums.append(image.sum(-1, dtype=np.float32))
    total = as_stack(np.stack(sums), spectra, "sum of all energies")
    total.metadata.add_dictionary({"Spectral": {"kind": "sum"}})
    return total


def sum_spectrum(spectra: Any, *, progress: Progress | None = None) -> NDArray[np.float64]:
    """The spectrum ``(channels,)`` summed over all pixels and tilts."""
    check(spectra)
    progress = progress or NullProgress()
    total = np.zeros(spectra.data.shape[-1])
    for number, image in enumerate(images(spectra)):
        progress.advance(number / spectra.data.shape[0])
        total += image.sum((0, 1), dtype=float)
    return total

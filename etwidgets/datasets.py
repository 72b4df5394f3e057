"""The sample data of the ETSpy paper, measured or simulated; knows where they are, not how they are read.

Sources, in this order: the folder in the environment variable ``ETWIDGETS_DATA``; the installed ``etspy``
package (extra ``samples``), which is located through its metadata and never imported; a download with
verified checksums.
"""

from __future__ import annotations

import importlib.metadata
import json
import logging
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import dask.array as da
import numpy as np

from etwidgets import simulation, spectral
from etwidgets.errors import ParameterError, SampleDataError
from etwidgets.io import load
from etwidgets.signals import TomoStack

if TYPE_CHECKING:
    from collections.abc import Sequence

_log = logging.getLogger(__name__)
_FOLDER = "ETWIDGETS_DATA"
_DISTRIBUTION = "etspy"
_ADDRESS = "https://raw.githubusercontent.com/usnistgov/etspy/v1.3.0/etspy/tests/test_data/"
_CATALYST = "Catalyst3DModel_TiltSeries180.hspy"
_CHECKSUMS = {
    "HAADF.mrc": "sha256:1a5b441a9ee449d68f7ec01384122f70a7c2e2557eb6de6226dc8251f08596c6",
    "HAADF_Aligned.hspy": "sha256:9516accf8b273e21a2426ac9f902f5f7b46b6a5120223bb5a5d5a648b9a65b84",
    _CATALYST: ("sha256:8333fb1f5d71cddd14b18753a6664b89f3971e4fae725fdb0d8ed937de6cba5f"),
}
_EDX_RECORD = "https://data.nist.gov/od/id/mds2-3631"
_EDX_FILES = (".hspy", ".hdf5", ".h5")
_EDX_PIXEL_NM, _EDX_CHANNEL_KEV = 3.0, 0.02
_CATALYST_SIZE = 200
_CATALYST_TILTS = np.arange(0.0, 180, 2)


def locate(name: str, *, download: bool = True) -> Path:
    """The path of a sample file.

    Parameters
    ----------
    name
        ``"HAADF.mrc"``, ``"HAADF_Aligned.hspy"`` or ``"Catalyst3DModel_TiltSeries180.hspy"``.
    download
        Download it if it is not found.

    Raises
    ------
    ParameterError
        If there is no such sample.
    SampleDataError
        If it is not found; the message says what to install.
    """
    if name not in _CHECKSUMS:
        raise ParameterError(f"there is no sample file {name!r}; there are: {', '.join(_CHECKSUMS)}")
    folder = os.environ.get(_FOLDER)
    if folder and (Path(folder) / name).is_file():
        return Path(folder) / name
    try:
        files = importlib.metadata.distribution(_DISTRIBUTION).files or []
    except importlib.metadata.PackageNotFoundError:
        files = []
    for file in files:
        if file.name == name and "test_data" in file.parts:
            path = Path(str(file.locate()))
            if path.is_file():
                return path
    if download:
        return _download(name)
    raise _missing(name, "downloads were not asked for")


def get_needle_data(aligned: bool = False) -> TomoStack:
    """The needle of the paper: STEM-HAADF of NIST SRM-2135c, 77 projections of 256 x 256, 3.36 nm.

    Parameters
    ----------
    aligned
        Return the series after registration and tilt-axis alignment, instead of the raw series.

    Raises
    ------
    SampleDataError
        If the data are not installed and cannot be downloaded.
    """
    stack = load(locate("HAADF_Aligned.hspy" if aligned else "HAADF.mrc"))
    return _as_stack(stack)


def get_catalyst_data(
    misalign: bool = False,
    minshift: float = -5,
    maxshift: float = 5,
    tiltshift: float = 0,
    tiltrotate: float = 0,
    y_only: bool = False,
    noise: bool = False,
    noise_factor: float = 0.2,
    *,
    seed: int = 0,
) -> TomoStack:
    """The simulated catalyst of the paper, aligned or misaligned.

    The series of the paper has 90 projections of 600 x 600 pixels; if it is not installed, our own
    simulation of 200 x 200 pixels replaces it.

    Parameters
    ----------
    misalign
        Shift every projection at random, and shift and rotate the tilt axis as given.
    minshift, maxshift
        Range of the random shifts, pixels.
    tiltshift
        Shift of the tilt axis, perpendicular to it, pixels.
    tiltrotate
        Rotation of the tilt axis, degrees, positive clockwise on screen.
    y_only
        Shift only perpendicular to the tilt axis.
    noise
        Add Gaussian noise.
    noise_factor
        Its standard deviation as a fraction of the mean.
    seed
        Seed of shifts and noise.

    Returns
    -------
    TomoStack
        The random shifts are in ``metadata.Simulation.shifts``; ``shifts`` contains only shifts that were
        applied to align the series, and is zero.
    """
    try:
        stack = _as_stack(load(locate(_CATALYST, download=False)))
    except SampleDataError:
        _log.info("the catalyst of the paper is not installed; simulating one of %d pixels", _CATALYST_SIZE)
        volume = simulation.catalyst(_CATALYST_SIZE)
        stack = TomoStack(simulation.project(volume, _CATALYST_TILTS), _CATALYST_TILTS)
    data, truth = np.asarray(stack.data, dtype=np.float32), {}
    if misalign:
        data, shifts = simulation.misalign(
            data, jitter_px=(minshift, maxshift), axis_shift_px=tiltshift, axis_rotation_deg=tiltrotate,
            y_only=y_only, seed=seed,
        )  # fmt: skip
        truth = {"shifts": shifts, "tiltshift": float(tiltshift), "tiltrotate": float(tiltrotate)}
    if noise:
        data = simulation.add_noise(data, "gaussian", noise_factor, seed=seed)
        truth["noise_factor"] = float(noise_factor)
    if not truth:
        return stack
    changed = TomoStack(stack._deepcopy_with_new_data(data))  # noqa: SLF001  (HyperSpy's own way)
    changed.metadata.set_item("Simulation", truth)
    return changed


def get_spectral_needle(
    shape: Sequence[int] = (64, 64, 64),
    *,
    counts: float = 50,
    jitter_px: float = 0,
    lazy: bool = False,
    seed: int = 0,
) -> Any:
    """A simulated EDX tilt series of a Si / Ni / Cr needle with a Pt cap, 37 tilts from 0 to 180 degrees.

    Parameters
    ----------
    shape
        ``(X, Z, Y)`` voxels; the images in the paper have 162 x 128 pixels: ``(162, 128, 128)``.
    counts
        Average counts per spectrum.
    jitter_px
        Largest random shift of a projection, pixels.
    lazy
        Simulate the spectra of a projection when they are needed; otherwise, the size of the paper takes
        1.6 GB.
    seed
        Seed of all random numbers.

    Returns
    -------
    EDSTEMSpectrum
        ``(x, y, tilt | energy)``; :func:`etwidgets.simulation.spectral_needle` with the same
        parameters returns the truth.
    """
    needle = simulation.spectral_needle(shape, counts=counts, jitter_px=jitter_px, seed=seed)
    data: Any
    if lazy:
        import dask

        draw = dask.delayed(needle.counts, pure=False)
        images = [
            da.from_delayed(draw(number), needle.shape[1:], dtype=np.uint16)
            for number in range(needle.shape[0])
        ]
        data = da.stack(images)
    else:
        data = needle.all_counts()
        data = data.astype(np.min_scalar_type(int(data.max())))
    return spectral.from_array(
        data, needle.tilts_deg, channel_kev=_EDX_CHANNEL_KEV, pixel_size_nm=_EDX_PIXEL_NM,
        elements=needle.elements, title="EDX needle (simulated)",
    )  # fmt: skip


def get_spectral_needle_haadf(
    shape: Sequence[int] = (64, 64, 64), *, jitter_px: float = 0, seed: int = 0
) -> TomoStack:
    """The HAADF series recorded with :func:`get_spectral_needle`, for the same parameters."""
    needle = simulation.spectral_needle(shape, jitter_px=jitter_px, seed=seed)
    stack = TomoStack(needle.haadf, needle.tilts_deg)
    stack.set_pixel_size(_EDX_PIXEL_NM)
    stack.metadata.General.title = "HAADF of the EDX needle (simulated)"
    return stack


def get_edx_data(
    tilts_deg: Sequence[float] | None = None, *, record: str = _EDX_RECORD, lazy: bool = True
) -> Any:
    """The EDX tilt series of the paper (NIST, doi:10.18434/mds2-3631), downloaded on the first call.

    Parameters
    ----------
    tilts_deg
        ``(T,)``; default: equally spaced from 0 to 180, as in the paper.
    record
        Address of the record with the list of files and checksums.
    lazy
        Leave the spectra on disk.

    Returns
    -------
    EDSTEMSpectrum
        ``(x, y, tilt | energy)``.

    Raises
    ------
    SampleDataError
        If it cannot be downloaded, or a checksum is wrong.
    """
    paths = [_fetch(url, checksum) for url, checksum in _edx_files(record)]
    tilts = np.linspace(0, 180, len(paths)) if tilts_deg is None else np.asarray(tilts_deg, dtype=float)
    return spectral.load(paths, tilts, lazy=lazy)


def _edx_files(record: str) -> list[tuple[str, str]]:
    """Address and checksum of the spectrum images, sorted by name."""
    import pooch

    path = _fetch(record, None, pooch.HTTPDownloader(headers={"Accept": "application/json"}))
    try:
        parts = json.loads(path.read_text(encoding="utf-8"))["components"]
        found = [
            (part["filepath"], part["downloadURL"], f"sha256:{part['checksum']['hash']}")
            for part in parts
            if str(part.get("filepath", "")).lower().endswith(_EDX_FILES) and "checksum" in part
        ]
    except (ValueError, LookupError, TypeError) as error:
        raise SampleDataError(f"the list of files at {record} cannot be read ({error})") from error
    if not found:
        raise SampleDataError(f"the record {record} lists no spectrum images ({', '.join(_EDX_FILES)})")
    return [(url, checksum) for _, url, checksum in sorted(found)]


def _fetch(url: str, checksum: str | None, downloader: Any = None) -> Path:
    import pooch

    try:
        return Path(pooch.retrieve(url, checksum, path=pooch.os_cache("etwidgets"), downloader=downloader))
    except (OSError, ValueError) as error:
        raise SampleDataError(
            f"{url} was not fetched ({error}); get_spectral_needle() simulates such a series"
        ) from error


def _as_stack(loaded: object) -> TomoStack:
    if not isinstance(loaded, TomoStack):
        raise SampleDataError(
            "the sample file holds no tilt series; reinstall it: pip install 'etwidgets[samples]'"
        )
    return loaded


def _download(name: str) -> Path:
    import pooch

    try:
        return Path(
            pooch.retrieve(_ADDRESS + name, known_hash=_CHECKSUMS[name], path=pooch.os_cache("etwidgets"))
        )
    except (OSError, ValueError) as error:
        raise _missing(name, str(error)) from error


def _missing(name: str, why: str) -> SampleDataError:
    return SampleDataError(
        f"the sample {name} is not installed and was not fetched ({why}); "
        f"pip install 'etwidgets[samples]', or put it into a folder and name that in {_FOLDER}"
    )

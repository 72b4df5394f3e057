"""The sample data of the ETSpy paper; knows where they may lie, not how they are read.

Sources, in order: the folder named by the environment variable ``ETWIDGETS_DATA``; the installed
``etspy`` package (extra ``samples``), located through its metadata and never imported; a download with
checksums.
"""

from __future__ import annotations

import importlib.metadata
import logging
import os
from pathlib import Path

import numpy as np

from etwidgets import simulation
from etwidgets.errors import SampleDataError
from etwidgets.io import load
from etwidgets.signals import TomoStack

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
_CATALYST_SIZE = 200
_CATALYST_TILTS = np.arange(0.0, 180, 2)


def locate(name: str, *, download: bool = True) -> Path:
    """The path of a sample file.

    Parameters
    ----------
    name
        ``"HAADF.mrc"``, ``"HAADF_Aligned.hspy"`` or ``"Catalyst3DModel_TiltSeries180.hspy"``.
    download
        Fetch it where it is not at hand.

    Raises
    ------
    SampleDataError
        If it is nowhere; the message says what to install.
    """
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
        Give the series that was registered and aligned to its tilt axis, instead of the raw one.

    Raises
    ------
    SampleDataError
        If the data are not installed and cannot be fetched.
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
    """The simulated catalyst of the paper, aligned, or misaligned on purpose.

    The bundled series has 90 projections of 600 x 600; where it is not at hand our own simulation of
    200 x 200 takes its place.

    Parameters
    ----------
    misalign
        Shift every projection at random, and the tilt axis as asked.
    minshift, maxshift
        Range of the random shifts, pixels.
    tiltshift
        Shift of the tilt axis, across it, pixels.
    tiltrotate
        Rotation of the tilt axis, degrees, positive clockwise on screen.
    y_only
        Shift across the tilt axis only.
    noise
        Add Gaussian noise.
    noise_factor
        Its standard deviation as a part of the mean.
    seed
        Of shifts and noise.

    Returns
    -------
    TomoStack
        The random shifts are in ``metadata.Simulation.shifts``; ``shifts`` holds what was applied to
        align, and is zero.
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

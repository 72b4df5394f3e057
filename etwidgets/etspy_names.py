"""Functions of ETSpy 1.3 by their names and parameters there, each a few lines over what is here.

``etwidgets.api`` puts them where a notebook written for ETSpy looks for them; nothing else in the package
uses them. docs/differences-from-etspy.md says where results differ. Longer than most files because it is
the one place for them.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import mrcfile
import numpy as np
from mdocfile.data_models import Mdoc
from scipy import ndimage

from etwidgets import align, io, simulation
from etwidgets.engine.filters import filter_in_place, response
from etwidgets.errors import FileFormatError, MissingTiltsError, ParameterError, ShapeError, TiltCountError
from etwidgets.io import tilt_sources
from etwidgets.io.mdoc import read_mdoc
from etwidgets.io.mrc import read_mrc
from etwidgets.io.texts import read_text
from etwidgets.signals import RecStack, TomoStack

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hyperspy.signal import BaseSignal
    from numpy.typing import ArrayLike, NDArray

_HEADER_BYTES = 1024
_NYQUIST = 0.5  # periods per pixel


# -- simulation -----------------------------------------------------------------------------------------


def create_catalyst_model(
    nparticles: int = 15,
    particle_density: float = 255,
    support_density: float = 100,
    volsize: tuple[int, int, int] = (600, 600, 600),
    support_radius: float = 200,
    size_interval: tuple[float, float] = (5, 12),
    *,
    seed: int = 0,
) -> RecStack:
    """A catalyst as :func:`etwidgets.simulation.catalyst` makes it, with sizes in voxels.

    Parameters
    ----------
    nparticles
        How many particles; they lie on the surface of the support and do not overlap.
    particle_density, support_density
        Intensity per voxel.
    volsize
        ``(X, Z, Y)`` voxels.
    support_radius
        Voxels.
    size_interval
        Smallest and largest radius of the particles, voxels.
    seed
        Of their places and sizes.
    """
    volume = simulation.catalyst(
        volsize, n_particles=nparticles, particle_value=particle_density, support_value=support_density,
        support_radius=support_radius, particle_radii=size_interval, seed=seed,
    )  # fmt: skip
    return RecStack(volume)


def create_cylinder_model(
    radius: float = 30, blur: bool = True, blur_sigma: float = 1.5, add_others: bool = False
) -> RecStack:
    """A cylinder along x, 200 voxels a side; with others that leave the field of view, 400 a side.

    Parameters
    ----------
    radius
        Voxels.
    blur
        Smooth the volume by a Gaussian.
    blur_sigma
        Its standard deviation, voxels.
    add_others
        Add two thin cylinders near the edges, each over a part of x.
    """
    if add_others:
        volume = simulation.cylinder(400, radius=radius, value=50)
        volume[:150] += simulation.cylinder(400, radius=10, value=10, center=(30, 30))[:150]
        volume[230:270] += simulation.cylinder(400, radius=15, value=20, center=(370, 350))[230:270]
    else:
        volume = simulation.cylinder(200, radius=radius, value=1)
    return RecStack(ndimage.gaussian_filter(volume, blur_sigma) if blur else volume)


def create_model_tilt_series(
    model: BaseSignal | NDArray[Any], angles: ArrayLike | None = None, cuda: bool | None = None
) -> TomoStack:
    """Project a volume ``(X, Z, Y)`` at tilts in degrees; default: 0, 2, ... 178.

    ``cuda`` is that of :meth:`etwidgets.signals.TomoStack.reconstruct`.
    """
    return RecStack(model).forward_project(np.arange(0, 180, 2) if angles is None else angles, cuda)


def misalign_stack(
    stack: TomoStack,
    min_shift: float = -5,
    max_shift: float = 5,
    tilt_shift: float = 0,
    tilt_rotate: float = 0,
    y_only: bool = False,
    interp_order: int = 3,
    *,
    seed: int = 0,
) -> TomoStack:
    """Misalign a stack as :func:`etwidgets.simulation.misalign` does.

    Parameters
    ----------
    stack
        Three-dimensional.
    min_shift, max_shift
        Range of the random shift of each projection, pixels.
    tilt_shift
        Shift of the tilt axis across itself, pixels.
    tilt_rotate
        Its rotation, degrees, positive clockwise on screen.
    y_only
        No random shift along the tilt axis.
    interp_order
        0 to 5, as there; here shifts are Fourier shifts and rotations cubic, whatever it is.
    seed
        Of the random shifts.

    Returns
    -------
    TomoStack
        Its ``shifts`` hold the random ones, as there; also in ``metadata.Simulation``.
    """
    _check_order(interp_order)
    moved, shifts = simulation.misalign(
        _series(stack), jitter_px=(min_shift, max_shift), axis_shift_px=tilt_shift,
        axis_rotation_deg=tilt_rotate, y_only=y_only, seed=seed,
    )  # fmt: skip
    result = _with_data(stack, moved)
    result.shifts = shifts
    truth = {"shifts": shifts, "tiltshift": float(tilt_shift), "tiltrotate": float(tilt_rotate)}
    result.metadata.set_item("Simulation", truth)
    return result


def add_noise(
    stack: TomoStack | NDArray[Any],
    noise_type: str = "gaussian",
    scale_factor: float = 0.2,
    *,
    seed: int = 0,
) -> Any:
    """Add noise to a stack or to an array as :func:`etwidgets.simulation.add_noise` does.

    Parameters
    ----------
    stack
        ``(T, Y, X)``.
    noise_type
        ``"gaussian"``, or ``"poissonian"``, which is also called ``"shot"``.
    scale_factor
        Gaussian: standard deviation as a part of the mean. Poisson: counts per unit of intensity.
    seed
        Of the noise.
    """
    kind = "poisson" if noise_type in ("poissonian", "shot") else noise_type
    if not isinstance(stack, TomoStack):
        return simulation.add_noise(stack, kind, scale_factor, seed=seed)
    return _with_data(stack, simulation.add_noise(stack.data, kind, scale_factor, seed=seed))


# -- files ----------------------------------------------------------------------------------------------


def load_serialem(mrcfile: str | Path, mdocfile: str | Path) -> TomoStack:
    """Load a series of SerialEM with its mdoc file; the tilts are those of the mdoc."""
    return _tilt_series(io.load(mrcfile, mdocs=mdocfile))


def load_serialem_series(
    mrcfiles: Sequence[str | Path], mdocfiles: Sequence[str | Path]
) -> tuple[TomoStack, NDArray[np.float64]]:
    """Load one file of frames per projection, each with its mdoc file.

    Returns
    -------
    stack
        ``(T, F, Y, X)``, sorted by tilt; the tilts are set.
    tilts
        ``(T, F)`` degrees.
    """
    loaded = io.load([Path(name) for name in mrcfiles], mdocs=[Path(name) for name in mdocfiles])
    stack = _tilt_series(loaded)
    n_frames = stack.data.shape[1] if stack.data.ndim == 4 else 1
    return stack, np.repeat(stack.tilts_deg[:, np.newaxis], n_frames, axis=1)


def parse_mrc_header(filename: str | Path) -> dict[str, Any]:
    """The header of an MRC file as a dictionary; the extended one as ``int16`` in ``ext_header``.

    Raises
    ------
    FileFormatError
        If the header makes no sense, or promises more than the file holds.
    """
    path = Path(filename)
    series = read_mrc(path, lazy=True)
    known, order = series.header, series.order
    with path.open("rb") as file:
        raw = file.read(_HEADER_BYTES + int(known["nsymbt"]))
    fields = np.frombuffer(raw, mrcfile.dtypes.HEADER_DTYPE.newbyteorder(order), 1)[0]
    imod = {
        name: np.frombuffer(raw, f"{order}{kind}", 1, place)[0].item()
        for name, kind, place in (
            ("nint", "i2", 128), ("nreal", "i2", 130), ("imodStamp", "i4", 152), ("imodFlags", "i4", 156),
            ("idtype", "i2", 160), ("lens", "i2", 162), ("nd1", "i2", 164), ("nd2", "i2", 166),
            ("vd1", "i2", 168), ("vd2", "i2", 170),
        )
    }  # fmt: skip
    return {
        **{name: known[name] for name in ("nx", "ny", "nz", "mode", "nxstart", "nystart", "nzstart")},
        **{name: known[name] for name in ("mx", "my", "mz", "rms")},
        **dict(zip(("xlen", "ylen", "zlen"), known["cella"], strict=True)),
        **dict(zip(("amin", "amax", "amean"), (known[n] for n in ("dmin", "dmax", "dmean")), strict=True)),
        "nextra": known["nsymbt"],
        **dict(zip(("xorg", "yorg", "zorg"), known["origin"], strict=True)),
        **imod,
        "ext_type": bytes(fields["exttyp"]).decode("latin-1"),
        "nversion": int(fields["nversion"]),
        "cmap": bytes(fields["map"]).decode("latin-1"),
        "stamp": np.frombuffer(raw, "i1", 4, 212),
        "nlabl": int(fields["nlabl"]),
        "text": raw[224:_HEADER_BYTES].decode("latin-1"),
        "ext_header": np.frombuffer(raw[_HEADER_BYTES : len(raw) // 2 * 2], f"{order}i2"),
    }


def parse_mdoc(
    mdoc_file: str | Path, series: bool = False
) -> tuple[dict[str, Any], NDArray[np.float64] | float]:
    """What an mdoc file says of the microscope, and its tilts.

    Parameters
    ----------
    mdoc_file
        Of SerialEM.
    series
        The file is of one projection, with frames: give its tilt as a number.

    Raises
    ------
    FileFormatError
        If it has no sections, or one without a tilt.
    """
    path = Path(mdoc_file)
    said, text = read_mdoc(path), read_text(path)
    try:
        whole = Mdoc.from_string(text).global_data.model_dump()
    except (ValueError, IndexError, TypeError) as error:
        raise FileFormatError(f"{path.name} cannot be read as mdoc: {error}") from error
    facts = {**{key: value for key, value in whole.items() if value is not None}, **said.original}
    facts = {key: str(value) if isinstance(value, Path) else value for key, value in facts.items()}
    if said.tilts_deg is None:
        raise FileFormatError(f"{path.name}: {said.lacking}")
    return facts, float(said.tilts_deg.mean()) if series else said.tilts_deg


def get_mrc_tilts(stack: BaseSignal, filename: str | Path) -> NDArray[np.float64] | None:
    """The tilts ``(T,)`` in degrees of an MRC file's extended header, or of a text file beside it.

    Raises
    ------
    TiltCountError
        If there is not one per projection of the stack.
    """
    path = Path(filename)
    tilts = read_mrc(path, lazy=True).sections.tilts_deg
    if tilts is None:
        found = tilt_sources.tilts_beside(path)
        tilts = found[0].tilts_deg if found else None
    if tilts is not None and len(tilts) != len(stack.data):
        raise TiltCountError(len(tilts), len(stack.data))
    return tilts


def get_dm_tilts(s: BaseSignal) -> NDArray[np.float64]:
    """The tilts ``(T,)`` in degrees in the tags of Digital Micrograph.

    Raises
    ------
    MissingTiltsError
        If the tags have none, or not one per image.
    """
    found = tilt_sources.of_dm_tags(s.original_metadata.as_dictionary(), len(s.data))
    if not found:
        raise MissingTiltsError(
            f"the tags have no tilts for {len(s.data)} images; give them with s.tilts = [...]"
        )
    return found[0].tilts_deg


# -- helpers --------------------------------------------------------------------------------------------


def get_radial_mask(
    mask_shape: tuple[int, int], center: tuple[float, float] | None = None
) -> NDArray[np.bool_]:
    """True inside the largest circle about a center that fits into an image.

    Parameters
    ----------
    mask_shape
        Rows and columns.
    center
        ``(x, y)``, pixels; default: the middle.

    Raises
    ------
    ParameterError
        If the center lies outside.
    """
    rows, columns = mask_shape
    x, y = (columns // 2, rows // 2) if center is None else center
    radius = min(x, y, columns - x, rows - y)
    if radius < 0:
        raise ParameterError(f"the center ({x}, {y}) lies outside an image of {columns} x {rows} pixels")
    return np.hypot(np.arange(columns) - x, np.arange(rows)[:, np.newaxis] - y) < radius


def multiaverage(stack: NDArray[Any], nframes: int, ny: int, nx: int) -> NDArray[np.float32]:
    """The mean ``(ny, nx)`` of the frames ``(nframes, ny, nx)`` of a projection, registered by StackReg."""
    frames = np.asarray(stack)
    if frames.shape != (nframes, ny, nx):
        raise ShapeError(f"the frames have the shape {frames.shape}, not ({nframes}, {ny}, {nx})")
    shifts = align.estimate_shifts(frames, np.arange(nframes), "StackReg", start=0)
    return align.apply_shifts(frames, shifts).mean(axis=0)


def register_serialem_stack(stack: BaseSignal, ncpus: int = 1) -> TomoStack:
    """Register the frames of each projection, and average them.

    Parameters
    ----------
    stack
        ``(T, F, Y, X)``.
    ncpus
        At least 1, as there; here all cores share the work, whatever it is.

    Returns
    -------
    TomoStack
        ``(T, Y, X)`` float32, with the tilts.
    """
    if ncpus < 1:
        raise ParameterError(f"ncpus must be at least 1, not {ncpus}")
    if stack.data.ndim != 4:
        raise ShapeError(f"the stack has the shape {stack.data.shape}, not (projections, frames, y, x)")
    series = stack if isinstance(stack, TomoStack) else TomoStack(stack)
    means = [multiaverage(np.asarray(frames), *frames.shape) for frames in series.data]
    return _with_data(series.inav[0], np.stack(means))


def filter_stack(stack: TomoStack, filter_name: str = "shepp-logan", cutoff: float = 0.5) -> TomoStack:
    """Filter every column across the tilt axis, as before a back-projection.

    Parameters
    ----------
    stack
        ``(T, Y, X)``.
    filter_name
        ``"ram-lak"``, ``"shepp-logan"``, ``"hann"``, ``"cosine"``, or another of
        ``etwidgets.engine.FILTERS``.
    cutoff
        Frequency above which nothing is left, periods per pixel; more than 0, and 0.5 at most. The
        ramp is 1 at 0.5.

    Raises
    ------
    ParameterError
        If there is no such filter, or the cutoff is out of range.
    """
    projections = np.array(_series(stack), dtype=np.float32)
    if not 0 < cutoff <= _NYQUIST:
        raise ParameterError(f"cutoff must be more than 0 and at most 0.5 periods per pixel, not {cutoff}")
    factors = 2 * response(filter_name, projections.shape[1])
    factors[np.linspace(0, _NYQUIST, factors.size) > cutoff] = 0
    filter_in_place(projections, factors)
    return _with_data(stack, projections)


def _tilt_series(loaded: TomoStack | RecStack) -> TomoStack:
    if not isinstance(loaded, TomoStack):
        raise FileFormatError("the file holds a reconstruction, not a tilt series; use load")
    return loaded


def _series(stack: TomoStack) -> NDArray[Any]:
    if stack.data.ndim != 3:
        raise ShapeError(f"the stack has the shape {stack.data.shape}, not (projections, y, x)")
    return np.asarray(stack.data)


def _with_data(stack: TomoStack, data: NDArray[Any]) -> TomoStack:
    return stack._deepcopy_with_new_data(data)  # noqa: SLF001  (HyperSpy's own way)


def _check_order(order: int) -> None:
    if order not in range(6):
        raise ParameterError(f"interp_order must be an integer from 0 to 5, not {order}")

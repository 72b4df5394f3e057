"""ASTRA as a projector of blocks: makes its objects, deletes them, and hides its conventions.

Knows no threads and no algorithm. Objects that belong to the caller are never touched: nothing here calls
``astra.clear``.
"""

from __future__ import annotations

import contextlib
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from etwidgets.engine.arithmetic import aligned
from etwidgets.engine.geometry import Geometry
from etwidgets.engine.projectors import CpuProjector
from etwidgets.engine.team import Team
from etwidgets.errors import MissingDependencyError, ParameterError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from etwidgets.engine.projectors import Projector

_CUDA_TOLERANCE = 0.02  # between its texture interpolation and our rays, on a smooth phantom


def astra() -> Any:
    """The ASTRA toolbox.

    Raises
    ------
    MissingDependencyError
        If it is not installed.
    """
    try:
        import astra as toolbox
    except ImportError as error:
        raise MissingDependencyError(
            "this backend needs the ASTRA toolbox: pip install astra-toolbox (Linux, Windows), or conda "
            "install -c conda-forge astra-toolbox; or use backend='cpu', which needs nothing"
        ) from error
    return toolbox


@cache
def cuda_available() -> bool:
    """Whether ASTRA is installed, has a CUDA device, and projects on it as our own engine does."""
    try:
        return bool(astra().use_cuda()) and _cuda_agrees()
    except MissingDependencyError:
        return False


class AstraCpuProjector:
    """ASTRA on the processor, one slice after the other; as :class:`etwidgets.engine.projectors.Projector`.

    Parameters
    ----------
    geometry
        Of the slices.
    model
        ``"linear"`` or ``"strip"``.
    width
        Slices in a block.
    team
        Not used: ASTRA works on one slice in one thread.
    """

    def __init__(self, geometry: Geometry, model: str, width: int, team: Team) -> None:
        if model not in ("linear", "strip"):
            raise ParameterError(f"the backend astra-cpu has the models linear and strip, not {model!r}")
        self._astra = astra()
        self.geometry, self.model, self.width, self.team = geometry, model, width, team
        # ASTRA's rows run downwards and its y upwards, so its own angle is ours
        self._volume_geometry = self._astra.create_vol_geom(geometry.n_z, geometry.n_y)
        self._projection_geometry = self._astra.create_proj_geom(
            "parallel", 1.0, geometry.n_y, geometry.angles_rad
        )

    def forward(
        self, volume: NDArray[np.float32], out: NDArray[np.float32] | None = None
    ) -> NDArray[np.float32]:
        """Projections of a volume."""
        shape = (self.geometry.n_angles, self.geometry.n_y, self.width)
        result = aligned(shape) if out is None else out
        with self._objects() as (image, sinogram, projector):
            for lane in range(self.width):
                self._astra.data2d.store(image, np.ascontiguousarray(volume[..., lane]))
                self._run("FP", projector, VolumeDataId=image, ProjectionDataId=sinogram)
                result[..., lane] = self._astra.data2d.get(sinogram)
        return result

    def update(
        self,
        volume: NDArray[np.float32],
        projections: NDArray[np.float32],
        scale: NDArray[np.float32],
        lowest: float = -np.inf,
        highest: float = np.inf,
    ) -> None:
        """Add the scaled back projection to the volume."""
        gathered = aligned(volume.shape)
        with self._objects() as (image, sinogram, projector):
            for lane in range(self.width):
                self._astra.data2d.store(sinogram, np.ascontiguousarray(projections[..., lane]))
                self._run("BP", projector, ReconstructionDataId=image, ProjectionDataId=sinogram)
                gathered[..., lane] = self._astra.data2d.get(image)
        _add(volume, gathered, scale, lowest, highest)

    def subset(self, tilts: Sequence[int] | NDArray[np.intp]) -> AstraCpuProjector:
        """The same projector for some of the tilts."""
        return AstraCpuProjector(self.geometry.subset(tilts), self.model, self.width, self.team)

    @contextlib.contextmanager
    def _objects(self) -> Iterator[tuple[int, int, int]]:
        toolbox = self._astra
        with contextlib.ExitStack() as objects:
            projector = toolbox.create_projector(self.model, self._projection_geometry, self._volume_geometry)
            objects.callback(toolbox.projector.delete, projector)
            image = toolbox.data2d.create("-vol", self._volume_geometry)
            objects.callback(toolbox.data2d.delete, image)
            sinogram = toolbox.data2d.create("-sino", self._projection_geometry)
            objects.callback(toolbox.data2d.delete, sinogram)
            yield image, sinogram, projector

    def _run(self, name: str, projector: int, **entries: int) -> None:
        config = self._astra.astra_dict(name)
        config["ProjectorId"] = projector
        config.update(entries)
        _run_once(self._astra, config)


class AstraCudaProjector:
    """ASTRA on the GPU, all slices of a block at once; as :class:`etwidgets.engine.projectors.Projector`.

    The block is one 3-D volume whose x runs over the slices, so that nothing is reordered on the way; the
    rays are given as vectors, which leaves no convention to guess.

    Parameters
    ----------
    geometry
        Of the slices.
    model
        ``"linear"``: ASTRA's only one there.
    width
        Slices in a block.
    team
        Not used: the GPU takes the whole block.
    """

    def __init__(self, geometry: Geometry, model: str, width: int, team: Team) -> None:
        if model != "linear":
            raise ParameterError(f"the backend astra-cuda has its own model, close to linear, not {model!r}")
        self._astra = astra()
        self.geometry, self.model, self.width, self.team = geometry, model, width, team
        cos, sin = np.cos(geometry.angles_rad), np.sin(geometry.angles_rad)
        # x: slices, y: columns, z: rows. Rays run along (0, sin, cos), the detector along (0, cos, -sin)
        vectors = np.zeros((geometry.n_angles, 12))
        vectors[:, 1], vectors[:, 2] = sin, cos
        vectors[:, 6] = 1
        vectors[:, 10], vectors[:, 11] = cos, -sin
        self._projection_geometry = self._astra.create_proj_geom(
            "parallel3d_vec", geometry.n_y, width, vectors
        )
        self._volume_geometry = self._astra.create_vol_geom(geometry.n_y, width, geometry.n_z)

    def forward(
        self, volume: NDArray[np.float32], out: NDArray[np.float32] | None = None
    ) -> NDArray[np.float32]:
        """Projections of a volume."""
        result = self._run("FP3D_CUDA", "VolumeDataId", volume, None)
        if out is None:
            return result
        out[:] = result
        return out

    def update(
        self,
        volume: NDArray[np.float32],
        projections: NDArray[np.float32],
        scale: NDArray[np.float32],
        lowest: float = -np.inf,
        highest: float = np.inf,
    ) -> None:
        """Add the scaled back projection to the volume."""
        gathered = self._run("BP3D_CUDA", "ReconstructionDataId", None, projections)
        _add(volume, gathered, scale, lowest, highest)

    def subset(self, tilts: Sequence[int] | NDArray[np.intp]) -> AstraCudaProjector:
        """The same projector for some of the tilts."""
        return AstraCudaProjector(self.geometry.subset(tilts), self.model, self.width, self.team)

    def _run(
        self,
        name: str,
        volume_entry: str,
        volume: NDArray[np.float32] | None,
        projections: NDArray[np.float32] | None,
    ) -> NDArray[np.float32]:
        data = self._astra.data3d
        rows = 0 if projections is None else np.ascontiguousarray(projections.transpose(1, 0, 2))
        with contextlib.ExitStack() as objects:
            block = data.create("-vol", self._volume_geometry, 0 if volume is None else volume)
            objects.callback(data.delete, block)
            sinograms = data.create("-sino", self._projection_geometry, rows)
            objects.callback(data.delete, sinograms)
            config = self._astra.astra_dict(name)
            config.update({volume_entry: block, "ProjectionDataId": sinograms})
            _run_once(self._astra, config)
            if volume is None:
                return data.get(block)
            return np.ascontiguousarray(data.get(sinograms).transpose(1, 0, 2))


def _run_once(toolbox: Any, config: dict[str, Any]) -> None:
    algorithm = toolbox.algorithm.create(config)
    try:
        toolbox.algorithm.run(algorithm)
    finally:
        toolbox.algorithm.delete(algorithm)


def _add(
    volume: NDArray[np.float32],
    gathered: NDArray[np.float32],
    scale: NDArray[np.float32],
    lowest: float,
    highest: float,
) -> None:
    gathered *= scale[..., np.newaxis]
    gathered += volume
    np.clip(gathered, lowest, highest, out=gathered)
    np.copyto(volume, gathered, where=scale[..., np.newaxis] != 0)


def _cuda_agrees() -> bool:
    """A lopsided phantom, projected and back-projected on the GPU and here: one wrong sign is far off."""
    geometry = Geometry(np.deg2rad([-70.0, -20, 0, 35, 90]), 48, 40)
    rows, columns, lanes = np.ogrid[:40, :48, :16]
    phantom = aligned((40, 48, 16))
    phantom[:] = (1 + lanes) * np.exp(-((rows - 12) ** 2 + (columns - 30) ** 2) / 40)
    with Team() as team:
        ours: Projector = CpuProjector(geometry, "linear", 16, team)
        theirs: Projector = AstraCudaProjector(geometry, "linear", 16, team)
        projections = ours.forward(phantom)
        volumes = [aligned(phantom.shape), aligned(phantom.shape)]
        for projector, volume in zip((ours, theirs), volumes, strict=True):
            projector.update(volume, projections, np.ones((40, 48), np.float32))
        pairs = [(projections, theirs.forward(phantom)), (volumes[0], volumes[1])]
    return all(np.linalg.norm(b - a) < _CUDA_TOLERANCE * np.linalg.norm(a) for a, b in pairs)

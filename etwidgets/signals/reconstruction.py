"""From a stack to volumes and back: hands arrays to the engine and dresses its results as signals."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Any

import dask.array as da
import numpy as np
from hyperspy.signals import Signal1D, Signal2D

from etwidgets import align, engine
from etwidgets.checks import MOST_ITERATIONS, MOST_PIXELS, checked_count, is_whole
from etwidgets.errors import DataError, ParameterError
from etwidgets.progress import NullProgress, Progress
from etwidgets.resources import check_memory
from etwidgets.signals.engine_parameters import to_engine
from etwidgets.signals.lazy_images import columns_of
from etwidgets.signals.rec_stack import RecStack

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from etwidgets.signals.tilt_series import TiltSeries

_COLUMNS_PER_BLOCK = 32


def geometry(stack: TiltSeries, thickness: int | None = None) -> engine.Geometry:
    """The engine's geometry of a stack; ``thickness`` (rows in z) defaults to its height.

    Raises
    ------
    DataError
        If all projections have the same tilt.
    """
    height = stack.data.shape[-2]
    rows = (
        height
        if thickness is None
        else checked_count("thickness, in pixels,", thickness, highest=MOST_PIXELS)
    )
    tilts = stack.tilts_deg
    if np.ptp(tilts) == 0:
        raise DataError(
            f"{len(tilts)} projection(s), all at {tilts[0]:g} deg, cannot determine a volume; at least 2 "
            "different tilts are needed: load the whole series, or set its tilts"
        )
    return engine.Geometry(np.deg2rad(tilts), height, rows)


def reconstruct(stack: TiltSeries, parameters: Mapping[str, Any], progress: Progress) -> RecStack:
    """Reconstruct a stack; the parameters are those of ``TomoStack.reconstruct``, by name."""
    options = to_engine(parameters)
    algorithm = engine.find_algorithm(options["algorithm"])
    shape = geometry(stack, parameters.get("thickness"))
    if isinstance(stack.data, da.Array):
        columns = min(_COLUMNS_PER_BLOCK, stack.data.shape[-1])
        needed = engine.memory_needed(shape, algorithm.name, n_slices=columns, backend=options["backend"])
        check_memory(needed, f"a block of {columns} slices of {shape.n_z} x {shape.n_y}")
        volume: Any = _lazily(stack.data, shape, options, progress)
    else:
        volume = engine.reconstruct(stack.data, shape, progress=progress, **options)
        if progress.iterations_done is not None and algorithm.counted is not None:
            options[algorithm.counted.name] = progress.iterations_done
    settings = {
        name: each.default for name, each in algorithm.parameters.items() if not each.required
    } | options
    kept = {name: value for name, value in settings.items() if value is not None and name != "n_workers"}
    return as_volume(stack, volume, {**kept, "thickness": shape.n_z})


def as_volume(stack: TiltSeries, volume: Any, settings: dict[str, Any]) -> RecStack:
    """A volume ``(X, Z, Y)`` with the scales and metadata of the stack, and how it was made."""
    result = RecStack(volume, axes=_volume_axes(stack, volume.shape), metadata=_inherited(stack))
    result.metadata.set_item("Tomography.reconstruction", settings)
    return result


def preview_columns(width: int, slices: Sequence[int] | None) -> list[int]:
    """The three columns of a preview: the given ones, checked, or the quartiles of the width."""
    if slices is None:
        return [width // 4, width // 2, 3 * width // 4]
    columns = list(slices)
    if len(columns) != 3 or not all(is_whole(column) and 0 <= column < width for column in columns):
        raise ParameterError(f"slices must be three columns between 0 and {width - 1}, not {columns}")
    return [int(column) for column in columns]


def preview(
    stack: TiltSeries,
    columns: Sequence[int],
    shift: float = 0.0,
    rotation: float = 0.0,
    *,
    thickness: int | None = None,
    method: str = "FBP",
    iterations: int = 50,
    constrain: bool = True,
    cuda: bool | None = None,
    thresh: float = 0,
    progress: Progress | None = None,
) -> NDArray[np.float32]:
    """Reconstruct a few columns for a trial tilt-axis shift (pixels) and rotation (degrees).

    Returns
    -------
    array
        ``(len(columns), Z, Y)`` float32.
    """
    stack._check_layout(frames=False)
    return engine.reconstruct(
        engine.sinograms_at(np.asarray(stack.data), columns, shift, rotation),
        geometry(stack, thickness),
        progress=progress or NullProgress(),
        **to_engine(
            {
                "method": method,
                "iterations": iterations,
                "constrain": constrain,
                "thresh": thresh,
                "cuda": cuda,
            }
        ),
    )


def recon_error(
    stack: TiltSeries,
    column: int | None,
    parameters: Mapping[str, Any],
    progress: Progress,
) -> tuple[Signal2D, Signal1D]:
    """Reconstruct one column and keep every iteration; parameters as of ``TomoStack.reconstruct``."""
    width = stack.data.shape[-1]
    x = width // 2 if column is None else column
    if not is_whole(x) or not -width <= x < width:
        raise ParameterError(f"nslice must be a column between 0 and {width - 1}, not {column!r}")
    shape = geometry(stack)
    options = to_engine(parameters)
    algorithm = engine.find_algorithm(options["algorithm"], iterative=True)
    if not algorithm.can_follow:
        raise ParameterError(
            f"recon_error cannot follow {algorithm.name}; compare its result by forward_project"
        )
    count = checked_count("iterations", parameters["iterations"], highest=MOST_ITERATIONS)
    check_memory(
        4.0 * count * shape.n_z * shape.n_y, f"a slice after each of {count} iterations",
        "ask for fewer iterations, or bin the tilt series",
    )  # fmt: skip
    sinogram = np.asarray(stack.data[:, :, int(x)], dtype=np.float32)[np.newaxis]
    steps = engine.iterate(sinogram, shape, **options)
    images = np.empty((count, shape.n_z, shape.n_y), np.float32)
    norms = np.empty(count)
    for step in steps:
        images[step.iteration - 1] = step.estimate[0]
        norms[step.iteration - 1] = step.residual
        progress.advance(step.iteration / count)
    return _as_series(stack, images), _as_curve(norms)


def as_metadata(found: align.AxisEstimate | align.RegistrationQuality) -> dict[str, Any]:
    """An axis estimate, or the quality of a registration, as numbers, strings and arrays."""
    values = {item.name: getattr(found, item.name) for item in fields(found)}
    lists = {name: np.array(value) for name, value in values.items() if isinstance(value, tuple) and value}
    others = {name: value for name, value in values.items() if not isinstance(value, tuple | None)}
    return others | lists


def show_axis(data: Any, found: align.AxisEstimate) -> None:
    """Show what the method MaxImage saw.

    Raises
    ------
    ParameterError
        If another method found the axis.
    """
    from etwidgets.signals import figures

    if found.angles_deg is None or found.strength is None:
        raise ParameterError("plot_results is MaxImage's; CoM leaves metadata.Tomography.axis_estimate")
    image = np.asarray(data.max(axis=0))
    figures.tracks(image, found.rotation_deg, found.angles_deg, found.strength)


def _lazily(data: da.Array, shape: engine.Geometry, options: dict[str, Any], progress: Progress) -> da.Array:
    """Reconstruct in blocks along x when asked for; each block needs all projections of its columns."""

    def run(block: NDArray[Any]) -> NDArray[np.float32]:
        return engine.reconstruct(np.ascontiguousarray(block.transpose(1, 2, 0)), shape, **options)

    columns = columns_of(data, _COLUMNS_PER_BLOCK, progress)
    chunks = (columns.chunks[0], (shape.n_z,), (shape.n_y,))
    return columns.map_blocks(run, chunks=chunks, dtype=np.float32, meta=np.empty((0, 0, 0), np.float32))


def _volume_axes(stack: TiltSeries, shape: tuple[int, ...]) -> list[dict[str, Any]]:
    axes = []
    for name, size in zip(("x", "z", "y"), shape, strict=True):
        source = stack.axes_manager["x" if name == "x" else "y"]
        offset = -source.scale * (size - 1) / 2 if name == "z" else source.offset
        axes.append(
            {
                "name": name,
                "size": size,
                "scale": source.scale,
                "offset": offset,
                "units": source.units,
                "navigate": name == "x",
            }
        )
    return axes


def _inherited(stack: TiltSeries) -> dict[str, Any]:
    """The metadata of the stack without what belongs to its signal type or to single projections."""
    metadata = stack.metadata.deepcopy().as_dictionary()
    metadata["Signal"] = {}
    metadata.pop("_HyperSpy", None)
    return metadata


def _as_series(stack: TiltSeries, images: NDArray[np.float32]) -> Signal2D:
    series = Signal2D(images)
    axes = {axis["name"]: axis for axis in _volume_axes(stack, (1, *images.shape[1:]))}
    iterations = series.axes_manager.navigation_axes[0]
    iterations.name, iterations.units, iterations.offset = "Iteration", "", 1
    for shown, name in zip(series.axes_manager.signal_axes, ("y", "z"), strict=True):
        shown.name, shown.scale = name, axes[name]["scale"]
        shown.offset, shown.units = axes[name]["offset"], axes[name]["units"]
    series.metadata.General.title = "Reconstruction by iteration"
    return series


def _as_curve(norms: NDArray[np.float64]) -> Signal1D:
    curve = Signal1D(norms)
    axis = curve.axes_manager.signal_axes[0]
    axis.name, axis.offset, axis.units = "Iteration", 1, ""
    curve.metadata.General.title = "Reconstruction error"
    curve.metadata.Signal.quantity = "L2 norm of the residual"
    return curve

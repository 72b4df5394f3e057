"""What makes a HyperSpy signal a tilt series: tilts and shifts that follow every operation on it.

It must not know how projections are registered or reconstructed; that is :mod:`etwidgets.signals.tomo_stack`.
Longer than most files because each operation of HyperSpy that changes the extent is answered here.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import dask.array as da
import numpy as np
from hyperspy.signal import BaseSignal

from etwidgets.checks import is_number
from etwidgets.errors import DataError, OutsideError, ParameterError, ParameterTypeError, ShapeError
from etwidgets.signals import tomography_node as node
from etwidgets.signals.cropping import binned, cropped
from etwidgets.signals.given_axes import attached, check_sizes, name_axes
from etwidgets.signals.image_stack import ImageStack, is_placeholder
from etwidgets.signals.original_images import OriginalImages
from etwidgets.signals.tilts import TomoShifts, TomoTilts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray


class TiltSeries(ImageStack):
    """Base of :class:`TomoStack`, not a signal type of its own; the parameters are described there."""

    def __init__(
        self,
        data: Any,
        tilts: ArrayLike | BaseSignal | None = None,
        shifts: ArrayLike | BaseSignal | None = None,
        **kwargs: Any,
    ) -> None:
        if not kwargs.get("full_initialisation", True):
            super().__init__(data, **kwargs)
            return
        if isinstance(data, BaseSignal):
            if not isinstance(data, TiltSeries):
                tilts = attached(data, "tilts") if tilts is None else tilts
                shifts = attached(data, "shifts") if shifts is None else shifts
            source = data if data.axes_manager.signal_dimension == 2 else data.as_signal2D((0, 1))
            kwargs = {**source._to_dictionary(), **kwargs}
            data = kwargs.pop("data")
        known = kwargs.get("metadata", {}).get("Signal", {}).get("signal_type") == self._signal_type
        super().__init__(_checked(data, one_image=known), **kwargs)
        if not known:
            check_sizes(self)
        self.metadata.Signal.signal_type = self._signal_type
        found = name_axes(self)
        node.prepare(self)
        if found is not None and tilts is None and not self.metadata.has_item("Tomography.tilts"):
            node.write_from_axis(self, found)
        if isinstance(self.data, da.Array) and not self._lazy:
            self._lazy = True
            self._assign_subclass()
        if tilts is not None:
            node.write(self, "tilts", tilts)
        if shifts is not None:
            node.write(self, "shifts", shifts)

    # -- tilts and shifts ---------------------------------------------------------------------------

    @property
    def tilts(self) -> TomoTilts:
        """The tilts, degrees, ``(T | 1)``; ``.data`` is a view of the stack's own, ``(T, 1)``.

        Raises
        ------
        MissingTiltsError
            If none are set.
        """
        return TomoTilts(node.read_tilts(self), axes=_axes_of(self, "Tilt values", 1))

    @tilts.setter
    def tilts(self, values: ArrayLike | BaseSignal | None) -> None:
        node.write(self, "tilts", values)

    @tilts.deleter
    def tilts(self) -> None:
        node.write(self, "tilts", None)

    @property
    def shifts(self) -> TomoShifts:
        """The shifts applied so far, pixels ``(y, x)``, ``(T | 2)``; ``.data`` is a view, ``(T, 2)``."""
        return TomoShifts(node.read_shifts(self), axes=_axes_of(self, "Shift values (y, x)", 2))

    @shifts.setter
    def shifts(self, values: ArrayLike | BaseSignal | None) -> None:
        node.write(self, "shifts", values)

    @shifts.deleter
    def shifts(self) -> None:
        node.write(self, "shifts", None)

    @property
    def has_tilts(self) -> bool:
        """Whether there is one tilt per projection."""
        return node.read(self, "tilts") is not None

    @property
    def tilts_deg(self) -> NDArray[np.float64]:
        """The tilts as a plain array ``(T,)``, degrees; a view."""
        return node.read_tilts(self)[:, 0]

    @property
    def shifts_px(self) -> NDArray[np.float64]:
        """The shifts applied so far as a plain array ``(T, 2)``, pixels ``(y, x)``; a view."""
        return node.read_shifts(self)

    def set_tilts(self, start: float, increment: float) -> None:
        """Set equally spaced tilts: ``start + i * increment`` degrees for projection i.

        Raises
        ------
        ParameterError
            If one is not a finite number, or the increment is zero.
        """
        for name, value in (("start", start), ("increment", increment)):
            if not is_number(value):
                raise ParameterError(f"{name} must be a finite number of degrees, not {value!r}")
        if increment == 0 and node.count(self) > 1:
            raise ParameterError(
                f"increment must not be {increment:g}: all projections would have the same tilt"
            )
        node.write(self, "tilts", start + increment * np.arange(node.count(self)))

    # -- slicing: tilts and shifts follow -----------------------------------------------------------

    def set_pixel_size(self, pixel_size: float) -> None:
        """Set the length of a pixel in x and y, in nm, where the file has none or a wrong one.

        Raises
        ------
        ParameterError
            If it is not a positive, finite number.
        """
        if not is_number(pixel_size) or pixel_size <= 0:
            raise ParameterError(f"the pixel size must be a positive number of nm, not {pixel_size!r}")
        for name in ("x", "y"):
            axis = self.axes_manager[name]
            axis.scale, axis.units, axis.offset = float(pixel_size), "nm", 0.0

    def _slicer(self, slices: Any, isNavigation: bool | None = None, out: Any = None) -> Any:
        axes = self.axes_manager._axes
        try:
            index = self._get_array_slices(slices, isNavigation)
        except (IndexError, ValueError) as error:
            raise OutsideError(f"{slices} does not fit the axes ({_sizes(axes)}): {error}") from error
        for part, axis in zip(index, axes, strict=True):
            _check_part(part, axis)
        if isNavigation is False:
            # one column or row stays a stack of width 1: a projection has two dimensions
            index = tuple(_as_slice(i, axis.size) if not axis.navigate else i
                          for i, axis in zip(index, axes, strict=True))  # fmt: skip
            slices = tuple(index[axis.index_in_array] for axis in self.axes_manager.signal_axes)
        result = super()._slicer(slices, isNavigation, out)
        target = result if out is None else out
        axis = node.projections_axis(self)
        same_frames = target.data.shape[1:-2] == self.data.shape[1:-2] and target.data.ndim == self.data.ndim
        target._original = self._original if same_frames else None
        if axis is not None and index[axis.index_in_array] != slice(None):
            chosen = index[axis.index_in_array]
            node.take(self, target, chosen)
            keep = np.atleast_1d(np.arange(axis.size)[chosen])
            node.record(target, node.Transform("select", self._extent, {"keep": keep}))
            target._original = None if target._original is None else target._original.selected(keep)
        _record_crop(self, target, index)
        return result

    def crop(self, axis: Any, start: Any = None, end: Any = None, convert_units: bool = False) -> None:
        """Crop in place, as HyperSpy does; tilts and shifts follow.

        Raises
        ------
        OutsideError
            If there is no such axis, or nothing would be left.
        """
        before = self._deepcopy_with_new_data(self.data)
        try:
            chosen = self.axes_manager[axis]
            part = slice(*(chosen._get_index(value) for value in (start, end)))
            _check_part(part, chosen)
        except OutsideError:
            raise
        except (IndexError, TypeError, ValueError) as error:
            raise OutsideError(
                f"{axis} from {start} to {end} does not fit ({_sizes(self.axes_manager._axes)}): {error}"
            ) from error
        position, name = chosen.index_in_array, chosen.name
        super().crop(axis, start, end, convert_units)
        if name == node.PROJECTIONS:
            node.take(before, self, part)
            keep = np.arange(before.data.shape[position])[part]
            node.record(self, node.Transform("select", before._extent, {"keep": keep}))
            self._original = None if before._original is None else before._original.selected(keep)
        else:
            self._original = before._original
        index = tuple(part if i == position else slice(None) for i in range(before.data.ndim))
        _record_crop(before, self, index)

    def crop_to(self, *, x_start: int, x_stop: int, y_start: int, y_stop: int) -> Self:
        """Return the part of the images between these pixels; tilts, shifts and records follow.

        Parameters
        ----------
        x_start, x_stop, y_start, y_stop
            Pixels from 0 at the left and at the top. The stops are not in it.

        Raises
        ------
        ParameterError
            If one is not an integer, the part is empty, or it reaches beyond the image.
        """
        return cropped(self, x_start, x_stop, y_start, y_stop)

    def bin(self, factor: int = 2) -> Self:
        """Return a series in which so many pixels, along x and along y, are summed into one.

        Parameters
        ----------
        factor
            1 to the shorter side of the image; what is left over at the right and at the bottom is cut off.

        Raises
        ------
        ParameterError
            If it is not an integer, or larger than the image.
        """
        return binned(self, factor)

    def select_projections(self, keep: ArrayLike) -> Self:
        """Return a stack of some projections.

        Parameters
        ----------
        keep
            A boolean mask of length T, or indices (negative ones count from the end) in the wanted order.

        Raises
        ------
        ParameterError
            If nothing would remain, an index is out of range or repeated, or the mask has another length.
        """
        self._check_layout()
        n_projections = node.count(self)
        index = checked_indices(keep, n_projections, "keep")
        if index.size == 0:
            raise ParameterError(f"no projection would remain of {n_projections}; keep at least one")
        result = self._deepcopy_with_new_data(self.data[index])
        result.axes_manager._axes[0].size = index.size
        node.take(self, result, index)
        node.record(result, node.Transform("select", self._extent, {"keep": index}))
        result._original = None if self._original is None else self._original.selected(index)
        return result

    def remove_projections(self, projections: Sequence[int] | None = None) -> Self:
        """Return a stack without some projections; their tilts and shifts go with them.

        Parameters
        ----------
        projections
            Indices; repeated ones count once.

        Raises
        ------
        ParameterError
            If none are given, one is out of range, or nothing would remain.
        """
        if projections is None or np.size(projections) == 0:
            raise ParameterError("No projections provided; give their indices, for example [10, 20]")
        n_projections = node.count(self)
        gone = checked_indices(projections, n_projections, "projections", repeated=True)
        return self.select_projections(np.setdiff1d(np.arange(n_projections), gone))

    def extract_sinogram(self, column: float) -> Any:
        """Return the sinogram at one image column as a HyperSpy ``Signal2D``, ``(T, Y)``.

        Parameters
        ----------
        column
            An integer is a pixel, a float is a position in the units of x.

        Raises
        ------
        ParameterTypeError
            If the column is not a number.
        OutsideError
            If the column lies outside the image.
        """
        self._check_layout()
        if isinstance(column, bool) or not isinstance(column, int | float | np.integer | np.floating):
            raise ParameterTypeError(
                f"column must be an integer (pixel) or a float (position), not {column!r}"
            )
        x_axis = self.axes_manager["x"]
        try:
            x = x_axis._get_index(float(column) if isinstance(column, np.floating) else column)
        except ValueError as error:
            raise OutsideError(f"column {column} lies outside the image: {error}") from error
        if not -x_axis.size <= x < x_axis.size:
            raise OutsideError(f"column {column} lies outside the image of {x_axis.size} columns")
        sinogram = self.swap_axes(node.PROJECTIONS, "x").inav[int(x)].as_signal2D(("y", node.PROJECTIONS))
        del sinogram.metadata.Tomography
        sinogram.set_signal_type("")
        where = f"column {column}" if not isinstance(column, float) else f"x = {column} {x_axis.units}"
        sinogram.metadata.General.title = f"Sinogram at {where}"
        return sinogram

    def plot_sinos(self, *args: Any, **kwargs: Any) -> None:
        """Plot the sinograms, y from left to right, with a slider over x."""
        self._check_layout()
        navigator = kwargs.pop("navigator", "slider")
        self.as_signal2D(("y", node.PROJECTIONS)).plot(navigator, *args, **kwargs)

    # -- HyperSpy operations that change the extent -------------------------------------------------

    def rebin(
        self,
        new_shape: Any = None,
        scale: Any = None,
        crop: bool = True,
        dtype: Any = None,
        out: Any = None,
    ) -> Any:
        """Bin in x and y (HyperSpy's ``rebin``, summing); the shifts are rescaled.

        Raises
        ------
        ParameterError
            If projections would be binned: a sum over different tilts is not a projection. If a number is not
            positive, or larger than the image.
        """
        _check_rebin(self, new_shape, scale)
        factors = dict(
            zip(
                [axis.name for axis in self.axes_manager._axes],
                self._validate_rebin_args_and_get_factors(new_shape=new_shape, scale=scale),
                strict=True,
            )
        )
        if factors.get(node.PROJECTIONS, 1) != 1:
            raise ParameterError(
                "projections of different tilts cannot be binned together; use scale=[1, 2, 2], "
                "or s.inav[::2] to keep every second projection"
            )
        self._check_copies(2 / min(1.0, float(np.prod(list(factors.values())))))
        result = super().rebin(new_shape=new_shape, scale=scale, crop=crop, dtype=dtype, out=out)
        target = self if out is self else (result if out is None else out)
        x_scale, y_scale = float(factors.get("x", 1)), float(factors.get("y", 1))
        shifts = node.read(target, "shifts")
        if shifts is not None:
            target.metadata.set_item("Tomography.shifts", shifts / [y_scale, x_scale])
        known = target.metadata.Tomography
        known.xshift, known.yshift = known.xshift / x_scale, known.yshift / y_scale
        if (x_scale, y_scale) != (1, 1):
            scales = {"x_scale": x_scale, "y_scale": y_scale}
            node.record(target, node.Transform("bin", self._extent, scales))
        return result

    def _remove_axis(self, axes: Any) -> None:
        super()._remove_axis(axes)
        known = self.metadata.get_item("Tomography", default=None)
        if known is None or node.projections_axis(self) is not None:
            return
        for what in ("tilts", "shifts"):  # a sum or maximum over the tilts has none
            if known.has_item(what) and len(known.get_item(what)) != 1:
                delattr(known, what)

    # -- original images ----------------------------------------------------------------------------

    _kept_originals: tuple[OriginalImages, Any] | None = None

    @property
    def _original(self) -> OriginalImages | None:
        """The original images; None where the data are no longer those that were made of them."""
        kept = self._kept_originals
        return None if kept is None or kept[1] is not self.data else kept[0]

    @_original.setter
    def _original(self, originals: OriginalImages | None) -> None:
        self._kept_originals = None if originals is None else (originals, self.data)

    def _originals(self) -> OriginalImages:
        """The images before they were first interpolated; those of now if they never were."""
        return OriginalImages.of(self.data) if self._original is None else self._original

    def _deepcopy_with_new_data(self, *args: Any, **kwargs: Any) -> Self:
        """Copy all but the data; the original images go along only where the data stay the same."""
        result = super()._deepcopy_with_new_data(*args, **kwargs)
        result._original = self._original if args and args[0] is self.data else None
        return result

    # -- checks -------------------------------------------------------------------------------------

    @property
    def _extent(self) -> tuple[int, ...]:
        """The shape ``(T, [F,] Y, X)``, whatever way the axes are shown."""
        order = {node.PROJECTIONS: 0, node.FRAMES: 1, "y": 2, "x": 3}
        axes = self.axes_manager._axes
        if all(axis.name in order for axis in axes):
            axes = sorted(axes, key=lambda axis: order[axis.name])
        return tuple(int(axis.size) for axis in axes)

    def _check_layout(self, *, frames: bool = True) -> None:
        names = [axis.name for axis in self.axes_manager._axes]
        if names == FRAMES_LAYOUT:
            if not frames:
                raise ShapeError(
                    f"each projection has {self.data.shape[1]} frames; average them first: s.mean('Frames')"
                )
            return
        if names == STACK_LAYOUT:
            return
        if names == ["y", "x"]:
            raise ShapeError("this is a single projection; the operation needs a tilt series")
        raise ShapeError(
            f"the axes are {names}, not {STACK_LAYOUT} (array order); undo swap_axes or transpose first"
        )


STACK_LAYOUT = [node.PROJECTIONS, "y", "x"]
FRAMES_LAYOUT = [node.PROJECTIONS, node.FRAMES, "y", "x"]


def _checked(data: Any, *, one_image: bool) -> Any:
    """The data as an array of real numbers; a single image only where it is one projection of a stack."""
    if data is None:
        raise DataError("data must not be None")
    if isinstance(data, str | Path):
        raise DataError(f"a TomoStack takes data, not a file name; use etwidgets.load({str(data)!r})")
    masked = int(np.sum(data.mask)) if isinstance(data, np.ma.MaskedArray) else 0
    if masked:
        raise DataError(f"{masked} masked values would lose their mask; fill them: data.filled(value)")
    try:
        array = data if isinstance(data, da.Array) else np.asarray(data)
    except ValueError as error:
        raise ShapeError(f"the projections in the list have different shapes: {error}") from error
    if is_placeholder(array):
        return array
    if array.dtype.kind not in "biuf":
        raise DataError(f"projections must be real numbers, not {array.dtype}")
    if array.ndim < 2:
        raise ShapeError(f"a tilt series has the shape (projections, y, x), not {array.shape}")
    if array.ndim == 2 and not one_image:
        raise ShapeError(
            f"this is one image of shape {array.shape}; a tilt series has the shape (projections, y, x): "
            "give all images of the series, np.stack([image, image, ...])"
        )
    if 0 in array.shape:
        raise ShapeError(f"the data are empty: shape {array.shape}")
    return array


def _axes_of(stack: TiltSeries, name: str, width: int) -> list[dict[str, Any]]:
    axis = node.projections_axis(stack)
    known = (
        {"name": node.PROJECTIONS, "scale": 1.0, "offset": 0.0, "units": "index"}
        if axis is None
        else {"name": axis.name, "scale": axis.scale, "offset": axis.offset, "units": axis.units}
    )
    return [
        {**known, "size": node.count(stack), "navigate": True},
        {"name": name, "size": width, "navigate": False},
    ]


def _as_slice(index: Any, size: int) -> slice:
    if isinstance(index, slice):
        return index
    start = int(index) % size
    return slice(start, start + 1)


def _record_crop(source: TiltSeries, target: TiltSeries, index: tuple[Any, ...]) -> None:
    """Record which part of x and y was kept, if it is not all of it; the original images follow."""
    kept = {}
    for part, axis in zip(index, source.axes_manager._axes, strict=True):
        if axis.name in ("x", "y") and isinstance(part, slice):
            start, stop, step = part.indices(axis.size)
            if step != 1:
                target._original = None
                return
            kept[f"{axis.name}_start"], kept[f"{axis.name}_stop"] = start, stop
    sizes = {axis.name: axis.size for axis in source.axes_manager._axes}
    if len(kept) == 4 and any(kept[f"{n}_stop"] - kept[f"{n}_start"] != sizes[n] for n in ("x", "y")):
        node.record(target, node.Transform("crop", source._extent, kept))
        if target._original is not None:
            before = (sizes["y"], sizes["x"])
            after = (kept["y_stop"] - kept["y_start"], kept["x_stop"] - kept["x_start"])
            target._original = target._original.cropped(before, (kept["y_start"], kept["x_start"]), after)


def _sizes(axes: Sequence[Any]) -> str:
    return ", ".join(f"{axis.name} 0 to {axis.size - 1}, {axis.size} in all" for axis in axes)


def _check_part(part: Any, axis: Any) -> None:
    """Refuse a part of an axis in which there is nothing, or which begins beyond its end."""
    if isinstance(part, slice):
        if not range(*part.indices(axis.size)):
            raise OutsideError(
                f"nothing is left of {axis.name} from {part.start} to {part.stop}; it has 0 to {axis.size}"
            )
    elif not -axis.size <= part < axis.size:
        raise OutsideError(
            f"there is no {part} in {axis.name}, which goes from 0 to {axis.size - 1}; {axis.size} in all"
        )


def _check_rebin(stack: TiltSeries, new_shape: Any, scale: Any) -> None:
    sizes = stack.data.shape
    for name, given, highest in (("scale", scale, sizes), ("new_shape", new_shape, None)):
        if given is None:
            continue
        values = list(np.atleast_1d(given))
        if len(values) != len(sizes):
            raise ParameterError(f"{name} needs {len(sizes)} numbers (array order), not {values}")
        if not all(is_number(value) and value > 0 for value in values):
            raise ParameterError(f"{name} must be positive numbers, not {values}")
        if highest is not None and any(value > size for value, size in zip(values, highest, strict=True)):
            raise ParameterError(f"{name} {values} leaves nothing of the shape {sizes}; give smaller numbers")


def checked_indices(values: ArrayLike, size: int, name: str, *, repeated: bool = False) -> NDArray[np.intp]:
    """Indices 0 to ``size - 1`` from a mask or from indices; outside ones are refused, and repeated ones."""
    array = np.asarray(values)
    if array.ndim != 1 or (array.size and array.dtype.kind not in "biuf"):
        raise ParameterError(f"{name} must be a list of indices, 0 to {size - 1}, not {values!r}")
    if array.dtype == bool:
        if array.shape != (size,):
            raise ParameterError(f"the mask {name} has the shape {array.shape}; {size} values are needed")
        return np.flatnonzero(array)
    index = array.astype(float)
    bad = index[~((index == np.round(index)) & (index >= -size) & (index < size))]
    if bad.size:
        raise ParameterError(f"{name}: {bad.tolist()} not among the {size} projections (0 to {size - 1})")
    whole = index.astype(np.intp) % size
    if repeated:
        return np.unique(whole)
    if len(np.unique(whole)) != len(whole):
        raise ParameterError(f"{name} lists a projection twice: {whole.tolist()}")
    return whole

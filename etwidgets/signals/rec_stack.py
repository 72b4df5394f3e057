"""The reconstructed volume as a HyperSpy signal; knows the engine only to project itself again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

import dask.array as da
import numpy as np
from hyperspy.signal import BaseSignal

from etwidgets import align, engine
from etwidgets.checks import checked_count, checked_reals, is_number, is_whole
from etwidgets.deprecated import renamed_keywords
from etwidgets.errors import DataError, MissingDependencyError, ParameterError, ShapeError
from etwidgets.signals.blocks import interpolation_name, listener
from etwidgets.signals.engine_parameters import backend_name
from etwidgets.signals.given_axes import refuse_uneven, to_nm
from etwidgets.signals.image_stack import ImageStack, class_of, is_placeholder
from etwidgets.signals.resolution_report import ResolutionReport, read_resolution

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from matplotlib.figure import Figure
    from numpy.typing import ArrayLike

    from etwidgets.progress import Progress
    from etwidgets.signals.tilt_series import TiltSeries

AXES = ("x", "z", "y")
_PLOT_3D = "etwidgets.RecStack.plot_3d"


class RecStack(ImageStack):
    """A volume ``(x | y, z)``; data ``(X, Z, Y)``: one reconstructed slice per image column x.

    Parameters
    ----------
    data
        ``(X, Z, Y)`` or one slice ``(Z, Y)``: an array, a dask array or a HyperSpy signal.
    **kwargs
        HyperSpy's own: ``axes``, ``metadata``, ``original_metadata``.

    Raises
    ------
    ShapeError
        If there is more than one navigation axis, fewer than two dimensions, or no voxel.
    DataError
        If the data are not real numbers.
    """

    _signal_type = "ETWRecStack"

    def __init__(self, data: Any, **kwargs: Any) -> None:
        if not kwargs.get("full_initialisation", True):
            super().__init__(data, **kwargs)
            return
        if isinstance(data, BaseSignal):
            kwargs = {**data._to_dictionary(), **kwargs}
            data = kwargs.pop("data")
        array = data if isinstance(data, da.Array) else np.asarray(data)
        _check(array)
        super().__init__(array, **kwargs)
        if self.axes_manager.navigation_dimension > 1:
            raise ShapeError(f"a volume has the shape (x, z, y), not {array.shape}")
        self.metadata.Signal.signal_type = self._signal_type
        axes = self.axes_manager._axes
        for axis, name in zip(axes, AXES[-len(axes) :], strict=True):
            if not isinstance(axis.name, str):
                axis.name = name
            if not isinstance(axis.units, str):
                axis.units = "pixels"
        refuse_uneven(axes)
        to_nm(axes)
        if isinstance(self.data, da.Array) and not self._lazy:
            self._lazy = True
            self._assign_subclass()

    def plot_slices(
        self,
        xslice: int | None = None,
        yslice: int | None = None,
        zslice: int | None = None,
        return_fig: bool = False,
        **kwargs: Any,
    ) -> Figure | None:
        """Show the three orthogonal slices through a point.

        Parameters
        ----------
        xslice, yslice, zslice
            Indices along x, y and z; default: the middle.
        return_fig
            Return the figure.
        **kwargs
            Passed to matplotlib's ``imshow``.
        """
        figure = self._slices(xslice, yslice, zslice, shown=True, returned=return_fig, **kwargs)
        return figure if return_fig else None

    def slices_figure(
        self,
        xslice: int | None = None,
        yslice: int | None = None,
        zslice: int | None = None,
        **kwargs: Any,
    ) -> Figure:
        """The figure of :meth:`plot_slices`, shown nowhere: for a file.

        The parameters are those of :meth:`plot_slices`.
        """
        return self._slices(xslice, yslice, zslice, shown=False, returned=True, **kwargs)

    def _slices(
        self,
        xslice: int | None,
        yslice: int | None,
        zslice: int | None,
        *,
        shown: bool,
        returned: bool,
        **kwargs: Any,
    ) -> Figure:
        from etwidgets.signals import figures

        self._check_volume()
        sizes = dict(zip(AXES, self.data.shape, strict=True))
        point = {}
        for name, given in (("x", xslice), ("y", yslice), ("z", zslice)):
            index = sizes[name] // 2 if given is None else given
            if not is_whole(index) or not -sizes[name] <= index < sizes[name]:
                raise ParameterError(f"{name}slice must be between 0 and {sizes[name] - 1}, not {given!r}")
            point[name] = int(index) % sizes[name]
        scales = {axis.name: (axis.scale, axis.units) for axis in self.axes_manager._axes}
        return figures.orthogonal_slices(self.data, point, scales, shown=shown, returned=returned, **kwargs)

    @renamed_keywords(colour_map="color_map")
    def save_movie(
        self,
        path: str | Path,
        what: str = "tilting",
        *,
        frames_per_second: float = 15.0,
        percentiles: tuple[float, float] = (0.5, 99.8),
        color_map: str = "gray",
        progress: Progress | None = None,
    ) -> None:
        """Save a movie of the volume, with a scale bar.

        Parameters
        ----------
        path
            ``.gif`` or ``.mp4``.
        what
            ``"tilting"``: projections while it turns once about the tilt axis; ``"x"``, ``"y"`` or
            ``"z"``: the slices along that axis.
        frames_per_second
            At least 1.
        percentiles
            Of the intensities that are drawn in the darkest and the brightest color.
        color_map
            Of matplotlib.
        progress
            Reports progress and can cancel the work.

        Raises
        ------
        ParameterError
            If the ending or ``what`` is another one.
        MissingDependencyError
            For ``.mp4``, if imageio-ffmpeg is not installed.
        """
        from etwidgets.signals import movies

        self._check_volume()
        data, factor = np.asarray(self.data), 1.0
        if what == "tilting":
            frame, captions, factor = movies.tilting(data)
            shown = np.stack([frame(i) for i in range(0, len(captions), 6)])
        else:
            frame, captions = movies.along(data, what)
            shown = data[tuple(slice(None, None, 1 + size // 64) for size in data.shape)]
        axis = self.axes_manager["x"]
        known = str(axis.units) == "nm"
        movies.write_movie(
            path, frame, captions, limits=movies.limits_of(shown, percentiles), color_map=color_map,
            pixel_size=float(axis.scale) * factor if known else None, frames_per_second=frames_per_second,
            progress=progress,
        )  # fmt: skip

    def forward_project(
        self, tilts: ArrayLike | BaseSignal, cuda: bool | None = None, *, progress: Progress | None = None
    ) -> TiltSeries:
        """Project the volume: what the microscope would see of it.

        Parameters
        ----------
        tilts
            ``(T,)`` degrees, or the ``tilts`` of a stack.
        cuda
            As in ``TomoStack.reconstruct``.
        progress
            Reports progress and can cancel the work.

        Returns
        -------
        TomoStack
            ``(T, Y, X)`` float32; the thickness of the volume need not be its height.
        """
        self._check_volume()
        angles = checked_reals("tilts", tilts.data if isinstance(tilts, BaseSignal) else tilts).ravel()
        progress = listener(progress, show_progressbar=False, title="project")
        volume = np.asarray(self.data)
        shape = engine.Geometry(np.deg2rad(angles), volume.shape[2], volume.shape[1])
        projections = engine.forward_project(volume, shape, backend=backend_name(cuda), progress=progress)
        stack: TiltSeries = class_of("ETWTomoStack")(projections, angles)
        for name in ("x", "y"):
            source, target = self.axes_manager[name], stack.axes_manager[name]
            target.scale, target.offset, target.units = source.scale, source.offset, source.units
        stack.metadata.General.title = self.metadata.General.title
        return stack

    def trans_stack(
        self,
        xshift: float = 0.0,
        yshift: float = 0.0,
        angle: float = 0.0,
        interpolation: str = "linear",
        *,
        progress: Progress | None = None,
    ) -> Self:
        """Return the volume with every slice at one x rotated and then shifted alike, float32.

        Parameters
        ----------
        xshift
            Voxels along the columns of a slice, which are y; positive moves content to a larger index.
        yshift
            Voxels along the rows of a slice, which are z.
        angle
            Degrees about x, through the middle of the slice; positive turns y towards z.
        interpolation
            ``"linear"``, ``"cubic"``, or ``"nearest"``, also called ``"none"``.
        progress
            Reports progress and can cancel the work.
        """
        self._check_volume()
        progress = listener(progress, show_progressbar=False, title="transform")
        moved = align.transform(
            np.asarray(self.data), yshift=yshift, xshift=xshift, angle_deg=angle,
            interpolation=interpolation_name(interpolation), progress=progress,
        )  # fmt: skip
        return self._deepcopy_with_new_data(moved)

    def plot_3d(
        self,
        vmin_std: float = 0.1,
        vmax_std: float = 10,
        figsize: tuple[float, float] = (10, 4),
        *,
        display: bool = True,
    ) -> Any:
        """Show the volume rendered in a notebook, to be turned by mouse.

        Parameters
        ----------
        vmin_std, vmax_std
            Contrast: from the mean minus ``vmin_std`` to the mean plus ``vmax_std`` standard deviations.
        figsize
            Width and height, in units of 100 pixels.
        display
            Show it; otherwise the widget is returned in a dictionary, as by HyperSpy's ``gui`` methods.

        Raises
        ------
        MissingDependencyError
            If the extra ``app`` is not installed.

        Notes
        -----
        HyperSpy's registry of user interfaces finds the widget; ``hyperspy_extension.yaml`` names it.
        """
        from hyperspy.ui_registry import get_gui

        self._check_volume()
        try:
            return get_gui(
                self, _PLOT_3D, display=display, toolkit="ipywidgets", vmin_std=vmin_std, vmax_std=vmax_std,
                figsize=figsize,
            )  # fmt: skip
        except ImportError as error:
            raise MissingDependencyError(
                f"plot_3d needs the extra app ({error.name} is missing): pip install 'etwidgets[app]'"
            ) from error

    def rotate_volume(
        self, rotation_angles: Sequence[float], cuda: bool | None = None, *, order: int = 3
    ) -> Self:
        """Return the volume rotated about its center; voxels from outside are 0.

        Parameters
        ----------
        rotation_angles
            Degrees about x, z and y, in that order. Positive about x turns z towards y, about z turns x
            towards y, about y turns x towards z.
        order
            Spline order, 0 to 5.
        """
        from scipy import ndimage

        self._check_volume()
        if cuda:
            raise ParameterError("rotation runs on the processor; omit cuda=True")
        if np.shape(rotation_angles) != (3,):
            raise ParameterError(f"three angles are needed (about x, z, y; degrees), not {rotation_angles!r}")
        if not all(is_number(angle) for angle in rotation_angles):
            raise ParameterError(f"the angles must be finite numbers of degrees, not {rotation_angles!r}")
        order = checked_count("order", order, 0, 5)
        self._check_copies(2 if order < 2 else 4)  # splines are prepared in double precision
        planes = ((1, 2), (0, 2), (0, 1))
        matrix = np.eye(3)
        for angle, (first, second) in zip(np.deg2rad(rotation_angles), planes, strict=True):
            turn = np.eye(3)
            turn[first, first] = turn[second, second] = np.cos(angle)
            turn[first, second], turn[second, first] = -np.sin(angle), np.sin(angle)
            matrix = turn @ matrix
        center = (np.array(self.data.shape) - 1) / 2
        inverse = matrix.T  # affine_transform asks where each output voxel comes from
        data = np.asarray(self.data, dtype=np.float32)
        rotated = ndimage.affine_transform(data, inverse, center - inverse @ center, order=order, cval=0)
        return self._deepcopy_with_new_data(rotated)

    @property
    def resolution_report(self) -> ResolutionReport | None:
        """What :meth:`etwidgets.TomoStack.resolution` found, if it was kept with this volume."""
        return read_resolution(self)

    def _check_volume(self) -> None:
        names = tuple(axis.name for axis in self.axes_manager._axes)
        if names != AXES:
            raise ShapeError(f"the axes are {names}, not {AXES} (array order); the operation needs a volume")


def _check(array: Any) -> None:
    """Reject anything that is neither a volume nor a slice of one."""
    if is_placeholder(array):
        return
    if array.dtype.kind not in "biuf":
        raise DataError(f"a volume must be real numbers, not {array.dtype}")
    if array.ndim < 2:
        raise ShapeError(f"a volume has the shape (x, z, y), not {array.shape}")
    if 0 in array.shape:
        raise ShapeError(f"the volume is empty: shape {array.shape}")

"""The tilt series as a user sees it.

Each method checks, calls ``align`` or ``engine``, and writes down what it did; none knows files, widgets
or sessions. Longer than most files because it is the paper's public surface; each method is a few lines
over functions that work on arrays.
"""

from __future__ import annotations

import logging
import warnings
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from etwidgets import align
from etwidgets.checks import checked_reals, is_whole
from etwidgets.cluster import using
from etwidgets.deprecated import renamed_keywords
from etwidgets.errors import ParameterError, ShapeError
from etwidgets.signals import (
    automatic,
    cleaning,
    marker_alignment,
    reconstruction,
    replay,
    trust,
)
from etwidgets.signals import tomography_node as node
from etwidgets.signals.aligning import aligned, straightened
from etwidgets.signals.alignment_report import AlignmentReport, read_report
from etwidgets.signals.axis import align_axis, axis_note
from etwidgets.signals.blocks import interpolation_name, listener, map_projections
from etwidgets.signals.judged_series import JudgedSeries
from etwidgets.signals.lazy_images import images_of
from etwidgets.signals.tilt_series import checked_indices
from etwidgets.signals.turning import turned

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from matplotlib.figure import Figure
    from numpy.typing import ArrayLike, NDArray

    from etwidgets.progress import Progress
    from etwidgets.signals.rec_stack import RecStack

_log = logging.getLogger(__name__)


class TomoStack(JudgedSeries):
    """A tilt series ``(T | x, y)``; data ``(T, Y, X)``, the tilt axis parallel to image x.

    Parameters
    ----------
    data
        ``(T, Y, X)``, or ``(T, F, Y, X)`` with F frames per projection: an array, a list, a dask array, or a
        HyperSpy signal whose axes and metadata are kept. Lengths along x and y become nm.
    tilts
        ``(T,)`` or ``(T, 1)`` degrees: array, list or :class:`TomoTilts`; ``(T, F, 1)`` where the frames
        agree. Default: those on the navigation axis of the signal, if its name or unit says that it has
        any. A stack can be made without, but most methods then ask for them.
    shifts
        ``(T, 2)`` pixels ``(y, x)`` that were already applied to the images.
    **kwargs
        HyperSpy's own: ``axes``, ``metadata``, ``original_metadata``.

    Raises
    ------
    TiltCountError
        If there is not one tilt (or shift) per projection.
    ShapeError
        If the data are no series of images, or the axes do not fit them.
    DataError
        If the data are complex or not numbers, or the pixels along x or y have different sizes.

    Notes
    -----
    Unlike ``etspy.TomoStack``, which has the same name, everything a stack knows is in its metadata, so
    that plain HyperSpy operations and ``hs.load`` keep it.
    """

    _signal_type = "ETWTomoStack"

    # -- images -------------------------------------------------------------------------------------

    def filter(
        self,
        method: str = "median",
        size: int = 5,
        taper: float = 0,
        *,
        progress: Progress | None = None,
    ) -> Self:
        """Return a filtered copy, float32; see :func:`etwidgets.align.filter_projections`."""
        self._check_layout()

        def run(images: NDArray[Any], progress: Progress) -> NDArray[Any]:
            return align.filter_projections(images, method, size=size, taper=taper, progress=progress)

        progress = listener(progress, show_progressbar=False, title="filter")
        return self._deepcopy_with_new_data(map_projections(self.data, run, progress=progress))

    def weight_stack(self, accuracy: str = "medium") -> Self:
        """Return a copy whose images fade out across the tilt axis until all have the same mass.

        See :func:`etwidgets.align.weight_projections`. Suits slabs, for which material enters the
        field of view at high tilt (Sanders et al. 2015, doi:10.1186/s40679-015-0005-7).
        """
        self._check_layout()
        self._check_copies(1)
        return self._deepcopy_with_new_data(align.weight_projections(np.asarray(self.data), accuracy))

    # -- corrections of intensity -------------------------------------------------------------------

    def subtract_background(
        self,
        method: str = "auto",
        *,
        shape: str = "constant",
        each: bool = False,
        percentile: float = 5.0,
        edge_px: int = 8,
        frame: Sequence[int] | None = None,
        progress: Progress | None = None,
    ) -> Self:
        """Return a copy without the level that the detector adds, float32.

        The parameters are those of :func:`etwidgets.align.estimate_background`. Frames are averaged for
        the estimate. What was subtracted is in ``metadata.Tomography.background``.

        Raises
        ------
        DataError
            If ``"auto"`` finds no empty area; the field may be filled by matter.
        """
        self._check_layout()
        given = {
            "method": method, "shape": shape, "each": each, "percentile": percentile, "edge_px": edge_px,
            "frame": frame,
        }  # fmt: skip
        return cleaning.without_background(self, given, progress)

    def equalize_intensity(self, law: str = "auto", *, progress: Progress | None = None) -> Self:
        """Return a copy without the flicker of the beam, float32.

        See :func:`etwidgets.align.intensity_factors`. Subtract the background before. The factors are in
        ``metadata.Tomography.intensity_factors``.
        """
        self._check_layout()
        return cleaning.equalized(self, law, progress)

    def remove_hot_pixels(self, deviations: float = 8.0, *, progress: Progress | None = None) -> Self:
        """Return a copy in which hot pixels and single X-ray hits have the median of their neighbors.

        See :func:`etwidgets.align.find_hot_pixels`. How many there were is in
        ``metadata.Tomography.hot_pixels``.
        """
        self._check_layout()
        return cleaning.without_hot_pixels(self, deviations, progress)

    def correct_detector(
        self,
        dark: ArrayLike | int | None = None,
        gain: ArrayLike | int | None = None,
        *,
        progress: Progress | None = None,
    ) -> Self:
        """Return a copy without what single pixels of the detector add and how sensitive they are, float32.

        Parameters
        ----------
        dark, gain
            ``(Y, X)`` as in :func:`etwidgets.align.correct_detector`, or the index of a projection that was
            recorded without beam, or without specimen. It stays in the series.
        progress
            Reports progress and can cancel the work.
        """
        self._check_layout()
        return cleaning.detector_corrected(self, dark, gain, progress)

    # -- registration -------------------------------------------------------------------------------

    def stack_register(
        self,
        method: str = "PC",
        start: int | None = None,
        show_progressbar: bool = False,
        cuda: bool | None = None,
        crop: bool = False,
        shift_type: str = "fourier",
        *,
        progress: Progress | None = None,
        **parameters: Any,
    ) -> Self:
        """Return a stack whose projections are registered to each other.

        Parameters
        ----------
        method
            ``"PC"``, ``"StackReg"``, ``"COM"`` or ``"COM-CL"``, in any letter case.
        start
            Index of the reference projection; default: the one in the middle of the tilts.
        show_progressbar
            Show a text bar.
        cuda
            There is no CUDA path for registration; only None and False are accepted.
        crop
            Crop to the area that all projections have in common afterwards.
        shift_type
            ``"fourier"`` or ``"interp"`` (cubic spline).
        progress
            Reports progress and can cancel the work.
        **parameters
            Of the method; see :func:`etwidgets.align.estimate_shifts`.

        Returns
        -------
        TomoStack
            float32; its ``shifts`` are those of this stack plus the ones found. How far to trust them is in
            ``metadata.Tomography.registration_quality``, see :class:`etwidgets.align.RegistrationQuality`;
            a warning says which projections are doubted.

        Raises
        ------
        AlignmentError, DataError, ParameterError, MissingTiltsError
            If the method's assumptions do not hold, or a parameter is wrong.
        """
        self._check_layout()
        if cuda:
            raise ParameterError("registration runs on the processor; omit cuda=True")
        progress = listener(progress, show_progressbar=show_progressbar, title=f"register ({method})")
        images = self.data if self.data.ndim == 3 else self.data.mean(axis=1)
        with images_of(images, progress.part(0, 0.2)) as read:
            found = align.register(
                read,
                self.tilts_deg,
                method,
                start=start,
                progress=progress.part(0.2, 0.8),
                **parameters,
            )
        result = self.shift_projections(
            found.shifts_px, shift_type=shift_type, progress=progress.part(0.8, 1)
        )
        result.metadata.set_item("Tomography.registration_quality", reconstruction.as_metadata(found.quality))
        if found.quality.warning:
            warnings.warn(f"{found.quality.method}: {found.quality.warning}", stacklevel=2)
        progress.advance(1)
        return result.shift_crop() if crop else result

    def register_stack(self, method: str = "PC", start: int | None = None, **parameters: Any) -> Self:
        """Register; the name that the paper's text uses for :meth:`stack_register`."""
        return self.stack_register(method, start, **parameters)

    def shift_projections(
        self,
        shifts: ArrayLike,
        shift_type: str = "fourier",
        order: int = 3,
        *,
        progress: Progress | None = None,
    ) -> Self:
        """Return a stack with every projection shifted, float32.

        Parameters
        ----------
        shifts
            ``(T, 2)`` pixels ``(y, x)``; positive moves content to a larger index.
        shift_type
            ``"fourier"`` or ``"interp"``.
        order
            Spline order of ``"interp"``.
        progress
            Reports progress and can cancel the work.
        """
        self._check_layout()
        rows = checked_reals("shifts", shifts)
        if rows.shape != (node.count(self), 2):
            raise ShapeError(f"shifts must have the shape ({node.count(self)}, 2), not {rows.shape}")
        method = {"fourier": "fourier", "interp": "spline", "spline": "spline"}.get(str(shift_type).lower())
        if method is None:
            raise ParameterError(f"shift_type must be 'fourier' or 'interp', not {shift_type!r}")
        reach = (float(np.abs(rows[:, 0]).max()), float(np.abs(rows[:, 1]).max()))  # as if all were one block

        def run(images: NDArray[Any], image_rows: NDArray[Any], progress: Progress) -> NDArray[Any]:
            return align.apply_shifts(
                images, image_rows, method=method, order=order, reach_px=reach, progress=progress
            )

        progress = listener(progress, show_progressbar=False, title="shift")
        result = self._deepcopy_with_new_data(map_projections(self.data, run, rows=rows, progress=progress))
        result._original = self._originals().moved(align.Alignment.of(rows))
        node.write(result, "shifts", node.read_shifts(self) + rows)
        parameters = {"shifts": rows.copy(), "method": method, "order": order}
        node.record(result, node.Transform("shift", self._extent, parameters))
        return result

    def shift_crop(self) -> Self:
        """Return the part of the stack that every projection covers after its shifts."""
        self._check_layout()
        height, width = self.data.shape[-2:]
        rows, columns = align.common_area(self.shifts_px, (height, width))
        result = self.isig[columns.start : columns.stop, rows.start : rows.stop]
        result.metadata.Tomography.cropped = True
        return result

    def manual_align(self, nslice: int, xshift: float = 0, yshift: float = 0, display: bool = False) -> Self:
        """Return a stack in which the projections from ``nslice`` on are shifted against those before.

        Parameters
        ----------
        nslice
            First projection that moves, 1 to T - 1.
        xshift, yshift
            Pixels; positive moves content to a larger index.
        display
            Plot the two projections at the join, and their difference.
        """
        n_projections = node.count(self)
        if not is_whole(nslice) or not 0 < nslice < n_projections:
            raise ParameterError(f"nslice must be between 1 and {n_projections - 1}, not {nslice!r}")
        shifts = np.zeros((n_projections, 2))
        shifts[int(nslice) :] = yshift, xshift
        result = self.shift_projections(shifts)
        if display:
            from etwidgets.signals import figures

            figures.join(result.data[nslice - 1], result.data[nslice], nslice)
        return result

    def test_correlation(self, images: Sequence[int] = (0, 1)) -> Figure:
        """Show two projections and their cross-correlation, with its peak marked.

        Parameters
        ----------
        images
            Indices of the reference and of the moving projection.
        """
        self._check_layout()
        from etwidgets.signals import figures

        if len(images) != 2:
            raise ParameterError(f"images must be two indices, not {list(images)}")
        reference, moving = (
            np.asarray(self.data[i]) for i in checked_indices(images, node.count(self), "images")
        )
        correlation, shift = align.correlate(reference, moving)
        return figures.correlation(reference, moving, correlation, shift)

    def align_other(
        self,
        other: TomoStack,
        shift_type: str | None = None,
        cuda: bool | None = None,
        *,
        progress: Progress | None = None,
    ) -> TomoStack:
        """Apply to another stack everything that was done to the geometry of this one.

        Parameters
        ----------
        other
            A stack of the same series (another detector, or an element map), not yet aligned.
        shift_type
            Shift in another way than this stack was (``"fourier"`` or ``"interp"``).
        cuda
            There is no CUDA path for shifting; only None and False are accepted.
        progress
            Reports progress and can cancel the work.

        Returns
        -------
        TomoStack
            Shifts, rotations, crops and removed projections, in the order in which this stack had them.

        Raises
        ------
        HistoryError
            If there is nothing to apply, or the stacks do not fit; the message says why.
        """
        if cuda:
            raise ParameterError("shifting runs on the processor; omit cuda=True")
        progress = listener(progress, show_progressbar=False, title="align other")
        return replay.align_like(self, other, progress, shift_type)

    def bring_along(
        self, other: TomoStack, *, aligned: bool = False, progress: Progress | None = None
    ) -> TomoStack:
        """Bring another signal of the same series to where this one is, now and after every further step.

        Unlike :meth:`align_other` it also does so where nothing was shifted, and takes over the tilts and the
        pixel size.

        Parameters
        ----------
        other
            As it was loaded (another detector, an element map), or what this method gave before.
        aligned
            It has been through the same steps, although it has no record of them.
        progress
            Reports progress and can cancel the work.

        Raises
        ------
        HistoryError
            If the stacks do not fit; the message says why.
        """
        progress = listener(progress, show_progressbar=False, title="bring along")
        return replay.follow(self, other, progress, aligned=aligned)

    def refine_alignment(self, *, progress: Progress | None = None, **options: Any) -> Self:
        """Return a stack whose alignment was refined by comparing projections with what the volume predicts.

        All shifts and the tilt axis together; nothing is moved unless left-out projections are predicted
        better than before. The images are interpolated once, from what they were before they were first
        shifted. What was found is in :attr:`alignment_report`.

        Parameters
        ----------
        progress
            Reports progress, can cancel the work, or finish it early.
        **options
            ``axis`` (True), ``each_rotation``, ``each_magnification``, ``each_tilt`` (False), ``rounds``,
            ``tolerance``; see :func:`etwidgets.align.refine_alignment`. And ``finish_after``, as a script of
            a session has it where *Finish now* was pressed: how often it went on before it ended.

        Raises
        ------
        AlignmentError, ParameterError, MissingTiltsError
            If the series is too short or too small, an option is wrong, or there are no tilts.
        """
        self._check_layout()
        return automatic.refined(self, listener(progress, show_progressbar=False, title="refine"), **options)

    def auto_align(self, *, progress: Progress | None = None) -> Self:
        """Return the stack aligned by itself: registered, its tilt axis found, and both refined.

        It turns a vertical tilt axis, subtracts a dark level, tries the registration and tilt-axis methods on
        a coarse copy, ranks them by how well they predict left-out projections, applies the best, refines,
        and leaves out projections that fit nothing. Each step is one that a person could take, and is
        recorded as such; :attr:`alignment_report` of the result says what was tried and how far to trust it.

        Parameters
        ----------
        progress
            Reports progress and can cancel the work.

        Raises
        ------
        AlignmentError, MissingTiltsError
            If the series is too short or too small, or there are no tilts.
        """
        self._check_layout(frames=False)
        return automatic.auto_aligned(self, listener(progress, show_progressbar=False, title="auto align"))

    @property
    def alignment_report(self) -> AlignmentReport | None:
        """What the last refinement or automatic alignment found; ``print`` it to read it."""
        return read_report(self)

    # -- tilt axis ----------------------------------------------------------------------------------

    def trans_stack(
        self,
        xshift: float = 0.0,
        yshift: float = 0.0,
        angle: float = 0.0,
        interpolation: str = "linear",
        *,
        progress: Progress | None = None,
    ) -> Self:
        """Return a stack rotated and then shifted as a whole, in one interpolation, float32.

        Parameters
        ----------
        xshift, yshift
            Pixels; positive moves content to a larger index.
        angle
            Degrees about the image center; positive turns content clockwise on screen (y down).
        interpolation
            ``"linear"``, ``"cubic"``, or ``"nearest"``, also called ``"none"``.
        progress
            Reports progress and can cancel the work.
        """
        self._check_layout()
        interpolation = interpolation_name(interpolation)

        def run(images: NDArray[Any], progress: Progress) -> NDArray[Any]:
            return align.transform(
                images,
                yshift=yshift,
                xshift=xshift,
                angle_deg=angle,
                interpolation=interpolation,
                progress=progress,
            )

        progress = listener(progress, show_progressbar=False, title="transform")
        result = self._deepcopy_with_new_data(map_projections(self.data, run, progress=progress))
        moved = np.tile([float(yshift), float(xshift)], (node.count(self), 1))
        result._original = self._originals().moved(align.Alignment.of(moved, rotation_deg=angle))
        known = result.metadata.Tomography
        known.xshift, known.yshift = known.xshift + float(xshift), known.yshift + float(yshift)
        known.tiltaxis = known.tiltaxis + float(angle)
        if angle and known.has_item("tilt_axis_angle_deg"):
            known.tilt_axis_angle_deg = straightened(known.tilt_axis_angle_deg, angle)
        parameters = {
            "xshift": float(xshift),
            "yshift": float(yshift),
            "angle": float(angle),
            "interpolation": interpolation,
        }
        node.record(result, node.Transform("transform", self._extent, parameters))
        return result

    def apply_alignment(
        self,
        alignment: align.Alignment,
        interpolation: str = "cubic",
        *,
        from_original: bool | None = None,
        progress: Progress | None = None,
    ) -> Self:
        """Return a stack whose projections are magnified, rotated and shifted, each by its own, float32.

        Parameters
        ----------
        alignment
            Of the present images; its tilts, if it has any, replace those of the stack.
        interpolation
            ``"cubic"``, ``"linear"`` or ``"quintic"``.
        from_original
            Interpolate the images as they were before they were first shifted or rotated, together with
            everything that was done to them since: once instead of once more. None: where the stack still
            has them (a stack from a file has not; filters and other changes of intensity begin anew).
        progress
            Reports progress and can cancel the work.

        Raises
        ------
        TiltCountError
            If the alignment is of another number of projections.
        """
        self._check_layout()
        progress = listener(progress, show_progressbar=False, title="align")
        return aligned(self, alignment, interpolation, from_original=from_original, progress=progress)

    def align_markers(
        self,
        markers: align.MarkerTracks | ArrayLike | None = None,
        *,
        projection: int | None = None,
        count: int = 20,
        diameter_px: float | None = None,
        rotation: str = "one",
        magnification: str = "none",
        tilt: str = "none",
        interpolation: str = "cubic",
        progress: Progress | None = None,
    ) -> Self:
        """Align the series by markers: compact features that can be followed through it.

        Parameters
        ----------
        markers
            Positions ``(M, 2)``, pixels ``(y, x)``, in one projection, which are followed; or in all
            projections, ``(M, T, 2)`` with NaN or None where not seen; None: markers are found.
        projection
            Index of the projection in which they are given or found; default: the middle of the tilts.
        count
            How many are found at most.
        diameter_px
            Of the markers, pixels; default: what stands out most.
        rotation
            ``"one"`` in-plane rotation for all projections (the tilt axis), ``"each"`` its own, or
            ``"none"``.
        magnification
            ``"none"``, or ``"each"`` projection its own.
        tilt
            ``"none"``: as recorded; ``"each"``: corrected; ``"offset"``: the plane of the markers becomes
            level.
        interpolation
            As in :meth:`apply_alignment`, which applies what is found.
        progress
            Reports progress and can cancel the work.

        Returns
        -------
        TomoStack
            Its tilt axis is horizontal and in the middle. The markers and their fit are in
            ``metadata.Tomography.markers``.

        Raises
        ------
        AlignmentError
            If there are no markers, or they do not tell the geometry; the message says why.

        See Also
        --------
        etwidgets.align.find_markers, etwidgets.align.track_markers, etwidgets.align.adjust
        """
        self._check_layout(frames=False)
        progress = listener(progress, show_progressbar=False, title="align by markers")
        tracks = marker_alignment.tracks_for(
            self, markers, projection, count, diameter_px, progress.part(0, 0.8)
        )
        unknowns: dict[str, Any] = {"rotation": rotation, "magnification": magnification, "tilt": tilt}
        fit = marker_alignment.checked_fit(tracks, self.tilts_deg, self.data.shape, unknowns)
        result = self.apply_alignment(fit.alignment, interpolation, progress=progress.part(0.8, 1))
        result.metadata.set_item("Tomography.markers", marker_alignment.as_metadata(tracks, fit))
        return result

    @property
    def header_rotation_deg(self) -> float | None:
        """Rotation to begin with, degrees, positive clockwise on screen; None if the header says nothing.

        From ``metadata.Tomography.tilt_axis_angle_deg``; None also where the tilt axis is vertical, so that
        the images must be turned first (:meth:`turn`), and 0 after a rotation.
        """
        angle = self.metadata.get_item("Tomography.tilt_axis_angle_deg", default=None)
        if angle is None or align.quarter_turns_for(angle) % 2:
            return None
        return align.remaining_rotation_deg(angle)

    def turn(self, quarter_turns: int = 1) -> Self:
        """Return a stack whose images are turned by 90°; exact: no pixel is interpolated or lost.

        The pixel sizes along x and y go with them, and so does ``metadata.Tomography.tilt_axis_angle_deg``.
        For a tilt axis that is vertical in the file.

        Parameters
        ----------
        quarter_turns
            Positive ones are clockwise on screen (y down).
            :func:`etwidgets.align.quarter_turns_for` tells how many from the angle in the header; the
            other way round, the volume is mirrored.
        """
        self._check_layout()
        return turned(self, quarter_turns)

    def tilt_align(
        self,
        method: str = "CoM",
        show_progressbar: bool = False,
        *,
        plot_results: bool = False,
        apply_undetermined: bool = False,
        progress: Progress | None = None,
        **parameters: Any,
    ) -> Self:
        """Find the tilt axis and return a stack in which it is horizontal and centered.

        Parameters
        ----------
        method
            ``"CoM"`` (Wolf 2012), ``"CommonLine"`` or ``"MaxImage"``, in any letter case.
        show_progressbar
            Show a text bar.
        plot_results
            MaxImage: show the maximum image with the axis that was found.
        apply_undetermined
            Apply a rotation or shift that the data do not determine as well. Default: it stays 0, and a
            warning says so.
        progress
            Reports progress and can cancel the work.
        **parameters
            Of the method; see :func:`etwidgets.align.find_tilt_axis`.

        Returns
        -------
        TomoStack
            What was found is in ``metadata.Tomography.axis_estimate``, with its 95 % intervals; its
            ``applied_rotation_deg`` and ``applied_shift_px`` are what was applied.

        Warns
        -----
        UserWarning
            If rotation or shift is undetermined.
        """
        self._check_layout(frames=False)
        progress = listener(progress, show_progressbar=show_progressbar, title=f"tilt axis ({method})")
        result = align_axis(
            self,
            self.trans_stack,
            method,
            progress,
            plot_results=plot_results,
            apply_undetermined=apply_undetermined,
            **parameters,
        )
        if note := axis_note(result):
            warnings.warn(note, UserWarning, stacklevel=2)
        return result

    def test_align(
        self,
        tilt_shift: float = 0.0,
        tilt_rotation: float = 0.0,
        slices: Sequence[int] | None = None,
        thickness: int | None = None,
        method: str = "FBP",
        iterations: int = 50,
        constrain: bool = True,
        cuda: bool | None = None,
        thresh: float = 0,
        vmin_std: float = 0.1,
        vmax_std: float = 10,
    ) -> Figure:
        """Show three reconstructed slices for a trial shift and rotation of the tilt axis.

        Parameters
        ----------
        tilt_shift
            Pixels across the tilt axis; positive moves content to a larger y.
        tilt_rotation
            Degrees; positive turns content clockwise on screen.
        slices
            Three columns x; default: at one quarter, one half and three quarters of the width.
        thickness
            Rows of the reconstructed slices; default: the height of the projections.
        method, iterations, constrain, cuda, thresh
            As in :meth:`reconstruct`.
        vmin_std, vmax_std
            Contrast: from the mean minus ``vmin_std`` to the mean plus ``vmax_std`` standard deviations.

        Returns
        -------
        Figure
            With the three slices.
        """
        from etwidgets.signals import figures

        columns = reconstruction.preview_columns(self.data.shape[-1], slices)
        volume = reconstruction.preview(
            self, columns, tilt_shift, tilt_rotation, thickness=thickness, method=method,
            iterations=iterations, constrain=constrain, cuda=cuda, thresh=thresh,
        )  # fmt: skip
        return figures.axis_test(volume, columns, tilt_shift, tilt_rotation, (vmin_std, vmax_std))

    # -- reconstruction -----------------------------------------------------------------------------

    def reconstruct(
        self,
        method: str = "FBP",
        iterations: int | str = 20,
        constrain: bool = False,
        thresh: float = 0,
        cuda: bool | None = None,
        thickness: int | None = None,
        show_progressbar: bool = True,
        p: float = 0.99,
        ncores: int | None = None,
        sino_filter: str = "shepp-logan",
        dart_iterations: int | None = 5,
        gray_levels: Sequence[float] | None = None,
        *,
        maximum: float | None = None,
        weights: NDArray[Any] | None = None,
        mask: NDArray[np.bool_] | None = None,
        model: str | None = None,
        backend: str | None = None,
        cluster: Any = None,
        progress: Progress | None = None,
        **options: Any,
    ) -> RecStack:
        """Reconstruct the volume.

        Parameters
        ----------
        method
            ``"BP"``, ``"FBP"``, ``"SIRT"``, ``"OS-SIRT"``, ``"SART"``, ``"CGLS"``, ``"FISTA-TV"`` or
            ``"DART"``, in any letter case; :func:`etwidgets.engine.reconstruct` says what they do.
            ``"auto"``: the fastest one that predicts left-out projections well, with its iterations.
        iterations
            How many; sweeps over all tilts of SART and OS-SIRT; inner iterations of DART. ``"auto"``: as many
            as predict left-out projections best (:meth:`held_out_misfit`).
        constrain
            Keep the estimate at or above ``thresh`` in every iteration.
        thresh
            The lowest value allowed when ``constrain`` is set.
        cuda
            True: ASTRA on the GPU; False: the processor; None: the GPU if there is one.
        thickness
            Rows in z; default: the height of the projections.
        show_progressbar
            Show a text bar.
        p
            DART: share of the non-boundary pixels that is fixed in an iteration, 0 to 1.
        ncores
            Threads; default: all cores.
        sino_filter
            Of FBP; ``etwidgets.engine.FILTERS`` lists them.
        dart_iterations
            How often DART segments and solves again; None for 5.
        gray_levels
            The values that DART may give, at least two, on the scale of the reconstruction.
        maximum
            The highest value allowed; default: no limit.
        weights
            ``(T,)`` or ``(T, Y)``: how much each projection or detector pixel counts; 0 leaves it out.
        mask
            ``(Z, Y)`` truth values: where there is something; the rest stays 0.
        model
            Of the projector: ``"linear"``, ``"strip"`` (the released package's) or, for FBP and BP,
            ``"interpolation"``; default: interpolation for FBP and BP, linear for the others.
        backend
            ``"auto"``, ``"cpu"``, ``"astra-cpu"`` or ``"astra-cuda"``, instead of ``cuda``.
        cluster
            Where: the address of a scheduler (``"tcp://10.0.0.1:8786"``), a ``distributed.Client``, or
            ``"local"``; default: the client that is active, or this machine. The volume is the same to the
            bit. A lazy stack is reconstructed where it is computed.
        progress
            Reports progress and can cancel the work.
        **options
            Further options of the method (those of other methods are left aside): ``n_subsets`` of OS-SIRT
            (default: about seven tilts in each); ``tv_weight`` of FISTA-TV, in units of the projections
            (:func:`etwidgets.engine.suggested_tv_weight` finds one to begin with, and ``"auto"`` the best of
            some about it); ``weight_tilts`` of FBP and BP, for unequal tilt steps; ``seed`` of DART. The
            table of methods in the documentation lists all with their limits.

        Returns
        -------
        RecStack
            ``(X, Z, Y)`` float32, with this stack's scales, units and history; lazy if this stack is. What
            was chosen is in ``metadata.Tomography.reconstruction`` as numbers, and why, with the curve, in
            ``metadata.Tomography.held_out``.

        Raises
        ------
        ParameterError, DataError, MissingTiltsError
            If a parameter is wrong, the data are not finite, or there are no tilts.
        MemoryLimitError
            If it does not fit into the memory, with what is needed and free; nothing was begun.
        """
        self._check_layout(frames=False)
        progress = listener(progress, show_progressbar=show_progressbar, title=f"reconstruct ({method})")
        given = {
            "method": method, "iterations": iterations, "constrain": constrain, "thresh": thresh,
            "cuda": cuda, "thickness": thickness, "p": p, "ncores": ncores, "sino_filter": sino_filter,
            "gray_levels": gray_levels, "maximum": maximum, "weights": weights, "mask": mask, "model": model,
            "backend": backend, **options,
        }  # fmt: skip
        if dart_iterations is not None:
            given["dart_iterations"] = dart_iterations
        with using(cluster):
            return trust.reconstructed(self, given, progress)

    # -- uncertainty --------------------------------------------------------------------------------

    # -- movies and errors --------------------------------------------------------------------------

    @renamed_keywords(colour_map="color_map")
    def save_movie(
        self,
        path: str | Path,
        *,
        frames_per_second: float = 15.0,
        percentiles: tuple[float, float] = (0.5, 99.8),
        color_map: str = "gray",
        progress: Progress | None = None,
    ) -> None:
        """Save a movie of the projections in order of tilt, with their tilts and a scale bar.

        The parameters and errors are those of :meth:`etwidgets.RecStack.save_movie`.
        """
        from etwidgets.signals import movies

        self._check_layout(frames=False)
        data = self.data
        count = data.shape[0]
        order = np.argsort(self.tilts_deg, kind="stable") if self.has_tilts else np.arange(count)
        captions = [f"{self.tilts_deg[i]:+.1f}°" if self.has_tilts else f"no. {i + 1}" for i in order]
        sample = np.asarray(data[:: 1 + count // 32, ::2, ::2])
        axis = self.axes_manager["x"]
        movies.write_movie(
            path,
            lambda i: np.asarray(data[order[i]]),
            captions,
            limits=movies.limits_of(sample, percentiles),
            color_map=color_map,
            pixel_size=float(axis.scale) if str(axis.units) == "nm" else None,
            frames_per_second=frames_per_second,
            progress=progress,
        )

    def recon_error(
        self,
        nslice: int | None = None,
        algorithm: str = "SIRT",
        iterations: int = 50,
        constrain: bool = True,
        cuda: bool | None = None,
        thresh: float = 0,
        *,
        progress: Progress | None = None,
        **options: Any,
    ) -> tuple[Any, Any]:
        """Reconstruct one slice and keep every iteration.

        Parameters
        ----------
        nslice
            Column x; default: the middle one.
        algorithm
            ``"SIRT"``, ``"OS-SIRT"``, ``"SART"``, ``"CGLS"`` or ``"FISTA-TV"``.
        iterations, constrain, cuda, thresh, **options
            As in :meth:`reconstruct`.
        progress
            Reports progress and can cancel the work.

        Returns
        -------
        series
            ``Signal2D`` ``(iterations | y, z)``: the slice after each iteration.
        error
            ``Signal1D`` ``(| iterations)``: the L2 norm of sinogram minus reprojection after each one.
        """
        self._check_layout(frames=False)
        progress = listener(progress, show_progressbar=False, title="recon_error")
        given = {
            "method": algorithm, "iterations": iterations, "constrain": constrain, "cuda": cuda,
            "thresh": thresh, **options,
        }  # fmt: skip
        return reconstruction.recon_error(self, nslice, given, progress)

"""What a tilt series tells about the volumes that are made of it: how far to trust them.

Each method hands its work to a module beside this one; none changes the series.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from etwidgets.signals import halves, intervals, judging, spread, trust
from etwidgets.signals.blocks import listener
from etwidgets.signals.tilt_series import TiltSeries

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from etwidgets.analysis import HeldOutCurve, Linearity, MeasuredInterval, PointResponse
    from etwidgets.progress import Progress
    from etwidgets.signals.rec_stack import RecStack
    from etwidgets.signals.resolution_report import ResolutionReport


class JudgedSeries(TiltSeries):
    """A tilt series with what judges its volumes; a user makes a :class:`TomoStack`."""

    def held_out_misfit(
        self,
        method: str = "OS-SIRT",
        iterations: int = 100,
        constrain: bool = True,
        thresh: float = 0,
        thickness: int | None = None,
        *,
        leave_out: str = "thin",
        n_folds: int = 5,
        gap_deg: float = 14.0,
        n_columns: int = 12,
        progress: Progress | None = None,
        **options: Any,
    ) -> HeldOutCurve:
        """How well left-out projections are predicted after each iteration, and where to stop.

        Parameters
        ----------
        method, iterations, constrain, thresh, thickness, **options
            As in :meth:`reconstruct`.
        leave_out, n_folds, gap_deg, n_columns
            As in :func:`etwidgets.analysis.held_out_misfit`, which does it.
        progress
            Reports progress and can cancel the work.

        Returns
        -------
        HeldOutCurve
            With the number of iterations that is ``recommended``.
        """
        self._check_layout(frames=False)
        given = {
            "method": method, "constrain": constrain, "thresh": thresh, "thickness": thickness, **options,
        }  # fmt: skip
        return trust.curve_of(
            self, given, iterations, listener(progress, show_progressbar=False, title="held-out misfit"),
            leave_out=leave_out, n_folds=n_folds, gap_deg=gap_deg, n_columns=n_columns,
        )  # fmt: skip

    def half_volumes(
        self,
        other: TiltSeries | None = None,
        *,
        split: str = "tilts",
        progress: Progress | None = None,
        **parameters: Any,
    ) -> tuple[RecStack, RecStack]:
        """Reconstruct the volumes of two halves of the series, by one method.

        Parameters
        ----------
        other
            A second series of the same specimen, aligned to this one: then these two are the halves.
        split
            ``"tilts"``: every other projection in order of tilt; ``"frames"``: every other frame of each.
        progress
            Reports progress and can cancel the work.
        **parameters
            Of :meth:`reconstruct`.

        Raises
        ------
        ParameterError, ShapeError, DataError, MissingTiltsError
            If there is too little to split, the series do not fit, or as :meth:`reconstruct`.
        """
        progress = listener(progress, show_progressbar=False, title="half volumes")
        return halves.half_volumes(self, other, split, parameters, progress)

    def resolution(
        self,
        other: TiltSeries | None = None,
        *,
        split: str = "tilts",
        cone_deg: float = 20.0,
        diameter_px: float | None = None,
        mask: NDArray[Any] | None = None,
        taper: float = 0.2,
        progress: Progress | None = None,
        **parameters: Any,
    ) -> ResolutionReport:
        """Estimate the resolution of the volume from how far the volumes of two halves agree.

        Parameters
        ----------
        other, split
            As in :meth:`half_volumes`.
        cone_deg, diameter_px, taper
            As in :func:`etwidgets.analysis.fourier_shell_correlation`.
        mask
            ``(X, Z, Y)``, 0 to 1: where the volumes are compared, as there.
        progress
            Reports progress and can cancel the work.
        **parameters
            Of :meth:`reconstruct`; give the method and the iterations of the volume that is to be judged.

        Returns
        -------
        ResolutionReport
            ``print`` it to read it; its ``store(volume)`` keeps it with a volume.

        Raises
        ------
        ParameterError, ShapeError, DataError, MissingTiltsError, MemoryLimitError
            As :meth:`half_volumes` and :func:`etwidgets.analysis.fourier_shell_correlation`.
        """
        progress = listener(progress, show_progressbar=False, title="resolution")
        comparison = {"cone_deg": cone_deg, "diameter_px": diameter_px, "mask": mask, "taper": taper}
        return halves.measure_resolution(self, other, split, comparison, parameters, progress)

    def point_response(
        self,
        voxel: tuple[int, int, int] | None = None,
        *,
        sigma_px: float = 1.0,
        progress: Progress | None = None,
        **parameters: Any,
    ) -> PointResponse:
        """What a reconstruction of this series makes of a small point: how much longer it is along the beam.

        Parameters
        ----------
        voxel
            ``(x, z, y)`` index of the point in the volume; default: the middle.
        sigma_px
            Standard deviation of the point, pixels.
        progress
            Reports progress and can cancel the work.
        **parameters
            Of :meth:`reconstruct`. Constraints make the response depend on what else is in the slice.

        Raises
        ------
        ParameterError, DataError, MissingTiltsError
            As :func:`etwidgets.analysis.point_response`.
        """
        progress = listener(progress, show_progressbar=False, title="point response")
        return judging.point_response(self, voxel, sigma_px, parameters, progress)

    def measure_linearity(self, n_columns: int = 48, *, progress: Progress | None = None) -> Linearity:
        """Measure whether intensity is proportional to mass; align the series before.

        See :func:`etwidgets.analysis.measure_linearity`; ``print`` the result to read it.
        """
        progress = listener(progress, show_progressbar=False, title="linearity")
        return judging.measured_linearity(self, n_columns, progress)

    def correct_linearity(
        self, term_percent: float, brightest: float, *, progress: Progress | None = None
    ) -> Self:
        """Return a copy on a linear scale, float32; see :func:`etwidgets.analysis.linearized`.

        Subtract the background before. The parameters are those of the result of :meth:`measure_linearity`,
        and are kept in ``metadata.Tomography.linearity``.
        """
        progress = listener(progress, show_progressbar=False, title="linearity")
        return judging.linearized(self, term_percent, brightest, progress)

    def reconstruction_spread(
        self,
        *,
        draws: int = 16,
        iterations: int = 10,
        constrain: bool = True,
        thresh: float = 0,
        thickness: int | None = None,
        seed: int = 0,
        progress: Progress | None = None,
    ) -> RecStack:
        """Estimate how far each voxel varies with the noise and the errors of single projections.

        The volume is reconstructed a few times by OS-SIRT, each time with other weights of the
        projections: of two neighbors in tilt, one counts 1.5 and the other 0.5, at random; the standard
        deviation between the volumes, times 2 for this gentle change, is that of a volume of these
        projections (balanced half-samples as modified by Fay; Judkins 1990, J. Off. Stat. 6, 223). All
        projections count, so that the missing wedge and the step between tilts stay as they are.

        Parameters
        ----------
        draws
            How often; the standard deviation is known to about ``1 / sqrt(2 * draws)`` of itself.
        iterations
            Sweeps over all tilts; more sweeps give more noise.
        constrain, thresh, thickness
            As in :meth:`reconstruct`.
        seed
            Of the weights.
        progress
            Reports progress and can cancel the work.

        Returns
        -------
        RecStack
            ``(X, Z, Y)`` standard deviations with the axes of the volume. What was done is in
            ``metadata.Tomography.spread``. Errors that all projections share are not in it: those of the
            tilt axis, the missing wedge, too few iterations.

        Raises
        ------
        ParameterError
            If there are fewer than 6 projections, or a parameter is wrong.
        MemoryLimitError
            If three volumes do not fit into the memory.
        """
        self._check_layout(frames=False)
        progress = listener(progress, show_progressbar=False, title="spread")
        return spread.reconstruction_spread(
            self, draws=draws, iterations=iterations, constrain=constrain, thresh=thresh,
            thickness=thickness, seed=seed, progress=progress,
        )  # fmt: skip

    def measure_interval(
        self,
        quantity: Callable[..., float],
        threshold: float | Sequence[float] | None = None,
        *,
        volume: RecStack | NDArray[np.float32] | None = None,
        draws: int = 12,
        iterations: int = 10,
        thickness: int | None = None,
        binning: int = 1,
        seed: int = 0,
        progress: Progress | None = None,
    ) -> MeasuredInterval:
        """Measure a number in the volume, with a 90 % confidence interval from repeated experiments.

        The series is reconstructed by OS-SIRT (non-negative) and measured. Then the experiment is
        repeated in simulation: the bodies above the threshold, with sharp surfaces, are projected at the
        same tilts, shifted and rotated within what is known of the tilt axis, and given the errors that
        the projections have, with a random sign for each; reconstructed with the chosen, half and twice the
        number of iterations, and measured. The mean difference from the truth of the simulation is the
        bias of the geometry and the method (missing wedge, blur), and is subtracted.

        Parameters
        ----------
        quantity
            ``quantity(volume, voxel_nm, threshold)`` of a volume ``(X, Z, Y)`` with voxels of that length (in
            pixels where the pixel size is not known), in any unit, such as a volume, a diameter, a thickness
            or an intensity. It may raise DataError where there is nothing to measure.
            Surface areas and porosities of noisy volumes are too large, which the interval does not know.
        threshold
            In the units of ``volume``, or without it of the quick volume; default: that of
            :func:`etwidgets.analysis.threshold_of` for the quick volume. Of several thresholds, the quantity
            gets each; the first is where the surface is.
        volume
            A volume of the series, by any method, in which the threshold was chosen. The threshold is carried
            over to the quick volume by :func:`etwidgets.analysis.matched_thresholds`, and the ``value`` is
            that of this volume. The interval does not depend on it otherwise: it is where the truth is, and
            the quick volume tells more of that than one with a larger bias.
        draws
            Repetitions, at least 6.
        iterations
            Sweeps over all tilts.
        thickness
            As in :meth:`reconstruct`; default: that of ``volume``.
        binning
            So many pixels along x and y, and rows along z, are taken as one: with 2 it takes an eighth of the
            time, and ``voxel_nm`` is twice as long. Bodies should be 6 binned pixels across or more.
        seed
            Of the repetitions.
        progress
            Reports progress and can cancel the work.

        Returns
        -------
        MeasuredInterval
            The value, its corrected value, the interval, and the parts of the interval. The error of the
            tilt axis is that of :attr:`alignment_report`, or 0.5 px and 0.5 degrees (95 %) if unknown.

        Raises
        ------
        ParameterError, DataError, ShapeError
            If a parameter is wrong, there are fewer than 6 projections, the threshold separates nothing,
            too few repetitions could be measured, or the volume has another shape.

        Examples
        --------
        >>> from etwidgets import analysis
        >>> def enclosed(volume, voxel_nm, threshold):
        ...     return analysis.volume_of(volume, threshold, voxel_nm)
        >>> s.measure_interval(enclosed)  # doctest: +SKIP
        """

        def named(volume: NDArray[np.float32], voxel_nm: float, *levels: float) -> dict[str, float]:
            return {"": float(quantity(volume, voxel_nm, *levels))}

        return self.measure_intervals(
            named, threshold, volume=volume, draws=draws, iterations=iterations, thickness=thickness,
            binning=binning, seed=seed, progress=progress,
        )[""]  # fmt: skip

    def measure_intervals(
        self,
        quantities: Callable[..., Mapping[str, float]],
        threshold: float | Sequence[float] | None = None,
        *,
        volume: RecStack | NDArray[np.float32] | None = None,
        draws: int = 12,
        iterations: int = 10,
        thickness: int | None = None,
        binning: int = 1,
        seed: int = 0,
        progress: Progress | None = None,
    ) -> dict[str, MeasuredInterval]:
        """The same as :meth:`measure_interval` for several numbers, in one run.

        Parameters
        ----------
        quantities
            ``quantities(volume, voxel_nm, threshold)`` gives numbers by their names, the same each time, as
            :func:`etwidgets.analysis.totals` does. A number that is missing or not finite in a repetition
            is left out there; ``repetitions`` of the result says how many remain. It may raise DataError
            where there is nothing to measure.
        threshold, volume, draws, iterations, thickness, binning, seed, progress
            As in :meth:`measure_interval`.

        Returns
        -------
        dict
            The interval of each number by its name.

        Raises
        ------
        ParameterError, DataError, ShapeError
            As :meth:`measure_interval`.
        """
        self._check_layout(frames=False)
        progress = listener(progress, show_progressbar=False, title="measure")
        return intervals.measure_intervals(
            self, quantities, threshold, volume=volume, draws=draws, iterations=iterations,
            thickness=thickness, binning=binning, seed=seed, progress=progress,
        )  # fmt: skip

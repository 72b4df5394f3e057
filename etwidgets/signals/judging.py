"""The response to a point, and the linearity, of a series; the numbers are ``analysis``'s."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from etwidgets import analysis
from etwidgets.checks import is_whole
from etwidgets.errors import ParameterError
from etwidgets.signals.blocks import map_projections
from etwidgets.signals.engine_parameters import to_engine

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from etwidgets.progress import Progress
    from etwidgets.signals.tilt_series import TiltSeries

Series = TypeVar("Series", bound="TiltSeries")


def point_response(
    stack: TiltSeries,
    voxel: tuple[int, int, int] | None,
    sigma_px: float,
    parameters: dict[str, Any],
    progress: Progress,
) -> analysis.PointResponse:
    """See :meth:`etwidgets.TomoStack.point_response`."""
    stack._check_layout(frames=False)
    height, width = stack.data.shape[1:]
    rows = height if parameters.get("thickness") is None else parameters["thickness"]
    place = (width // 2, rows // 2, height // 2) if voxel is None else voxel
    if np.shape(place) != (3,) or not is_whole(place[0]) or not 0 <= place[0] < width:
        raise ParameterError(f"voxel must be (x, z, y) indices, x from 0 to {width - 1}, not {voxel!r}")
    options = to_engine(parameters)
    return analysis.point_response(
        stack.tilts_deg, (rows, height), options.pop("algorithm"), options.pop("iterations", 20),
        voxel=(place[1], place[2]), sinogram=np.asarray(stack.data[:, :, int(place[0])]), sigma_px=sigma_px,
        progress=progress, **options,
    )  # fmt: skip


def measured_linearity(stack: TiltSeries, n_columns: int, progress: Progress) -> analysis.Linearity:
    """See :meth:`etwidgets.TomoStack.measure_linearity`."""
    stack._check_layout(frames=False)
    return analysis.measure_linearity(
        np.asarray(stack.data), stack.tilts_deg, n_columns=n_columns, progress=progress
    )


def linearized(stack: Series, term_percent: float, brightest: float, progress: Progress) -> Series:
    """See :meth:`etwidgets.TomoStack.correct_linearity`."""
    stack._check_layout()

    def run(images: NDArray[Any], progress: Progress) -> NDArray[np.float32]:
        progress.advance(0)
        return analysis.linearized(images, term_percent, brightest)

    result = stack._deepcopy_with_new_data(map_projections(stack.data, run, progress=progress))
    result.metadata.set_item(
        "Tomography.linearity", {"term_percent": float(term_percent), "brightest": float(brightest)}
    )
    return result

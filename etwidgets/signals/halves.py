"""Volumes from two halves of a series, and how far they agree; the comparison is ``analysis``'s."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from etwidgets import analysis
from etwidgets.errors import ParameterError, ShapeError
from etwidgets.signals import reconstruction
from etwidgets.signals.engine_parameters import iterations_name
from etwidgets.signals.resolution_report import NAMES, ResolutionReport

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from etwidgets.progress import Progress
    from etwidgets.signals.rec_stack import RecStack
    from etwidgets.signals.tilt_series import TiltSeries

_FEWEST = 4  # projections: two for each half


def split_series(
    stack: TiltSeries, other: TiltSeries | None, split: str
) -> tuple[TiltSeries, TiltSeries, str]:
    """The two halves of a series, and how they were made.

    Raises
    ------
    ParameterError, ShapeError
        If there is no such split, there is too little to split, or the two series do not fit.
    """
    if other is not None:
        for each in (stack, other):
            each._check_layout(frames=False)
        if stack.data.shape[1:] != other.data.shape[1:]:
            sizes = f"{stack.data.shape[1:]} and {other.data.shape[1:]}"
            raise ShapeError(f"the images of the two series have different sizes: {sizes}")
        return stack, other, "given"
    if split == "frames":
        if stack.data.ndim != 4 or stack.data.shape[1] < 2:
            raise ParameterError("the series has no frames to split; split it by tilts")
        stack._check_layout()
        even, odd = (stack.inav[start::2, :].mean("Frames") for start in (0, 1))
        return even, odd, split
    if split != "tilts":
        raise ParameterError(f"split must be 'tilts' or 'frames', not {split!r}")
    stack._check_layout(frames=False)
    order = np.argsort(stack.tilts_deg, kind="stable")
    if order.size < _FEWEST:
        raise ParameterError(
            f"{order.size} projections cannot be split into halves; at least {_FEWEST} are needed"
        )
    halves = (np.sort(order[start::2]) for start in (0, 1))
    even, odd = (stack.select_projections(half) for half in halves)
    return even, odd, split


def half_volumes(
    stack: TiltSeries, other: TiltSeries | None, split: str, parameters: dict[str, Any], progress: Progress
) -> tuple[RecStack, RecStack]:
    """Volumes of the two halves by one method; see :meth:`etwidgets.TomoStack.half_volumes`."""
    first, second, made = split_series(stack, other, split)
    volumes = []
    for number, half in enumerate((first, second)):
        given = (
            _for_half(parameters, half.data.shape[0], stack.data.shape[0])
            if made == "tilts"
            else dict(parameters)
        )
        if given.get("weights") is not None and made == "tilts":
            given["weights"] = _weights_of(stack, given["weights"], number)
        part = progress.part(number / 2, (number + 1) / 2, may_finish=False, title=f"half {number + 1}")
        volumes.append(reconstruction.reconstruct(half, given, part))
    return volumes[0], volumes[1]


def measure_resolution(
    stack: TiltSeries,
    other: TiltSeries | None,
    split: str,
    comparison: dict[str, Any],
    parameters: dict[str, Any],
    progress: Progress,
) -> ResolutionReport:
    """Reconstruct both halves and compare them; see :meth:`etwidgets.TomoStack.resolution`."""
    first, second, made = split_series(stack, other, split)
    volumes = half_volumes(stack, other, split, parameters, progress.part(0, 0.9))
    axis = stack.axes_manager["x"]
    found = analysis.shell_correlations(
        np.asarray(volumes[0].data),
        np.asarray(volumes[1].data),
        float(axis.scale) if str(axis.units) == "nm" else None,
        # of halves by tilts the wedge is that of the whole series: their steps are twice as wide
        tilts_deg=stack.tilts_deg if made == "tilts" else (first.tilts_deg, second.tilts_deg),
        **comparison,
    )
    progress.advance(1)
    settings = volumes[0].metadata.Tomography.reconstruction.as_dictionary()
    method = str(settings["algorithm"])
    iterations = settings.get(iterations_name(method))
    counts = (first.data.shape[0], second.data.shape[0])
    return ResolutionReport(
        method,
        None if iterations is None else int(iterations),
        settings,
        made,
        counts,
        {NAMES[cone]: curve for cone, curve in found.items()},
    )


def _for_half(parameters: dict[str, Any], n_half: int, n_all: int) -> dict[str, Any]:
    """Parameters with which a method does to half of the projections what it does to all of them."""
    given = dict(parameters)
    if given.get("n_subsets") is not None:
        given["n_subsets"] = min(int(given["n_subsets"]), n_half)
    if given.get("tv_weight") is not None:
        given["tv_weight"] = float(given["tv_weight"]) * n_half / n_all
    return given


def _weights_of(stack: TiltSeries, weights: Any, number: int) -> NDArray[Any]:
    given = np.asarray(weights)
    if given.ndim == 0 or len(given) != stack.data.shape[0]:
        return given  # refused by the reconstruction, with the sizes
    order = np.argsort(stack.tilts_deg, kind="stable")
    return given[np.sort(order[number::2])]

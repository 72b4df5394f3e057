"""Quick looks at what an operation would do or take; touches its arguments only."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import numpy as np

from etwidgets import align, engine
from etwidgets.errors import EtwidgetsError, MemoryLimitError
from etwidgets.progress import NullProgress
from etwidgets.session.digest import seconds_to_digest
from etwidgets.session.estimate import reconstruction_geometry
from etwidgets.session.trust import check_alignment
from etwidgets.signals.engine_parameters import to_engine
from etwidgets.signals.trust import is_automatic

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from etwidgets.align import ShiftSearch
    from etwidgets.analysis import PointResponse
    from etwidgets.signals import TomoStack

_OBJECTIVE_COLUMNS = 8


def axis_slices(
    projections: NDArray[Any],
    tilts_deg: NDArray[np.float64],
    columns: Sequence[int],
    shift_px: float,
    rotation_deg: float,
    binning: int = 1,
) -> NDArray[np.float32]:
    """Slices reconstructed by filtered back-projection for a trial tilt-axis shift and rotation.

    Parameters
    ----------
    projections
        ``(T, Y, X)``.
    tilts_deg
        ``(T,)`` degrees.
    columns, shift_px, rotation_deg
        As in :func:`etwidgets.engine.sinograms_at`.
    binning
        Pixels that are worked on as one, for a quick look; the slices have the full size all the same.

    Returns
    -------
    array
        ``(len(columns), Y, Y)`` float32: one slice ``(Z, Y)`` per column.
    """
    moved = engine.sinograms_at(projections, columns, shift_px, rotation_deg)
    n_tilts, height = moved.shape[:2]
    if binning > 1:
        whole = height // binning * binning
        begin = (height - whole) // 2
        parts = moved[:, begin : begin + whole].reshape(n_tilts, -1, binning, len(columns))
        moved = parts.mean(axis=2) / binning  # a pixel is longer now, and the density the same
    geometry = engine.Geometry(np.deg2rad(tilts_deg), moved.shape[1])
    slices = engine.reconstruct(moved, geometry, algorithm="FBP")
    if binning > 1:
        large = slices.repeat(binning, axis=1).repeat(binning, axis=2)
        rest = (begin, height - whole - begin)
        slices = np.pad(large, ((0, 0), rest, rest))
    return slices


def sharper_slices(
    projections: NDArray[Any],
    tilts_deg: NDArray[np.float64],
    columns: Sequence[int],
    shift_px: float,
    rotation_deg: float,
    wait_s: float = 0.0,
) -> tuple[tuple[float, float], NDArray[np.float32]]:
    """:func:`axis_slices` at full sharpness after a rest; with the shift and rotation they are for."""
    time.sleep(wait_s)
    return (shift_px, rotation_deg), axis_slices(projections, tilts_deg, columns, shift_px, rotation_deg)


def before_and_now(
    before: tuple[NDArray[Any], NDArray[np.float64]],
    now: tuple[NDArray[Any], NDArray[np.float64]],
    column: int,
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """The slice at a column of two states of a series, each given as projections and tilts in degrees."""
    one, other = (axis_slices(*each, [min(column, each[0].shape[2] - 1)], 0, 0)[0] for each in (before, now))
    return one, other


def axis_neighbors(
    projections: NDArray[Any],
    tilts_deg: NDArray[np.float64],
    column: int,
    places: Sequence[tuple[float, float]],
) -> NDArray[np.float32]:
    """The slice at one column for several trial positions of the tilt axis.

    Parameters
    ----------
    projections
        ``(T, Y, X)``.
    tilts_deg
        ``(T,)`` degrees.
    column
        Index along x.
    places
        Pairs of shift (pixels) and rotation (degrees), as in :func:`etwidgets.engine.sinograms_at`.

    Returns
    -------
    array
        ``(len(places), Y, Y)`` float32.
    """
    moved = [engine.sinograms_at(projections, [column], *place) for place in places]
    geometry = engine.Geometry(np.deg2rad(tilts_deg), projections.shape[1])
    return engine.reconstruct(np.concatenate(moved, axis=2), geometry, algorithm="FBP")


def axis_objective(
    projections: NDArray[Any],
    tilts_deg: NDArray[np.float64],
    rotation_deg: float,
    shift_limit: float = 20.0,
) -> ShiftSearch:
    """How badly a reconstruction explains the projections, over the shift of the tilt axis.

    Parameters
    ----------
    projections
        ``(T, Y, X)``.
    tilts_deg
        ``(T,)`` degrees.
    rotation_deg
        Degrees, applied first.
    shift_limit
        Pixels to both sides of no shift; at most a quarter of the height.
    """
    turned = align.transform(projections, angle_deg=rotation_deg) if rotation_deg else projections
    return align.search_axis_shift(
        np.maximum(turned, 0),
        tilts_deg,
        shift_limit=min(shift_limit, projections.shape[1] / 4),
        nslices=_OBJECTIVE_COLUMNS,
        progress=NullProgress(),
    )


def reconstruction_time(
    shape: tuple[int, ...], tilts_deg: NDArray[np.float64], parameters: Mapping[str, Any], n_series: int = 1
) -> tuple[Mapping[str, Any], float | None]:
    """Seconds that a reconstruction would take, by a short probe on this machine.

    None: it does not fit, or what is done is still to be chosen.

    Parameters
    ----------
    shape
        ``(T, Y, X)`` of the projections.
    tilts_deg
        ``(T,)`` degrees.
    parameters
        Of the operation ``reconstruct``; returned as well, for whoever asked may have moved on.
    n_series
        Series and channels that are reconstructed alike, one after the other.
    """
    if is_automatic(parameters):  # that depends on what will be chosen
        return parameters, None
    options = to_engine(parameters)
    geometry = reconstruction_geometry(shape, tilts_deg, parameters)
    try:
        found = engine.estimate(geometry, n_slices=shape[-1], **options)
    except MemoryLimitError:
        return parameters, None
    n_bytes = 4.0 * shape[-1] * (shape[0] * geometry.n_y + geometry.n_z * geometry.n_y)
    return parameters, n_series * (found.seconds + seconds_to_digest(n_bytes))


def suggested_options(
    projections: NDArray[Any], shown: Mapping[str, Any]
) -> tuple[dict[str, float], Mapping[str, Any]]:
    """Options of reconstruction methods that suit the projections ``(T, Y, X)``, by keyword.

    ``shown`` is returned as well: what a form showed when it asked.
    """
    options = engine.all_options().values()
    return {each.user_keyword: each.suggest(projections) for each in options if each.suggest}, shown


def nudged(
    projections: NDArray[Any],
    tilts_deg: NDArray[np.float64],
    index: int,
    neighbor: int,
    yshift: float,
    xshift: float,
) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float64]]:
    """One projection shifted on trial, its difference to a neighbor, and what it would still be off by.

    Parameters
    ----------
    projections
        ``(T, Y, X)``.
    tilts_deg
        ``(T,)`` degrees.
    index, neighbor
        Which one is shifted, and which one stays.
    yshift, xshift
        Pixels; positive moves content to a larger index.

    Returns
    -------
    moved, difference
        ``(Y, X)`` float32; the difference is the moved one less the neighbor.
    residual_px
        ``(2,)`` pixels ``(y, x)`` between the moved one and its neighbors in tilt, as
        :func:`etwidgets.align.registration_residuals` finds it; 0 if there are fewer than three projections.
    """
    image = np.asarray(projections[index], np.float32)[np.newaxis]
    moved = align.apply_shifts(image, np.array([[yshift, xshift]]))[0]
    order = np.argsort(tilts_deg, kind="stable")
    place = int(np.flatnonzero(order == index)[0])
    first = max(0, min(place - 1, len(order) - 3))
    near = order[first : first + 3]
    images = np.array([moved if i == index else projections[i] for i in near], np.float32)
    residual = align.registration_residuals(images, tilts_deg[near]).shifts_px[place - first]
    return moved, moved - np.asarray(projections[neighbor], np.float32), residual


def checked_projections(stack: TomoStack) -> align.ProjectionCheck | str:
    """Each projection of a series beside what the others predict; or why that cannot be said."""
    try:
        return check_alignment(stack, NullProgress())
    except EtwidgetsError as error:
        return str(error)


def response_at(
    stack: TomoStack, voxel: tuple[int, int, int], parameters: Mapping[str, Any]
) -> PointResponse | str:
    """What a reconstruction makes of a point at ``(x, z, y)``; or why that cannot be said."""
    try:
        return stack.point_response(voxel, **parameters)
    except EtwidgetsError as error:
        return str(error)


def filtered_projection(
    projection: NDArray[Any], method: str, size: int, taper: float
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """One projection ``(Y, X)`` filtered on trial, and what the filter changed (after less before).

    The parameters are those of :func:`etwidgets.align.filter_projections`.
    """
    before = np.asarray(projection, np.float32)
    after = align.filter_projections(before[np.newaxis], method, size=size, taper=taper)[0]
    return after, after - before


def contact_sheet(
    projections: NDArray[Any], across: int, side: int = 72
) -> tuple[NDArray[np.float32], list[tuple[int, int, int, int]]]:
    """All projections as small pictures on one sheet.

    Parameters
    ----------
    projections
        ``(T, Y, X)``.
    across
        Pictures in a row of the sheet.
    side
        Pixels of the longer side of each picture, at most.

    Returns
    -------
    sheet
        ``(rows, columns)`` float32.
    places
        Of each projection: left, top, right and bottom on the sheet, right and bottom not in it.
    """
    count, height, width = projections.shape
    step = max(1, -(-max(height, width) // side))
    small = np.asarray(projections[:, ::step, ::step], np.float32)
    rows, columns = small.shape[1] + 2, small.shape[2] + 2
    sheet = np.zeros((-(-count // across) * rows, across * columns), np.float32)
    places = []
    for index, image in enumerate(small):
        top, left = index // across * rows, index % across * columns
        sheet[top + 1 : top + rows - 1, left + 1 : left + columns - 1] = image
        places.append((left, top, left + columns, top + rows))
    return sheet, places

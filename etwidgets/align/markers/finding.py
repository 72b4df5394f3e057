"""Finds compact features in a projection and follows them through a tilt series; fits no geometry itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import scipy.ndimage

from etwidgets.align.checks import checked_projections, checked_tilts
from etwidgets.align.markers.bundle_adjustment import LEAST_MARKERS, adjust
from etwidgets.align.markers.templates import peak
from etwidgets.align.markers.tracking import band_of, follow, refine
from etwidgets.align.markers.tracks import MarkerTracks
from etwidgets.checks import checked_count, checked_reals, is_number, is_whole
from etwidgets.errors import AlignmentError, ParameterError, ShapeError
from etwidgets.progress import NullProgress

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from etwidgets.progress import Progress

_DIAMETERS = 1.25 ** np.arange(15) * 4.0  # px, 4 to 91
_TO_SIGMA = 1 / (2 * np.sqrt(2))  # of the diameter of a disc: the Laplacian of a Gaussian that answers most
_ROUNDING = 1e-9
_TYPICAL = 8  # features that decide on the size
_NOISE_LEVELS = 3.0
_NOISE_OF_CURVATURE = 0.2  # of white noise of 1, filtered with a sigma of 1 px and normalized
_ROUNDS = (20.0, 60.0)  # degrees over which a template is averaged
_REFINE_REACH = 3
_BRIGHTEST_SHARE = 0.05  # of the strongest answer: weaker ones are noise


def middle_projection(tilts_deg: NDArray[np.float64]) -> int:
    """The projection nearest the middle of the range of tilts, where markers are picked."""
    return int(np.argmin(np.abs(tilts_deg - (tilts_deg.min() + tilts_deg.max()) / 2)))


def find_markers(
    projections: ArrayLike,
    tilts_deg: ArrayLike,
    count: int = 20,
    *,
    diameter_px: float | None = None,
    projection: int | None = None,
) -> tuple[NDArray[np.float64], float]:
    """Find compact features, bright or dark, in one projection.

    Parameters
    ----------
    projections
        ``(T, Y, X)``.
    tilts_deg
        ``(T,)`` degrees.
    count
        How many at most.
    diameter_px
        Of the features, pixels; default: the size that stands out most.
    projection
        Index of the projection; default: the one nearest the middle of the range of tilts.

    Returns
    -------
    positions
        ``(M, 2)`` pixels ``(y, x)``, the clearest first.
    diameter
        Of the features, pixels.

    Raises
    ------
    AlignmentError
        If there is no feature.

    Notes
    -----
    Extremes of the Laplacian of a Gaussian over place and size, normalized by the size squared (Lindeberg
    1998, doi:10.1023/A:1008045108935), ranked by the smaller of the two curvatures, which is high in a spot
    and low on an edge or a rod. Features are at least a diameter apart, and that far from the border.
    """
    images = checked_projections(projections)
    tilts = checked_tilts(tilts_deg, len(images))
    wanted = checked_count("count", count, 1, 1000)
    _check_length("diameter", diameter_px)
    index = _index_of(projection, tilts)
    image = images[index].astype(float)
    image -= np.median(image)  # a filter with a finite kernel answers to a level
    sizes = _sizes(image.shape) if diameter_px is None else np.array([float(diameter_px)])
    spots = [_spots(image, size, wanted) for size in sizes]
    best = int(np.argmax([strengths[:_TYPICAL].sum() for _, strengths in spots]))
    found = _apart(*spots[best], wanted, float(sizes[best]))
    if not len(found):
        raise AlignmentError(
            f"there is no compact feature in projection {index}; place markers by hand, or give another "
            "diameter"
        )
    return found, float(sizes[best])


def _index_of(projection: int | None, tilts_deg: NDArray[np.float64]) -> int:
    """A checked index of a projection; None: the one in the middle."""
    if projection is None:
        return middle_projection(tilts_deg)
    count = len(tilts_deg)
    if not is_whole(projection) or not 0 <= projection < count:
        raise ParameterError(f"the projection of the markers must be 0 to {count - 1}, not {projection!r}")
    return int(projection)


def _check_length(what: str, value: float | None) -> None:
    if value is not None and not (is_number(value) and value > 0):
        raise ParameterError(f"the {what} must be a positive number of pixels, or None, not {value!r}")


def _sizes(shape_yx: tuple[int, ...]) -> NDArray[np.float64]:
    """Diameters that are tried in an image of some size, pixels."""
    fitting = int((min(shape_yx) / 4 >= _DIAMETERS).sum())
    return np.asarray(_DIAMETERS[: max(1, fitting)], np.float64)


def _spots(
    image: NDArray[np.float64], diameter: float, count: int
) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """Bright or dark spots, whichever are clearer: places ``(K, 2)`` and strengths, the strongest first."""
    sigma = diameter * _TO_SIGMA
    yy, xx, yx = (
        sigma**2 * scipy.ndimage.gaussian_filter(image, sigma, order=order, mode="nearest")
        for order in ((2, 0), (0, 2), (1, 1))
    )
    middle, half = (yy + xx) / 2, np.hypot((yy - xx) / 2, yx)
    noise = _noise(image) * _NOISE_OF_CURVATURE / sigma
    width, margin = max(3, 2 * int(diameter / 2) + 1), int(np.ceil(diameter))
    inner = np.zeros(image.shape, bool)
    inner[margin : image.shape[0] - margin, margin : image.shape[1] - margin] = True
    both = []
    for sign in (-1, 1):
        strength = sign * middle - half - _NOISE_LEVELS * noise  # of the flatter direction
        top = (
            (strength == scipy.ndimage.maximum_filter(strength, width))
            & (strength > _ROUNDING * np.abs(image).max())
            & inner
        )
        places = np.argwhere(top)
        strengths = strength[tuple(places.T)]
        order = np.argsort(-strengths, kind="stable")
        both.append((places[order], strengths[order]))
    return max(both, key=lambda found: float(found[1][:count].sum()))


def _noise(image: NDArray[np.float64]) -> float:
    """Standard deviation of the noise of the pixels (Immerkaer 1996, doi:10.1006/cviu.1996.0060)."""
    second = np.array([1.0, -2.0, 1.0])
    left = scipy.ndimage.correlate(image, np.outer(second, second))
    return float(np.median(np.abs(left)) / 0.6745 / 6)


def _apart(
    places: NDArray[np.intp], strengths: NDArray[np.float64], count: int, distance: float
) -> NDArray[np.float64]:
    """The strongest places that are far enough from each other."""
    chosen: list[NDArray[np.intp]] = []
    for place, strength in zip(places, strengths, strict=True):
        if len(chosen) == count or strength < _BRIGHTEST_SHARE * strengths[0]:
            break
        if all(np.hypot(*(place - other)) >= distance for other in chosen):
            chosen.append(place)
    return np.array(chosen, dtype=float).reshape(-1, 2)


def track_markers(
    projections: ArrayLike,
    tilts_deg: ArrayLike,
    positions_px: ArrayLike,
    *,
    projection: int | None = None,
    diameter_px: float | None = None,
    largest_jump_px: float | None = None,
    progress: Progress | None = None,
) -> MarkerTracks:
    """Follow markers through a tilt series that need not be registered.

    Parameters
    ----------
    projections
        ``(T, Y, X)``, in any order of acquisition.
    tilts_deg
        ``(T,)`` degrees.
    positions_px
        ``(M, 2)`` pixels ``(y, x)`` in one projection; three or more markers, far from each other.
    projection
        Index of that projection; default: the one nearest the middle of the range of tilts.
    diameter_px
        Of the markers, pixels; default: the size at which they stand out most.
    largest_jump_px
        How far the specimen may move between neighbors in tilt; default: 16, or an eighth of the smaller
        side.
    progress
        Reports progress and can cancel the work.

    Returns
    -------
    MarkerTracks
        In the order of ``positions_px``, each moved to the middle of its feature. A marker that is lost can
        be found again.

    Raises
    ------
    ShapeError, ParameterError, AlignmentError
        If positions are not ``(M, 2)``, lie outside the image, or are fewer than 3.

    Notes
    -----
    From one projection to the next the common motion comes first, from the correlation of all markers
    together. Then two rounds: a geometry is fitted to all tracks (:func:`~etwidgets.align.adjust`), and each
    marker is looked for again within 3 px of where that has it, with a template averaged over the other
    projections within about 15 degrees.
    """
    images = checked_projections(projections, least=3)
    tilts = checked_tilts(tilts_deg, len(images))
    index = _index_of(projection, tilts)
    picked = _checked_places(positions_px, images.shape[1:])
    _check_length("diameter", diameter_px)
    _check_length("largest jump", largest_jump_px)
    image = images[index].astype(float)
    diameter = _diameter_at(image, picked) if diameter_px is None else float(diameter_px)
    picked = _centered(image, picked, diameter)
    jump = max(16.0, min(images.shape[1:]) / 8) if largest_jump_px is None else float(largest_jump_px)
    progress = progress or NullProgress()
    band = band_of(images, diameter)
    order = np.argsort(tilts, kind="stable")
    start = int(np.flatnonzero(order == index)[0])
    found = follow(band, order, start, picked, int(np.ceil(jump)), progress.part(0, 0.7))
    for number, spread in enumerate(_ROUNDS):
        progress.advance(0.7 + 0.3 * number / len(_ROUNDS), "refining the markers")
        fit = adjust(MarkerTracks.of(found[0], qualities=found[1]), tilts, images.shape, intervals=False)
        again = refine(band, tilts, fit.expected_px, _REFINE_REACH, spread)
        for each, before in zip(again, found, strict=True):
            each[list(fit.dropped)] = before[list(fit.dropped)]
        found = again
    progress.advance(1.0)
    return MarkerTracks.of(found[0], qualities=found[1], diameter_px=diameter)


def _checked_places(positions_px: ArrayLike, shape_yx: tuple[int, ...]) -> NDArray[np.float64]:
    """Positions ``(M, 2)`` inside the image."""
    places = checked_reals("marker positions", positions_px)
    if places.ndim != 2 or places.shape[1] != 2:
        raise ShapeError(
            f"marker positions must have the shape (markers, 2), (y, x) each, not {places.shape}"
        )
    if len(places) < LEAST_MARKERS:
        raise AlignmentError(
            f"{len(places)} marker(s) given, and at least {LEAST_MARKERS} are needed; add more"
        )
    if not ((places >= 0) & (places <= np.array(shape_yx) - 1)).all():
        raise ParameterError(
            f"markers must lie inside the projections of {shape_yx[0]} x {shape_yx[1]} px; "
            "each is (y, x), not (x, y)"
        )
    return places


def _diameter_at(image: NDArray[np.float64], places: NDArray[np.float64]) -> float:
    """The diameter at which what is at the places stands out most, pixels."""
    sizes = _sizes(image.shape)
    rows, columns = np.round(places).astype(int).T
    strengths = [
        np.median(np.abs(s**2 * scipy.ndimage.gaussian_laplace(image, s, mode="nearest")[rows, columns]))
        for s in sizes * _TO_SIGMA
    ]
    return float(sizes[int(np.argmax(strengths))])


def _centered(
    image: NDArray[np.float64], places: NDArray[np.float64], diameter: float
) -> NDArray[np.float64]:
    """The places, each moved to the middle of the spot at it, by at most half a diameter."""
    answer = scipy.ndimage.gaussian_laplace(image, diameter * _TO_SIGMA, mode="nearest")
    reach = max(1, int(diameter / 2))
    wide = np.pad(answer, reach, mode="edge")
    moved = np.empty_like(places)
    for number, place in enumerate(np.round(places).astype(int)):
        y, x = place
        around = wide[y : y + 2 * reach + 1, x : x + 2 * reach + 1]
        moved[number] = place + peak(np.sign(answer[y, x]) * around)[0]
    return np.clip(moved, 0, np.array(image.shape) - 1)

"""Matplotlib figures of the signals' own plot methods; arrays in, figures out.

Where a window or a cell shows figures, pyplot makes them and the older ones of a kind are closed; elsewhere
(scripts, tests) nobody would close them, and a figure is known to its caller alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib import patheffects
from matplotlib.figure import Figure

from etwidgets.picture_scale import nice_length

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

_WITHOUT_WINDOWS = ("agg", "cairo", "pdf", "pgf", "ps", "svg", "template")
_MOST_OPEN = 8  # of one kind: a few trials side by side
_WIDE: dict[str, Any] = {"figsize": (12, 4.2), "layout": "constrained"}


def _figure(kind: str, *, returned: bool = True, **options: Any) -> Figure:
    """A figure that is shown where figures are shown, and is not left open.

    With ``returned=False`` only pyplot can reach it, and the one before of its kind is closed.
    """
    windows = plt.get_backend().lower() not in _WITHOUT_WINDOWS
    if returned and not windows:
        return Figure(**options)
    numbers = plt.get_fignums()
    ours = [n for n, label in zip(numbers, plt.get_figlabels(), strict=True) if label.startswith(kind)]
    kept = (_MOST_OPEN if windows else 1) - 1
    for number in ours[: max(0, len(ours) - kept)]:
        plt.close(number)
    return plt.figure(f"{kind} {max(numbers, default=0) + 1}", **options)


def orthogonal_slices(
    volume: NDArray[Any],
    point: dict[str, int],
    scales: dict[str, tuple[float, str]],
    *,
    shown: bool = True,
    returned: bool = True,
    **kwargs: Any,
) -> Figure:
    """The slices of a volume ``(X, Z, Y)`` through a point, with scales per axis.

    With ``shown=False`` the figure is known to no window and no list of figures: for a file, in any thread.
    With ``returned=False`` the caller does not hand it on.
    """
    planes = [
        ("z", volume[:, point["z"], :].T, "x", "y"),
        ("y", volume[:, :, point["y"]].T, "x", "z"),
        ("x", volume[point["x"]], "y", "z"),
    ]
    figure = _figure("slices", returned=returned, **_WIDE) if shown else Figure(**_WIDE)
    axes = figure.subplots(1, 3)
    options = {"cmap": "gray", "origin": "upper", **kwargs}
    for axis, (name, image, across, down) in zip(axes, planes, strict=True):
        width, height = image.shape[1] * scales[across][0], image.shape[0] * scales[down][0]
        axis.imshow(np.asarray(image), extent=(0, width, height, 0), **options)
        axis.set_xlabel(f"{across} ({scales[across][1]})")
        axis.set_ylabel(f"{down} ({scales[down][1]})")
        axis.set_title(f"{across}-{down} at {name} = {point[name]}")
        _add_scale_bar(axis, width, height, scales[across][1])
    return figure


def _add_scale_bar(axis: Any, width: float, height: float, unit: str) -> None:
    """A bar of a round length at the lower right, readable on black and on white."""
    length = nice_length(0.3 * width)
    right, y = 0.96 * width, 0.95 * height
    outline = [patheffects.withStroke(linewidth=5, foreground="black")]
    axis.plot([right - length, right], [y, y], color="white", linewidth=3, path_effects=outline)
    axis.text(
        right - length / 2, y - 0.02 * height, f"{length:g} {unit}", color="white", ha="center", va="bottom",
        path_effects=[patheffects.withStroke(linewidth=2, foreground="black")],
    )  # fmt: skip
    axis.set_xlim(0, width)
    axis.set_ylim(height, 0)


def axis_test(
    volume: NDArray[Any],
    columns: Sequence[int],
    shift: float,
    rotation: float,
    contrast: tuple[float, float],
) -> Figure:
    """Three slices ``(3, Z, Y)`` side by side, for judging the tilt axis by eye."""
    figure = _figure("tilt-axis test", figsize=(12, 4.4), layout="constrained")
    axes = figure.subplots(1, 3)
    for axis, image, column in zip(axes, volume, columns, strict=True):
        low = max(0.0, float(image.mean() - contrast[0] * image.std()))
        high = float(image.mean() + contrast[1] * image.std())
        axis.imshow(image, cmap="afmhot", vmin=low, vmax=max(high, low + 1e-12))
        axis.set_title(f"x = {column}")
        axis.set_xlabel("y (pixels)")
        axis.set_ylabel("z (pixels)")
    figure.suptitle(f"tilt-axis shift {shift:g} px, rotation {rotation:g} deg")
    return figure


def correlation(
    reference: NDArray[Any],
    moving: NDArray[Any],
    correlation_image: NDArray[Any],
    shift: tuple[float, float],
) -> Figure:
    """Two projections and their cross-correlation; ``shift`` ``(y, x)`` from its center is marked."""
    figure = _figure("correlation", **_WIDE)
    axes = figure.subplots(1, 3)
    titles = ("reference", "moving", f"cross-correlation: shift y {shift[0]:.1f}, x {shift[1]:.1f} px")
    for axis, image, title in zip(axes, (reference, moving, correlation_image), titles, strict=True):
        axis.imshow(image, cmap="gray")
        axis.set_title(title)
        axis.set_xlabel("x (pixels)")
        axis.set_ylabel("y (pixels)")
    height, width = correlation_image.shape
    axes[2].plot(width // 2 + shift[1], height // 2 + shift[0], "r+", markersize=12)
    return figure


def join(before: NDArray[Any], after: NDArray[Any], index: int) -> Figure:
    """Two neighboring projections and their difference."""
    figure = _figure("join", returned=False, **_WIDE)
    axes = figure.subplots(1, 3)
    difference = np.asarray(after, float) - np.asarray(before, float)
    limit = float(np.abs(difference).max()) or 1.0
    axes[0].imshow(before, cmap="gray")
    axes[1].imshow(after, cmap="gray")
    axes[2].imshow(difference, cmap="coolwarm", vmin=-limit, vmax=limit)
    for axis, title in zip(
        axes, (f"projection {index - 1}", f"projection {index}", "difference"), strict=True
    ):
        axis.set_title(title)
    return figure


def tracks(image: NDArray[Any], rotation: float, angles: NDArray[Any], strength: NDArray[Any]) -> Figure:
    """The maximum image with the tilt axis that MaxImage found, and how strongly lines stand out by angle.

    ``rotation`` and ``angles`` are degrees to apply, positive clockwise on screen.
    """
    figure = _figure("tracks", returned=False, **_WIDE)
    left, right = figure.subplots(1, 2)
    left.imshow(image, cmap="gray")
    middle = (image.shape[1] - 1) / 2, (image.shape[0] - 1) / 2
    left.axline(middle, slope=np.tan(np.deg2rad(-rotation)), color="tab:orange", linestyle="--")
    left.set_title(f"maximum over all tilts; axis: rotate by {rotation:.2f} deg")
    left.set_xlabel("x (pixels)")
    left.set_ylabel("y (pixels)")
    right.plot(angles, strength)
    right.axvline(rotation, color="tab:orange", linestyle="--")
    right.set_xlabel("rotation to apply (deg)")
    right.set_ylabel("strength of lines at right angles")
    return figure

"""Applies the recorded transforms of one stack to another, exactly; knows stacks only by their methods."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from etwidgets.align import Alignment
from etwidgets.errors import HistoryError, ParameterError
from etwidgets.signals.scaling import factors_between, resampled, scaled
from etwidgets.signals.tilt_series import TiltSeries
from etwidgets.signals.tomography_node import Transform, read, recorded

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from etwidgets.progress import Progress

    Series = TypeVar("Series", bound=TiltSeries)

_ALIGNED = ("shift", "transform", "align")
_CHANGES_OF_EXTENT = ("crop", "select", "bin", "turn")
_SAME_TILT_DEG = 0.5


def align_like(stack: Series, other: Series, progress: Progress, shift_type: str | None = None) -> Series:
    """Apply to ``other`` what was applied to ``stack`` and not yet to ``other``.

    Parameters
    ----------
    stack
        The stack whose transforms are the model.
    other
        A stack of the shape that ``stack`` had before its first transform, or before the first one
        that ``other`` lacks, or before its alignment began; or of the same field in larger or smaller
        pixels, in which shifts and crops are scaled.
    progress
        Reports progress.
    shift_type
        Another way of shifting than the recorded one (``"fourier"`` or ``"interp"``).

    Returns
    -------
    TomoStack
        A new stack; ``other`` is unchanged.

    Raises
    ------
    ParameterError
        If ``other`` is not a tilt series.
    HistoryError
        If nothing was recorded, the histories contradict each other, or shapes or tilts do not fit.
    """
    _check_series(other)
    todo, factors = _missing(stack, other)
    result = _copied(other)
    for transform, part in _with_parts(todo, progress):
        result = _APPLY[transform.kind](result, scaled(_shifted_by(transform, shift_type), factors), part)
        if transform.kind == "turn" and transform.parameters["quarter_turns"] % 2:
            factors = factors[::-1]
    expected = tuple(round(n * f) for n, f in zip(stack.data.shape, (1, *factors), strict=True))
    if result.data.shape != expected:
        raise HistoryError(
            f"after the recorded transforms the other stack is {result.data.shape} and this one is "
            f"{stack.data.shape}: this stack was changed by something that is not recorded"
        )
    _check_tilts(stack, result)
    result.metadata.Tomography.cropped = bool(stack.metadata.Tomography.cropped)
    return result


def follow(stack: Series, other: Series, progress: Progress, *, aligned: bool = False) -> Series:
    """Bring another signal of the same series to where ``stack`` is.

    Parameters
    ----------
    stack
        The stack whose transforms are the model.
    other
        As it was loaded, or one that followed ``stack`` before.
    progress
        Reports progress.
    aligned
        ``other`` has been through the same transforms, although it has no record of them.

    Returns
    -------
    TomoStack
        A new stack with the tilts and pixel size of ``stack``, to which it can follow again.

    Raises
    ------
    ParameterError
        If ``other`` is not a tilt series.
    HistoryError
        If the histories contradict each other, or shapes or tilts do not fit.
    """
    _check_series(other)
    ours, theirs = recorded(stack), recorded(other)
    if len(theirs) > len(ours) or not all(a.same_as(b) for a, b in zip(ours, theirs, strict=False)):
        raise HistoryError("the other signal was changed differently from this one; load it again")
    todo = [] if aligned else ours[len(theirs) :]
    expected = todo[0].shape if todo else stack.data.shape
    if other.data.shape == expected:
        result = _copied(other)
    elif factors_between(stack, expected, other) is not None:
        result = resampled(other, expected)
    else:
        raise HistoryError(
            f"the other signal is {other.data.shape} (projections, y, x), and this series "
            f"{'was' if todo else 'is'} {expected}; they must show the same projections and the same field"
        )
    for transform, part in _with_parts(todo, progress):
        result = _APPLY[transform.kind](result, transform, part)
    _check_tilts(stack, result)
    known, title = stack.metadata.Tomography.as_dictionary(), result.metadata.General.title
    result.metadata.add_dictionary({"Tomography": known})
    result.metadata.General.title = title
    for name in ("x", "y"):
        source, target = stack.axes_manager[name], result.axes_manager[name]
        target.scale, target.offset, target.units = source.scale, source.offset, source.units
    return result


def _copied(other: Series) -> Series:
    """A copy that shares nothing but the original images, which nobody writes."""
    result: Series = other.deepcopy()
    result._original = other._original
    return result


def _with_parts(todo: list[Transform], progress: Progress) -> Iterator[tuple[Transform, Progress]]:
    """Each transform with its part of the progress."""
    for number, transform in enumerate(todo):
        yield transform, progress.part(number / len(todo), (number + 1) / len(todo))


def _shifted_by(transform: Transform, shift_type: str | None) -> Transform:
    """A transform with another way of shifting, if it is a shift and one is given."""
    if not shift_type or transform.kind != "shift":
        return transform
    return Transform(transform.kind, transform.shape, {**transform.parameters, "method": shift_type})


def _missing(stack: Series, other: Series) -> tuple[list[Transform], tuple[float, float]]:
    """The transforms that ``other`` lacks, and how many of its pixels there are to one of ours (y, x)."""
    ours, theirs = recorded(stack), recorded(other)
    if not any(transform.kind in (*_ALIGNED, "turn") for transform in ours):
        raise HistoryError("No transformations have been applied to this stack; register or align it first")
    shape = other.data.shape
    n_common = len(theirs)
    if n_common <= len(ours) and all(a.same_as(b) for a, b in zip(ours, theirs, strict=False)):
        todo = ours[n_common:]
        if not todo:
            return [], (1.0, 1.0)
        if todo[0].shape == shape:
            return todo, (1.0, 1.0)
    if any(transform.kind in _ALIGNED for transform in theirs):
        raise HistoryError(
            "the other stack was already shifted or rotated differently from this one; "
            "start from the stack as it was loaded"
        )
    first = next((i for i, transform in enumerate(ours) if transform.kind not in _CHANGES_OF_EXTENT), 0)
    if ours[first].shape == shape:
        return ours[first:], (1.0, 1.0)
    for start in (0, first):
        factors = factors_between(stack, ours[start].shape, other) if not theirs else None
        if factors is not None:
            return ours[start:], factors
    expected = " or ".join(str(s) for s in dict.fromkeys([ours[0].shape, ours[first].shape]))
    raise HistoryError(
        f"the other stack is {shape}, this alignment starts from {expected} (projections, y, x); "
        "crop, bin or select the other stack in the same way first"
    )


def _check_series(other: object) -> None:
    if not isinstance(other, TiltSeries):
        raise ParameterError(f"the other signal must be a TomoStack, not a {type(other).__name__}")


def _check_tilts(stack: TiltSeries, result: TiltSeries) -> None:
    ours, theirs = read(stack, "tilts"), read(result, "tilts")
    if ours is None or theirs is None:
        return
    difference = np.abs(ours - theirs).max()
    if difference > _SAME_TILT_DEG:
        raise HistoryError(
            f"the tilts of the two stacks differ by up to {difference:.2f} deg; they are not the same series"
        )


def _shift(stack: Series, transform: Transform, progress: Progress) -> Series:
    parameters = transform.parameters
    return stack.shift_projections(
        np.asarray(parameters["shifts"]),
        shift_type=str(parameters["method"]),
        order=int(parameters["order"]),
        progress=progress,
    )


def _transform(stack: Series, transform: Transform, progress: Progress) -> Series:
    parameters = transform.parameters
    return stack.trans_stack(
        xshift=float(parameters["xshift"]),
        yshift=float(parameters["yshift"]),
        angle=float(parameters["angle"]),
        interpolation=str(parameters["interpolation"]),
        progress=progress,
    )


def _align(stack: Series, transform: Transform, progress: Progress) -> Series:
    parameters = transform.parameters
    alignment = Alignment.of(
        parameters["shifts"],
        rotation_deg=parameters["rotations"],
        magnification=parameters["magnifications"],
        tilts_deg=parameters.get("tilts"),
    )
    return stack.apply_alignment(
        alignment,
        interpolation=str(parameters["interpolation"]),
        from_original=bool(parameters["from_original"]),
        progress=progress,
    )


def _crop(stack: Series, transform: Transform, progress: Progress) -> Series:
    progress.advance(0)
    return stack.crop_to(**{name: int(value) for name, value in transform.parameters.items()})


def _select(stack: Series, transform: Transform, progress: Progress) -> Series:
    progress.advance(0)
    return stack.select_projections(np.asarray(transform.parameters["keep"], dtype=int))


def _bin(stack: Series, transform: Transform, progress: Progress) -> Series:
    progress.advance(0)
    scale = [1.0] * stack.axes_manager.navigation_dimension
    scale += [float(transform.parameters["x_scale"]), float(transform.parameters["y_scale"])]
    return stack.rebin(scale=scale)


def _turn(stack: Series, transform: Transform, progress: Progress) -> Series:
    progress.advance(0)
    return stack.turn(int(transform.parameters["quarter_turns"]))


_APPLY: dict[str, Callable[[Any, Transform, Progress], Any]] = {
    "shift": _shift,
    "transform": _transform,
    "align": _align,
    "crop": _crop,
    "select": _select,
    "bin": _bin,
    "turn": _turn,
}

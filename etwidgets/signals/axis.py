"""Finds the tilt axis of a series and applies what the data determine of it; does not know who asks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from etwidgets import align
from etwidgets.signals import reconstruction
from etwidgets.signals.lazy_images import images_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from etwidgets.progress import Progress
    from etwidgets.signals.tilt_series import TiltSeries

Moved = TypeVar("Moved", bound="TiltSeries")


def align_axis(
    stack: TiltSeries,
    move: Callable[..., Moved],
    method: str,
    progress: Progress,
    *,
    plot_results: bool = False,
    apply_undetermined: bool = False,
    **parameters: Any,
) -> Moved:
    """A stack with its tilt axis horizontal and centered.

    ``move`` is its :meth:`~etwidgets.signals.TomoStack.trans_stack`; the other parameters are those of
    :meth:`etwidgets.signals.TomoStack.tilt_align`. What the user should know is
    in :func:`axis_note` of the result.
    """
    with images_of(stack.data, progress.part(0, 0.4)) as images:
        found = align.find_tilt_axis(
            images, stack.tilts_deg, method, progress=progress.part(0.4, 0.8), **parameters
        )
    if plot_results:
        reconstruction.show_axis(stack.data, found)
    shift = found.shift_px if found.shift_determined or apply_undetermined else 0.0
    rotation = found.rotation_deg if found.rotation_determined or apply_undetermined else 0.0
    result = move(yshift=shift, angle=rotation, progress=progress.part(0.8, 1))
    known = reconstruction.as_metadata(found)
    known |= {"applied_shift_px": shift, "applied_rotation_deg": rotation}
    known["note"] = _note(found, apply_undetermined)
    result.metadata.set_item("Tomography.axis_estimate", known)
    progress.advance(1)
    return result


def axis_note(stack: TiltSeries) -> str:
    """What the user should know about the tilt axis that was found last, or nothing."""
    return str(stack.metadata.get_item("Tomography.axis_estimate.note", default=""))


def _note(found: align.AxisEstimate, apply_undetermined: bool) -> str:
    if not found.warning:
        return ""
    left = [
        name
        for name, determined in (("rotation", found.rotation_determined), ("shift", found.shift_determined))
        if not determined
    ]
    done = ""
    if left and apply_undetermined:
        done = ". It was applied all the same"
    elif left:
        done = f". No {' and no '.join(left)} was applied"
    return f"{found.method}: {found.warning}{done}"

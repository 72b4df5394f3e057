"""Whether a projection that has just come in is good: against those of about the same tilt; moves nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from etwidgets.live.projections import LiveProjection

AGAIN = "acquire again?"
_NEIGHBORS = 4
_NEAR_DEG = 15.0
_LEAST_STEP, _LEAST_BLUR, _LEAST_UNFIT = 0.2, 0.35, 0.5  # of logarithms: so much is always forgiven
_DEVIATIONS = 4.0
_LEAST_JUMP = 0.04  # of the field
_FEW = 3  # projections, from which nothing usual can be told
_DISTRUST = 0.2


def looks(new: LiveProjection, others: Sequence[LiveProjection], *, blank: bool) -> str:
    """What is wrong with a projection by itself: blank, dark, bright, blurred; empty if nothing is.

    Parameters
    ----------
    new
        With total and sharpness.
    others
        Those that are used, without it.
    blank
        Whether it has one value everywhere.
    """
    if blank:
        return "blank"
    near = _near(new, others)
    if not near:
        return ""
    said = []
    step = _brightening(new, near[:2])
    if abs(step) > max(_LEAST_STEP, _DEVIATIONS * _usual(others, "total")):
        said.append(f"{'dark' if step < 0 else 'bright'} ({np.expm1(step):+.0%})")
    loss = np.median([np.log(max(each.sharpness, 1e-6)) for each in near]) - np.log(max(new.sharpness, 1e-6))
    if loss > max(_LEAST_BLUR, _DEVIATIONS * _usual(others, "sharpness")):
        said.append("blurred")
    return ", ".join(said)


def jump(new: LiveProjection, before: Sequence[LiveProjection], side_px: int) -> str:
    """Whether the specimen moved much farther than between the projections before, in order of time."""
    shifts = np.array([each.shift_px for each in (*before, new)])
    steps = np.hypot(*np.diff(shifts, axis=0).T)
    if len(steps) <= _FEW:
        return ""
    usual = np.median(steps[:-1])
    far = usual + _DEVIATIONS * 1.4826 * np.median(np.abs(steps[:-1] - usual))
    return f"jumped by {steps[-1]:.0f} px" if steps[-1] > max(far, _LEAST_JUMP * side_px) else ""


def misfits(new: LiveProjection, before: Sequence[LiveProjection]) -> str:
    """Whether it is predicted much worse than those before."""
    known = np.log([each.predicted_misfit for each in before if np.isfinite(each.predicted_misfit)][-10:])
    if len(known) <= _FEW or not np.isfinite(new.predicted_misfit):
        return ""
    spread = 1.4826 * np.median(np.abs(known - np.median(known)))
    excess = np.log(max(new.predicted_misfit, 1e-9)) - np.median(known)
    return "does not fit the others" if excess > max(_LEAST_UNFIT, _DEVIATIONS * spread) else ""


def judged(new: LiveProjection, looked: str, moved: str, unfit: str) -> None:
    """Write doubts and weight: what looks bad does not count, what does not fit counts little."""
    bad = [each for each in (looked, unfit) if each]
    new.weight = 0.0 if looked else _DISTRUST if unfit else 1.0
    said = [f"{', '.join(bad)}: {AGAIN}"] if bad else []
    new.doubts = "; ".join([*said, moved] if moved else said)


def _brightening(new: LiveProjection, near: Sequence[LiveProjection]) -> float:
    """Logarithm of its intensity over that of neighbors, as of a needle or as of a slab: what is less."""
    as_needle = np.log(max(new.total, 1e-30)) - np.mean([np.log(max(each.total, 1e-30)) for each in near])
    path = [np.log(max(np.cos(np.deg2rad(each.tilt_deg)), 0.05)) for each in (new, *near)]
    as_slab = as_needle + path[0] - np.mean(path[1:])
    between = as_needle * as_slab <= 0
    return 0.0 if between else float(min(as_needle, as_slab, key=abs))


def _near(new: LiveProjection, others: Sequence[LiveProjection]) -> list[LiveProjection]:
    close = [each for each in others if abs(each.tilt_deg - new.tilt_deg) <= _NEAR_DEG]
    return sorted(close, key=lambda each: abs(each.tilt_deg - new.tilt_deg))[:_NEIGHBORS]


def _usual(others: Sequence[LiveProjection], name: str) -> float:
    """By how much the logarithm of a value usually changes from one tilt to the next."""
    ranked = sorted(others, key=lambda each: each.tilt_deg)
    logs = np.log([max(getattr(each, name), 1e-30) for each in ranked])
    return 1.4826 * float(np.median(np.abs(np.diff(logs)))) if len(logs) > _FEW else 0.0

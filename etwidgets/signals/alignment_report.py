"""What an automatic or refined alignment found, as it is kept with a series, and in plain words."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from etwidgets.align import Candidate
from etwidgets.align.automatic import AS_IT_IS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from etwidgets.align import AlignmentPlan, Refinement
    from etwidgets.signals.tilt_series import TiltSeries

_WHERE = "Tomography.alignment_report"
_RECORDED = Candidate(AS_IT_IS, AS_IT_IS, 0.0).title


@dataclass(frozen=True, eq=False)
class AlignmentReport:
    """How a series was aligned, and how far to trust it.

    Attributes
    ----------
    accepted
        Whether the refinement predicted left-out projections better than the series before it.
    misfit_before, misfit_after
        How far left-out projections are from their prediction, relative to their contrast.
    residuals_px
        ``(T, 2)`` pixels ``(y, x)`` by which each projection is off from what the others predict.
    weights
        ``(T,)``, 0 to 1: how far each projection was trusted.
    misfits
        ``(T,)`` of each left-out projection.
    trace
        ``(R,)`` misfit of left-out projections at the start and after each round, on a smaller copy.
    rotation_interval_deg, shift_interval_px
        95 % intervals of what may still be wrong with the tilt axis; None where it is undetermined.
    doubted
        Indices of projections that do not fit the others, the worst first.
    axis_searched
        Whether the tilt axis was refined, and so has intervals.
    excluded
        Numbers, from 1, of the projections that were left out of the series, as text.
    candidates
        What was tried: title, misfit, misfit after a short refinement (or None), and why it did not apply.
    """

    accepted: bool
    misfit_before: float
    misfit_after: float
    residuals_px: NDArray[np.float64]
    weights: NDArray[np.float64]
    misfits: NDArray[np.float64]
    trace: NDArray[np.float64]
    rotation_interval_deg: tuple[float, float] | None
    shift_interval_px: tuple[float, float] | None
    doubted: tuple[int, ...] = ()
    axis_searched: bool = True
    excluded: tuple[str, ...] = ()
    candidates: tuple[tuple[str, float | None, float | None, str], ...] = field(default=())

    @classmethod
    def of(cls, found: Refinement) -> Self:
        """The report of a refinement."""
        axis = found.axis
        rotation = axis.rotation_interval_deg if axis is not None and axis.rotation_determined else None
        shift = axis.shift_interval_px if axis is not None and axis.shift_determined else None
        return cls(
            found.accepted, found.misfit_before, found.misfit_after, found.residuals_px, found.weights,
            found.misfits, found.trace, rotation, shift, found.doubted, axis is not None,
        )  # fmt: skip

    @property
    def accuracy_px(self) -> float:
        """Typical distance of a projection that was not doubted from what the others predict, pixels."""
        kept = np.setdiff1d(np.arange(len(self.weights)), self.doubted)
        return float(np.sqrt(np.median((self.residuals_px[kept] ** 2).sum(1)))) if kept.size else float("nan")

    @property
    def sentence(self) -> str:
        """The whole in one or two plain sentences."""
        if not self.accepted:
            said = "Refining predicted left-out projections no better than before, and was not used"
        else:
            accuracy = f"about {self.accuracy_px:.1f}" if self.accuracy_px >= 0.1 else "0.1"
            said = f"Good to {accuracy} px; {self._gain_text()}"
        if self.excluded:
            several = "s" if len(self.excluded) > 1 else ""
            was = "were" if several else "was"
            said += f". Projection{several} {', '.join(self.excluded)} {was} excluded"
        elif self.doubted:
            several = "s" if len(self.doubted) > 1 else ""
            said += f". Check projection{several} {', '.join(str(i + 1) for i in self.doubted)}"
        return f"{said}. {self._axis_sentence()}" if self.axis_searched else f"{said}."

    def _gain_text(self) -> str:
        """By how much the prediction became better than before, or than in the series as recorded."""
        gain, better = 1 - self.misfit_after / self.misfit_before, "than before"
        raw = next((misfit for title, misfit, _, _ in self.candidates if title == _RECORDED), None)
        best = next((misfit for _, misfit, _, _ in self.candidates if misfit is not None), None)
        if raw is not None and best is not None:
            gain, better = 1 - best / raw * (1 - gain), "than in the series as recorded"
        return f"left-out projections are predicted {gain:.0%} better {better}"

    def _axis_sentence(self) -> str:
        parts = []
        for name, interval, unit in (
            ("rotation", self.rotation_interval_deg, "°"),
            ("shift", self.shift_interval_px, " px"),
        ):
            if interval is None:
                parts.append(f"its {name} is not determined by the data")
            else:
                half = max(abs(interval[0]), abs(interval[1]))
                parts.append(f"{name} ± {half:.1f}{unit}" if half >= 0.1 else f"{name} to 0.1{unit}")
        return f"Tilt axis (95 %): {', '.join(parts)}."

    def __str__(self) -> str:
        lines = [self.sentence]
        if self.candidates:
            lines.append("Tried (misfit of left-out projections; after a short refinement):")
        for title, misfit, refined, reason in self.candidates:
            first = "does not apply" if misfit is None else f"{misfit:.4f}"
            second = "" if refined is None else f"; {refined:.4f}"
            lines.append(f"  {title}: {first}{second}{f' ({reason})' if misfit is None else ''}")
        return "\n".join(lines)


def tried(plan: AlignmentPlan) -> tuple[tuple[str, float | None, float | None, str], ...]:
    """The candidates of a plan as they are in a report."""
    return tuple(
        (each.title, _known(each.misfit), _known(each.refined), each.reason) for each in plan.candidates
    )


def _known(value: float | None) -> float | None:
    return float(value) if value is not None and np.isfinite(value) else None


def write_report(stack: TiltSeries, report: AlignmentReport) -> None:
    """Keep it with a series, as plain arrays and texts."""
    known: dict[str, Any] = {
        "accepted": report.accepted,
        "misfit_before": report.misfit_before,
        "misfit_after": report.misfit_after,
        "residuals_px": report.residuals_px,
        "weights": report.weights,
        "misfits": report.misfits,
        "trace": report.trace,
        "doubted": np.array(report.doubted, dtype=int),
        "axis_searched": report.axis_searched,
        "excluded": list(report.excluded),
        "sentence": report.sentence,
    }
    for name, interval in (
        ("rotation_interval_deg", report.rotation_interval_deg),
        ("shift_interval_px", report.shift_interval_px),
    ):
        if interval is not None:
            known[name] = np.array(interval)
    if report.candidates:
        titles, misfits, refined, reasons = zip(*report.candidates, strict=True)
        known["titles"], known["reasons"] = list(titles), list(reasons)
        known["candidate_misfits"] = np.array(misfits, dtype=float)  # NaN for None
        known["candidate_refined"] = np.array(refined, dtype=float)
    stack.metadata.set_item(_WHERE, known)


def read_report(stack: TiltSeries) -> AlignmentReport | None:
    """The report that is kept with a series, if there is one and it is of as many projections."""
    node = stack.metadata.get_item(_WHERE, default=None)
    if node is None:
        return None
    known = node.as_dictionary()
    if len(known["weights"]) != stack.data.shape[0]:
        return None
    rotation, shift = (
        None if known.get(name) is None else (float(known[name][0]), float(known[name][1]))
        for name in ("rotation_interval_deg", "shift_interval_px")
    )
    candidates = tuple(
        (str(title), _known(misfit), _known(refined), str(reason))
        for title, misfit, refined, reason in zip(
            known.get("titles", ()),
            np.asarray(known.get("candidate_misfits", ())),
            np.asarray(known.get("candidate_refined", ())),
            known.get("reasons", ()),
            strict=True,
        )
    )
    return AlignmentReport(
        bool(known["accepted"]), float(known["misfit_before"]), float(known["misfit_after"]),
        np.asarray(known["residuals_px"]), np.asarray(known["weights"]), np.asarray(known["misfits"]),
        np.asarray(known["trace"]), rotation, shift, tuple(int(i) for i in known["doubted"]),
        bool(known.get("axis_searched", True)),
        tuple(str(each) for each in known["excluded"]), candidates,
    )  # fmt: skip

"""The paragraph of methods for a paper, in the past tense, with its references; words only."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from etwidgets import engine
from etwidgets.align import AXIS_METHODS, METHODS
from etwidgets.analysis import MissingWedge, elongation_factor
from etwidgets.session.report import bibliography as bib
from etwidgets.session.report.plain import worded

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from etwidgets.session.report.bibliography import Citations
    from etwidgets.session.report.content import Facts, ReportedStep

    Parameters = Mapping[str, Any]

_RECONSTRUCTS = ("reconstruct", "reconstruct_jointly")


def methods_of(
    facts: Facts, steps: Sequence[ReportedStep], titles: Mapping[str, str], citations: Citations
) -> str:
    """The paragraph.

    Parameters
    ----------
    facts
        The numbers.
    steps
        All that was done, in order.
    titles
        Operation to its title, for operations that there is no sentence for.
    citations
        Collects the references.
    """
    sentences = [*_series(facts), *_steps(steps, titles, citations)]
    if facts.reconstruction and not any(step.operation in _RECONSTRUCTS for step in steps):
        sentences.append(_recorded_reconstruction(facts.reconstruction, citations))
    sentences += [*_choice(facts), *_checks(facts, citations)]
    backend = str(facts.reconstruction.get("backend", ""))
    if backend.startswith("astra"):
        sentences.append(f"Projections were computed by the ASTRA toolbox {citations.cite(bib.ASTRA)}.")
    sentences.append(
        f"All steps were done with etwidgets {bib.VERSION} {citations.cite(bib.ETWIDGETS)}, which builds on "
        f"HyperSpy {citations.cite(bib.HYPERSPY)} and follows the workflow of ETSpy "
        f"{citations.cite(bib.ETSPY_PAPER, bib.ETSPY)}."
    )
    return " ".join(sentences)


def _series(facts: Facts) -> list[str]:
    known = facts.series
    if not known.get("n_projections"):
        return []
    text = f"The tilt series that was evaluated had {known['n_projections']} projections of "
    text += f"{known['height_px']} x {known['width_px']} pixels"
    tilts, size = known["tilts_deg"], known["pixel_size_nm"]
    if tilts:
        text += f" at tilts from {min(tilts):.1f}° to {max(tilts):.1f}°"
    if size is not None:
        text += f", with a pixel size of {size:.4g} nm"
    return [f"{text}."]


def _steps(steps: Sequence[ReportedStep], titles: Mapping[str, str], citations: Citations) -> list[str]:
    sentences: list[str] = []
    made = [place for place, step in enumerate(steps) if step.operation in _RECONSTRUCTS]
    for step in (step for place, step in enumerate(steps) if place not in made[:-1]):
        write = _SENTENCES.get(step.operation)
        if write is not None:
            text = write(step.parameters, citations)
        else:
            title = titles.get(step.operation, step.operation)
            given = f" ({worded(step.parameters)})" if step.parameters else ""
            text = f"The operation “{title}” was applied{given}."
        if text and text not in sentences[-1:]:
            sentences.append(text)
    return sentences


def _with(name: str, source: str, citations: Citations) -> str:
    return f"{name} {citations.cite_source(source)}".strip()


def _begun_small(title: str) -> str:
    return title[:1].lower() + title[1:]


def _register(given: Parameters, citations: Citations) -> str:
    method = METHODS.get(str(given.get("method", "PC")))
    how = (
        str(given.get("method"))
        if method is None
        else _with(_begun_small(method.title), method.source, citations)
    )
    return f"Projections were registered by {how}."


def _tilt_align(given: Parameters, citations: Citations) -> str:
    method = AXIS_METHODS.get(str(given.get("method", "CoM")))
    how = (
        str(given.get("method"))
        if method is None
        else _with(_begun_small(method.title), method.source, citations)
    )
    return f"The tilt axis was located by {how}."


def _transform(given: Parameters, _citations: Citations) -> str:
    parts = [
        f"{value:.4g}{unit}"
        for name, unit in (
            ("yshift", " px across the tilt axis"),
            ("xshift", " px along it"),
            ("angle", "° in the plane"),
        )
        if (value := float(given.get(name, 0) or 0))
    ]
    return f"The projections were moved by {', '.join(parts)}." if parts else ""


def _reconstruct(given: Parameters, citations: Citations) -> str:
    return _reconstructed(
        str(given.get("method", "FBP")), given, citations, constrained=bool(given.get("constrain", False))
    )


def _recorded_reconstruction(made: Parameters, citations: Citations) -> str:
    name = str(made.get("algorithm", ""))
    return _reconstructed(name, made, citations, constrained=made.get("minimum") is not None) if name else ""


def _reconstructed(name: str, given: Parameters, citations: Citations, *, constrained: bool) -> str:
    algorithm = engine.algorithms().get(name.upper())
    if algorithm is None:
        return f"The volume was reconstructed by {name}."
    title = f"{_begun_small(algorithm.title)} ({algorithm.name})"
    text = f"The volume was reconstructed by {_with(title, algorithm.source, citations)}"
    counted = algorithm.counted
    if counted is not None:
        count = given.get(counted.user_keyword, given.get(counted.name, counted.default))
        text += f" in {count} iterations"
    if constrained and algorithm.iterative and algorithm.takes_limits:
        lowest = float(given.get("minimum", given.get("thresh", 0)) or 0)
        text += f", with values of {'zero' if lowest == 0 else f'{lowest:g}'} or more"
    if given.get("tv_weight") is not None and "tv_weight" in algorithm.parameters:
        text += f", weight of the total variation {worded(given['tv_weight'])}"
    return f"{text}."


def _background(given: Parameters, _citations: Citations) -> str:
    method = str(given.get("method", "auto"))
    return f"A background was subtracted ({'estimated from the empty area' if method == 'auto' else method})."


def _jointly(given: Parameters, citations: Citations) -> str:
    names = given.get("names")
    of = f" of {worded(names)}" if names else ""
    return f"The volumes{of} were reconstructed together with the HAADF signal {citations.cite(bib.FUSED)}."


def _decompose(given: Parameters, citations: Citations) -> str:
    method = str(given.get("method", "NMF"))
    cited = f" {citations.cite(bib.NMF)}" if method == "NMF" else ""
    count = given.get("components", "the default number of")
    return f"The spectra were decomposed by {method}{cited} into {count} components."


def _fixed(text: str) -> Callable[[Parameters, Citations], str]:
    return lambda _given, _citations: text


_SENTENCES: dict[str, Callable[[Parameters, Citations], str]] = {
    **{name: _fixed("") for name in (
        "open", "sample", "open_spectra", "set_tilts", "set_pixel_size", "sort_tilts", "add_channel",
        "remove_channel", "rename_channel", "add_spectra", "select", "shift",
    )},
    "crop": _fixed("The images were cropped."),
    "turn": lambda p, _: f"The images were turned by {90 * int(p.get('quarter_turns', 1))}°.",
    "bin": lambda p, _: f"Pixels were binned {p.get('factor', 2)} x {p.get('factor', 2)}.",
    "remove_projections": lambda p, _: f"{len(p.get('projections') or [])} projections were excluded.",
    "filter": lambda p, _: (
        f"The projections were filtered ({p.get('method', 'median')}, {p.get('size', 5)} px)."
    ),
    "normalize": _fixed("The intensity of the projections was normalized."),
    "subtract_background": _background,
    "equalize_intensity": _fixed("Fluctuations of the intensity between projections were corrected."),
    "remove_hot_pixels": _fixed("Hot pixels were replaced by the median of their neighbors."),
    "correct_detector": _fixed("Dark level and gain of the detector were corrected."),
    "correct_linearity": lambda p, _: (
        f"The intensity was put on a linear scale (quadratic term {float(p['term_percent']):.2g} % at the "
        "brightest pixels)."
    ),
    "register": _register,
    "align_markers": lambda _, c: (
        f"The projections were aligned by markers, with a robust bundle adjustment {c.cite(bib.MARKERS)}."
    ),
    "refine_alignment": lambda _, c: (
        "Shifts and tilt axis were refined by matching projections to reprojections "
        f"{c.cite(bib.PROJECTION_MATCHING)}."
    ),
    "manual_align": _fixed("Projections were shifted by hand."),
    "shift_one": _fixed("Projections were shifted by hand."),
    "tilt_align": _tilt_align,
    "transform": _transform,
    "apply_alignment_file": _fixed("An alignment from a file was applied."),
    "align": _fixed("The projections were aligned."),
    "map_elements": lambda p, _: f"Maps of X-ray lines were made ({worded(p.get('lines'))}).",
    "decompose": _decompose,
    "reconstruct": _reconstruct,
    "reconstruct_jointly": _jointly,
}  # fmt: skip


def _choice(facts: Facts) -> list[str]:
    if facts.alignment and not facts.alignment.get("accepted", True):
        return [
            "What the refinement found was not applied, for it did not predict left-out projections better.",
            *_choice(replace(facts, alignment={})),
        ]
    if not facts.held_out:
        return []
    reason = str(facts.held_out.get("reason", "")).strip()
    said = f": {reason[:1].lower()}{reason[1:]}" if reason else "."
    return [f"Method and iterations were chosen by the prediction of left-out projections{said}"]


def _checks(facts: Facts, citations: Citations) -> list[str]:
    sentences = []
    check = facts.check
    if check and "error" not in check:
        (y, x), (floor_y, floor_x) = check["errors_px"], check["floor_px"]
        sentences.append(
            "Each projection was compared with a reprojection of a volume from the others "
            f"{citations.cite(bib.REPROJECTION_CHECK)}. They were off by {y:.2f} px across and {x:.2f} px "
            f"along the tilt axis (root mean square) beyond the floor of {floor_y:.2f} px and "
            f"{floor_x:.2f} px, which a simulated, perfectly aligned series of the same noise showed."
        )
    tilts = facts.series.get("tilts_deg")
    if (
        tilts
        and len(tilts) > 1
        and MissingWedge.of(tilts).width_deg
        and abs(max(tilts) + min(tilts)) < 0.1 * (max(tilts) - min(tilts))
    ):
        missing = MissingWedge.of(tilts).width_deg
        sentences.append(
            f"The missing wedge of {missing:.0f}° lengthened details along the beam to "
            f"about {elongation_factor(tilts):.2f} times their length {citations.cite(bib.ELONGATION)}."
        )
    curve = facts.resolution.get("all", {})
    if curve.get("half_bit"):
        sentences.append(
            f"The resolution was {curve['half_bit']} by the half-bit criterion of the Fourier shell "
            f"correlation {citations.cite(bib.HALF_BIT)} ({facts.resolution.get('made_by', '')})."
        )
    return sentences

"""What the volumes of two halves of a series say about its resolution, as it is kept with a volume."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from etwidgets import analysis

if TYPE_CHECKING:
    from hyperspy.signal import BaseSignal

SPLITS = {
    "tilts": "even and odd tilts",
    "frames": "even and odd frames of each projection",
    "given": "two series",
}
"""How the halves are made, with what it is called."""

_WHERE = "Tomography.resolution"
NAMES = {None: "all", "x": "x", "y": "y", "beam": "beam"}
"""What the curves are called, by the cone of each."""

_TITLES = {"all": "all directions", "x": "along x", "y": "along y", "beam": "along the beam"}
_CURVES = ("correlation", "standard_error", "n_independent", "measured", "uncorrected", "randomized")

_SHARED = """
An error that both halves share looks like signal: above all that of the alignment, which was found from all
projections together."""
_BLUR = """
Blur is not seen: too few iterations weaken fine detail in both halves alike; the correlation stays high."""
_BLIND = {
    "tilts": """
Each half has every other tilt: the curve also falls where the tilts of a half are too few, and the volume
from all tilts can be better.""",
    "frames": """
Both halves have the same tilts: the curve sees noise, but neither too few tilts nor the missing wedge.""",
    "given": """
Where both series have the same tilts, the curve sees neither too few tilts nor the missing wedge.""",
}
_CONSTRAINED = """
The constraints of the reconstruction act on both halves alike and can make them agree where nothing was
measured."""


@dataclass(frozen=True, eq=False)
class ResolutionReport:
    """Up to which detail the volumes from two halves of a series agree.

    Attributes
    ----------
    method
        Of the reconstruction, the same for both halves.
    iterations
        How many; None if the method has none.
    settings
        All that is recorded of the reconstruction, as in ``metadata.Tomography.reconstruction``.
    split
        ``"tilts"``, ``"frames"`` or ``"given"``.
    n_projections
        Of each half.
    curves
        :class:`etwidgets.analysis.ShellCorrelation` of ``"all"`` directions, and in cones about ``"x"``,
        ``"y"`` and the ``"beam"``.
    """

    method: str
    iterations: int | None
    settings: dict[str, Any]
    split: str
    n_projections: tuple[int, int]
    curves: dict[str, analysis.ShellCorrelation]

    def resolution(self, criterion: str | float = "half-bit") -> dict[str, analysis.Resolution]:
        """The :class:`etwidgets.analysis.Resolution` of each curve by a criterion."""
        return {name: curve.resolution(criterion) for name, curve in self.curves.items()}

    @property
    def made_by(self) -> str:
        """Method, iterations and split, in words."""
        count = "" if self.iterations is None else f", {self.iterations} iterations"
        first, second = self.n_projections
        return f"{self.method}{count}; halves: {SPLITS[self.split]} ({first} and {second} projections)"

    @property
    def blind_spots(self) -> tuple[str, ...]:
        """What these numbers cannot see, one sentence each."""
        free = self.settings.get("minimum") is None and self.settings.get("maximum") is None
        linear = free and self.settings.get("mask") is None and self.method not in ("FISTA-TV", "DART")
        texts = [_SHARED, _BLUR, _BLIND[self.split]] + ([] if linear else [_CONSTRAINED])
        return tuple(" ".join(each.split()) for each in texts)

    def __str__(self) -> str:
        found = self.resolution()
        lines = ["Resolution, half-bit (95 % interval):"]
        lines += [f"  {_TITLES[name]}: {each}" for name, each in found.items()]
        return "\n".join([*lines, f"{self.made_by}.", *self.blind_spots])

    def store(self, signal: BaseSignal) -> None:
        """Keep it in ``metadata.Tomography.resolution`` of a signal, as plain numbers, texts and arrays."""
        whole = self.curves["all"]
        known: dict[str, Any] = {
            "method": self.method,
            "settings": self.settings,
            "split": self.split,
            "n_projections": np.array(self.n_projections),
            "cone_deg": whole.cone_deg,
            "frequencies": whole.frequencies,
            "made_by": self.made_by,
            "blind_spots": list(self.blind_spots),
        }
        if self.iterations is not None:
            known["iterations"] = self.iterations
        if whole.pixel_size_nm is not None:
            known["pixel_size_nm"] = whole.pixel_size_nm
        for name, curve in self.curves.items():
            values = {each: getattr(curve, each) for each in _CURVES}
            known[name] = {each: value for each, value in values.items() if value is not None}
            known[name]["half_bit"] = str(curve.resolution())
        signal.metadata.set_item(_WHERE, known)


def read_resolution(signal: BaseSignal) -> ResolutionReport | None:
    """The report that is kept with a signal, or None."""
    node = signal.metadata.get_item(_WHERE, default=None)
    if node is None:
        return None
    known = node.as_dictionary()
    size, iterations = known.get("pixel_size_nm"), known.get("iterations")
    curves = {}
    for cone, name in NAMES.items():
        if name in known:
            values = {each: np.asarray(known[name][each]) for each in _CURVES if each in known[name]}
            curves[name] = analysis.ShellCorrelation(
                frequencies=np.asarray(known["frequencies"]),
                cone=cone,
                cone_deg=float(known["cone_deg"]),
                pixel_size_nm=None if size is None else float(size),
                **values,
            )
    first, second = (int(n) for n in known["n_projections"])
    count = None if iterations is None else int(iterations)
    settings = dict(known["settings"])
    return ResolutionReport(
        str(known["method"]), count, settings, str(known["split"]), (first, second), curves
    )

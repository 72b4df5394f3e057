"""Joint reconstruction of elements and HAADF: names, tilts, weights; the engine does the computation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from etwidgets.deprecated import renamed_property
from etwidgets.engine.joint import reconstruct_jointly as solve
from etwidgets.engine.joint_choice import choose_weights
from etwidgets.errors import ParameterError
from etwidgets.progress import NullProgress
from etwidgets.signals.reconstruction import as_volume, geometry
from etwidgets.spectral.spectra import exspy

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from etwidgets.progress import Progress
    from etwidgets.signals import RecStack, TomoStack

_COLUMNS = 8  # are enough to judge weights by
_CHOOSING = 0.6  # of the time, where weights are chosen


@dataclass(frozen=True, eq=False)
class JointReconstruction:
    """Result of a joint reconstruction.

    Attributes
    ----------
    volumes
        Name of each map to its volume ``(X, Z, Y)``, in the units of the map.
    haadf_weight, tv_weight
        The weights that were used; one TV weight for each map.
    missed
        Mean squared error of the prediction of omitted map projections, in units of their variance, without
        and with HAADF; None if the weights were given.
    """

    volumes: Mapping[str, RecStack]
    haadf_weight: float
    tv_weight: Sequence[float]
    missed: tuple[float, float] | None

    @property
    def warning(self) -> str:
        """A warning if HAADF does not improve the prediction of the maps."""
        if self.missed is None or self.missed[1] < self.missed[0]:
            return ""
        return (
            f"HAADF does not help here: the prediction error of omitted projections is {self.missed[1]:.3f} "
            f"with HAADF and {self.missed[0]:.3f} without. Is HAADF a sum over the mapped elements, with no "
            "background?"
        )

    in_words = renamed_property("JointReconstruction.in_words", "warning")


def reconstruct_jointly(
    haadf: TomoStack,
    maps: Mapping[str, TomoStack],
    *,
    haadf_weight: float | None = None,
    tv_weight: Sequence[float] | float | None = None,
    coupling: str = "tv",
    iterations: int = 200,
    progress: Progress | None = None,
) -> JointReconstruction:
    """Reconstruct all elements together with HAADF (fused multi-modal tomography).

    It assumes that HAADF is a weighted sum over the mapped elements with almost no background, and that the
    elements have sharp edges. If unmapped elements make up much of the specimen, thick areas scatter beyond
    the detector, or crystals diffract, the result has a corresponding error.

    Parameters
    ----------
    haadf
        ``(T, Y, X)``, aligned; vacuum is 0.
    maps
        Name to tilt series ``(U, Y, X)``, aligned with it; a name begins with the symbol of its element.
    haadf_weight, tv_weight
        Default: chosen by how well omitted map projections are predicted.
    coupling
        ``"tv"``: total variation of each element; ``"tnv"``: total nuclear variation, which favors edges that
        elements share (Zhong et al. 2018, doi:10.1016/j.ultramic.2018.04.011).
    iterations
        Number of iterations.
    progress
        Reports the progress, and can cancel the work.

    Raises
    ------
    ParameterError
        If the name of a map does not begin with an element, or only one of the weights is given.
    ShapeError, DataError
        If the series do not match.

    References
    ----------
    Schwartz et al. 2024, doi:10.1038/s41467-024-47558-0.
    """
    if not maps:
        raise ParameterError("there are no maps; make them first, from windows or from a decomposition")
    if (haadf_weight is None) != (tv_weight is None):
        raise ParameterError("give both weights, or none to have them chosen automatically")
    progress, stacks = progress or NullProgress(), list(maps.values())
    tilts = {stack.tilts_deg.tobytes() for stack in stacks}
    if len(tilts) > 1:
        raise ParameterError("the maps have different tilts; make them from the same spectra")
    numbers = [atomic_number(name) for name in maps]
    data = np.stack([np.asarray(stack.data, dtype=np.float32) for stack in stacks])
    dark = np.clip(np.asarray(haadf.data, dtype=np.float32), 0, None)
    shapes = geometry(haadf), geometry(stacks[0])
    missed = None
    part = progress.part(0, 1, may_finish=False)
    if haadf_weight is None or tv_weight is None:
        columns = _columns(data)
        chosen = choose_weights(
            dark[..., columns], data[..., columns], *shapes, numbers, coupling=coupling,
            progress=progress.part(0, _CHOOSING, may_finish=False, title="choosing the weights"),
        )  # fmt: skip
        haadf_weight, tv_weight = chosen.haadf_weight, [float(each) for each in chosen.tv_weight]
        alone = float(chosen.alone_scores.min(axis=1).mean())
        missed = alone, float(chosen.scores.min())
        part = progress.part(_CHOOSING, 1, may_finish=False, title="all elements together")
    volumes = solve(
        dark, data, *shapes, numbers, haadf_weight=haadf_weight, tv_weight=tv_weight, coupling=coupling,
        iterations=iterations, progress=part,
    )  # fmt: skip
    weights = np.broadcast_to(np.asarray(tv_weight, dtype=float), (len(maps),))
    settings = {"algorithm": "joint", "coupling": coupling, "haadf_weight": float(haadf_weight)}
    found = {
        name: as_volume(stack, volume, {**settings, "tv_weight": float(weight), "iterations": iterations})
        for (name, stack), volume, weight in zip(maps.items(), volumes, weights, strict=True)
    }
    return JointReconstruction(found, float(haadf_weight), [float(each) for each in weights], missed)


def atomic_number(name: str) -> int:
    """Atomic number of the element at the beginning of the name of a map, such as ``Ni_Ka`` or ``Ni``.

    Raises
    ------
    ParameterError
        If there is no such element.
    """
    symbol = name.replace("_", " ").split(" ")[0]
    known = exspy().material.elements
    if symbol not in known:
        raise ParameterError(
            f"the name of the map {name!r} does not begin with an element such as Ni; rename or remove it"
        )
    return int(known[symbol].General_properties.Z)


def _columns(maps: np.ndarray) -> list[int]:
    """A few columns, spread over those in which there is something."""
    counts = np.clip(maps, 0, None).sum((0, 1, 2))
    filled = np.flatnonzero(counts > 0.1 * counts.max())
    places = np.linspace(0, filled.size - 1, min(_COLUMNS, filled.size)).round().astype(int)
    return [int(column) for column in filled[places]]

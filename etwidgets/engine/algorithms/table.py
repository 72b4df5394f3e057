"""The algorithms by name; the one place that knows all of them and which options each needs."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from etwidgets.checks import MOST_ITERATIONS, checked_count
from etwidgets.engine.algorithms import dart
from etwidgets.engine.algorithms.cgls import Cgls
from etwidgets.engine.algorithms.direct import BackProjection
from etwidgets.engine.algorithms.fista_tv import FistaTv, checked_tv_weight
from etwidgets.engine.algorithms.sirt import Sirt, all_together, interleaved, one_by_one
from etwidgets.errors import ParameterError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from etwidgets.engine.algorithms.base import Method, Setting

ALGORITHMS = ("BP", "FBP", "SIRT", "OS-SIRT", "SART", "CGLS", "FISTA-TV", "DART")
"""Names that ``algorithm`` accepts, in any letter case."""
DIRECT = ("BP", "FBP")
"""Those without iterations."""
ITERATIVE = tuple(name for name in ALGORITHMS if name not in DIRECT)
"""Those with iterations."""


METHODS: Mapping[str, type[Method]] = MappingProxyType(
    {
        "BP": BackProjection,
        "FBP": BackProjection,
        "SIRT": Sirt,
        "OS-SIRT": Sirt,
        "SART": Sirt,
        "CGLS": Cgls,
        "FISTA-TV": FistaTv,
        "DART": dart.Dart,
    }
)
"""The class behind each name."""


@dataclass(frozen=True, eq=False)
class Options:
    """What the algorithms can be told; as in :func:`etwidgets.engine.reconstruct`."""

    iterations: Any = 20
    filter_name: str = "shepp-logan"
    weight_tilts: bool = False
    n_subsets: Any = None
    tv_weight: Any = None
    gray_levels: Sequence[float] | None = None
    dart_iterations: Any = 10
    fix_probability: float = 0.85
    seed: Any = 0


def checked_name(algorithm: Any, names: Sequence[str] = ALGORITHMS) -> str:
    """An algorithm's name in capital letters.

    Raises
    ------
    ParameterError
        If it is not among the names.
    """
    name = str(algorithm).upper()
    if name not in names:
        raise ParameterError(f"no algorithm {algorithm!r} here; choose from {', '.join(names)}")
    return name


def method_for(name: str, options: Options, factor: float) -> Callable[[Setting], Method]:
    """Check the options of an algorithm; what is returned makes it for a run.

    Parameters
    ----------
    name
        One of :data:`ALGORITHMS`.
    options
        As the user gave them.
    factor
        By which the data will be multiplied, and so what is in their units.

    Raises
    ------
    ParameterError
        If one is missing or wrong.
    """
    count = checked_count("iterations", options.iterations, highest=MOST_ITERATIONS)
    if name in DIRECT:
        filter_name = options.filter_name if name == "FBP" else None
        return lambda setting: BackProjection(setting, filter_name, weight_tilts=options.weight_tilts)
    if name in ("SIRT", "OS-SIRT", "SART"):
        return lambda setting: Sirt(setting, count, _subsets(name, setting, options))
    if name == "CGLS":
        return lambda setting: Cgls(setting, count)
    if name == "FISTA-TV":
        weight = checked_tv_weight(options.tv_weight)
        return lambda setting: FistaTv(setting, count, weight * factor)
    seed = checked_count("the seed", options.seed, lowest=0, highest=2**63)
    dart_options = dart.checked_options(
        options.gray_levels, count, options.dart_iterations, options.fix_probability, factor
    )
    return lambda setting: dart.Dart(setting, dart_options, seed)


def _subsets(name: str, setting: Setting, options: Options) -> list[NDArray[np.intp]]:
    angles = setting.projector.geometry.angles_rad
    if name == "OS-SIRT":
        return interleaved(angles, options.n_subsets)
    return all_together(angles) if name == "SIRT" else one_by_one(angles)

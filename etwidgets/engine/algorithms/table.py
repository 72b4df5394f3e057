"""The reconstruction methods by name; the one place that knows all of them.

A method is a record beside its class (:class:`etwidgets.engine.algorithms.record.Algorithm`) and a line here.
"""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

from etwidgets.engine.algorithms.cgls import CGLS
from etwidgets.engine.algorithms.dart import DART
from etwidgets.engine.algorithms.direct import BP, FBP
from etwidgets.engine.algorithms.fista_tv import FISTA_TV
from etwidgets.engine.algorithms.sirt import OS_SIRT, SART, SIRT
from etwidgets.errors import ParameterError
from etwidgets.options import check_names

if TYPE_CHECKING:
    from collections.abc import Mapping

    from etwidgets.engine.algorithms.record import Algorithm
    from etwidgets.options import Option

_OURS = (BP, FBP, SIRT, OS_SIRT, SART, CGLS, FISTA_TV, DART)
_registered: list[Algorithm] = []  # of extensions: a process has one list of methods, as it has of modules


def algorithms() -> Mapping[str, Algorithm]:
    """All reconstruction methods by name: ours, and those that were registered."""
    return {each.name: each for each in (*_OURS, *_registered)}


def register(algorithm: Algorithm) -> ExitStack:
    """Add a method of your own, for this process.

    Returns
    -------
    ExitStack
        Closing it takes the method out again; ``with register(...):`` does so at the end of the block.

    Raises
    ------
    ParameterError
        If there is a method of that name, or the name is not in capital letters.
    """
    if algorithm.name in algorithms() or algorithm.name != algorithm.name.upper():
        raise ParameterError(
            f"{algorithm.name!r} cannot be registered: the name must be new and in capital letters; "
            f"there are {', '.join(algorithms())}"
        )
    _registered.append(algorithm)
    undo = ExitStack()
    undo.callback(_registered.remove, algorithm)
    return undo


def find_algorithm(name: Any, *, iterative: bool = False) -> Algorithm:
    """The method of a name, in any letter case.

    Raises
    ------
    ParameterError
        If there is none, or none with iterations where that is asked for.
    """
    known = {name: each for name, each in algorithms().items() if each.iterative or not iterative}
    found = known.get(str(name).upper())
    if found is None:
        raise ParameterError(f"unknown algorithm {name!r}; choose from {', '.join(known)}")
    return found


def all_options() -> dict[str, Option]:
    """The options of all methods by name; of those that share one, the first method's."""
    found: dict[str, Option] = {}
    for algorithm in algorithms().values():
        for name, each in algorithm.parameters.items():
            found.setdefault(name, each)
    return found


def checked_options(algorithm: Algorithm, given: Mapping[str, Any]) -> Any:
    """The options of a method from those that were given; what only others take is checked and left aside.

    Raises
    ------
    ParameterError
        If one is missing or wrong, or no method has it: then with the name that was probably meant.
    """
    known = all_options()
    check_names(given, known, "reconstruction")
    for name, value in given.items():
        if name not in algorithm.parameters and value is not None:
            known[name].checked(value)
    return algorithm.checked(given)

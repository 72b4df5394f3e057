"""The parameters of ``TomoStack.reconstruct``, which are the released package's, in the words of the engine.

The only place that translates them; knows no stack.
"""

from __future__ import annotations

import difflib
from collections.abc import Set as AbstractSet
from typing import TYPE_CHECKING, Any

from etwidgets import engine
from etwidgets.errors import ParameterError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_OF_ALL = ("method", "constrain", "thresh", "maximum", "cuda", "backend", "model", "ncores", "thickness")
_ARRAYS = ("weights", "mask")
_UNCHANGED = ("maximum", "weights", "mask", "model")


class ParameterNames(AbstractSet[str]):
    """Names of the parameters that a reconstruction takes by any method, as they are now.

    A set that changes when a method is registered.
    """

    def __contains__(self, name: object) -> bool:
        return name in _OF_ALL or name in _by_keyword()

    def __iter__(self) -> Iterator[str]:
        yield from _OF_ALL
        yield from _by_keyword()

    def __len__(self) -> int:
        return len(_OF_ALL) + len(_by_keyword())


def to_engine(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Parameters of ``TomoStack.reconstruct`` as keywords of :func:`etwidgets.engine.reconstruct`.

    ``method`` becomes ``algorithm``; ``constrain`` with ``thresh`` the ``minimum``; ``cuda`` the ``backend``;
    ``ncores`` becomes ``n_workers``; options get the engine's name (``p``: ``fix_probability``,
    ``sino_filter``: ``filter_name``), and those that only other methods take are left out. ``thickness``
    belongs to the geometry and is left out too.

    Raises
    ------
    ParameterError
        If there is no such method, no method has a parameter (with the name that was probably meant), or both
        ``cuda`` and ``backend`` are given.
    """
    algorithm = engine.find_algorithm(parameters.get("method", "FBP"))
    result: dict[str, Any] = {"algorithm": str(parameters.get("method", "FBP"))}
    if parameters.get("constrain"):
        result["minimum"] = parameters.get("thresh", 0)
    result |= {name: parameters[name] for name in _UNCHANGED if parameters.get(name) is not None}
    result["backend"] = backend_name(parameters.get("cuda"), parameters.get("backend"))
    if parameters.get("ncores") is not None:
        result["n_workers"] = parameters["ncores"]
    known = _by_keyword()
    for keyword, value in parameters.items():
        if keyword in known:
            if known[keyword] in algorithm.parameters:
                result[known[keyword]] = value
        elif keyword not in (*_OF_ALL, *_ARRAYS):
            close = difflib.get_close_matches(keyword, (*_OF_ALL, *_ARRAYS, *known), n=1)
            hint = f"; did you mean {close[0]!r}?" if close else f"; there are: {', '.join(known)}"
            raise ParameterError(f"no reconstruction method has a parameter {keyword!r}{hint}")
    return result


def iterations_name(method: str) -> str:
    """The parameter that says how many iterations a method does; ``iterations`` also where there are none."""
    counted = {name: each.counted for name, each in engine.algorithms().items()}.get(method.upper())
    return "iterations" if counted is None else counted.user_keyword


def backend_name(cuda: bool | None, backend: str | None = None) -> str:
    """The engine's name of the backend, from it or from the released package's ``cuda`` parameter.

    Raises
    ------
    ParameterError
        If both are given, or ``cuda`` is not a truth value.
    """
    if backend is not None and cuda is not None:
        raise ParameterError(f"give cuda={cuda} or backend={backend!r}, not both")
    if cuda is not None and not isinstance(cuda, bool):
        raise ParameterError(f"cuda must be True, False or None, not {cuda!r}")
    return backend or {None: "auto", True: "astra-cuda", False: "cpu"}[cuda]


def _by_keyword() -> dict[str, str]:
    """The engine's names of all options by those of ``TomoStack.reconstruct``."""
    return {each.user_keyword: name for name, each in engine.all_options().items()}

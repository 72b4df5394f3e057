"""Operations of the user's own, made from a function; knows no model and no job.

An operation of one's own is given to a session (``Session(operations=[...])``) and is then a step like any
other: it can be undone, is kept in session files, and is written into scripts by the name of its module.
"""

from __future__ import annotations

import functools
import inspect
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

from etwidgets.errors import ParameterError
from etwidgets.session.operations import OPERATIONS, Operation, SeriesOperation, VolumeOperation
from etwidgets.session.operations.lines import Code, call
from etwidgets.session.parameters import needed_by
from etwidgets.signals import RecStack, TomoStack

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from etwidgets.progress import Progress

_RESULTS = {"stack": TomoStack, "volume": RecStack}


def operation(
    title: str,
    *,
    running: str = "working",
    kind: str = "stack",
    needs_tilts: bool = False,
    copies: float = 2.0,
) -> Callable[[Callable[..., Any]], Operation]:
    """Make an operation of the function below; its name is that of the function.

    The function takes the tilt series first and its parameters as keywords, which are plain numbers, strings
    and lists. It gives back a new signal and leaves its input alone (which it cannot write). If it has a
    keyword ``progress``, it is given one: ``progress.advance(fraction)`` moves the bar, and raises
    :class:`~etwidgets.progress.Cancelled` when the user has pressed Cancel. A change of geometry is made with
    the methods of the tilt series (``crop_to``, ``bin``, ``trans_stack``), so that other signals can follow.

    Parameters
    ----------
    title
        A verb, as on a button and in the history.
    running
        What is said while it runs.
    kind
        ``"stack"``: it gives a tilt series; ``"volume"``: it gives a :class:`~etwidgets.signals.RecStack`.
    needs_tilts
        Whether it refuses a tilt series without tilts.
    copies
        How many float32 copies of the tilt series it holds at its peak, its result among them.

    Returns
    -------
    callable
        Turns the function into an :class:`Operation`, which can still be called as before.

    Raises
    ------
    ParameterError
        If the kind is unknown, or the function takes parameters that are not keywords.

    Examples
    --------
    >>> @operation("Smooth", running="smoothing")
    ... def smooth(stack, *, sigma=1.0):
    ...     return stack.map(scipy.ndimage.gaussian_filter, sigma=sigma, inplace=False)
    >>> session = Session(TomoStackModel(stack), operations=[smooth])
    >>> session.apply("smooth", sigma=2.0)
    """
    if kind not in _RESULTS:
        raise ParameterError(f"kind must be one of {', '.join(_RESULTS)}, not {kind!r}")

    def make(function: Callable[..., Any]) -> Operation:
        names, name, home = _keywords_of(function), function.__name__, function.__module__
        guarded = _guarded(function, "progress" in names, _RESULTS[kind])
        options: dict[str, Any] = {
            "parameters": frozenset(names - {"progress"}),
            "needed": needed_by(function, names - {"progress"}),
            "needs_tilts": needs_tilts,
            "copies": copies,
            "home": home,
        }

        def expression(signal: str, parameters: Mapping[str, Any]) -> str:
            _check_home(name, home)
            return call(name, Code(signal), **parameters)

        def lines(parameters: Mapping[str, Any]) -> list[str]:
            return [f"stack = {expression('stack', parameters)}"]

        if kind == "volume":
            return VolumeOperation(name, title, running, guarded, expression, **options)
        return SeriesOperation(name, title, running, guarded, lines, **options)

    return make


def table_of(own: Iterable[Operation]) -> Mapping[str, Operation]:
    """The table of operations with a few more.

    Raises
    ------
    ParameterError
        If a name is taken, or something is not an operation.
    """
    table = dict(OPERATIONS)
    for each in own:
        if not isinstance(each, Operation):
            raise ParameterError(f"{each!r} is not an operation; put @operation('Title') above the function")
        if each.name in table:
            raise ParameterError(
                f"there is an operation {each.name!r} already; give the function another name"
            )
        table[each.name] = each
    return MappingProxyType(table)


def _keywords_of(function: Callable[..., Any]) -> set[str]:
    first, *rest = inspect.signature(function).parameters.values()
    plain = [each.name for each in rest if each.kind is not inspect.Parameter.KEYWORD_ONLY]
    if plain:
        raise ParameterError(
            f"{function.__name__}: {', '.join(plain)} must be given by name; "
            f"write ({first.name}, *, {plain[0]}, ...)"
        )
    return {each.name for each in rest}


def _check_home(name: str, home: str) -> None:
    """Refuse to write an operation that no script could import."""
    if home == "__main__":
        raise ParameterError(
            f"the operation {name!r} is defined in this notebook, which no script can import; move it into a "
            "file of its own, such as my_steps.py, and import it from there"
        )


def _guarded(function: Callable[..., Any], wants_progress: bool, expected: type) -> Callable[..., Any]:
    """The function as the table wants it: its input cannot be written, and its result is looked at."""

    @functools.wraps(function)
    def call(stack: TomoStack, progress: Progress, **parameters: Any) -> Any:
        if wants_progress:
            parameters["progress"] = progress
        result = function(_read_only(stack), **parameters)
        if not isinstance(result, expected):
            raise ParameterError(
                f"{function.__name__} must give a {expected.__name__}, and gave {type(result).__name__}"
            )
        return result

    return call


def _read_only(stack: TomoStack) -> TomoStack:
    """The same data under another signal; who writes them gets an error, and the history stays right."""
    if not isinstance(stack.data, np.ndarray):
        return stack
    data = stack.data.view()
    data.flags.writeable = False
    return stack._deepcopy_with_new_data(data)  # noqa: SLF001  (HyperSpy's way)

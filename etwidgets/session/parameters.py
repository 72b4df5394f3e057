"""Checks that parameters can be stored and mean something; does not know any operation."""

from __future__ import annotations

import inspect
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from etwidgets import engine
from etwidgets.align import AXIS_METHODS, METHODS
from etwidgets.checks import is_number
from etwidgets.errors import ParameterError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping


def as_json(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """A deep copy that a JSON file gives back exactly; tuples become lists.

    Raises
    ------
    ParameterError
        If a value is of another type (an array, a signal, a function) or not finite.
    """
    return {str(name): _checked(value, str(name)) for name, value in parameters.items()}


def _checked(value: Any, name: str) -> Any:
    if value is None or isinstance(value, bool | str):
        return value
    if isinstance(value, int | float) and type(value) in (int, float):
        if not is_number(value):
            shown = value if isinstance(value, float) else f"an integer of {value.bit_length()} bits"
            raise ParameterError(f"{name} must be finite, not {shown}")
        return value
    if isinstance(value, list | tuple):
        return [_checked(item, f"{name}[{i}]") for i, item in enumerate(value)]
    if isinstance(value, dict) and all(isinstance(key, str) for key in value):
        return {key: _checked(item, f"{name}[{key!r}]") for key, item in value.items()}
    raise ParameterError(
        f"{name} is a {type(value).__name__}, which a step cannot store; "
        "give plain numbers, strings or lists (for an array: array.tolist())"
    )


def check_choice(name: str, value: Any, known: Iterable[str]) -> None:
    """Refuse what is none of a few words.

    Raises
    ------
    ParameterError
        With all of them.
    """
    words = list(known)
    if value not in words:
        raise ParameterError(f"{name} must be one of {', '.join(words)}, not {value!r}")


def check_needed(given: Iterable[str], needed: Iterable[str], operation: str) -> None:
    """Refuse where a parameter without a default is missing.

    Raises
    ------
    ParameterError
        Naming those that are.
    """
    missing = sorted(set(needed) - set(given))
    if missing:
        raise ParameterError(f"{operation} needs {', '.join(missing)} as well; there is no default")


def needed_by(function: Callable[..., Any], names: Iterable[str]) -> frozenset[str]:
    """Those of the names that are parameters of the function without a default."""
    given = inspect.signature(function).parameters.values()
    without_default = {
        each.name for each in given if each.default is each.empty and each.kind is not each.VAR_KEYWORD
    }
    return frozenset(without_default.intersection(names))


def parameters_text(parameters: Mapping[str, Any]) -> str:
    """Parameters as a short text, for titles and lists; of a method or a file its name says enough."""
    said, labels = [], _labels(str(parameters.get("method", "")))
    for name, value in parameters.items():
        if name in ("method", "name"):
            said.append(str(value))
        elif name == "path":
            said.append(paths_text(value))
        elif name == "lines":
            said.append(_listed(value).replace("_", " "))
        elif name == "names":
            said.append(_listed(value))
        elif name in ("windows", "background_windows") and value is not None:
            continue  # a table of energies; the script has them
        elif name == "tilts" and isinstance(value, str):
            said.append(f"tilts from {Path(value).name}")
        else:
            said.append(f"{labels.get(name) or name.replace('_', ' ')} {_brief(value)}")
    return ", ".join(said)


def _labels(method: str) -> dict[str, str]:
    """Keyword to label of the options of a method, as on its controls."""
    if method in engine.algorithms():
        options = engine.find_algorithm(method).parameters.values()
        return {each.user_keyword: each.label for each in options} | {"constrain": "non-negativity"}
    for records in (METHODS, AXIS_METHODS):
        if method in records:
            return {each.user_keyword: each.label for each in records[method].options}
    return {}


def paths_text(paths: str | list[str]) -> str:
    """The name of a file, or of the first of several and how many more there are."""
    given = paths if isinstance(paths, list) and paths else [paths]
    return Path(str(given[0])).name + (f" and {len(given) - 1} more" if len(given) > 1 else "")


def _listed(value: Any) -> str:
    return ", ".join(str(each) for each in value) if isinstance(value, list) else str(value)


def _brief(value: Any) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, list) and value and all(isinstance(each, float) for each in value[:6]):
        return ", ".join(f"{each:g}" for each in value[:6]) + (" ..." if len(value) > 6 else "")
    if isinstance(value, list) and (len(value) > 6 or any(isinstance(each, list) for each in value)):
        return f"({len(value)} values)"
    return json.dumps(value) if not isinstance(value, str) else value

"""Pieces of the script lines that operations write; knows none of them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


class Code(str):
    """An expression among parameters, written as it is and not as a string."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


def keywords(parameters: Mapping[str, Any]) -> str:
    """``name=value, ...`` as a call has it."""
    return ", ".join(f"{name}={value!r}" for name, value in parameters.items())


def call(function: str, *positional: Any, **parameters: Any) -> str:
    """A call of a function, by its name in the script."""
    given = [repr(value) for value in positional]
    return f"{function}({', '.join([*given, *([keywords(parameters)] if parameters else [])])})"


def without(parameters: Mapping[str, Any], *names: str) -> dict[str, Any]:
    """The other parameters."""
    return {name: value for name, value in parameters.items() if name not in names}


def absolute(path: str | list[str]) -> str | list[str]:
    """The same file from wherever the script is run."""
    return str(Path(path).resolve()) if isinstance(path, str) else [str(Path(p).resolve()) for p in path]

"""Old names of what was renamed: they work for one more release and warn; knows none of the names."""

from __future__ import annotations

import functools
import warnings
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

_Function = TypeVar("_Function", bound="Callable[..., Any]")


def warn_renamed(old: str, new: str, stacklevel: int = 3) -> None:
    """Warn whoever called the caller of this function, as HyperSpy does."""
    from hyperspy.exceptions import VisibleDeprecationWarning

    text = f"{old} is deprecated and will be removed in the next release; use {new} instead"
    warnings.warn(text, VisibleDeprecationWarning, stacklevel=stacklevel)


def renamed_method(old: str, new: str) -> Callable[..., Any]:
    """A method under its old name.

    Parameters
    ----------
    old
        With its class, for the warning.
    new
        Of the method of the same object.
    """

    def call(self: Any, *args: Any, **kwargs: Any) -> Any:
        warn_renamed(old, new)
        return getattr(self, new)(*args, **kwargs)

    call.__doc__ = f"Deprecated: use :meth:`{new}`."
    return call


def renamed_property(old: str, new: str) -> Any:
    """An attribute under its old name, to read and to write; see :func:`renamed_method`."""

    def read(self: Any) -> Any:
        warn_renamed(old, new)
        return getattr(self, new)

    def write(self: Any, value: Any) -> None:
        warn_renamed(old, new)
        setattr(self, new, value)

    return property(read, write, doc=f"Deprecated: use :attr:`{new}`.")


def renamed_names(module: str, names: dict[str, tuple[str, Any]]) -> Callable[[str], Any]:
    """The ``__getattr__`` of a module whose names changed.

    Parameters
    ----------
    module
        Its name.
    names
        Old name to the new one and what it stands for.
    """

    def get(name: str) -> Any:
        if name not in names:
            raise AttributeError(f"module {module!r} has no attribute {name!r}")
        new, value = names[name]
        warn_renamed(f"{module}.{name}", new)
        return value

    return get


def renamed_keywords(**names: str) -> Callable[[_Function], _Function]:
    """Let a function take keywords under their old names.

    Parameters
    ----------
    **names
        Old name to new name.

    Raises
    ------
    TypeError
        By the function, where both are given.
    """

    def decorate(function: _Function) -> _Function:
        @functools.wraps(function)
        def call(*args: Any, **kwargs: Any) -> Any:
            for old, new in names.items():
                if old in kwargs:
                    if new in kwargs:
                        raise TypeError(f"{function.__name__}() got both {old} and {new}, which are the same")
                    warn_renamed(f"{function.__name__}({old}=)", f"{new}=")
                    kwargs[new] = kwargs.pop(old)
            return function(*args, **kwargs)

        return call  # type: ignore[return-value]

    return decorate

"""A trait type for what must not be compared with ``==``; knows nothing of what it holds.

traitlets compares the old and the new value with ``==`` and stays silent when they are equal. For two
HyperSpy signals that comparison gives a signal, whose truth value is True: nobody would hear of a new stack.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, TypeVar

from traitlets import HasTraits, TraitType

T = TypeVar("T")


class ByIdentity(TraitType, Generic[T]):
    """A trait that notifies exactly when another object is assigned.

    Parameters
    ----------
    kind
        What the value must be an instance of; None is always allowed.
    default
        The value before anything is assigned.
    """

    if TYPE_CHECKING:  # traitlets is not typed for mypy here

        def __get__(self, obj: Any, cls: Any = None) -> T | None: ...
        def __set__(self, obj: Any, value: T | None) -> None: ...

    def __init__(self, kind: type[T], default: T | None = None) -> None:
        self._kind = kind
        self.info_text = f"a {kind.__name__} or None"
        super().__init__(default_value=default, allow_none=True)

    def validate(self, obj: HasTraits, value: Any) -> Any:
        """Refuse an object of another class; traitlets turns the refusal into a ``TraitError``."""
        if value is not None and not isinstance(value, self._kind):
            self.error(obj, value)
        return value

    def set(self, obj: HasTraits, value: Any) -> None:
        """Assign, and notify if it is another object than before."""
        new = self._validate(obj, value)
        old = obj._trait_values.get(self.name, self.default_value)  # noqa: SLF001  (traitlets' protocol)
        obj._trait_values[self.name] = new  # noqa: SLF001  (traitlets' protocol)
        if old is not new:
            obj._notify_trait(self.name, old, new)  # noqa: SLF001  (traitlets' protocol)

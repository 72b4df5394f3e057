"""Options of a method declared once, as fields of a dataclass: default, limits, unit, label and help.

Checks, panels, scripts and the tables of the documentation are derived from it. It knows no method.
"""

from __future__ import annotations

import difflib
import types
import typing
from dataclasses import MISSING, dataclass, field, fields
from typing import TYPE_CHECKING, Any, TypeVar, Union

import numpy as np

from etwidgets.checks import is_number, is_whole
from etwidgets.errors import ParameterError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

_KEY = "etwidgets.option"
_Options = TypeVar("_Options")


@dataclass(frozen=True, slots=True)
class Option:
    """What is known of one option.

    Attributes
    ----------
    name
        The keyword.
    kind
        The type of one value: ``int``, ``float``, ``bool`` or ``str``.
    default
        Used if nothing is given; None where ``required``.
    label
        Of its control: sentence case, no article, without the unit.
    help
        One line.
    unit
        Such as ``"px"`` or ``"deg"``; empty for none.
    lowest, highest
        Limits of each value, both allowed; None: no limit.
    choices
        The words that are allowed; empty: any.
    required
        Whether it must be given.
    may_be_none
        Whether None is allowed; ``none_means`` then says what it stands for.
    none_means
        What None stands for, such as ``"middle row"``; empty if None is not allowed.
    count
        How many values it takes: 0 for one value, ``n`` for a tuple of ``n``, -1 for a tuple of any length.
    in_data_units
        Whether it is in the units of the data, and so is scaled with them.
    counts_iterations
        Whether it is a number of iterations, which sets the duration.
    keyword
        The keyword that users of signals give, where it is another one than ``name``.
    advice
        What to do where it is missing.
    example
        A value for data of 1, to try a method out: where it is required or in the units of the data.
    one_signal
        Whether a value holds for one signal only and cannot be scaled to another one.
    in_scripts_only
        Whether panels have no control for it.
    suggest
        Finds a value to begin with from the data, for panels.
    checked_by
        Checks a value in place of the rules above, which then only describe it.
    """

    name: str
    kind: type
    default: Any
    label: str
    help: str
    unit: str = ""
    lowest: float | None = None
    highest: float | None = None
    choices: tuple[str, ...] = ()
    required: bool = False
    may_be_none: bool = False
    none_means: str = ""
    count: int = 0
    in_data_units: bool = False
    counts_iterations: bool = False
    keyword: str = ""
    advice: str = ""
    example: Any = None
    one_signal: bool = False
    in_scripts_only: bool = False
    suggest: Callable[[Any], float] | None = None
    checked_by: Callable[[Any], Any] | None = None

    @property
    def label_with_unit(self) -> str:
        """The label as on a control: ``"largest shift in x (px)"``."""
        return f"{self.label} ({self.unit})" if self.unit else self.label

    @property
    def user_keyword(self) -> str:
        """The keyword that users of signals give."""
        return self.keyword or self.name

    @property
    def default_text(self) -> str:
        """The default in words, for help and tables."""
        if self.required:
            return "required"
        if self.default is None:
            return self.none_means or "none"
        if isinstance(self.default, bool):
            return "on" if self.default else "off"
        if isinstance(self.default, float):
            return f"{self.default:g}"
        return ", ".join(str(each) for each in self.default) if self.count else str(self.default)

    @property
    def limits_text(self) -> str:
        """The limits or choices in words: ``"from 1 to 1000"``, ``"at least 0"``; empty for none."""
        if self.choices:
            return "one of " + ", ".join(self.choices)
        if self.lowest is not None and self.highest is not None:
            return f"from {self.lowest:g} to {self.highest:g}"
        if self.lowest is not None:
            return f"at least {self.lowest:g}"
        return "" if self.highest is None else f"at most {self.highest:g}"

    def checked(self, value: Any) -> Any:
        """The value as its type, once its limits are kept.

        Raises
        ------
        ParameterError
            If it is something else, or outside the limits.
        """
        if value is None and self.may_be_none:
            return None
        if self.checked_by is not None:
            return self.checked_by(value)
        if not self.count:
            return self._one(value, value)
        if isinstance(value, str) or not np.iterable(value):
            raise self._refusal(value)
        values = list(value)
        if self.count > 0 and len(values) != self.count:
            raise self._refusal(value)
        return tuple(self._one(each, value) for each in values)

    def _one(self, value: Any, given: Any) -> Any:
        if self.kind is bool:
            if isinstance(value, bool | np.bool_) or (is_whole(value) and value in (0, 1)):
                return bool(value)
            raise self._refusal(given)
        if self.kind is str:
            return self._word(value)
        fits = is_whole(value) if self.kind is int else is_number(value)
        below = fits and self.lowest is not None and value < self.lowest
        above = fits and self.highest is not None and value > self.highest
        if not fits or below or above:
            raise self._refusal(given)
        return self.kind(value)

    def _word(self, value: Any) -> str:
        if isinstance(value, str):
            if not self.choices:
                return value
            for choice in self.choices:
                if choice.lower() == value.lower():
                    return choice
        close = difflib.get_close_matches(str(value), self.choices, n=1)
        hint = f"; did you mean {close[0]!r}?" if close else ""
        raise ParameterError(f"{self.name} must be {self._wanted()}, not {value!r}{hint}")

    def _refusal(self, given: Any) -> ParameterError:
        wanted = self._wanted()
        or_none = (", or None" if "," in wanted else " or None") if self.may_be_none else ""
        shown = given.tolist() if isinstance(given, np.ndarray | np.generic) else given
        return ParameterError(f"{self.name} must be {wanted}{or_none}, not {shown!r}")

    def _wanted(self) -> str:
        one, many = {
            int: ("an integer", "integers"),
            float: ("a number", "numbers"),
            bool: ("True or False", "True or False"),
            str: ("a text", "texts"),
        }[self.kind]
        if self.choices:
            return self.limits_text
        wanted = (
            one if not self.count else many if self.count < 0 else f"{_count_in_words(self.count)} {many}"
        )
        wanted += f", {self.limits_text}" if self.limits_text else ""
        return f"{wanted} {self.unit}" if self.unit and self.limits_text else wanted


@dataclass(frozen=True)
class NoOptions:
    """Of a method without options."""


def option(
    default: Any = None,
    *,
    label: str,
    help: str,  # noqa: A002  (the word for it)
    unit: str = "",
    lowest: float | None = None,
    highest: float | None = None,
    choices: Iterable[str] = (),
    required: bool = False,
    none_means: str = "",
    in_data_units: bool = False,
    counts_iterations: bool = False,
    keyword: str = "",
    advice: str = "",
    example: Any = None,
    one_signal: bool = False,
    in_scripts_only: bool = False,
    suggest: Callable[[Any], float] | None = None,
    checked_by: Callable[[Any], Any] | None = None,
) -> Any:
    """Declare an option as a field of a dataclass; its type is that of the field.

    Parameters
    ----------
    default
        Used if nothing is given.
    label, help, unit, lowest, highest, choices, required, none_means, in_data_units, counts_iterations, \
keyword, advice, example, one_signal, in_scripts_only, suggest, checked_by
        As in :class:`Option`.

    Examples
    --------
    >>> @dataclass(frozen=True)
    ... class SirtOptions:
    ...     iterations: int = option(20, label="iterations", help="More resolve more and amplify noise.",
    ...                              lowest=1, highest=100_000, counts_iterations=True)
    """
    known = {
        "label": label,
        "help": help,
        "unit": unit,
        "lowest": lowest,
        "highest": highest,
        "choices": tuple(choices),
        "required": required,
        "none_means": none_means,
        "in_data_units": in_data_units,
        "counts_iterations": counts_iterations,
        "keyword": keyword,
        "advice": advice,
        "example": example,
        "one_signal": one_signal,
        "in_scripts_only": in_scripts_only,
        "suggest": suggest,
        "checked_by": checked_by,
    }
    return field(default=MISSING if required else default, kw_only=True, metadata={_KEY: known})


def describe(options_type: type[Any]) -> tuple[Option, ...]:
    """The options that a dataclass declares, in their order.

    Parameters
    ----------
    options_type
        A dataclass whose fields were made with :func:`option`. Their types are ``int``, ``float``,
        ``bool``, ``str`` or tuples of one of these, each also with ``| None``.

    Raises
    ------
    TypeError
        If a field has another type, or was not made with :func:`option`.
    """
    hints = typing.get_type_hints(options_type)
    found = []
    for each in fields(options_type):
        if _KEY not in each.metadata:
            raise TypeError(f"{options_type.__name__}.{each.name} is not declared as an option")
        kind, count, may_be_none = _kind_of(hints[each.name], f"{options_type.__name__}.{each.name}")
        default = None if each.default is MISSING else each.default
        found.append(
            Option(each.name, kind, default, count=count, may_be_none=may_be_none, **each.metadata[_KEY])
        )
    return tuple(found)


def _kind_of(hint: Any, where: str) -> tuple[type, int, bool]:
    """The type of one value, how many there are (see :class:`Option`), and whether None is allowed."""
    may_be_none = False
    if typing.get_origin(hint) in (Union, types.UnionType):
        others = [each for each in typing.get_args(hint) if each is not type(None)]
        may_be_none = len(others) < len(typing.get_args(hint))
        hint = others[0] if len(others) == 1 else None
    count = 0
    if typing.get_origin(hint) is tuple:
        parts = typing.get_args(hint)
        count = -1 if parts[-1] is Ellipsis else len(parts)
        hint = parts[0] if all(each in (parts[0], Ellipsis) for each in parts) else None
    if hint not in (int, float, bool, str):
        raise TypeError(f"the type of {where} must be int, float, bool, str or a tuple of one of these")
    return hint, count, may_be_none


def _count_in_words(count: int) -> str:
    return {2: "two", 3: "three", 4: "four"}.get(count, str(count))


def checked(options_type: type[_Options], given: Mapping[str, Any], of: str) -> _Options:
    """The options with what was given, each checked, and the defaults for the others.

    Parameters
    ----------
    options_type
        The dataclass, see :func:`describe`.
    given
        Values by name.
    of
        Whose options they are, in messages: ``"SIRT"``.

    Raises
    ------
    ParameterError
        If a name is unknown (the message has the one that was probably meant), one that is required is
        missing, or a value has another type or lies outside its limits.
    """
    known = {each.name: each for each in describe(options_type)}
    check_names(given, known, of)
    missing = [name for name, each in known.items() if each.required and given.get(name) is None]
    if missing:
        raise ParameterError(f"{of} needs {', '.join(missing)}; there is no default")
    return options_type(**{name: known[name].checked(value) for name, value in given.items()})


def check_names(given: Iterable[str], known: Iterable[str], of: str) -> None:
    """Refuse a misspelt option.

    Raises
    ------
    ParameterError
        With the name that was probably meant, and all that there are.
    """
    names = list(known)
    for name in given:
        if name not in names:
            close = difflib.get_close_matches(name, names, n=1)
            hint = f"; did you mean {close[0]!r}?" if close else "."
            raise ParameterError(
                f"{of} has no parameter {name!r}{hint} It takes: {', '.join(names) or 'none'}."
            )

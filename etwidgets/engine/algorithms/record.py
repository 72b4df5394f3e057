"""What is declared of a reconstruction method, once; checks, controls, estimates and documents come from it.

Knows no method. The records themselves stand beside their methods and are listed in
:mod:`etwidgets.engine.algorithms.table`.
"""

from __future__ import annotations

from dataclasses import MISSING, dataclass, field, fields, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from etwidgets.checks import MOST_ITERATIONS, checked_count, is_number
from etwidgets.errors import ParameterError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

    from etwidgets.engine.algorithms.base import Method, Setting

_KEY = "option"


@dataclass(frozen=True, kw_only=True)
class Option:
    """One option of a method; made by :func:`option`.

    Attributes
    ----------
    name
        The keyword of :func:`etwidgets.engine.reconstruct`.
    default
        What it is where it is not given; ``dataclasses.MISSING``: it must be given. None: from the data.
    label
        For controls: sentence case, without the unit.
    help
        One line.
    keyword
        The keyword of ``TomoStack.reconstruct``, where it is another one.
    unit
        For controls and tables; empty: none.
    lowest, highest
        Limits of a number; None: none.
    whole
        Whether it is a whole number.
    choices
        The words that it may be, in any letter case.
    checked_by
        Checks and completes a value that is neither a number, a truth value nor one of the choices.
    example
        Where it must be given, or is in units of the data: a value for projections of 1, to try it out.
    advice
        What to do where it is missing or wrong.
    in_data_units
        Whether it is multiplied as the projections are; for another signal of the series it is scaled by the
        largest projected values.
    one_signal
        Whether a value holds for one signal only, so that other signals of the series cannot be
        reconstructed with it.
    counts_iterations
        Whether it is the number of iterations that is counted while the method runs.
    in_scripts_only
        Whether panels leave it at its default.
    suggest
        Finds a value from the projections ``(T, Y, X)``, for panels.
    """

    name: str = ""
    default: Any = MISSING
    label: str
    help: str
    keyword: str = ""
    unit: str = ""
    lowest: float | None = None
    highest: float | None = None
    whole: bool = False
    choices: tuple[str, ...] = ()
    checked_by: Callable[[Any], Any] | None = None
    example: Any = None
    advice: str = ""
    in_data_units: bool = False
    one_signal: bool = False
    counts_iterations: bool = False
    in_scripts_only: bool = False
    suggest: Callable[[NDArray[Any]], float] | None = None

    @property
    def needed(self) -> bool:
        """Whether it must be given."""
        return self.default is MISSING

    @property
    def is_switch(self) -> bool:
        """Whether it is on or off."""
        return isinstance(self.default, bool)

    @property
    def is_number(self) -> bool:
        """Whether it is one number."""
        return not (self.is_switch or self.choices or self.checked_by)

    @property
    def limits(self) -> str:
        """What it may be, in words."""
        if self.choices:
            return ", ".join(self.choices)
        if not self.is_number:
            return "on or off" if self.is_switch else ""
        words = "whole number" if self.whole else "number"
        if self.lowest is not None and self.highest is not None:
            return f"{words} between {self.lowest:g} and {self.highest:g}"
        if self.lowest is not None:
            return f"{words}, {self.lowest:g} or more"
        return words if self.highest is None else f"{words}, at most {self.highest:g}"

    def checked(self, value: Any, method: str) -> Any:
        """A value that the method can work with.

        Raises
        ------
        ParameterError
            If it is missing or wrong, with the limits and what to do.
        """
        if value is None and self.default is None:
            return None
        if value is None and self.needed:
            raise ParameterError(f"{method} needs {self._written}, not None: {self.advice or self.help}")
        if self.checked_by is not None:
            return self.checked_by(value)
        if self.is_switch:
            return bool(value)
        if self.choices:
            if str(value).lower() not in self.choices:
                raise self._wrong(value, method, f"one of {', '.join(self.choices)}")
            return str(value).lower()
        if self.whole:
            lowest = 1 if self.lowest is None else int(self.lowest)
            highest = MOST_ITERATIONS if self.highest is None else int(self.highest)
            return checked_count(self._written, value, lowest=lowest, highest=highest)
        too_low = self.lowest is not None and is_number(value) and value < self.lowest
        too_high = self.highest is not None and is_number(value) and value > self.highest
        if not is_number(value) or too_low or too_high:
            raise self._wrong(value, method, f"a {self.limits}")
        return float(value)

    @property
    def _written(self) -> str:
        return f"{self.name} ({self.keyword})" if self.keyword else self.name

    def _wrong(self, value: Any, method: str, what: str) -> ParameterError:
        unit = f", in {self.unit}" if self.unit else ""
        advice = f"; {self.advice}" if self.advice else ""
        return ParameterError(f"{self._written} of {method} must be {what}{unit}, not {value!r}{advice}")


def option(default: Any = MISSING, **declared: Any) -> Any:
    """A field of a method's options; ``declared`` are the attributes of :class:`Option`.

    A whole number without limits is at least 1 and at most what anybody iterates.
    """
    return field(default=default, metadata={_KEY: Option(default=default, **declared)})


def iterations(default: int = 20, **declared: Any) -> Any:
    """The option ``iterations``, which most methods have: how many are done, and counted."""
    return option(
        default,
        **{
            "label": "iterations",
            "help": "More: sharper, and more noise.",
            "whole": True,
            "lowest": 1,
            "highest": MOST_ITERATIONS,
            "counts_iterations": True,
            **declared,
        },
    )


@dataclass(frozen=True, kw_only=True, eq=False)
class Algorithm:
    """A reconstruction method.

    Attributes
    ----------
    name
        In capital letters, as a user gives it.
    title
        In words.
    options
        A frozen, keyword-only dataclass whose fields are made by :func:`option`.
    method
        The class that does it; memory and blocks are planned from its ``copies`` and ``widest``.
    make
        ``make(setting, options)`` gives an object of the class; values in units of the data are
        multiplied already.
    iteration
        What an iteration is, and what it costs in passes over the series; one pass is a projection and a
        back projection.
    worth
        How many iterations of SIRT one of its iterations is about worth; a comparison lets all methods come
        about as far.
    projects
        Whether it projects its estimate, for which the model must be able to.
    takes_start
        Whether it can begin with a given volume.
    takes_limits
        Whether it keeps to a lowest and a highest value.
    can_follow
        Whether one slice can be followed through its iterations.
    can_compare
        Whether it is offered where methods are compared on a slice.
    use_for, when, caution
        Help, one line each: what it is for, what it needs to work, and where it fails.
    source
        Who described it, with the DOI.
    """

    name: str
    title: str
    options: type[Any]
    method: type[Method]
    make: Callable[[Setting, Any], Method]
    iteration: str = ""
    worth: float = 1.0
    projects: bool = True
    takes_start: bool = True
    takes_limits: bool = True
    can_follow: bool = True
    can_compare: bool = True
    use_for: str
    when: str
    caution: str
    source: str

    @cached_property
    def parameters(self) -> Mapping[str, Option]:
        """The options by name."""
        return {each.name: replace(each.metadata[_KEY], name=each.name) for each in fields(self.options)}

    @property
    def counted(self) -> Option | None:
        """The option that is the number of iterations; None: there are none."""
        return next((each for each in self.parameters.values() if each.counts_iterations), None)

    @property
    def iterative(self) -> bool:
        """Whether it has iterations, and so can be finished early."""
        return self.counted is not None

    @property
    def in_data_units(self) -> tuple[str, ...]:
        """Keywords of ``TomoStack.reconstruct`` whose values are in units of the data of one signal."""
        options = self.parameters.values()
        return tuple(each.keyword or each.name for each in options if each.in_data_units)

    @property
    def one_signal(self) -> tuple[str, ...]:
        """Labels of options that hold for one signal only."""
        return tuple(each.label for each in self.parameters.values() if each.one_signal)

    @property
    def examples(self) -> dict[str, Any]:
        """What must be given, or is in units of the data, for projections of 1: to try the method out."""
        return {
            name: each.example
            for name, each in self.parameters.items()
            if each.example is not None and (each.needed or each.in_data_units)
        }

    def checked(self, given: Mapping[str, Any]) -> Any:
        """The options from those that were given; names that it does not know are left out.

        Raises
        ------
        ParameterError
            If one is missing or wrong.
        """
        values = {
            name: each.checked(given.get(name), self.name)
            for name, each in self.parameters.items()
            if name in given or each.needed
        }
        return self.options(**values)

    def for_data(self, setting: Setting, options: Any, factor: float) -> Method:
        """The method for data that were multiplied by a factor."""
        scaled = {
            name: _times(getattr(options, name), factor)
            for name, each in self.parameters.items()
            if each.in_data_units
        }
        return self.make(setting, replace(options, **scaled))


def _times(value: Any, factor: float) -> Any:
    if isinstance(value, tuple):
        return tuple(each * factor for each in value)
    return None if value is None else value * factor

"""What is declared of a reconstruction method, once; checks, controls, estimates and documents come from it.

Knows no method. The records themselves stand beside their methods and are listed in
:mod:`etwidgets.engine.algorithms.table`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from etwidgets.checks import MOST_ITERATIONS
from etwidgets.errors import ParameterError
from etwidgets.options import checked, describe, option

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from etwidgets.engine.algorithms.base import Method, Setting
    from etwidgets.options import Option


def iterations(default: int = 20, **declared: Any) -> Any:
    """The option ``iterations``, which most methods have: how many are done, and counted."""
    return option(
        default,
        **{
            "label": "iterations",
            "help": "More: sharper, and more noise.",
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
        A frozen dataclass whose fields are made by :func:`etwidgets.options.option`.
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
    takes_known
        Whether single pixels of single slices can be left out.
    takes_limits
        Whether it keeps to a lowest and a highest value.
    limits_at_end
        Whether the limits are put on the result only; it then predicts projections better without them.
    can_follow
        Whether one slice can be followed through its iterations.
    can_compare
        Whether it is offered where methods are compared on a slice.
    automatic
        Whether the automatic choice tries it.
    automatic_options
        Options that the automatic choice gives it, for a series of so many projections.
    settles_after
        Iterations after which it has about settled, if it does: a penalty keeps it from fitting noise. None:
        it fits noise in the end, and the number of iterations decides.
    for_fewer
        ``for_fewer(options, n_used, n_all)`` gives the options with which a reconstruction from some of the
        projections gets as far in an iteration, and is as smooth, as one from all of them.
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
    takes_known: bool = False
    takes_limits: bool = True
    limits_at_end: bool = False
    can_follow: bool = True
    can_compare: bool = True
    automatic: bool = False
    automatic_options: Callable[[int], Mapping[str, Any]] = lambda _n_tilts: {}
    settles_after: int | None = None
    for_fewer: Callable[[Any, int, int], Any] = lambda options, _used, _all: options
    use_for: str
    when: str
    caution: str
    source: str

    @cached_property
    def parameters(self) -> Mapping[str, Option]:
        """The options by name."""
        return {each.name: each for each in describe(self.options)}

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
        return tuple(each.user_keyword for each in options if each.in_data_units)

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
            if each.example is not None and (each.required or each.in_data_units)
        }

    def checked(self, given: Mapping[str, Any]) -> Any:
        """The options from those that were given; names that it does not know are left out.

        Raises
        ------
        ParameterError
            If one is missing or wrong.
        """
        own = {name: value for name, value in given.items() if name in self.parameters}
        for name, each in self.parameters.items():
            if each.required and own.get(name) is None:
                raise ParameterError(f"{self.name} needs {name}, not None: {each.advice or each.help}")
        return checked(self.options, own, self.name)

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

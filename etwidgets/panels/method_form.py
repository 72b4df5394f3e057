"""The form of a reconstruction: method, its options, limits, size and backend; runs nothing."""

from __future__ import annotations

from contextlib import nullcontext, suppress
from typing import TYPE_CHECKING, Any

import ipywidgets as widgets

from etwidgets.engine import algorithms, all_options, find_algorithm, why_not
from etwidgets.errors import ParameterError
from etwidgets.panels.component import Component
from etwidgets.panels.option_controls import adapt, option_control, value_of
from etwidgets.panels.pieces import control, help_text, method_help, wide_control, words_first
from etwidgets.session.previews import suggested_options
from etwidgets.signals.trials import AUTO

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from etwidgets.engine import Algorithm
    from etwidgets.options import Option
    from etwidgets.session import Session

_FIRST = ("FBP", "SIRT", "OS-SIRT", "FISTA-TV", "CGLS", "SART", "DART", "BP")
"""Methods in the order in which they are offered; others follow."""
_TRIED_FIRST = "OS-SIRT"
_AUTOMATIC = """<p><b>For</b> The method and the number of iterations that predict
left-out projections best.</p><p><b>When</b> Always, to begin with; it takes some seconds longer. What was
chosen is in the history.</p><p><b>Caution</b> It cannot judge what lies in the missing wedge.</p>
<p class='etw-source'>Cardone et al. 2005</p>"""
_BACKENDS = {
    "auto": "auto (fastest)",
    "cpu": "processor",
    "astra-cpu": "processor, ASTRA",
    "astra-cuda": "graphics card, ASTRA",
}


class MethodForm(Component):
    """Chooses a method and the values of its options; there is a control for each option of each method.

    Parameters
    ----------
    session, name
        As of every component.
    on_edit
        Called when a value has changed, or the method.
    """

    def __init__(self, session: Session, name: str, on_edit: Callable[[], None]) -> None:
        super().__init__(session, name)
        self._on_edit = on_edit
        self.help = help_text()
        """What the method is for."""
        self._options = {
            each.user_keyword: each for each in all_options().values() if not each.in_scripts_only
        }
        known = algorithms()
        offered = [each for each in _FIRST if each in known] + [each for each in known if each not in _FIRST]
        methods = [("Automatic", AUTO), *((words_first(known[each]), each) for each in offered)]
        self.add("method", wide_control(widgets.Dropdown, "method", options=methods))
        for keyword, option in self._options.items():
            self.add(keyword, option_control(option))
        self.add("constrain", control(widgets.Checkbox, "non-negativity", value=True, indent=False))
        self.add("thickness", control(widgets.BoundedIntText, "thickness (px)", value=0, min=0, max=100_000))
        self._missing = {each: why_not(each) for each in _BACKENDS}
        self.add("backend", control(widgets.Dropdown, "run on", options=self._backends()))
        self._suggesting = self.preview(suggested_options, self._take_suggested)
        names = ("method", *self._options, "constrain", "thickness", "backend")
        self.fields = [self.controls[each] for each in names]
        """The controls, from top to bottom."""
        self.listen(self.model, "stack", self._suggest)
        self.on_change("method", self._show_method)
        for each in names:
            self.on_change(each, self._on_edit)

    def _backends(self) -> list[tuple[str, str]]:
        return [
            (label + (" (unavailable)" if self._missing[name] else ""), name)
            for name, label in _BACKENDS.items()
        ]

    @property
    def automatic(self) -> bool:
        """Whether method and options are chosen by left-out projections."""
        return bool(self.controls["method"].value == AUTO)

    @property
    def algorithm(self) -> Algorithm:
        """The record of the method; of that which is tried first, if one is to be chosen."""
        return find_algorithm(_TRIED_FIRST if self.automatic else self.controls["method"].value)

    @property
    def missing(self) -> str:
        """Why the backend cannot be used on this machine; empty if it can."""
        return self._missing[self.controls["backend"].value]

    def fresh(self) -> None:
        """The options begin with what suits the series."""
        self._show_method()
        self._suggest()

    def choose(self, method: str, iterations: int) -> None:
        """Choose a method, and how many iterations it does if it has any."""
        self.controls["method"].value = method
        counted = self.algorithm.counted
        if counted is not None and iterations and counted.user_keyword in self._options:
            self.controls[counted.user_keyword].value = iterations

    def parameters(self, *, checked: bool = True) -> dict[str, Any]:
        """The form as parameters of the operation; unchecked, what cannot be read is left out."""
        algorithm = self.algorithm
        own = {"method": AUTO} if self.automatic else {"method": algorithm.name}
        given: dict[str, Any] = {**own, **self._values(self._own, checked=checked)}
        if algorithm.takes_limits and self.controls["constrain"].value:
            given["constrain"] = True
        if self.controls["thickness"].value:
            given["thickness"] = self.controls["thickness"].value
        if self.controls["backend"].value != "auto":
            given["backend"] = self.controls["backend"].value
        return given

    def for_all_methods(self) -> dict[str, Any]:
        """The form as parameters, with the options of the other methods, to compare them."""
        return self._values(self._options, checked=False) | self.parameters(checked=False)

    def _values(self, options: Mapping[str, Option], *, checked: bool) -> dict[str, Any]:
        """What the controls of options show, without those that show nothing."""
        given = {}
        for keyword, option in options.items():
            with nullcontext() if checked else suppress(ParameterError):
                given[keyword] = value_of(option, self.controls[keyword])
        return {keyword: value for keyword, value in given.items() if value is not None}

    @property
    def _own(self) -> dict[str, Option]:
        """The options of the method that have a control; none, if they are chosen."""
        if self.automatic:
            return {}
        options = {each.user_keyword: each for each in self.algorithm.parameters.values()}
        return {keyword: each for keyword, each in options.items() if keyword in self._options}

    def _show_method(self) -> None:
        algorithm, own = self.algorithm, self._own
        for keyword in self._options:
            self.controls[keyword].layout.display = "" if keyword in own else "none"
        for keyword, option in own.items():
            adapt(self.controls[keyword], option)
        self.controls["constrain"].layout.display = "" if algorithm.takes_limits else "none"
        self.help.value = _AUTOMATIC if self.automatic else method_help(algorithm)

    def _suggest(self) -> None:
        stack = self.model.stack
        if stack is not None and stack.data.ndim == 3:
            values = {keyword: self.controls[keyword].value for keyword in self._options}
            self._suggesting.submit(stack.data, values)

    def _take_suggested(self, found: tuple[dict[str, float], dict[str, Any]]) -> None:
        """Values that suit the series, where the control has not been used meanwhile."""
        suggested, before = found
        for keyword, value in suggested.items():
            if keyword in self._options and self.controls[keyword].value == before[keyword]:
                self.controls[keyword].value = value

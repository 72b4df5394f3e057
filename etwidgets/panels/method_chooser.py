"""Choose a method among records and give its options: controls, limits and help come from the records."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import ipywidgets as widgets

from etwidgets.panels.component import Component
from etwidgets.panels.option_controls import option_control, value_of
from etwidgets.panels.pieces import help_text, method_help, wide_control, words_first

if TYPE_CHECKING:
    from collections.abc import Mapping

    from etwidgets.align import Method
    from etwidgets.session import Session


class MethodChooser(Component):
    """The list of methods, and the options of the one that is chosen.

    Parameters
    ----------
    session
        As of every component.
    name
        Of the panel.
    methods
        The records by name.

    Attributes
    ----------
    help
        What the chosen method is for, to be placed by the owner.
    """

    def __init__(self, session: Session, name: str, methods: Mapping[str, Method[Any]]) -> None:
        super().__init__(session, name)
        self._methods = dict(methods)
        self.help = help_text()
        self.add(
            "method",
            wide_control(
                widgets.Dropdown,
                "method",
                options=[(words_first(each), name) for name, each in self._methods.items()],
            ),
        )
        for method in self._methods.values():
            for option in method.options:
                self.add(_control_name(method.name, option.name), option_control(option))
        self.on_change("method", self._show_method)
        self.widget = widgets.VBox(list(self.controls.values()))

    @property
    def method(self) -> Method[Any]:
        """The record of the chosen method."""
        return self._methods[self.controls["method"].value]

    def fresh(self) -> None:
        """Show the options of the first method."""
        self._show_method()

    def parameters(self) -> dict[str, Any]:
        """The method and the values of its options; those that are None are left out.

        Raises
        ------
        ParameterError
            If the text in a control is not a number.
        """
        chosen = self.method
        values = {
            option.name: value_of(option, self.controls[_control_name(chosen.name, option.name)])
            for option in chosen.options
        }
        given = {name: value for name, value in values.items() if value is not None}
        return {"method": chosen.name, **given}

    def _show_method(self) -> None:
        chosen = self.controls["method"].value
        for method in self._methods.values():
            for option in method.options:
                made = self.controls[_control_name(method.name, option.name)]
                made.layout.display = "" if method.name == chosen else "none"
        self.help.value = method_help(self.method)


def _control_name(method: str, option: str) -> str:
    return f"{method}-{option}"

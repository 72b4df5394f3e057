"""A control for an option of a method, with its limits, unit and help; knows no method and no panel."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import ipywidgets as widgets

from etwidgets.checks import MOST_PIXELS
from etwidgets.errors import ParameterError
from etwidgets.panels.pieces import control

if TYPE_CHECKING:
    from etwidgets.options import Option

_UNLIMITED = 1e30


def option_control(option: Option) -> Any:
    """A control that begins with the default of the option; its tooltip is the help.

    Numbers that may be None, and lists of numbers, are written as text: empty means None.
    """
    label, tooltip = option.label_with_unit, help_text(option)
    if option.choices:
        value = option.default if option.default in option.choices else option.choices[0]
        return control(widgets.Dropdown, label, options=option.choices, value=value, tooltip=tooltip)
    if option.kind is bool:
        return control(widgets.Checkbox, label, value=bool(option.default), indent=False, tooltip=tooltip)
    if option.count or option.may_be_none or option.kind is str:
        return control(widgets.Text, label, placeholder=_placeholder(option), tooltip=tooltip)
    kind = widgets.BoundedIntText if option.kind is int else widgets.BoundedFloatText
    made = control(kind, label, tooltip=tooltip, **number_range(option))
    made.value = option.lowest or 0 if option.default is None else option.default
    return made


def number_range(option: Option) -> dict[str, Any]:
    """The traits ``min`` and ``max`` of a control for a number."""
    most = MOST_PIXELS if option.kind is int else _UNLIMITED
    lowest = -most if option.lowest is None else option.lowest
    highest = most if option.highest is None else option.highest
    return {"min": option.kind(lowest), "max": option.kind(highest)}


def help_text(option: Option) -> str:
    """The help with the limits, and what it means to give nothing."""
    parts = [option.help.rstrip(".")]
    if option.limits_text and not option.choices:
        parts.append(option.limits_text)
    if option.may_be_none:
        parts.append(f"empty: {option.none_means or 'none'}")
    return "; ".join(parts) + "."


def adapt(made: Any, option: Option) -> None:
    """Give a control that several methods share the limits and the help of one of them."""
    made.tooltip = help_text(option)
    if hasattr(made, "min"):
        with made.hold_trait_notifications():
            for trait, limit in number_range(option).items():
                setattr(made, trait, limit)


def value_of(option: Option, made: Any) -> Any:
    """What a control of :func:`option_control` shows, for the option; None: nothing.

    Raises
    ------
    ParameterError
        If it is text that is not a number.
    """
    if not isinstance(made, widgets.Text):
        return made.value
    if option.kind is str and not option.count:
        return made.value or None
    words = [word for word in made.value.replace(";", ",").split(",") if word.strip()]
    try:
        numbers = [option.kind(word) for word in words]
    except ValueError as error:
        one = f"{option.label} must be {'an integer' if option.kind is int else 'a number'}"
        many = f"{option.label} are numbers with commas between"
        raise ParameterError(f"{many if option.count else one}, not {made.value!r}") from error
    if option.count and (numbers or not option.may_be_none):
        return numbers
    return numbers[0] if numbers else None


def _placeholder(option: Option) -> str:
    if option.count and option.example:
        return ", ".join(f"{each:g}" for each in option.example)
    return option.none_means if option.default is None else str(option.default)

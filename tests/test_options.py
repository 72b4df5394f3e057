"""Options declared as fields: what is derived from them, and what is refused."""

from dataclasses import dataclass, field

import numpy as np
import pytest

from etwidgets.errors import ParameterError
from etwidgets.options import Option, check_names, checked, describe, option


@dataclass(frozen=True)
class Given:
    steps: int = option(20, label="steps per pixel", help="Finer.", lowest=1, highest=1000)
    reach: float = option(2.5, label="reach", help="Far.", unit="px", lowest=0)
    row: float | None = option(None, label="row", help="Where.", none_means="middle row")
    columns: tuple[int, int] | None = option(None, label="columns", help="Between.", none_means="all")
    levels: tuple[float, ...] = option(label="levels", help="Gray.", required=True, in_data_units=True)
    window: str = option("hann", label="window", help="Shape.", choices=("hann", "ramp"))
    also: bool = option(default=False, label="also", help="More.")


def test_an_option_has_what_its_field_says():
    known = {each.name: each for each in describe(Given)}
    assert list(known) == ["steps", "reach", "row", "columns", "levels", "window", "also"]
    assert known["steps"] == Option("steps", int, 20, "steps per pixel", "Finer.", lowest=1, highest=1000)
    assert known["reach"].label_with_unit == "reach (px)"
    assert (known["row"].kind, known["row"].may_be_none, known["row"].count) == (float, True, 0)
    assert (known["columns"].kind, known["columns"].count) == (int, 2)
    assert (known["levels"].count, known["levels"].required, known["levels"].in_data_units) == (
        -1,
        True,
        True,
    )


def test_defaults_and_limits_in_words():
    words = {each.name: (each.default_text, each.limits_text) for each in describe(Given)}
    assert words == {
        "steps": ("20", "from 1 to 1000"),
        "reach": ("2.5", "at least 0"),
        "row": ("middle row", ""),
        "columns": ("all", ""),
        "levels": ("required", ""),
        "window": ("hann", "one of hann, ramp"),
        "also": ("off", ""),
    }


def test_what_is_given_gets_its_type_and_the_rest_its_default():
    options = checked(
        Given,
        {"steps": 5.0, "reach": 3, "columns": np.array([2, 9]), "levels": [0, 1.5], "window": "RAMP"},
        "It",
    )
    assert options == Given(steps=5, reach=3.0, columns=(2, 9), levels=(0.0, 1.5), window="ramp")
    assert type(options.steps) is int
    assert type(options.reach) is float
    assert options.row is None


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("steps", 0, "steps must be an integer, from 1 to 1000, not 0"),
        ("steps", 1001, "not 1001"),
        ("steps", 2.5, "integer"),
        ("steps", None, "not None"),
        ("steps", True, "not True"),
        ("reach", float("nan"), "reach must be a number, at least 0 px, not nan"),
        ("reach", -0.1, "at least 0 px"),
        ("reach", "2", "not '2'"),
        ("row", "top", "row must be a number or None, not 'top'"),
        ("columns", (1, 2, 3), "columns must be two integers or None"),
        ("columns", 7, "not 7"),
        ("levels", (1.0, None), "levels must be numbers"),
        ("levels", "12", "not '12'"),
        ("window", "han", "window must be one of hann, ramp, not 'han'; did you mean 'hann'?"),
        ("also", 2, "also must be True or False, not 2"),
        ("stepss", 2, "It has no parameter 'stepss'; did you mean 'steps'? It takes: steps, reach"),
        ("levels", None, "It needs levels; there is no default"),
    ],
)
def test_what_does_not_fit_is_refused_with_the_value_and_the_limits(name, value, message):
    with pytest.raises(ParameterError) as error:
        checked(Given, {"levels": (0.0, 1.0), name: value}, "It")
    assert message in str(error.value)


def test_a_required_option_must_be_given():
    with pytest.raises(ParameterError, match="It needs levels; there is no default"):
        checked(Given, {}, "It")


def test_an_unknown_name_lists_the_known_ones():
    with pytest.raises(ParameterError, match=r"It has no parameter 'zzz'\. It takes: none\."):
        check_names(["zzz"], [], "It")


def test_a_field_of_another_kind_is_a_mistake_of_the_programmer():
    @dataclass(frozen=True)
    class Plain:
        size: int = field(default=1)

    @dataclass(frozen=True)
    class Odd:
        size: complex = option(1, label="size", help="It.")

    with pytest.raises(TypeError, match=r"Plain\.size is not declared as an option"):
        describe(Plain)
    with pytest.raises(TypeError, match=r"the type of .*Odd\.size must be int, float, bool, str"):
        describe(Odd)

"""A registration method is one record: added on the fly, it is everywhere, nothing else is touched.

The method finds the brightest pixel of each projection, and puts it where that of the start is.
"""

from dataclasses import dataclass
from pathlib import Path
from runpy import run_path

import numpy as np
import pytest

from etwidgets.align import METHODS, Method, add_registration_method, apply_shifts, estimate_shifts
from etwidgets.errors import ParameterError
from etwidgets.options import option
from etwidgets.panels import RegisterPanel
from etwidgets.session import InlineRunner, Session, TomoStackModel
from etwidgets.session.page_wording import for_page
from etwidgets.session.script import script
from etwidgets.signals import TomoStack

DOCS = Path(__file__).parents[2] / "docs"
HELP = "Side of the squares that are averaged before the brightest is looked for."


@dataclass(frozen=True)
class BrightestOptions:
    box_size: int = option(1, label="box", help=HELP, unit="px", lowest=1, highest=9)


def brightest(series, options, progress):
    size = options.box_size
    smooth = [
        sum(np.roll(image, (y, x), (0, 1)) for y in range(size) for x in range(size))
        for image in series.images
    ]
    peaks = np.array([np.unravel_index(image.argmax(), image.shape) for image in smooth], float)
    progress.advance(1)
    return peaks[series.start] - peaks


BRIGHTEST = Method(
    name="Brightest",
    title="Brightest pixel",
    use_for="A method of one's own.",
    when="You write one.",
    caution="Noise.",
    source="nobody 2026, doi:10.1000/none",
    function=brightest,
    options_type=BrightestOptions,
)
SHIFTS = np.array([[2, -3], [0, 0], [-4, 1], [3, 5], [1, -2]])


@pytest.fixture(autouse=True)
def _added():
    with add_registration_method(BRIGHTEST):
        yield
    assert "Brightest" not in METHODS


@pytest.fixture
def stack():
    """A bright blob on a rough ground, moved by whole pixels; tilts in no order."""
    y, x = np.mgrid[:32, :40]
    image = 5 * np.exp(-((y - 15) ** 2 + (x - 20) ** 2) / 8) + np.random.default_rng(0).random((32, 40))
    images = np.stack([np.roll(image, tuple(shift), (0, 1)) for shift in SHIFTS])
    return TomoStack(images.astype(np.float32), [10.0, 0, -20, 20, -10])


@pytest.fixture
def panel(stack):
    session = Session(TomoStackModel(stack), InlineRunner())
    shown = RegisterPanel(session)
    shown.controls["method"].value = "Brightest"
    yield shown
    shown.close()
    session.close()


def test_it_registers_in_the_order_of_acquisition(stack):
    found = estimate_shifts(stack.data, stack.tilts_deg, "brightest", start=1, box_size=3)
    assert found.tolist() == (-SHIFTS).tolist()
    registered = stack.stack_register("Brightest", start=1, box_size=3)
    assert np.array_equal(registered.data, apply_shifts(stack.data, -SHIFTS))


@pytest.mark.parametrize("wrong", [0, 10, 1.5, "wide", np.nan, None])
def test_its_limits_are_kept(stack, wrong):
    with pytest.raises(ParameterError, match="box_size must be an integer, from 1 to 9 px"):
        stack.stack_register("Brightest", box_size=wrong)


def test_a_misspelt_option_or_name_is_answered_with_the_right_one(stack):
    with pytest.raises(ParameterError, match="did you mean 'box_size'"):
        stack.stack_register("Brightest", box_sise=1)
    with pytest.raises(ParameterError, match="did you mean 'Brightest'"):
        stack.stack_register("Brihgtest")
    with pytest.raises(ParameterError, match="did you mean 'box_size'"):
        Session(TomoStackModel(stack), InlineRunner()).apply("register", method="Brightest", box_sizes=1)
    assert for_page("box_size=3 is too much")[0] == "box 3 is too much"


def test_a_name_that_is_taken_is_refused():
    with pytest.raises(ParameterError, match="there is a method 'pc' already; choose another name"):
        add_registration_method(Method("pc", "", "", "", "", "", brightest))


def test_the_panel_has_its_control_with_limits_unit_and_help(panel):
    control = panel.controls["Brightest-box_size"]
    assert (control.description, control.min, control.max, control.value) == ("Box (px)", 1, 9, 1)
    assert HELP.rstrip(".") in control.tooltip
    assert control.layout.display == ""
    assert "A method of one&#x27;s own." in panel._chooser.help.value
    panel.controls["method"].value = "PC"
    assert control.layout.display == "none"


def test_the_panel_runs_it_and_the_script_repeats_it(panel, stack):
    panel.controls["Brightest-box_size"].value = 3
    panel.controls["start"].value = 1
    panel.controls["run"].click()
    made = panel.model.stack
    assert made.shifts_px.tolist() == (-SHIFTS).tolist()
    assert panel.session.history[-1].parameters == {"method": "Brightest", "box_size": 3, "start": 1}
    written = script(panel.session.history, "series.hspy")
    line = next(line for line in written.splitlines() if "stack_register" in line)
    assert "box_size=3" in line
    names = {"stack": stack}
    exec(line, names)  # noqa: S102  (the script that was just written)
    assert np.array_equal(names["stack"].data, made.data)


def test_the_table_of_the_documentation_has_it():
    page = (DOCS / "reference" / "alignment-methods.md").read_text(encoding="utf-8")
    text = run_path(str(DOCS / "method_tables.py"))["filled"](page)
    assert "| **Brightest** Brightest pixel | A method of one's own. |" in text
    assert f"| Brightest | `box_size` | 1 | from 1 to 9 | px | {HELP} |" in text
    assert "| MaxImage | `limit` | 10 |" in text

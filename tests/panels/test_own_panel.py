"""A panel and a step of the user's own in the workbench: one more place on the path, closed with the rest."""

import ipywidgets as widgets
import numpy as np

from etwidgets.app import Workbench
from etwidgets.panels import Panel
from etwidgets.session import InlineRunner, operation


@operation("Double", running="doubling")
def double(stack, *, factor=2.0):
    return stack * factor


class DoublePanel(Panel):
    """One button."""

    name, title, operations = "double", "Double", frozenset({"double"})

    def build(self):
        self.add("apply", widgets.Button(description="Double"))
        self.on_click("apply", lambda: self.session.apply("double", factor=3.0))
        return [self.hint], [self.controls["apply"]]


def test_it_stands_before_the_history_and_does_its_step(made, series):
    bench = made(Workbench(series, operations=[double], panels=[DoublePanel], runner=InlineRunner()))
    assert list(bench.panels)[-2:] == ["double", "history"]
    bench.show("double")
    bench.panels["double"].controls["apply"].click()
    assert np.array_equal(bench.model.stack.data, 3 * series.data)
    assert bench._steps["double"].description.endswith("✓")
    bench.session.undo()
    assert bench.model.stack is series

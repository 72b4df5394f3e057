"""A reconstruction method is one record: registered on the fly, it is everywhere, nothing else is touched.

The method is Landweber's (1951): steps of a fixed length down the gradient. Its step length has limits.
"""

from dataclasses import dataclass
from pathlib import Path
from runpy import run_path

import numpy as np
import pytest

from etwidgets import engine
from etwidgets.engine.algorithms.base import Misfit, pixel_sums, ray_sums
from etwidgets.engine.algorithms.record import Algorithm, iterations
from etwidgets.errors import ParameterError
from etwidgets.options import option
from etwidgets.panels import ReconstructPanel
from etwidgets.session import InlineRunner, Session, TomoStackModel
from etwidgets.session.convergence import compare_methods, iterations_of
from etwidgets.session.previews import reconstruction_time
from etwidgets.session.script import script
from etwidgets.signals import TomoStack

DOCS = Path(__file__).parent.parent.parent / "docs"
HELP = "Length of a step over the longest that is sure to converge."


@dataclass(frozen=True)
class LandweberOptions:
    iterations: int = iterations()
    step_length: float = option(1.0, label="step length", help=HELP, lowest=0.1, highest=1.9)


class Landweber:
    widest = 64
    copies = (1, 2)

    def __init__(self, setting, options):
        self.n_iterations = self.n_steps = options.iterations
        self.setting = setting
        rays, pixels = (
            ray_sums(setting.projector, setting.mask),
            pixel_sums(setting.projector, setting.weights),
        )
        step = options.step_length / float(rays.max() * pixels.max())
        self.scale = (step * setting.mask).astype(np.float32)

    def begin(self, block):
        return Running(self, block)


class Running:
    def __init__(self, method, block):
        self.method, self.block, self.estimate = method, block, block.start
        weights = method.setting.weights
        self.misfit = Misfit(block.projector, block.data, weights, weights)

    def advance(self, step):
        setting = self.method.setting
        rows = self.misfit.of(self.estimate)
        self.block.projector.update(self.estimate, rows, self.method.scale, setting.lowest, setting.highest)
        self.misfit.forget()
        step()

    def squares(self):
        return self.misfit.squares(self.estimate)


LANDWEBER = Algorithm(
    name="LANDWEBER",
    title="Gradient steps of a fixed length",
    options=LandweberOptions,
    method=Landweber,
    make=Landweber,
    iteration="a step down the gradient: 1 pass",
    worth=0.5,
    use_for="A method of one's own.",
    when="You write one.",
    caution="Slow.",
    source="Landweber 1951, doi:10.2307/2372313",
)


@pytest.fixture(autouse=True)
def _registered():
    with engine.register(LANDWEBER):
        yield
    assert "LANDWEBER" not in engine.ALGORITHMS


@pytest.fixture
def stack():
    z, y = np.mgrid[:24, :24] - 11.5
    truth = np.repeat(((y - 2) ** 2 + (z + 3) ** 2 < 36).astype(np.float32)[np.newaxis], 6, axis=0)
    tilts = np.linspace(-70, 70, 25)
    data = engine.forward_project(truth, engine.Geometry(np.deg2rad(tilts), 24))
    made = TomoStack(data, tilts)
    made.truth = truth
    return made


@pytest.fixture
def panel(stack):
    session = Session(TomoStackModel(stack), InlineRunner())
    shown = ReconstructPanel(session)
    shown.controls["method"].value = "LANDWEBER"
    yield shown
    shown.close()
    session.close()


def error(volume, truth):
    return np.linalg.norm(volume - truth) / np.linalg.norm(truth)


def test_it_reconstructs(stack):
    few, many = (
        stack.reconstruct("landweber", n, step_length=1.8, constrain=True, show_progressbar=False)
        for n in (10, 200)
    )
    assert error(many.data, stack.truth) < 0.25 < error(few.data, stack.truth)
    kept = many.metadata.Tomography.reconstruction
    assert (kept.step_length, kept.iterations) == (1.8, 200)


@pytest.mark.parametrize("wrong", [0.05, 2, "long", np.nan])
def test_its_limits_are_kept(stack, wrong):
    with pytest.raises(ParameterError, match=r"step_length must be a number, from 0\.1 to 1\.9"):
        stack.reconstruct("LANDWEBER", step_length=wrong, show_progressbar=False)


def test_a_misspelt_option_is_answered_with_the_right_one(stack):
    with pytest.raises(ParameterError, match="did you mean 'step_length'"):
        stack.reconstruct("LANDWEBER", step_lenght=1, show_progressbar=False)
    with pytest.raises(ParameterError, match="did you mean 'step_length'"):
        Session(TomoStackModel(stack), InlineRunner()).apply("reconstruct", method="LANDWEBER", step_lengh=1)


def test_recon_error_follows_it(stack):
    _, curve = stack.recon_error(2, "LANDWEBER", iterations=5, step_length=1.5)
    assert (np.diff(curve.data) < 0).all()


def test_the_panel_has_its_control_with_limits_and_help(panel):
    control = panel.controls["step_length"]
    assert (control.description, control.min, control.max, control.value) == ("Step length", 0.1, 1.9, 1.0)
    assert HELP.rstrip(".") in control.tooltip
    assert control.layout.display == ""
    assert "A method of one&#x27;s own." in panel._form.help.value
    panel.controls["method"].value = "SIRT"
    assert control.layout.display == "none"


def test_the_panel_runs_it_and_the_script_repeats_it(panel, stack):
    panel.controls["iterations"].value = 7
    panel.controls["step_length"].value = 1.3
    panel.controls["run"].click()
    made = panel.model.reconstruction
    written = script(panel.session.history, "series.hspy")
    line = next(line for line in written.splitlines() if line.startswith("volume ="))
    assert "step_length=1.3" in line
    assert "'LANDWEBER'" in line
    names = {"stack": stack}
    exec(line, names)  # noqa: S102  (the line that the session wrote)
    assert np.array_equal(names["volume"].data, made.data)


def test_the_panel_follows_it_and_takes_the_iterations_over(panel):
    panel.controls["iterations"].value = 6
    assert not panel.controls["follow"].disabled
    panel.controls["follow"].click()
    assert panel._images._frame[0]["panes"][0]["title"] == "Slice after 6 iterations"
    panel.controls["iteration"].value = 4
    panel.controls["use"].click()
    assert panel.controls["iterations"].value == 4


def test_it_is_compared_with_the_others(panel):
    panel.controls["iterations"].value = 8
    panel.controls["with-landweber"].value = True
    panel.controls["compare"].click()
    titles = [pane["title"] for pane in panel._images._frame[0]["panes"]]
    assert titles == ["FBP", "SIRT 8", "OS-SIRT 2", "FISTA-TV 8", "LANDWEBER 8"]


def test_the_convergence_view_uses_its_option(stack):
    sinogram = stack.data[:, :, 3]
    residuals = [
        [
            each.residual
            for each in iterations_of(
                sinogram, stack.tilts_deg, {"method": "LANDWEBER", "iterations": 4, "step_length": length}
            )
        ]
        for length in (0.2, 1.8)
    ]
    assert residuals[1][-1] < residuals[0][-1]
    first, *_ = compare_methods(
        sinogram, stack.tilts_deg, {"step_length": 0.2, "iterations": 4}, ["LANDWEBER"]
    )
    assert first.relative_residual * np.linalg.norm(sinogram) == pytest.approx(residuals[0][-1], rel=1e-3)


def test_the_estimate_knows_it(panel, stack, monkeypatch):
    seen = []
    monkeypatch.setattr(
        Landweber, "begin", lambda self, block: seen.append(self.scale.max()) or Running(self, block)
    )
    given = {"method": "LANDWEBER", "iterations": 50, "step_length": 0.1}
    _, seconds = reconstruction_time(stack.data.shape, stack.tilts_deg, given)
    assert seconds > 0
    slow = seen[-1]
    reconstruction_time(stack.data.shape, stack.tilts_deg, given | {"step_length": 1.0})
    assert seen[-1] == pytest.approx(10 * slow, rel=1e-4)
    assert "of memory" in panel._cost.value
    assert panel.session.estimate("reconstruct", **given)[0] > 0


def test_the_table_in_the_documentation_has_it():
    page = (DOCS / "reference" / "methods.md").read_text(encoding="utf-8")
    page = run_path(str(DOCS / "method_tables.py"))["filled"](page)
    assert f"| LANDWEBER | `step_length` | 1 | from 0.1 to 1.9 |  | {HELP} |" in page
    assert "doi:10.2307/2372313" in page


def test_a_name_is_registered_once():
    with pytest.raises(ParameterError, match="must be new"):
        engine.register(LANDWEBER)

"""What to expect of a reconstruction: one slice followed, methods compared, memory refused with a way out."""

import threading
from dataclasses import replace

import numpy as np
import pytest
import seen

from etwidgets import engine, resources
from etwidgets.panels import ReconstructPanel
from etwidgets.session import Session, ThreadRunner, TomoStackModel


@pytest.fixture
def panel(made, session):
    return made(ReconstructPanel(session))


def shown_panes(panel):
    return seen.images(panel)


def test_methods_are_compared_and_one_is_taken_over(panel):
    panel.controls["iterations"].value = 16
    panel.controls["with-cgls"].value = True
    panel.controls["with-fbp"].value = False
    panel.controls["compare"].click()
    titles = [pane.title for pane in shown_panes(panel)]
    assert titles == ["SIRT 16", "OS-SIRT 2", "CGLS 5", "FISTA-TV 16"]
    panel.controls["take"].value = "CGLS"
    panel.controls["use-method"].click()
    assert (panel.controls["method"].value, panel.controls["iterations"].value) == ("CGLS", 5)
    assert [pane.title for pane in shown_panes(panel)] == ["Sinogram"]


def test_a_comparison_stays_when_contrast_and_column_change(panel):
    panel.controls["compare"].click()
    before = shown_panes(panel)
    panel.display.contrast = (10.0, 90.0)
    after = shown_panes(panel)
    assert [pane.title for pane in after] == [pane.title for pane in before]
    assert after[0].limits != before[0].limits
    panel.display.column += 3
    assert shown_panes(panel)[0].caption != after[0].caption
    assert len(shown_panes(panel)) == 4


def test_after_following_the_comparison_has_its_own_height(panel):
    panel.controls["method"].value = "SIRT"
    panel.controls["iterations"].value = 3
    alone = panel._images.height
    panel.controls["follow"].click()
    followed = panel._images.height
    panel.controls["compare"].click()
    assert followed < panel._images.height < alone
    panel.controls["end-comparison"].click()
    panel.session.apply("normalize")
    assert panel._images.height == alone


def test_the_residual_sinogram_is_of_the_chosen_backend(panel):
    panel.controls["method"].value = "SIRT"
    panel.controls["iterations"].value = 2
    panel.controls["backend"].value = "astra-cpu"
    panel.controls["follow"].click()
    assert [pane.title for pane in shown_panes(panel)] == ["Slice after 2 iterations", "Residual sinogram"]
    panel.controls["run"].click()
    done = panel.model.reconstruction.metadata.Tomography.reconstruction
    assert done.backend == "astra-cpu"


def test_where_the_memory_is_not_enough_binning_is_offered(panel, monkeypatch):
    monkeypatch.setattr(resources, "free_memory", lambda: 150_000)
    monkeypatch.setattr("etwidgets.session.session.free_memory", lambda: 150_000)
    panel.controls["thickness"].value = 40
    assert panel.controls["run"].disabled
    assert "This needs" in panel.hint.value
    assert panel.controls["bin"].layout.display == ""
    height, width = panel.model.stack.data.shape[-2:]
    factor = panel._factor
    assert factor > 1
    monkeypatch.undo()
    panel.controls["bin"].click()
    assert panel.model.stack.data.shape[-2:] == (height // factor, width // factor)
    assert not panel.controls["run"].disabled
    assert panel.controls["bin"].layout.display == "none"


def test_a_backend_that_is_not_here_says_why(made, session, monkeypatch):
    monkeypatch.setattr("etwidgets.engine.astra_projectors.cuda_available", lambda: False)
    panel = made(ReconstructPanel(session))
    panel.controls["backend"].value = "astra-cuda"
    assert panel.controls["run"].disabled
    assert "no CUDA device" in panel.hint.value
    labels = {value: label for label, value in panel.controls["backend"].options}
    assert labels["astra-cuda"].endswith("(unavailable)")
    assert not labels["cpu"].endswith("(unavailable)")


def test_results_are_set_aside_and_compared(made, session):
    from etwidgets.panels import HistoryPanel

    shown = made(HistoryPanel(session))
    session.apply("reconstruct", method="FBP")
    shown.controls["keep"].click()
    session.apply("reconstruct", method="SIRT", iterations=3)
    titles = [pane.title for pane in seen.images(shown)]
    assert titles == ["Snapshot", "Now", "Difference"]
    assert "% of the snapshot" in seen.text(shown)
    first = np.array(session.model.snapshots[0].reconstruction.data)
    shown.controls["return"].click()
    assert np.array_equal(session.model.reconstruction.data, first)
    session.apply("bin", factor=2)
    session.apply("reconstruct", method="FBP")
    assert "The sizes differ" in seen.text(shown)
    shown.controls["forget"].click()
    assert session.model.snapshots == ()


def test_the_tv_weight_is_suggested_beside_the_kernels_thread(made, stack, monkeypatch):
    threads = []
    options = engine.find_algorithm("FISTA-TV").parameters
    slow = replace(
        options["tv_weight"], suggest=lambda data: threads.append(threading.current_thread()) or 2.5
    )
    monkeypatch.setitem(options, "tv_weight", slow)
    runner = ThreadRunner()
    session = Session(TomoStackModel(stack), runner)
    shown = made(ReconstructPanel(session))
    assert runner.wait(lambda: shown.controls["tv_weight"].value == 2.5, 20)
    assert threads
    assert threading.current_thread() not in threads
    shown.close()
    session.close()
    runner.close()


def test_a_tv_weight_that_was_typed_meanwhile_stays(panel):
    shown = {"tv_weight": 0.0}
    panel.controls["tv_weight"].value = 7.0
    panel._form._take_suggested(({"tv_weight": 3.0}, shown))
    assert panel.controls["tv_weight"].value == 7.0


def test_subsets_are_chosen_or_left_to_the_method(panel):
    panel.controls["method"].value = "OS-SIRT"
    assert "n_subsets" not in panel._form.parameters()
    panel.controls["n_subsets"].value = "4"
    assert panel._form.parameters()["n_subsets"] == 4
    panel.controls["n_subsets"].value = "few"
    panel.controls["run"].click()
    assert "integer, not 'few'" in panel.model.message.text


def test_automatic_is_the_default_and_what_was_chosen_is_recorded_as_numbers(open_panel, stack):
    panel = open_panel(ReconstructPanel, stack)
    assert panel.controls["method"].value == "auto"
    assert panel.controls["iterations"].layout.display == "none"
    panel.controls["run"].click()
    parameters = panel.session.history[-1].parameters
    assert parameters["method"] != "auto"
    assert isinstance(parameters["iterations"], int)
    assert f"Chosen: {parameters['method']}, {parameters['iterations']} iterations" in seen.text(panel)
    first = panel.model.reconstruction.data.copy()
    panel.session.undo()
    panel.session.apply("reconstruct", **parameters)
    assert np.array_equal(panel.model.reconstruction.data, first)

"""Settings without which a page on a busy machine would be served empty."""

import json
from pathlib import Path

import nbformat
import pytest
from traitlets.config import Config
from voila.execute import VoilaExecutor

from etwidgets.serve import _config

BINDER = Path(__file__).parents[2] / "voila_app" / "voila.json"


@pytest.mark.parametrize(
    "config", [_config(0, "token", "light"), Config(json.loads(BINDER.read_text()))], ids=["app", "binder"]
)
def test_the_output_of_a_slow_kernel_is_waited_for(config):
    executor = VoilaExecutor(nbformat.v4.new_notebook(), config=config)
    assert executor.iopub_timeout == 300  # nbclient: 4 s, then the workbench is dropped without an error

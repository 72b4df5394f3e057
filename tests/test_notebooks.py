"""Every notebook runs from top to bottom, in less than two minutes, and is stored without results."""

import time
from pathlib import Path

import nbclient
import nbformat
import pytest

FOLDER = Path(__file__).parent.parent / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))
SHORTEST = "7_extending"  # `make docs` runs all of them, and so does the longer suite
RUN = [pytest.param(path, marks=() if path.stem == SHORTEST else pytest.mark.slow) for path in NOTEBOOKS]


@pytest.mark.parametrize("path", RUN, ids=lambda path: path.stem)
def test_it_runs(path, tmp_path):
    notebook = nbformat.read(path, as_version=4)
    begun = time.monotonic()
    client = nbclient.NotebookClient(
        notebook, timeout=120, kernel_name="python3", resources={"metadata": {"path": str(tmp_path)}}
    )
    client.execute()
    assert time.monotonic() - begun < 120
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    said = [out for cell in cells for out in cell.outputs]
    assert any("image/png" in out.get("data", {}) for out in said), "a notebook shows pictures"


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_it_is_stored_without_results(path):
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    assert all(not cell.get("outputs") for cell in notebook.cells)
    assert notebook.cells[0].cell_type == "markdown"

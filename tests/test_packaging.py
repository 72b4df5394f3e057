"""The wheel, built from the source archive, holds what the package needs.

A missing registration file would break HyperSpy for everyone.
"""

import importlib
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[1]
NEEDED = {
    "etwidgets/hyperspy_extension.yaml",
    "etwidgets/py.typed",
    "etwidgets/views/image_view.js",
    "etwidgets/views/image_view.css",
    "etwidgets/panels/workbench.css",
    "etwidgets/page/workbench.ipynb",
    "etwidgets/page/jupyter/voila/templates/etw/conf.json",
    "etwidgets/page/jupyter/voila/templates/etw/index.html.j2",
}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(folder), str(ROOT)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    (path,) = folder.glob("*.whl")
    with zipfile.ZipFile(path) as archive:
        yield archive


def test_everything_is_in_the_wheel(wheel):
    names = set(wheel.namelist())
    assert names >= NEEDED
    here = {str(p.relative_to(ROOT)) for p in (ROOT / "etwidgets").rglob("*.py")}
    assert here <= names | {"etwidgets/_version.py"}
    assert not [name for name in names if name.startswith(("tests/", "docs/"))]


def test_the_wheel_says_what_it_is(wheel):
    (name,) = [n for n in wheel.namelist() if n.endswith("METADATA")]
    metadata = wheel.read(name).decode()
    assert "License-Expression: GPL-3.0-or-later" in metadata
    for extra in ("app", "samples", "gpu", "test", "docs", "dev"):
        assert f"Provides-Extra: {extra}" in metadata
    (name,) = [n for n in wheel.namelist() if n.endswith("entry_points.txt")]
    entries = wheel.read(name).decode()
    assert "etwidgets = etwidgets.cli:main" in entries
    assert "[hyperspy.extensions]" in entries


def test_every_registered_class_exists_and_keeps_its_type():
    registered = yaml.safe_load((ROOT / "etwidgets" / "hyperspy_extension.yaml").read_text())["signals"]
    for key, entry in registered.items():
        found = getattr(importlib.import_module(entry["module"]), key)
        assert found._signal_type == entry["signal_type"]
        assert found._signal_dimension == entry["signal_dimension"]
        assert found._lazy == entry["lazy"]

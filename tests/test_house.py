"""Rules of the house that no linter knows."""

import ast
import re
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[1]
HEAVY = ("hyperspy", "astra", "ipywidgets", "ipyvolume", "dask", "scipy", "skimage", "matplotlib", "numba")


def test_import_is_light():
    code = f"import sys, etwidgets; print([n for n in {HEAVY!r} if n in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_signals_need_no_widget():
    widgets = ("ipyvolume", "anywidget", "voila")
    code = f"import sys, etwidgets.api; print([n for n in {widgets!r} if n in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip().endswith("[]")


def test_the_command_reports_its_environment():
    done = subprocess.run(
        [sys.executable, "-m", "etwidgets", "info"], capture_output=True, text=True, check=True
    )
    for word in ("etwidgets ", "Python 3", "hyperspy ", "astra-toolbox ", "CUDA through ASTRA"):
        assert word in done.stdout


def test_a_missing_file_is_told_in_one_line():
    command = [sys.executable, "-m", "etwidgets", "app", "nothing.mrc", "--no-browser"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert re.fullmatch(r"etwidgets: There is no file .*nothing\.mrc\n", done.stderr)


def test_the_architecture_page_names_every_layer():
    page = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"][
        "contracts"
    ]
    layers = next(c for c in contracts if c["type"] == "layers")["layers"]
    names = {name.strip(" ()") for layer in layers for name in layer.split("|")}
    public = {name for name in names if not name.startswith("_")}
    picture = page.split("```text")[1].split("```")[0]
    assert [name for name in sorted(public) if not re.search(rf"\b{name}\b", picture)] == []


def test_no_path_of_a_machine_is_in_the_repository():
    listed = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split("\n")
    texts = [
        ROOT / name
        for name in listed
        if name.endswith((".py", ".md", ".toml", ".yml", ".yaml", ".ipynb", ".json"))
    ]
    home = re.compile("/" + "(home|root|Users)/[a-z]")
    assert [
        str(path) for path in texts if path.exists() and home.search(path.read_text(encoding="utf-8"))
    ] == []


def test_a_long_file_says_why_it_is_long():
    long = [path for path in (ROOT / "etwidgets").rglob("*.py") if len(path.read_text().splitlines()) > 400]
    unexplained = [path.name for path in long if "Longer than most files because" not in _docstring(path)]
    assert long
    assert unexplained == []


def _docstring(path):
    return " ".join((ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or "").split())

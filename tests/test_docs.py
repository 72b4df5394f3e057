"""What README and pages point to exists, all public names are in the reference, each picture has a script."""

import importlib
import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
PAGES = [*ROOT.glob("*.md"), *DOCS.glob("*.md"), ROOT / "voila_app" / "README.md"]
LINK = re.compile(r"\]\(([^)\s#]+)(#[^)]*)?\)")
PACKAGES = (
    "", "align", "analysis", "api", "app", "cluster", "datasets", "engine", "errors", "io", "panels",
    "progress", "serve", "session", "signals", "simulation", "spectral", "views",
)  # fmt: skip


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page):
    links = [name for name, _ in LINK.findall(page.read_text(encoding="utf-8"))]
    here = [name for name in links if "://" not in name and not name.startswith("mailto:")]
    assert [name for name in here if not (page.parent / name).exists()] == []


def test_notebooks_link_to_pages_that_are_there():
    for path in (ROOT / "notebooks").glob("*.ipynb"):
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        text = "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown")
        here = [name for name, _ in LINK.findall(text) if "://" not in name]
        assert [name for name in here if not (path.parent / name).exists()] == [], path.name


def test_every_picture_is_shown_and_made_by_a_script():
    pictures = {path.name for path in (DOCS / "images").iterdir()}
    shown = " ".join(page.read_text(encoding="utf-8") for page in PAGES)
    scripts = " ".join(path.read_text(encoding="utf-8") for path in DOCS.glob("make_*.py"))
    assert [name for name in sorted(pictures) if f"images/{name}" not in shown] == []
    made = {name for name in pictures if f'"{name}"' in scripts or f'keep("{Path(name).stem}")' in scripts}
    assert sorted(pictures - made - {f"badge-{name}.svg" for name in ("hyperspy", "license", "python")}) == []


def test_badges_say_what_the_project_says():
    from runpy import run_path

    script = run_path(str(DOCS / "make_badges.py"))
    for name, words in script["badges"]().items():
        assert (DOCS / "images" / f"{name}.svg").read_text(encoding="utf-8") == script["draw"](*words)


def test_the_tables_of_methods_have_every_option_with_its_default():
    from runpy import run_path

    from etwidgets import align, engine

    filled = run_path(str(DOCS / "method_tables.py"))["filled"]
    pages = [DOCS / "reference" / name for name in ("methods.md", "alignment-methods.md")]
    text = filled("\n".join(page.read_text(encoding="utf-8") for page in pages))
    assert "<!--" not in text  # each place is known
    for name, method in engine.algorithms().items():
        assert f"| **{name}** {method.title} | {method.use_for} |" in text
        rows = re.findall(rf"^\| {name} \| `(\w+)`[^|]* \| ([^|]+) \|", text, re.MULTILINE)
        assert rows == [(each.user_keyword, each.default_text) for each in method.parameters.values()]
    for name, method in {**align.METHODS, **align.AXIS_METHODS}.items():
        assert f"| **{name}** {method.title} | {method.use_for} |" in text
        for each in method.options:
            assert (
                f"| {name} | `{each.name}` | {each.default_text} | {each.limits_text} | {each.unit} |" in text
            )
    assert "| DART | `dart_iterations` | 5 |" in text


@pytest.mark.parametrize("package", PACKAGES)
def test_every_public_module_is_in_the_reference(package):
    reference = "\n".join(path.read_text(encoding="utf-8") for path in (DOCS / "reference").glob("*.md"))
    name = f"etwidgets.{package}".rstrip(".")
    module = importlib.import_module(name)
    if re.search(rf"automodule:: {re.escape(name)}$", reference, re.MULTILINE):
        return  # all names of its __all__
    public = [each for each in getattr(module, "__all__", ()) if not each.startswith("_")]
    assert [each for each in public if not re.search(rf"\b{each}\b", reference)] == []


def test_a_broken_link_in_the_pages_is_found(tmp_path):
    from runpy import run_path

    broken = run_path(str(DOCS / "check_links.py"))["broken"]
    (tmp_path / "a.html").write_text('<a href="b.html#here">b</a><a href="http://elsewhere">e</a>')
    (tmp_path / "b.html").write_text('<p id="here">x</p><img src="gone.png"><a href="a.html#not">a</a>')
    assert broken(tmp_path) == ["b.html: gone.png", "b.html: a.html#not"]


def test_the_environment_of_binder_is_that_of_the_project():
    lines = (ROOT / "binder" / "requirements.txt").read_text(encoding="utf-8").splitlines()
    assert ".[app,samples,spectral]" in lines
    assert (ROOT / "binder" / "runtime.txt").read_text(encoding="utf-8").strip() == "python-3.11"
    page = json.loads((ROOT / "voila_app" / "workbench.ipynb").read_text(encoding="utf-8"))
    ours = json.loads((ROOT / "etwidgets" / "page" / "workbench.ipynb").read_text(encoding="utf-8"))
    assert page["cells"] == ours["cells"]
    for name in ("postBuild", "start"):
        assert (ROOT / "binder" / name).stat().st_mode & 0o100

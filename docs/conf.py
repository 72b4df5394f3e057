"""Settings of the documentation; ``make docs`` builds it without a network, with every warning an error."""

import re
import zlib
from pathlib import Path
from runpy import run_path
from typing import Any

from docutils import nodes
from latex2mathml.converter import convert
from sphinx.application import Sphinx

import etwidgets

HERE = Path(__file__).parent
project = "etwidgets"
author = "the etwidgets developers"
copyright = "the etwidgets developers"
release = etwidgets.__version__
extensions = [
    "myst_nb",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinx.ext.intersphinx",
]
exclude_patterns = ["_build"]
html_theme = "furo"
html_title = "etwidgets"
html_favicon = None
html_static_path = ["_static"]
html_css_files = ["cheat-sheet.css"]
html_math_renderer = "mathml"
pygments_style = "friendly"

myst_heading_anchors = 3
myst_enable_extensions = ["colon_fence", "dollarmath"]

autodoc_typehints = "none"
autodoc_member_order = "bysource"
autodoc_class_signature = "mixed"
napoleon_use_ivar = True
napoleon_attr_annotations = False  # types are in the signature; "bool_" would be taken for a link
napoleon_numpy_docstring = True
napoleon_google_docstring = False

# The notebooks are run when the documentation is built, once for each change of theirs
nb_execution_mode = "cache"
nb_execution_cache_path = str(HERE / "_build" / "notebooks")
nb_execution_timeout = 180
nb_execution_raise_on_error = True
nb_execution_in_temp = True
nb_output_stderr = "remove"
nb_merge_streams = True
nb_ipywidgets_js = {}  # widgets need a kernel; their scripts would come from another host
nb_mime_priority_overrides = [("html", "application/vnd.jupyter.widget-view+json", None)]


def _copy_notebooks() -> None:
    """Sphinx reads only below this folder."""
    there = HERE / "notebooks"
    there.mkdir(exist_ok=True)
    wanted = {path.name: path for path in (HERE.parent / "notebooks").glob("*.ipynb")}
    for path in there.glob("*.ipynb"):
        if path.name not in wanted:
            path.unlink()
    for name, path in wanted.items():
        text = path.read_text(encoding="utf-8").replace("../docs/", "../")
        if not (there / name).is_file() or (there / name).read_text(encoding="utf-8") != text:
            (there / name).write_text(text, encoding="utf-8")


def _write_inventory() -> Path:
    """The few names of HyperSpy that we link to, in the form that intersphinx reads; kept in hyperspy.txt."""
    head = "# Sphinx inventory version 2\n# Project: HyperSpy\n# Version: 2\n"
    head += "# The remainder is compressed using zlib.\n"
    path = HERE / "_build" / "hyperspy.inv"
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(head.encode() + zlib.compress((HERE / "hyperspy.txt").read_bytes()))
    return path


_copy_notebooks()
intersphinx_mapping = {
    "hyperspy": ("https://hyperspy.org/hyperspy-doc/current/", str(_write_inventory())),
}


def _inline_math(translator: Any, node: nodes.math) -> None:
    translator.body.append(convert(node.astext()))
    raise nodes.SkipNode


def _display_math(translator: Any, node: nodes.math_block) -> None:
    translator.body.append(f'<div class="math">{convert(node.astext(), display="block")}</div>')
    raise nodes.SkipNode


def _link_to_copies(_app: Sphinx, _name: str, source: list[str]) -> None:
    """Links to notebooks are written as they work in the repository; here they lie below this folder."""
    source[0] = source[0].replace("](../notebooks/", "](notebooks/")


def _fill_method_tables(_app: Sphinx, name: str, source: list[str]) -> None:
    """The tables of methods come from their records."""
    if name.endswith("methods"):
        source[0] = run_path(str(HERE / "method_tables.py"))["filled"](source[0])


def _one_name_an_entry(
    _app: Sphinx, _what: str, _name: str, _object: object, _options: object, lines: list[str]
) -> None:
    """``low, high`` under Attributes becomes two entries; napoleon would print ``high (low,)``."""
    for at in range(len(lines) - 1, 0, -1):
        names = re.fullmatch(r"(\w+(?:, \w+)+)", lines[at])
        if names and at + 1 < len(lines) and lines[at + 1].startswith("    "):
            end = next((i for i in range(at + 1, len(lines)) if not lines[i].startswith("    ")), len(lines))
            words = lines[at + 1 : end]
            entries = [[name, *words] for name in names[1].split(", ")]
            lines[at:end] = [line for entry in entries for line in entry]


def setup(app: Sphinx) -> None:
    """Formulas as MathML, which browsers draw by themselves; links to the copies of the notebooks."""
    app.connect("source-read", _link_to_copies)
    app.connect("source-read", _fill_method_tables)
    app.connect("autodoc-process-docstring", _one_name_an_entry, priority=400)  # napoleon's is 500
    app.add_html_math_renderer("mathml", (_inline_math, None), (_display_math, None))

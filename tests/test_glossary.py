"""The words of the glossary: no label, message, help text or page uses another word where a term exists."""

import ast
import json
import re
from pathlib import Path
from runpy import run_path

import ipywidgets as widgets
import pytest

import etwidgets as etw
from etwidgets import align, engine

ROOT = Path(__file__).parent.parent
GLOSSARY = ROOT / "docs" / "glossary.md"
TABS = "Data|Inspect|Clean|Register|Tilt axis|Reconstruct|Volume|Spectral|Analyze|History"

# a pattern that must not occur in any text, and what to write instead (codespell checks the spelling)
BANNED = {
    r"price of edges|its price\b": "TV weight",
    r"nothing below 0": "non-negativity",
    r"the fastest here": "auto (fastest)",
    r"\(not here\)": "(unavailable)",
    r"[Uu]se this number": "Use this iteration count",
    r"% unexplained": "relative residual (%)",
    r"^Part$": "Segment",
    r"\bdown to \(%\)": "low threshold (%)",
    r"\b(part|parted|parts|parting) (at )?(their |the )?necks": "split touching objects",
    r"one iteration more, one less": "iteration sensitivity (±1)",
    r"how often \(log\)": "counts (log)",
    r"\b[Tt]ak(e|es|en|ing) away\b": "export, or remove",
    r"\b[Ss]et(s|ting)? ((it|them|this result|the result|a result|its result) )?aside\b": "snapshot",
    r"\b[Kk]ept results?\b": "saved result(s)",
    r"[Gg]o on from it": "Restore snapshot",
    r"as it was in the beginning": "initial state",
    r"\b[Ff]ilms\b|\b[Ff]ilm: |\b[Ff]ilm of (the|what|no|nothing)\b": "movie",
    r"\b[Ll]eave out the marked": "Exclude selected",
    r"[Ss]hift from a projection on": "Shift projections from index",
    r"says? nothing new": "adds no independent data",
    r"[Ww]indows as proposed": "Reset to suggested windows",
    r"by law": "not necessarily",
    r"\bforetold\b|\bforetells?\b": "predicted",
    r"none is forbidden": "tabs can be used in any order",
    r"[Ww]ork that was not closed": "Unsaved session found",
    r"you can begin\b": "Compiling kernels (first run only); you can start",
    r"\bminds? less\b": "is less affected",
    r"it parts nothing|\bparts nothing\b|it said nothing|see and steer|the same door": "say what is meant",
    rf"\b(step|panel) \*?({TABS})\b": "tab",
    r"is no name of a file": "is not a valid file name",
    r"has no place for frames": "cannot store frames",
    r"(?<![Hh]ere )\bis no (?!(longer|more|better|worse|less|different|need)\b)[a-z]": "is not a ...",
    r"\bneeds [^.;]{1,40} and (only )?[^.;]{1,30} (is|are) free": "needs A, but only B are free",
    r"\btold\b": "reported, shown",
    r"(?<![-\w])cures?\b": "fix",
}
PATTERNS = [(re.compile(pattern), right) for pattern, right in BANNED.items()]

# words of labels that are plain English, not terms of the field; those of one letter are axes
PLAIN = {
    "x", "y", "z", "from", "to", "by", "for", "of", "on", "in", "and", "max", "min", "first", "last",
    "find", "too", "count", "number", "index", "all", "use", "show", "with", "run", "play", "beside",
    "below", "above", "name", "file", "files", "format", "what", "view", "tool", "angle", "angles",
    "folder", "end", "after",
    "map", "element", "elements", "color", "colors", "axis", "layers", "edges", "intensity", "aligned",
    "compare", "again", "text", "other", "others", "same", "as", "min.", "size", "factor", "width",
    "export", "overlay", "already", "series", "this", "subtract", "smooth",
}  # fmt: skip
UNITS = {
    "px", "deg", "nm", "s", "%", "keV", "vox", "std", "fraction", "±1", "CSV", "log",
    "intensity",
}  # fmt: skip
ARTICLES = re.compile(r"\b(the|a|an)\b", re.IGNORECASE)
STRING = re.compile(r"\"[^\"]*\"|`[^`]*`|'[^']*'")
UNIT = re.compile(r"\s*\(([^()]*)\)$")


def terms():
    """The first column of all tables of the glossary."""
    rows = re.findall(r"^\| ([^|]+?) \| [^|]+ \|$", GLOSSARY.read_text(encoding="utf-8"), re.MULTILINE)
    return [row for row in rows if row not in ("term", "---")]


def pages():
    """Text files that a user reads, without the history of changes."""
    names = ("README.md", "CONTRIBUTING.md", "SECURITY.md", "RELEASING.md", "voila_app/README.md")
    page = ROOT / "etwidgets" / "page"
    yield from (ROOT / name for name in names)
    yield from (path for path in (ROOT / "docs").rglob("*.md") if "_build" not in path.parts)
    yield from page.rglob("*.html")
    yield from page.rglob("*.js")
    yield from (ROOT / "etwidgets" / "views").rglob("*.js")


def texts_of_modules():
    """File, line and text of each string constant in the package, docstrings among them."""
    for path in sorted((ROOT / "etwidgets").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and len(node.value) > 3:
                yield path, node.lineno, node.value


def texts_of_pages():
    """File, line and text of each line of the pages and of the cells of the notebooks."""
    for path in pages():
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            if path.suffix == ".js":  # what is shown, not the names of variables
                yield path, number, " ".join(STRING.findall(re.sub(r"(^|\s)//.*", "", line)))
            else:
                yield path, number, line
    for path in sorted((ROOT / "notebooks").glob("*.ipynb")):
        for number, cell in enumerate(json.loads(path.read_text(encoding="utf-8"))["cells"]):
            yield path, number, "".join(cell["source"])


def offenders(texts):
    """One line for each banned word: where it is, what it is, and the right word."""
    found = []
    for path, line, text in texts:
        for pattern, right in PATTERNS:
            for match in pattern.finditer(text):
                at = line + text[: match.start()].count("\n")
                found.append(f"{path.relative_to(ROOT)}:{at}: {match[0]!r}; write {right!r}")
    return found


@pytest.mark.parametrize("texts", [texts_of_modules, texts_of_pages])
def test_no_text_has_a_word_that_the_glossary_replaces(texts):
    found = offenders(texts())
    assert not found, f"{len(found)} texts use other words than docs/glossary.md:\n" + "\n".join(found)


def test_banned_words_are_found_with_their_place():
    said = offenders([(ROOT / "a.py", 3, "one\nNo price of edges"), (ROOT / "a.py", 9, "there is no file")])
    assert said == ["a.py:4: 'price of edges'; write 'TV weight'"]


def test_the_glossary_has_each_term_once_in_a_table_row():
    assert len(terms()) > 80
    assert sorted({name for name in terms() if terms().count(name) > 1}) == []
    linked = [ROOT / "README.md", ROOT / "docs" / "index.md"]
    assert [page.name for page in linked if "glossary" not in page.read_text(encoding="utf-8")] == []


def test_the_glossary_or_the_tables_of_methods_know_every_method():
    filled = run_path(str(ROOT / "docs" / "method_tables.py"))["filled"]
    pages = (ROOT / "docs" / "reference").glob("*methods.md")
    tables = "".join(filled(path.read_text(encoding="utf-8")) for path in pages)
    names = [*engine.ALGORITHMS, *align.METHODS, *align.AXIS_METHODS]
    assert [name for name in names if name not in terms() and f"**{name}**" not in tables] == []


@pytest.fixture(scope="module")
def controls():
    """Name and widget of every control of all tabs."""
    bench = etw.Workbench()
    yield {
        f"{panel.name}/{name}": control
        for panel in bench.panels.values()
        for name, control in panel.controls.items()
    }
    bench.close()


def labels_of_options():
    """Labels of the options of all methods: each is explained by its help."""
    methods = (*align.METHODS.values(), *align.AXIS_METHODS.values())
    options = [*engine.all_options().values(), *(each for method in methods for each in method.options)]
    return {each.label for each in options}


def described(controls, kind):
    """Name and label of the controls of a kind that have a label, without pictures made of letters."""
    for name, control in controls.items():
        label = str(getattr(control, "description", "") or "")
        if isinstance(control, kind) and re.search("[A-Za-z]{2}", label):
            yield name, label


def choices(controls):
    """Name and label of each choice of the lists and menus."""
    for name, control in controls.items():
        for label in getattr(control, "_options_labels", ()) or ():
            yield name, str(label)


def test_labels_have_no_articles(controls):
    labels = [*described(controls, widgets.Widget), *choices(controls)]
    short = [(name, label) for name, label in labels if len(label) < 40]
    assert [f"{name}: {label!r}" for name, label in short if ARTICLES.search(label)] == []


def test_units_of_labels_are_written_alike(controls):
    labels = [label for _, label in described(controls, widgets.Widget)]
    units = {UNIT.search(label)[1] for label in labels if UNIT.search(label)}
    assert sorted(units - UNITS) == []


def is_made_of(words, known):
    """Whether a label can be read as terms, in singular or plural, and plain words, one after the other."""
    return not words or any(
        {phrase, phrase + "s", phrase.removesuffix("s")} & known and is_made_of(words[count:], known)
        for count in range(1, len(words) + 1)
        for phrase in (" ".join(words[:count]),)
    )


def test_labels_of_fields_are_terms_of_the_glossary(controls):
    # names and labels of methods are explained in the tables of methods
    known = {name.lower() for name in (*terms(), *engine.ALGORITHMS)} | PLAIN | labels_of_options()
    labels = described(controls, widgets.ValueWidget | widgets.Select)
    unknown = [
        f"{name}: {label!r}"
        for name, label in labels
        if label.lower() not in known and not is_made_of(UNIT.sub("", label).lower().split(), known)
    ]
    assert not unknown, (
        "labels that docs/glossary.md does not have; use a term from there, or add it:\n" + "\n".join(unknown)
    )


def test_labels_are_read_as_terms_and_plain_words():
    known = {"tilt axis", "column", "shift"} | PLAIN
    assert is_made_of(["max", "shift", "y"], known)
    assert is_made_of(["columns", "of", "tilt", "axis"], known)
    assert not is_made_of(["nudge", "y"], known)
    assert not is_made_of(["axis", "tilt"], known)

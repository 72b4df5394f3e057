"""No message on the page speaks the language of scripts, and those that can be mended carry the button."""

import ast
import re
from pathlib import Path

import numpy as np
import pytest

import etwidgets
from etwidgets.session import Cure, Session, TomoStackModel
from etwidgets.session.page_wording import for_page
from etwidgets.signals import TomoStack

HOME = Path(etwidgets.__file__).parent
CODE = re.compile(
    r"[a-z]\w*\((?!s\))|\w=[\w\[.'\"]|\b(?:s|np|etw|etwidgets|session|spectral|hs)\.[a-z]\w*|\b[a-z]+_[a-z_]+\b"
)
NOT_ON_THE_PAGE = {  # what only a script, a notebook or the command line can bring about
    "datasets.py", "own_operations.py", "script.py", "angles.py", "api.py", "cli.py", "serve.py", "app.py",
    "volume_channels.py", "volume_view.py",
}  # fmt: skip


def messages():
    """Every text that our errors and warnings are made of, with 3 for each value in it."""
    for path in sorted(HOME.rglob("*.py")):
        if (
            path.name in NOT_ON_THE_PAGE
            or path.name.startswith("_")
            or path.parent.name in ("panels", "page")
        ):
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            call = node.exc if isinstance(node, ast.Raise) else node
            warns = isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "warn"
            if not isinstance(call, ast.Call) or not (warns or isinstance(node, ast.Raise)) or not call.args:
                continue
            yield f"{path.relative_to(HOME)}:{node.lineno}", "".join(pieces(call.args[0]))


def pieces(node):
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.JoinedStr):
        for value in node.values:
            yield from pieces(value) if isinstance(value, ast.Constant) else ["3"]
    elif isinstance(node, ast.BinOp):
        yield from pieces(node.left)
        yield from pieces(node.right)


def test_no_message_has_words_of_the_programming_interface():
    known = list(messages())
    assert len(known) > 150
    spoken = [(place, for_page(text)[0]) for place, text in known]
    assert [(place, text) for place, text in spoken if CODE.search(text)] == []


@pytest.mark.parametrize(
    "text",
    [
        "my_upsample_factor.tif is damaged",
        "there is no file /data/gray_levels/x_start.tif",
        "/data/shift_limit: no such file",
        "there is no file /data/p=3/limit=4.mrc",
    ],
)
def test_names_of_files_keep_their_letters(text):
    assert for_page(text) == (text, None)


@pytest.mark.parametrize(
    ("text", "on_the_page"),
    [
        ("2 tv_weights for 3 maps", "2 TV weights for 3 maps"),
        ("tv_weight must be positive", "TV weight must be positive"),
        ("tv_weight=0.1, limit=3", "TV weight 0.1, limit 3"),
    ],
)
def test_names_of_parameters_are_those_of_the_page(text, on_the_page):
    assert for_page(text)[0] == on_the_page


def test_a_series_without_tilts_is_told_with_the_button_that_mends_it(tmp_path):
    from etwidgets import io

    io.save(TomoStack(np.ones((5, 8, 8), np.float32)), tmp_path / "bare.mrc")
    session = Session()
    session.open(tmp_path / "bare.mrc")
    message = session.model.message
    assert "no tilts were found. Give them: the first tilt and the step" in message.text
    assert "load(" not in message.text
    assert message.action == Cure("Give tilts", panel="data")
    with pytest.raises(ValueError, match="no tilts"):
        session.apply("register", method="PC")
    assert session.model.message.action == Cure("Give tilts", panel="data")


def test_a_message_may_bring_its_own_button():
    session = Session(TomoStackModel())
    session.tell(
        "The volume is old.", "warning", action=Cure("Reconstruct again", "reconstruct", {"method": "FBP"})
    )
    assert session.model.message.action.operation == "reconstruct"

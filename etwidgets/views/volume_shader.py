"""The shader with which ipyvolume 0.6.3 can draw several volumes at once; knows nothing else of it.

ipyvolume gives its shader the number of steps as an array, one entry per volume, where the shader has one
number (its issue 428). With the number written into the shader all volumes are drawn. The trait that takes
the shader is private, hence the pin of ipyvolume; ``tests/test_private_dependencies.py`` says when another
version differs.
"""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

from jupyter_core.paths import jupyter_path

from etwidgets.errors import MissingDependencyError

_DECLARATION = "uniform int steps;"
_LITERAL = re.compile(r'"((?:[^"\\]|\\.)*?uniform int steps;(?:[^"\\]|\\.)*)"')


def allow_several_volumes(figure: Any, steps: int) -> None:
    """Have a figure of ipyvolume draw all its volumes, with so many steps along a ray."""
    figure._shaders = {"volr-fragment": shader_for(steps)}  # noqa: SLF001


def shader_for(steps: int) -> str:
    """The volume shader of the installed ipyvolume with a fixed number of steps along a ray.

    Raises
    ------
    MissingDependencyError
        If the installed ipyvolume has no such shader.
    """
    return _installed().replace(_DECLARATION, f"const int steps = {int(steps)};")


@cache
def _installed() -> str:
    for folder in jupyter_path("labextensions", "ipyvolume", "static"):
        for script in sorted(Path(folder).glob("*.js")):
            text = script.read_text(encoding="utf-8", errors="replace")
            if _DECLARATION in text:
                found = _LITERAL.search(text)
                if found is not None:
                    return str(json.loads(f'"{found.group(1)}"'.replace("\\'", "'")))
    raise MissingDependencyError(
        "several volumes in one picture need ipyvolume 0.6.3, whose shader was not found; "
        "pip install ipyvolume==0.6.3"
    )

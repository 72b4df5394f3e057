"""The JavaScript of a view as one module; knows files, not what is in them.

anywidget sends one module per widget through the kernel: in Voila, JupyterLab and the notebook there is no
address from which the browser could import a second file. What views share is put in where it is imported.
"""

from __future__ import annotations

import re
from pathlib import Path

_HERE = Path(__file__).parent
_IMPORT = re.compile(r'^import \{[^}]*\} from "\./(\w+\.js)";\n', re.MULTILINE)
_EXPORT = re.compile(r"^export (?=const |function |class )", re.MULTILINE)


def script(name: str) -> str:
    """The module of this file, with those that it imports, each once, in place of the imports.

    Imports must be ``import { a, b } from "./file.js";`` on one line, exports ``export const`` and the like
    at the beginning of a line; names at the top level of the files must differ.
    """
    done: set[str] = set()

    def read(file: str) -> str:
        text = (_HERE / file).read_text(encoding="utf-8")
        return _IMPORT.sub(lambda found: put_in(found.group(1)), text)

    def put_in(file: str) -> str:
        if file in done:
            return ""
        done.add(file)
        return _EXPORT.sub("", read(file))

    return read(name)

"""Brings files from the user's computer to this machine, piece by piece; does not know what is in them."""

from __future__ import annotations

import contextlib
import os
import secrets
from pathlib import Path
from typing import TYPE_CHECKING, Any

import anywidget
import traitlets

from etwidgets.errors import UnsafeFileError
from etwidgets.views.parts import close_parts

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from io import BufferedWriter

_HERE = Path(__file__).parent


class UploadView(anywidget.AnyWidget):
    """A button for files of the user's computer, which may be dropped, too; a bar shows how much was written.

    Parameters
    ----------
    new_path
        Gives the path for a new file of some name, or raises with the reason why not.
    endings
        Of the files that are offered.
    limit
        Bytes that one choice may have together.
    area
        DOM class of what it is a part of, on which files may be dropped as well; default: on itself alone.
    invitation
        What is written beside the button.
    """

    _esm = _HERE / "upload_view.js"
    _css = _HERE / "upload_view.css"
    limit = traitlets.Int(0).tag(sync=True)
    """Bytes. Written here."""
    endings = traitlets.List(traitlets.Unicode()).tag(sync=True)
    """Of the files that are offered. Written here."""
    area = traitlets.Unicode("").tag(sync=True)
    """As given."""
    invitation = traitlets.Unicode("").tag(sync=True)
    """As given."""

    def __init__(
        self,
        new_path: Callable[[str], Path],
        endings: list[str],
        limit: int,
        area: str = "",
        invitation: str = "or drop files, or a folder, here",
    ) -> None:
        super().__init__(limit=limit, endings=endings, area=area, invitation=invitation)
        self._new_path = new_path
        self._on_files: Callable[[list[Path]], None] = lambda _: None
        self._file: BufferedWriter | None = None
        self._target, self._expected, self._written, self._total = Path(), 0, 0, 0
        self._mark = ""
        self._choice: Any = None
        self._done: list[Path] = []
        self.on_msg(lambda _widget, content, buffers: self.receive(content, buffers))

    def on_files(self, handler: Callable[[list[Path]], None]) -> None:
        """Call ``handler(paths)`` when all chosen files are there."""
        self._on_files = handler

    def receive(self, content: dict[str, Any], buffers: Sequence[Any] = ()) -> None:
        """Act on a message as the browser sends it, which a test may send too."""
        kind, choice = content.get("type"), content.get("choice")
        if kind != "begin" and choice != self._choice:
            return  # of a choice that was cancelled
        try:
            if kind == "begin":
                self._choice = choice
                self._begin(str(content["name"]), int(content["size"]))
            elif kind == "piece":
                self._write(bytes(buffers[0]), content["offset"])
            elif kind == "end":
                self._keep()
            elif kind == "all":
                done, self._done, self._total = self._done, [], 0
                self._on_files(done)
            elif kind == "stop":
                self._give_up()
        except (ArithmeticError, LookupError, OSError, TypeError, ValueError, UnsafeFileError) as error:
            self._give_up()
            # what a page of ours never sends has no words of ours
            expected = isinstance(error, OSError | ValueError)
            self._answer("refused", why=str(error) if expected else "the upload failed; reload the page")

    def close(self) -> None:
        """Take it off the page; what was not complete is removed."""
        self._drop()
        close_parts(self)
        super().close()

    @property
    def _partial(self) -> Path:
        # its own name: two pages may bring files of one name at a time
        return self._target.with_name(f".upload-{self._mark}.part")

    def _answer(self, kind: str, **content: Any) -> None:
        self.send({"type": kind, "choice": self._choice, **content})

    def _begin(self, name: str, size: int) -> None:
        self._drop()
        if not 0 <= size <= self.limit - self._total:
            raise ValueError(f"{name} has {size} bytes, more than a page takes ({self.limit})")
        self._target, self._expected, self._written = self._new_path(name), size, 0
        self._mark = secrets.token_hex(8)
        self._file = self._partial.open("xb")
        self._answer("go")

    def _write(self, piece: bytes, offset: int) -> None:
        if self._file is None:
            return
        if offset != self._written:
            raise ValueError(f"{self._target.name}: a piece is missing or came twice; choose the file again")
        self._written += len(piece)
        if self._written > self._expected:
            raise ValueError(f"{self._target.name}: more data came than expected")
        self._file.write(piece)
        self._answer("go")

    def _keep(self) -> None:
        if self._file is None:
            return
        if self._written != self._expected:
            raise ValueError(f"{self._target.name}: {self._written} of {self._expected} bytes came")
        self._file.close()
        self._file = None
        try:
            _keep_as(self._partial, self._target)
        except OSError:
            self._partial.unlink(missing_ok=True)
            raise
        self._total += self._expected
        self._done.append(self._target)
        self._answer("kept")

    def _give_up(self) -> None:
        """End this choice of files; those that are complete stay on the disk and are not opened."""
        self._drop()
        self._done, self._total = [], 0

    def _drop(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None
            with contextlib.suppress(OSError):
                self._partial.unlink()


def _keep_as(partial: Path, target: Path) -> None:
    """Give a complete file its name, which another one may have got meanwhile: that is never replaced."""
    try:
        os.link(partial, target)  # a rename would replace
    except FileExistsError:
        raise FileExistsError(f"{target.name} already exists; choose another name") from None
    except OSError:  # a disk without hard links
        if target.exists():
            raise FileExistsError(f"{target.name} already exists; choose another name") from None
        partial.rename(target)
    else:
        partial.unlink()

"""Has a session kept on disk after each change, and tries again where that failed; knows no operation."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from etwidgets.session.latest_only import LatestOnly

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from etwidgets.session.autosave import Autosave
    from etwidgets.session.autosaved_results import Results
    from etwidgets.session.runners import Runner
    from etwidgets.session.session_file import SavedSession

_log = logging.getLogger(__name__)
_AGAIN_AFTER_S = 5.0


class AutosaveWriter:
    """Steps are written at once, results behind them in a thread; of several waiting ones the newest.

    Parameters
    ----------
    autosave
        Where.
    runner
        Brings calls back to the thread of the user interface.
    tell
        Called there with what the user should know: why steps are not saved, and why results are not kept;
        both empty when all is well.
    """

    def __init__(self, autosave: Autosave, runner: Runner, tell: Callable[[str, str], None]) -> None:
        self._autosave, self._runner, self._tell = autosave, runner, tell
        self._results = LatestOnly(autosave.keep_results, self._results_kept, self._results_failed, runner)
        self._unwritten: tuple[SavedSession, str, Path | None] | None = None
        self._problem, self._note = "", ""
        self._trying = False

    @property
    def done(self) -> bool:
        """Whether everything is on disk that is to be there."""
        return self._unwritten is None and self._results.idle

    def changed(self, saved: SavedSession, source: str, results: Results, start: Path | None = None) -> None:
        """Keep what there is now; ``start`` is the file with what there was before the first step, if any."""
        self._unwritten = (saved, source, start)
        self._write()
        self._results.submit(self._autosave.results, results)

    def close(self) -> None:
        """The session was closed: nothing more is written, and nothing is left to continue."""
        self._unwritten = None
        self._results.close()
        self._autosave.discard()

    def _write(self) -> None:
        if self._unwritten is None:
            return
        try:
            self._autosave.write(*self._unwritten)
        except Exception as error:  # noqa: BLE001  (whatever it is: the work goes on, and the user is told)
            _log.warning("the steps cannot be saved", exc_info=True)
            self._problem = f"Your steps are not being saved: {error}. Trying again."
            self._try_later()
        else:
            self._unwritten, self._problem = None, ""
        self._tell(self._problem, self._note)

    def _try_later(self) -> None:
        if not self._trying:
            self._trying = True
            self._runner.later(_AGAIN_AFTER_S, self._again)

    def _again(self) -> None:
        self._trying = False
        self._write()

    def _results_kept(self, note: str) -> None:
        self._note = note
        self._tell(self._problem, note)

    def _results_failed(self, error: Exception) -> None:
        _log.warning("results cannot be kept", exc_info=error)
        self._results_kept(f"the results cannot be kept on disk ({error})")

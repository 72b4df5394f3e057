"""Work for the workers of a cluster, which import it from here: tests themselves they cannot import."""

import os
import signal
import time

from etwidgets.errors import ParameterError


def thousandfold(shared, piece, step):
    step()
    return shared * piece


def slow(shared, piece, step):
    for _ in range(shared):
        time.sleep(0.02)
        step()
    return piece


def wrong(_shared, piece, _step):
    raise ParameterError(f"piece {piece} is wrong")


def not_installed(_shared, _piece, _step):
    import there_is_no_such_package  # noqa: F401


def dies_once(folder, piece, step):
    """The worker that first has a piece ends as if killed for its memory."""
    mark = folder / f"{piece}"
    if piece == 1 and not mark.exists():
        mark.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    step()
    return piece**2


def process(_shared, _piece, step):
    """Which process does it, and how many threads it may use."""
    from etwidgets.resources import n_cores

    time.sleep(0.1)
    step()
    return os.getpid(), n_cores()

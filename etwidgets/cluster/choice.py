"""Which cluster is used, if any: the one that was named, or the client that is active."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

from etwidgets.errors import ClusterError, MissingDependencyError, ParameterError
from etwidgets.resources import in_a_task, n_cores

if TYPE_CHECKING:
    from collections.abc import Iterator

    from etwidgets.cluster.running import Cluster

LOCAL = "local"
"""In place of an address: this machine, whatever client is active."""

_CONNECT_S = 10
_chosen: ContextVar[Any] = ContextVar("etwidgets-cluster", default=None)


def active() -> Cluster | None:
    """The cluster that work in pieces goes to; None: it is done here.

    That of :func:`using`; otherwise that of the active client, as ``distributed.Client(...)`` leaves it. On a
    worker it is None, for its threads have their work already.
    """
    client = _client()
    if client is None:
        return None
    from etwidgets.cluster.running import Cluster

    return Cluster(client)


def place_text() -> str:
    """Where work in pieces is done now: ``"2 workers at tcp://10.0.0.1:8786"``, ``"2 threads here"``."""
    cluster = active()
    if cluster is not None:
        return cluster.text
    count = n_cores()
    return f"{count} threads here" if count > 1 else "one thread here"


@contextmanager
def using(cluster: Any) -> Iterator[None]:
    """Have work in pieces done on a cluster as long as this lasts, in this thread.

    Parameters
    ----------
    cluster
        Address of a scheduler (``"tcp://10.0.0.1:8786"``), or a ``distributed.Client``; ``"local"``: on this
        machine, whatever client is active; None: as it is.

    Raises
    ------
    ClusterError
        If there is no scheduler at the address.
    MissingDependencyError
        If ``distributed`` is not installed.
    ParameterError
        If it is neither.
    """
    if cluster is None:
        yield
        return
    opened = isinstance(cluster, str) and cluster != LOCAL
    chosen = connect(cluster, for_all=False) if opened else cluster
    if not opened and cluster != LOCAL and not _is_client(cluster):
        raise ParameterError(
            f"cluster must be an address such as 'tcp://10.0.0.1:8786', a client, or 'local', not {cluster!r}"
        )
    token = _chosen.set(chosen)
    try:
        yield
    finally:
        _chosen.reset(token)
        if opened:
            chosen.close()


def connect(address: str, *, for_all: bool = True) -> Any:
    """A client of the scheduler at an address; ``for_all``: it is the active one from now on.

    Raises
    ------
    ClusterError
        If there is no scheduler at the address.
    MissingDependencyError
        If ``distributed`` is not installed.
    """
    try:
        from distributed import Client
    except ImportError as error:
        raise MissingDependencyError(
            "a cluster needs the package distributed; install it with pip install 'etwidgets[cluster]'"
        ) from error
    try:
        return Client(address, timeout=_CONNECT_S, set_as_default=for_all)
    except (OSError, ValueError, TimeoutError) as error:
        raise ClusterError(f"there is no scheduler at {address}: {error}") from error


def _client() -> Any:
    chosen = _chosen.get()
    if chosen is not None:
        return None if isinstance(chosen, str) else chosen
    distributed = sys.modules.get("distributed")
    if distributed is None or in_a_task():
        return None
    try:
        client = distributed.Client.current()
    except ValueError:
        return None
    usable = client.status == "running" and not client.asynchronous
    return client if usable else None


def _is_client(value: Any) -> bool:
    distributed = sys.modules.get("distributed")
    return distributed is not None and isinstance(value, distributed.Client)

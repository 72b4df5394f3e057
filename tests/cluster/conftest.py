"""A cluster of two processes with a thread each, on this machine."""

import pytest


@pytest.fixture(scope="package")
def workers():
    """Started once; a worker that is killed is replaced."""
    from distributed import LocalCluster

    with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=":0", silence_logs=50) as started:
        yield started


@pytest.fixture(autouse=True)
def nothing_is_left():
    """Clients that overlap leave dask with a scheduler whose client is closed; other tests would use it."""
    import dask

    before = dask.config.get("scheduler", None)
    yield
    dask.config.set(scheduler=before)


@pytest.fixture
def client(workers):
    """The active client."""
    from distributed import Client

    with Client(workers) as connected:
        yield connected

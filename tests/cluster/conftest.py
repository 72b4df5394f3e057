"""A cluster of two processes with a thread each, on this machine."""

import pytest


@pytest.fixture(scope="package")
def workers():
    """Started once; a worker that is killed is replaced."""
    from distributed import LocalCluster

    with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None, silence_logs=50) as started:
        yield started


@pytest.fixture
def client(workers):
    """The active client."""
    from distributed import Client

    with Client(workers) as connected:
        yield connected

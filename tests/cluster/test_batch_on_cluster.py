"""Series of a batch as pieces for the workers, each in a process of its own there."""

import numpy as np
import pytest

from etwidgets import io
from etwidgets.errors import ParameterError
from etwidgets.session import Session, run_batch


def test_each_series_is_done_by_a_worker(workers, stack, tmp_path):
    io.save(stack, tmp_path / "first.hspy")
    session = Session()
    session.open(str(tmp_path / "first.hspy"))
    session.apply("filter", method="median", size=3)
    steps = session.save(tmp_path / "work.json")
    (tmp_path / "second.mrc").write_bytes(b"no header")
    with pytest.raises(ParameterError, match="1 of 2 series failed: second"):
        run_batch(
            steps,
            [tmp_path / "first.hspy", tmp_path / "second.mrc"],
            output=tmp_path / "out",
            cluster=workers.scheduler_address,
        )
    result = io.load(tmp_path / "out" / "first_aligned.hspy")
    assert np.array_equal(result.data, stack.filter("median", size=3).data)

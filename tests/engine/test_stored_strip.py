"""The weights that a watched slice keeps are those of the strip model."""

import numpy as np
import pytest

from etwidgets import engine

ANGLES = np.deg2rad(np.linspace(-90, 75, 12))


@pytest.mark.parametrize(("n_y", "n_z"), [(37, 29), (3, 5), (24, 24)])
@pytest.mark.parametrize(
    ("algorithm", "options"), [("SIRT", {}), ("OS-SIRT", {"n_subsets": 3}), ("CGLS", {}), ("SART", {})]
)
def test_a_watched_slice_is_that_of_a_reconstruction(algorithm, options, n_y, n_z):
    data = np.random.default_rng(1).random((len(ANGLES), n_y, 2), dtype=np.float32)
    geometry = engine.Geometry(ANGLES, n_y, n_z)
    given = {"algorithm": algorithm, "iterations": 4, "model": "strip", **options}
    *_, last = engine.iterate(np.moveaxis(data, 2, 0), geometry, **given)
    whole = engine.reconstruct(data, geometry, **given)
    assert last.estimate == pytest.approx(whole, abs=2e-5 * float(np.abs(whole).max()))


def test_a_slice_too_large_to_keep_its_weights_is_worked_on_all_the_same():
    data = np.random.default_rng(1).random((1, 60, 640), dtype=np.float32)
    geometry = engine.Geometry(np.linspace(-1, 1, 60), 640)
    (first,) = engine.iterate(data, geometry, algorithm="SIRT", iterations=1, model="strip")
    assert np.isfinite(first.estimate).all()
    small = engine.Geometry(np.linspace(-1, 1, 6), 64)
    kept, plain = (
        engine.memory_needed(small, "SIRT", model=model, in_step=True) for model in ("strip", "linear")
    )
    assert kept - plain == 6 * 64 * 64 * 16

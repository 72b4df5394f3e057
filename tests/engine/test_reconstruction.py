"""Known answers of the algorithms: amplitudes, radii, an independent SIRT, discrete phantoms, clean exits."""

import sys
import threading
import time

import astra
import numpy as np
import psutil
import pytest

from etwidgets import engine
from etwidgets.engine import filters
from etwidgets.errors import DataError, MissingDependencyError, ParameterError, ShapeError
from etwidgets.progress import Cancelled, Progress

TILTS = np.arange(-90.0, 90, 2)


@pytest.mark.parametrize("name", engine.FILTERS)
def test_every_filter_gives_a_disc_its_amplitude(disc_sinogram, name):
    sinogram = disc_sinogram(TILTS, 101, 32)[:, :, None]
    geometry = engine.Geometry(np.deg2rad(TILTS), 101)
    image = engine.reconstruct(sinogram, geometry, filter_name=name.upper())[0]
    z, y = np.mgrid[:101, :101] - 50
    r = np.hypot(z, y)
    assert image[r < 25].mean() == pytest.approx(1, abs=0.01)
    assert abs(image[(r > 40) & (r < 49)].mean()) < 0.01


@pytest.mark.parametrize(
    ("algorithm", "options"),
    [("FBP", {}), ("SIRT", {"iterations": 80}), ("SART", {"iterations": 5, "minimum": 0.0})],
)
def test_a_disc_off_the_axis_has_its_place_radius_and_value(disc_sinogram, algorithm, options):
    sinogram = 7 * disc_sinogram(TILTS, 71, 12, y=10, r=-6)[:, :, None]
    geometry = engine.Geometry(np.deg2rad(TILTS), 71, 61)
    image = engine.reconstruct(sinogram, geometry, algorithm=algorithm, **options)[0]
    assert image.shape == (61, 71)
    inside = image > 3.5
    z, y = np.nonzero(inside)
    assert (y.mean() - 35, z.mean() - 30) == pytest.approx((10, -6), abs=0.1)
    assert np.sqrt(inside.sum() / np.pi) == pytest.approx(12, abs=0.3)
    assert image[inside].mean() == pytest.approx(7, rel=0.05)


def test_back_projection_gives_the_mean_of_the_smeared_projections():
    data = np.full((4, 21, 1), 3.0)
    image = engine.reconstruct(data, engine.Geometry(np.linspace(0, 1, 4), 21), algorithm="bp")[0]
    assert image[8:13, 8:13] == pytest.approx(3, rel=1e-3)


def test_sirt_equals_an_independent_one(astra_matrix):
    angles, n = np.deg2rad(np.linspace(-70, 70, 15)), 20
    matrix = astra_matrix(angles, n, n, "linear")
    data = np.random.default_rng(0).random((15, n, 2))
    expected = []
    for x in range(2):
        b, estimate = data[:, :, x].ravel(), np.zeros(n * n)
        rows, columns = matrix.sum(1), matrix.sum(0)
        for _ in range(30):
            residual = np.divide(b - matrix @ estimate, rows, out=np.zeros_like(b), where=rows > 1e-6)
            step = np.divide(matrix.T @ residual, columns, out=np.zeros(n * n), where=columns > 1e-6)
            estimate = np.maximum(estimate + step, 0.1)
        expected.append(estimate.reshape(n, n))
    geometry = engine.Geometry(angles, n)
    found = engine.reconstruct(data, geometry, algorithm="SIRT", iterations=30, minimum=0.1)
    assert np.linalg.norm(found - expected) / np.linalg.norm(expected) < 1e-4


def test_sirt_in_chunks_equals_astra_in_one_go(three_levels):
    angles = np.deg2rad(np.linspace(-76, 76, 39))
    geometry = engine.Geometry(angles, 128)
    data = engine.forward_project(three_levels([0, 1, 2])[None], geometry)
    vol, proj = astra.create_vol_geom(128, 128), astra.create_proj_geom("parallel", 1.0, 128, angles)
    projector = astra.create_projector("linear", proj, vol)
    sinogram, image = astra.data2d.create("-sino", proj, data[:, :, 0]), astra.data2d.create("-vol", vol)
    config = astra.astra_dict("SIRT") | {
        "ProjectorId": projector,
        "ProjectionDataId": sinogram,
        "ReconstructionDataId": image,
        "option": {"MinConstraint": 0},
    }
    algorithm = astra.algorithm.create(config)
    astra.algorithm.run(algorithm, 40)
    expected = astra.data2d.get(image)
    astra.algorithm.delete(algorithm)
    astra.data2d.delete([sinogram, image])
    astra.projector.delete(projector)
    found = engine.reconstruct(data, geometry, algorithm="SIRT", iterations=40, minimum=0.0)[0]
    assert np.linalg.norm(found - expected) / np.linalg.norm(expected) < 1e-4


def test_one_sart_iteration_is_one_sweep(disc_sinogram):
    """One sweep over all tilts already shows the disc; five tilts would show a star."""
    sinogram = disc_sinogram(TILTS, 61, 15)[:, :, None]
    geometry = engine.Geometry(np.deg2rad(TILTS), 61)
    image = engine.reconstruct(sinogram, geometry, algorithm="SART", iterations=1)[0]
    z, y = np.mgrid[:61, :61] - 30
    r = np.hypot(z, y)
    assert image[r < 12].mean() == pytest.approx(1, abs=0.05)
    assert image[r < 12].std() < 0.1


def test_sart_does_not_depend_on_the_order_of_acquisition(disc_sinogram):
    order = np.random.default_rng(0).permutation(len(TILTS))
    data = disc_sinogram(TILTS, 41, 10, y=3)[:, :, None]
    images = [
        engine.reconstruct(d, engine.Geometry(np.deg2rad(t), 41), algorithm="SART", iterations=2)
        for d, t in ((data, TILTS), (data[order], TILTS[order]))
    ]
    assert np.allclose(*images, atol=1e-5)


def test_unequal_steps_are_weighted_by_the_angle_they_stand_for():
    angles = np.deg2rad([-60, -40, -20, 0, 5, 10, 15])
    weights = np.rad2deg(filters.angle_weights(angles, by_step=True))
    assert weights.sum() == pytest.approx(180)
    assert weights / weights[0] == pytest.approx([1, 1, 1, 0.625, 0.25, 0.25, 0.25])
    twice = filters.angle_weights(np.deg2rad([0, 0, 60, 120]), by_step=True)
    assert twice[0] + twice[1] == pytest.approx(twice[2])


def test_weighting_repairs_a_series_with_a_dense_part(disc_sinogram):
    tilts = np.concatenate([np.arange(-90, 0, 3.0), np.arange(0, 90, 1.0)])
    sinogram = disc_sinogram(tilts, 101, 10, y=25)[:, :, None]
    geometry = engine.Geometry(np.deg2rad(tilts), 101)
    truth = disc_sinogram(TILTS, 101, 10, y=25)[:, :, None]
    reference = engine.reconstruct(truth, engine.Geometry(np.deg2rad(TILTS), 101))
    plain, weighted = (
        np.linalg.norm(engine.reconstruct(sinogram, geometry, weight_tilts=w) - reference)
        for w in (False, True)
    )
    assert weighted < 0.5 * plain


@pytest.mark.parametrize("levels", [(0, 1, 2), (0, 300, 1000), (0, 0.004, 0.01)])
def test_dart_is_discrete_and_right_at_15_tilts(three_levels, levels):
    truth = three_levels(levels)
    geometry = engine.Geometry(np.deg2rad(np.linspace(-84, 84, 15)), 128)
    data = engine.forward_project(truth[None], geometry)
    found = engine.reconstruct(data, geometry, algorithm="DART", gray_levels=levels)[0]
    assert set(np.unique(found)) <= set(np.float32(levels))
    assert (found == truth).mean() >= 0.99


def test_dart_beats_thresholded_sirt_at_9_tilts(three_levels):
    levels = (0, 1, 2)
    truth = three_levels(levels)
    geometry = engine.Geometry(np.deg2rad(np.linspace(-60, 60, 9)), 128)
    data = engine.forward_project(truth[None], geometry)
    sirt = engine.reconstruct(data, geometry, algorithm="SIRT", iterations=200, minimum=0)[0]
    thresholded = np.digitize(sirt, [0.5, 1.5])
    dart = engine.reconstruct(data, geometry, algorithm="DART", gray_levels=levels)[0]
    assert (dart == truth).sum() > (thresholded == truth).sum()


def test_dart_is_seeded():
    data = np.random.default_rng(0).random((5, 20, 2))
    geometry = engine.Geometry(np.linspace(-1, 1, 5), 20)
    first, second, other = (
        engine.reconstruct(
            data, geometry, algorithm="DART", gray_levels=[0, 0.02, 0.05], iterations=2, seed=s
        )
        for s in (1, 1, 2)
    )
    assert np.array_equal(first, second)
    assert not np.array_equal(first, other)


def test_iterate_reports_the_residual_of_what_it_yields(three_levels):
    geometry = engine.Geometry(np.deg2rad(np.linspace(-60, 60, 13)), 128)
    data = engine.forward_project(three_levels([0, 1, 2])[None], geometry)
    steps = list(engine.iterate(np.moveaxis(data, -1, 0), geometry, iterations=7, chunk=3, minimum=0.0))
    assert [step.iteration for step in steps] == [3, 6, 7]
    for step in steps:
        again = engine.forward_project(step.estimate, geometry)
        assert step.residual == pytest.approx(np.linalg.norm(data - again), rel=1e-4)
    whole = engine.reconstruct(data, geometry, algorithm="SIRT", iterations=7, minimum=0.0)
    assert np.allclose(steps[-1].estimate, whole, atol=1e-5)


def test_iterate_can_start_from_an_estimate(three_levels):
    geometry = engine.Geometry(np.deg2rad(np.linspace(-60, 60, 13)), 128)
    data = np.moveaxis(engine.forward_project(three_levels([0, 1, 2])[None], geometry), -1, 0)
    *_, half = engine.iterate(data, geometry, iterations=4)
    *_, rest = engine.iterate(data, geometry, iterations=3, start=half.estimate)
    *_, whole = engine.iterate(data, geometry, iterations=7)
    assert np.allclose(rest.estimate, whole.estimate, atol=1e-5)


def test_iterate_gives_dart_after_each_of_its_iterations(three_levels):
    levels = [0, 1, 2]
    geometry = engine.Geometry(np.deg2rad(np.linspace(-84, 84, 15)), 128)
    data = engine.forward_project(np.stack([three_levels(levels)] * 2), geometry)
    options = {"algorithm": "DART", "gray_levels": levels, "iterations": 5, "dart_iterations": 4, "seed": 3}
    steps = list(engine.iterate(np.moveaxis(data, -1, 0), geometry, chunk=3, **options))
    assert [step.iteration for step in steps] == [3, 4]
    for step in steps:
        assert set(np.unique(step.estimate)) <= set(levels)
        again = engine.forward_project(step.estimate, geometry)
        assert step.residual == pytest.approx(np.linalg.norm(data - again), rel=1e-4)
    assert np.array_equal(steps[-1].estimate, engine.reconstruct(data, geometry, **options))


def test_chunks_of_sart_equal_all_sweeps_at_once(disc_sinogram):
    sinograms = disc_sinogram(TILTS, 41, 10, y=3)[np.newaxis]
    geometry = engine.Geometry(np.deg2rad(TILTS), 41)
    *_, chunked = engine.iterate(sinograms, geometry, algorithm="SART", iterations=3)
    *_, whole = engine.iterate(sinograms, geometry, algorithm="SART", iterations=3, chunk=3)
    assert np.allclose(chunked.estimate, whole.estimate, atol=1e-6)


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"algorithm": "FBP"}, ParameterError, "SIRT, OS-SIRT, SART"),
        ({"algorithm": "DART"}, ParameterError, "gray_levels"),
        ({"algorithm": "DART", "gray_levels": [0, 1], "start": np.zeros((2, 6, 6))}, ParameterError, "start"),
        ({"algorithm": "DART", "gray_levels": [0, 1], "seed": -1}, ParameterError, "seed"),
        ({"start": np.zeros((1, 6, 6))}, ShapeError, "1 slices for 2"),
        ({"start": np.zeros((2, 6, 5))}, ShapeError, r"\(6, 5\)"),
        ({"minimum": 2, "maximum": 1}, ParameterError, "below"),
        ({"iterations": np.inf}, ParameterError, "iterations"),
        ({"chunk": 0}, ParameterError, "chunk"),
        ({"model": "x"}, ParameterError, "linear, strip"),
    ],
)
def test_iterate_refuses_before_the_first_iteration(options, error, message):
    with pytest.raises(error, match=message):
        engine.iterate(np.zeros((2, 3, 6)), engine.Geometry([0, 0.1, 0.2], 6), **options)


class Stop(Progress):
    def __init__(self, after=0.2):
        self.after = after
        self.seen = []
        self.threads = set()
        self.raised_at = 0.0

    def advance(self, fraction, message=""):
        self.seen.append(fraction)
        self.threads.add(threading.get_ident())
        if fraction > self.after:
            self.raised_at = time.perf_counter()
            raise Cancelled


def test_cancelling_and_failing_leave_no_astra_object(astra_objects):
    geometry = engine.Geometry(np.linspace(-1, 1, 60), 128)
    data = np.random.default_rng(0).random((60, 128, 6))
    mine = astra.data2d.create("-vol", astra.create_vol_geom(4, 4), 5)
    before = astra_objects()
    progress = Stop()
    with pytest.raises(Cancelled):
        engine.reconstruct(data, geometry, algorithm="SIRT", iterations=2000, progress=progress)
    assert progress.seen[-1] < 0.5
    steps = engine.iterate(np.moveaxis(data, -1, 0), geometry, iterations=50)
    next(steps)
    steps.close()
    engine.reconstruct(data, geometry)
    assert astra_objects() == before
    assert astra.data2d.get(mine).mean() == 5
    astra.data2d.delete(mine)


@pytest.mark.parametrize("options", [{"algorithm": "SART"}, {"algorithm": "DART", "gray_levels": [0, 0.01]}])
def test_workers_stop_promptly_and_only_the_caller_is_told(options):
    """These iterations would last half a minute; one step of one lasts some 20 ms."""
    geometry = engine.Geometry(np.linspace(-1, 1, 60), 200)
    data = np.random.default_rng(0).random((60, 200, 4), dtype=np.float32)
    progress = Stop(after=0.05)
    with pytest.raises(Cancelled):
        engine.reconstruct(data, geometry, iterations=500, progress=progress, **options)
    assert time.perf_counter() - progress.raised_at < 0.5
    assert progress.seen[-1] < 0.2
    assert progress.threads == {threading.get_ident()}


def test_memory_is_flat_over_100_runs(astra_objects):
    geometry = engine.Geometry(np.linspace(-1, 1, 30), 128)
    data = np.random.default_rng(0).random((30, 128, 2), dtype=np.float32)
    for _ in range(10):
        engine.reconstruct(data, geometry, algorithm="SIRT", iterations=1)
    process = psutil.Process()
    before, objects = process.memory_info().rss, astra_objects()
    for _ in range(100):
        engine.reconstruct(data, geometry, algorithm="SIRT", iterations=1)
    assert astra_objects() == objects
    assert process.memory_info().rss - before < 10e6  # 200 slices with their sinograms are 16 MB


def test_progress_goes_from_0_to_1_without_stepping_back():
    progress = Stop()
    progress.advance = lambda fraction, message="": progress.seen.append(fraction)
    data = np.random.default_rng(0).random((20, 64, 5))
    engine.reconstruct(data, engine.Geometry(np.linspace(-1, 1, 20), 64), algorithm="SIRT", progress=progress)
    assert progress.seen[0] == 0
    assert progress.seen[-1] == 1
    assert (np.diff(progress.seen) >= 0).all()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"algorithm": "XYZ"}, "BP, FBP, SIRT, OS-SIRT"),
        ({"filter_name": "none"}, "ram-lak"),
        ({"iterations": 0}, "iterations"),
        ({"iterations": 2.5}, "2.5"),
        ({"iterations": "many"}, "many"),
        ({"n_workers": np.inf}, "threads"),
        ({"algorithm": "DART", "gray_levels": [0, 1], "seed": -1}, "seed"),
        ({"minimum": 2, "maximum": 1}, "below"),
        ({"minimum": np.nan}, "minimum"),
        ({"algorithm": "DART"}, "gray_levels"),
        ({"algorithm": "DART", "gray_levels": [1, 1]}, "two different"),
        ({"algorithm": "DART", "gray_levels": [0, 1], "fix_probability": 2}, "from 0 to 1"),
    ],
)
def test_wrong_parameters_are_refused_with_the_options(options, message):
    with pytest.raises(ParameterError, match=message):
        engine.reconstruct(np.zeros((3, 6, 2)), engine.Geometry([0, 0.1, 0.2], 6), **options)


def test_nan_in_gives_an_error_and_finite_in_gives_finite_out():
    geometry = engine.Geometry([0, 0.1, 0.2], 6)
    data = np.zeros((3, 6, 2))
    data[1, 2, 1] = np.inf
    with pytest.raises(DataError, match="1 value"):
        engine.reconstruct(data, geometry)
    with pytest.raises(DataError, match="float32"):
        engine.reconstruct(np.full((3, 6, 2), -1e39), geometry)
    for algorithm in ("BP", "FBP", "SIRT", "SART"):
        volume = engine.reconstruct(np.zeros((3, 6, 2)), geometry, algorithm=algorithm)
        assert np.array_equal(volume, np.zeros((2, 6, 6)))


def test_without_astra_it_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "astra", None)
    with pytest.raises(MissingDependencyError, match="astra-toolbox"):
        engine.reconstruct(np.zeros((3, 6, 2)), engine.Geometry([0, 0.1, 0.2], 6), backend="astra-cpu")


class _Impatient(Progress):
    """Wants what there is after some reports."""

    def __init__(self, after):
        self.reports, self.after = 0, after

    def advance(self, fraction, message=""):
        self.reports += 1

    @property
    def may_finish(self):
        return True

    @property
    def finish_requested(self):
        return self.reports >= self.after


@pytest.mark.parametrize("algorithm", ["SIRT", "OS-SIRT", "SART", "CGLS", "FISTA-TV"])
@pytest.mark.parametrize("n_slices", [1, 9, 37])
def test_a_run_that_may_finish_early_gives_the_same_bits(algorithm, n_slices):
    rng = np.random.default_rng(4)
    geometry = engine.Geometry(np.deg2rad(np.arange(-60, 61, 12.0)), 24)
    data = rng.random((11, 24, n_slices)).astype(np.float32)
    options = {"algorithm": algorithm, "iterations": 7, "minimum": 0, "tv_weight": 0.1}
    usual = engine.reconstruct(data, geometry, **options)
    patient = _Impatient(after=10**9)
    assert np.array_equal(engine.reconstruct(data, geometry, progress=patient, **options), usual)
    assert patient.iterations_done is None


@pytest.mark.parametrize("algorithm", ["SIRT", "OS-SIRT", "CGLS", "FISTA-TV"])
def test_a_run_that_is_finished_early_equals_one_with_so_many_iterations(algorithm):
    rng = np.random.default_rng(5)
    geometry = engine.Geometry(np.deg2rad(np.arange(-60, 61, 12.0)), 24)
    data = rng.random((11, 24, 37)).astype(np.float32)
    options = {"algorithm": algorithm, "tv_weight": 0.1}
    hurried = _Impatient(after=4)
    found = engine.reconstruct(data, geometry, iterations=500, progress=hurried, **options)
    assert 1 <= hurried.iterations_done < 500
    again = engine.reconstruct(data, geometry, iterations=hurried.iterations_done, **options)
    assert np.array_equal(found, again)

"""What the iterative algorithms promise: known minima, limits, masks, warm starts, free residuals."""

import numpy as np
import pytest
from skimage.restoration import denoise_tv_chambolle

from etwidgets import engine
from etwidgets.engine.algorithms.base import Block, Setting
from etwidgets.engine.algorithms.fista_tv import FistaTv
from etwidgets.engine.arithmetic import aligned
from etwidgets.engine.projectors import CpuProjector
from etwidgets.engine.team import Team
from etwidgets.errors import DataError, ParameterError, ShapeError

ALL = [
    ("SIRT", {}),
    ("OS-SIRT", {"n_subsets": 5}),
    ("OS-SIRT", {"n_subsets": 5, "momentum": 0.6}),
    ("SART", {}),
    ("CGLS", {}),
    ("FISTA-TV", {"tv_weight": 0.02}),
]
with_all = pytest.mark.parametrize(("algorithm", "options"), ALL)


@pytest.fixture
def problem():
    """Two slices of random blobs, consistent data."""
    rng = np.random.default_rng(5)
    geometry = engine.Geometry(np.deg2rad(np.arange(-75, 76, 6.0)), 32, 28)
    z, y = np.mgrid[:28, :32]
    truth = np.zeros((2, 28, 32), np.float32)
    for x in range(2):
        for _ in range(4):
            truth[x] += np.hypot(z - rng.uniform(8, 20), y - rng.uniform(9, 23)) < rng.uniform(2, 5)
    return truth, geometry, engine.forward_project(truth, geometry)


def matrix(geometry, model="linear"):
    """The projection as a dense array, in double precision."""
    return np.asarray(
        engine.as_linear_operator(geometry, model=model) @ np.eye(geometry.n_z * geometry.n_y), float
    )


@with_all
def test_the_residual_falls_and_is_that_of_the_estimate(problem, algorithm, options):
    _, geometry, data = problem
    steps = list(
        engine.iterate(np.moveaxis(data, -1, 0), geometry, algorithm=algorithm, iterations=12, **options)
    )
    residuals = [step.residual for step in steps]
    assert [step.iteration for step in steps] == list(range(1, 13))
    for step in (steps[0], steps[5], steps[-1]):
        again = engine.forward_project(step.estimate, geometry)
        assert step.residual == pytest.approx(np.linalg.norm(data - again), rel=1e-3)
    assert residuals[-1] < 0.5 * residuals[0]
    assert residuals[-1] < 0.15 * np.linalg.norm(data)
    whole = engine.reconstruct(data, geometry, algorithm=algorithm, iterations=12, **options)
    assert np.array_equal(whole, steps[-1].estimate)


@with_all
def test_asking_for_residuals_changes_nothing(problem, algorithm, options):
    _, geometry, data = problem
    sinograms = np.moveaxis(data, -1, 0)
    *_, often = engine.iterate(sinograms, geometry, algorithm=algorithm, iterations=6, **options)
    *_, once = engine.iterate(sinograms, geometry, algorithm=algorithm, iterations=6, chunk=6, **options)
    assert np.array_equal(often.estimate, once.estimate)


@with_all
def test_limits_hold(problem, algorithm, options):
    _, geometry, data = problem
    image = engine.reconstruct(
        data, geometry, algorithm=algorithm, iterations=8, minimum=0.05, maximum=0.9, **options
    )
    assert image.min() == pytest.approx(0.05, abs=1e-6)
    assert image.max() == pytest.approx(0.9, abs=1e-6)


@with_all
def test_what_is_outside_the_mask_stays_and_inside_is_solved(problem, algorithm, options):
    truth, geometry, _ = problem
    mask = np.zeros((28, 32), bool)
    mask[6:24, 4:28] = True
    outside = 0.25 * ~mask
    inside = truth * mask
    shifted = engine.forward_project((inside + outside).astype(np.float32), geometry)
    start = np.repeat(outside[None], 2, axis=0)
    image = engine.reconstruct(
        shifted, geometry, algorithm=algorithm, iterations=40, mask=mask, start=start, minimum=0.0, **options
    )
    assert np.array_equal(image[:, ~mask], np.full((2, (~mask).sum()), np.float32(0.25)))
    assert np.linalg.norm((image - inside)[:, mask]) < 0.3 * np.linalg.norm(inside)


@with_all
@pytest.mark.parametrize("kind", ["tilt", "pixel"])
def test_what_weighs_nothing_has_no_influence(problem, algorithm, options, kind):
    _, geometry, data = problem
    weights = np.ones(26) if kind == "tilt" else np.ones((26, 32))
    spoiled = data.copy()
    if kind == "tilt":
        weights[7] = 0
        spoiled[7] = 1e4
    else:
        weights[7, 12:20] = 0
        spoiled[7, 12:20] = 1e4
    clean, masked = (
        engine.reconstruct(d, geometry, algorithm=algorithm, iterations=5, weights=weights, **options)
        for d in (data, spoiled)
    )
    assert np.array_equal(clean, masked)
    plain = engine.reconstruct(spoiled, geometry, algorithm=algorithm, iterations=5, **options)
    assert np.abs(plain - clean).max() > 1


@with_all
def test_a_warm_start_is_where_it_begins(problem, algorithm, options):
    truth, geometry, data = problem
    near = engine.iterate(
        np.moveaxis(data, -1, 0), geometry, algorithm=algorithm, iterations=3, start=truth, **options
    )
    far = engine.iterate(np.moveaxis(data, -1, 0), geometry, algorithm=algorithm, iterations=3, **options)
    assert next(near).residual < 0.05 * next(far).residual


def test_momentum_goes_on_as_the_last_sweep_went(problem):
    _, geometry, data = problem
    given = {"algorithm": "OS-SIRT", "n_subsets": 5, "minimum": 0.0, "iterations": 1}
    estimates = [np.zeros((2, 28, 32), np.float32)]
    point = estimates[0]
    for number in range(6):
        estimates.append(engine.reconstruct(data, geometry, start=point, **given))
        pace = np.float32(0.6 if number else 0)
        point = np.maximum(estimates[-1] + pace * (estimates[-1] - estimates[-2]), 0)
    found = engine.reconstruct(data, geometry, **{**given, "iterations": 6, "momentum": 0.6})
    assert found == pytest.approx(estimates[-1], abs=1e-5)


def test_momentum_gets_as_far_in_half_the_sweeps(problem):
    truth, geometry, data = problem
    given = {"algorithm": "OS-SIRT", "minimum": 0.0}
    plain = engine.reconstruct(data, geometry, iterations=20, **given)
    quick = engine.reconstruct(data, geometry, iterations=10, momentum=0.6, **given)
    assert np.linalg.norm(quick - truth) < np.linalg.norm(plain - truth)


def test_weighted_fbp_leaves_out_a_tilt():
    geometry = engine.Geometry(np.deg2rad(np.arange(-90, 90, 6.0)), 40)
    data = np.random.default_rng(0).random((30, 40, 2), dtype=np.float32)
    weights = np.ones(30)
    weights[4] = 0
    without = data.copy()
    without[4] = 0
    assert np.array_equal(
        engine.reconstruct(data, geometry, weights=weights), engine.reconstruct(without, geometry)
    )


def test_cgls_is_the_krylov_minimum(problem):
    """After k iterations no combination of the first k gradients fits better."""
    _, geometry, data = problem
    a, b = matrix(geometry), data[:, :, 0].ravel().astype(float)
    krylov = [a.T @ b]
    for _ in range(5):
        krylov.append(a.T @ (a @ krylov[-1]))
    basis = np.linalg.qr(np.stack(krylov, axis=1))[0]
    best = basis @ np.linalg.lstsq(a @ basis, b, rcond=None)[0]
    found = engine.reconstruct(data, geometry, algorithm="CGLS", iterations=6)[0].ravel()
    assert np.linalg.norm(found - best) < 1e-3 * np.linalg.norm(best)


def test_fista_without_a_price_solves_least_squares(problem):
    _, geometry, data = problem
    steps = engine.iterate(
        np.moveaxis(data, -1, 0), geometry, algorithm="FISTA-TV", iterations=300, chunk=300, tv_weight=0
    )
    assert next(steps).residual < 0.005 * np.linalg.norm(data)


@pytest.mark.parametrize("scale", [1, 1000])
def test_total_variation_is_the_objective(problem, scale):
    """No other image near the result has a lower objective, and the weight is in units of the data."""
    truth, geometry, data = problem
    rng = np.random.default_rng(1)
    noisy = scale * (data + rng.normal(0, 0.3, data.shape))
    weight = 0.5 * scale

    def objective(image):
        misfit = engine.forward_project(image[None].astype(np.float32), geometry)[:, :, 0] - noisy[:, :, 0]
        down, right = np.diff(image, axis=0)[:, :-1], np.diff(image, axis=1)[:-1]
        edges = (
            np.hypot(down, right).sum()
            + np.abs(np.diff(image[:, -1])).sum()
            + np.abs(np.diff(image[-1])).sum()
        )
        return (misfit.astype(float) ** 2).sum() / 2 + weight * edges

    image = engine.reconstruct(noisy, geometry, algorithm="FISTA-TV", iterations=400, tv_weight=weight)[0]
    lowest = objective(image.astype(float))
    for trial in (scale * truth[0], 0.99 * image, 1.01 * image, np.roll(image, 1, 0)):
        assert lowest < objective(trial.astype(float))
    for _ in range(10):
        nudge = 1e-2 * scale * rng.normal(size=image.shape)
        assert lowest < objective(image + nudge)


def test_the_smoothing_of_one_image_is_that_of_scikit_image():
    """With the identity for the projection, FISTA-TV is the denoising of Rudin, Osher and Fatemi."""
    rng = np.random.default_rng(0)
    image = aligned((24, 40, 16))
    image[8:16, 10:30] = 1
    image += rng.normal(0, 0.2, image.shape)
    with Team() as team:
        geometry = engine.Geometry([0.0], 40, 24)
        projector = CpuProjector(geometry, "linear", 16, team)
        setting = Setting(
            projector, np.ones((1, 40), np.float32), np.ones((24, 40), np.float32), -np.inf, np.inf
        )
        method = FistaTv(setting, 1, 0.3)
        method.smoothing = np.float32(0.3)
        running = method.begin(Block(projector, aligned((1, 40, 16)), aligned((24, 40, 16)), range(16)))
        for _ in range(60):
            smooth = running._smoothed(image)
    expected = denoise_tv_chambolle(image[..., 3].astype(float), weight=0.3, eps=1e-9, max_num_iter=3000)
    assert np.abs(smooth[..., 3] - expected).max() < 0.02


@pytest.mark.parametrize(
    ("algorithm", "options"), [*ALL, ("FBP", {}), ("BP", {}), ("DART", {"gray_levels": [0, 1]})]
)
@pytest.mark.parametrize("size", [1e-38, 1e-20, 1e20, 3e38])
def test_finite_in_finite_out_and_powers_of_two_do_not_matter(algorithm, options, size):
    data = np.random.default_rng(0).random((5, 12, 2)).astype(np.float32)
    geometry = engine.Geometry(np.linspace(-1, 1, 5), 12)
    options = {**options, "algorithm": algorithm, "iterations": 3}
    factor = float(2.0 ** np.floor(np.log2(size)))
    usual = engine.reconstruct(data, geometry, **options)
    for name in ("tv_weight", "gray_levels"):
        if name in options:
            options[name] = np.multiply(options[name], factor).tolist()
    extreme = engine.reconstruct(np.multiply(data, factor, dtype=float), geometry, **options)
    assert np.isfinite(extreme).all()
    largest = np.finfo(np.float32).max
    expected = np.clip(usual * factor, -largest, largest).astype(np.float32)
    assert np.allclose(extreme, expected, rtol=1e-5, atol=1e-7 * min(np.abs(expected).max(), largest))


@pytest.mark.parametrize("value", [0, 1, 255])
@pytest.mark.parametrize(
    ("algorithm", "options"), [*ALL, ("FBP", {}), ("BP", {}), ("DART", {"gray_levels": [0, 1]})]
)
def test_blank_projections_give_no_nan(algorithm, options, value):
    data = np.full((5, 9, 3), value, np.uint8)
    geometry = engine.Geometry(np.deg2rad([-60, 0, 30, 45, 90]), 9, 5)
    image = engine.reconstruct(data, geometry, algorithm=algorithm, iterations=4, **options)
    assert np.isfinite(image).all()
    if value == 0:
        assert not image.any()


@pytest.mark.parametrize("name", ["FBP", "SIRT", "OS-SIRT", "SART", "CGLS"])
def test_backends_agree(problem, name):
    """To 1e-4 where the model is the same; conjugate gradients blow up what rounding differs by."""
    _, geometry, data = problem
    options = {"algorithm": name, "iterations": 4 if name == "CGLS" else 10}
    for model in ("linear", "strip"):
        ours, theirs = (
            engine.reconstruct(data, geometry, backend=backend, model=model, **options)
            for backend in ("cpu", "astra-cpu")
        )
        assert np.linalg.norm(ours - theirs) < 1e-4 * np.linalg.norm(theirs)


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"algorithm": "FISTA-TV"}, ParameterError, "tv_weight"),
        ({"algorithm": "FISTA-TV", "tv_weight": -1}, ParameterError, "-1"),
        ({"algorithm": "FISTA-TV", "tv_weight": np.nan}, ParameterError, "nan"),
        ({"algorithm": "OS-SIRT", "n_subsets": 4}, ParameterError, "4 subsets of 3"),
        ({"algorithm": "OS-SIRT", "n_subsets": 0}, ParameterError, "subsets"),
        ({"algorithm": "SIRT", "model": "interpolation"}, ParameterError, "linear or strip"),
        ({"algorithm": "FBP", "start": np.zeros((2, 6, 6))}, ParameterError, "start"),
        ({"weights": np.ones(4)}, ShapeError, r"\(3, 6\), not \(4,\)"),
        ({"weights": [1, np.nan, 1]}, DataError, "weights"),
        ({"weights": [1, -1, 1]}, DataError, "zero or more"),
        ({"weights": [0, 0, 0]}, DataError, "all zero"),
        ({"mask": np.ones((5, 6), bool)}, ShapeError, r"\(6, 6\)"),
        ({"mask": np.ones((6, 6))}, DataError, "Boolean"),
        ({"mask": np.zeros((6, 6), bool)}, DataError, "no pixel"),
        ({"backend": "astra-cpu", "model": "interpolation"}, ParameterError, "linear and strip"),
    ],
)
def test_what_does_not_fit_is_refused_in_words(options, error, message):
    with pytest.raises(error, match=message):
        engine.reconstruct(np.zeros((3, 6, 2)), engine.Geometry([0, 0.1, 0.2], 6), **options)

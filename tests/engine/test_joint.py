"""What the joint reconstruction promises: known minima, recovery, smoothing by hand, a gain by HAADF."""

import numpy as np
import pytest

from etwidgets import engine
from etwidgets.engine.joint import reconstruct_jointly
from etwidgets.engine.joint_balance import Balance, find_balance
from etwidgets.engine.joint_choice import choose_weights
from etwidgets.engine.joint_smoothing import Smoother, limit_singular_values
from etwidgets.engine.team import Team
from etwidgets.errors import DataError, ParameterError, ShapeError, TiltCountError
from etwidgets.progress import Cancelled, Progress

SIZE, NUMBERS = 48, (78, 28)
EFFICIENCIES = np.array([0.8, 1.4])
WEIGHTS = {"haadf_weight": 30.0, "tv_weight": 0.3}


def geometry_of(n_tilts, limit=70):
    return engine.Geometry(np.deg2rad(np.linspace(-limit, limit, n_tilts)), SIZE)


@pytest.fixture(scope="module")
def specimen():
    """A Pt core in a Ni shell (2, 8, Z, Y), its HAADF (37 tilts) and maps without noise (15 tilts)."""
    z, y = np.mgrid[:SIZE, :SIZE] - (SIZE - 1) / 2
    core, whole = np.hypot(z - 3, y + 2) < 9, np.hypot(z, 0.9 * y) < 17
    truth = np.repeat(np.array([core, whole & ~core], np.float32)[:, None], 8, axis=1)
    haadf = sum(
        n**1.7 * engine.forward_project(v, geometry_of(37)) for n, v in zip(NUMBERS, truth, strict=True)
    )
    truth *= EFFICIENCIES[:, None, None, None].astype(np.float32)
    return truth, haadf, np.array([engine.forward_project(v, geometry_of(15)) for v in truth])


@pytest.fixture(scope="module")
def counted(specimen):
    """The same with 1 % of noise, and with 12 counts in a spectrum pixel."""
    truth, haadf, maps = specimen
    rng = np.random.default_rng(3)
    factor = 12 / maps.sum(0)[maps.sum(0) > 1].mean()
    noisy = haadf + rng.normal(0, 0.01 * haadf.max(), haadf.shape)
    return truth * factor, noisy, rng.poisson(maps * factor).astype(np.float32)


def balance_of(haadf, maps):
    return find_balance(
        haadf.astype(np.float32), maps, geometry_of(37), geometry_of(15), np.array(NUMBERS, float), 1.7
    )


def errors(found, truth):
    return np.array([np.linalg.norm(f - t) / np.linalg.norm(t) for f, t in zip(found, truth, strict=True)])


def objective(volumes, haadf, maps, balance, haadf_weight, tv_weight):
    """As the docstring has it, in double precision."""
    typical = volumes.astype(float) / balance.densities[:, None, None, None]
    total = np.einsum("e,exzy->xzy", balance.shares, typical)
    dark = engine.forward_project(total, geometry_of(37)) - haadf / balance.haadf_unit
    differences = np.array([engine.forward_project(v, geometry_of(15)) for v in volumes]) - maps
    down = np.diff(typical, axis=2, append=typical[:, :, -1:])
    right = np.diff(typical, axis=3, append=typical[..., -1:])
    return (
        (differences.astype(float) ** 2 / balance.variances).sum() / 2
        + haadf_weight * (dark.astype(float) ** 2).sum() / 2
        + tv_weight * np.hypot(down, right).sum()
    )


def test_without_haadf_each_element_is_reconstructed_by_itself_with_total_variation(specimen):
    truth, haadf, _ = specimen
    truth, haadf = truth[:, :2], haadf[..., :2]
    densities, many = np.array([1.25, 0.8]), geometry_of(61, 90)
    maps = np.array([engine.forward_project(volume, many) for volume in truth])
    maps += np.random.default_rng(4).normal(0, 1, maps.shape).astype(np.float32)
    flat = Balance(densities, np.ones(2), 1.0, np.ones(maps.shape, np.float32))
    found = reconstruct_jointly(
        haadf, maps, geometry_of(37), many, NUMBERS,
        haadf_weight=0, tv_weight=1, iterations=150, balance=flat,
    )  # fmt: skip
    for volume, element, density in zip(found, maps, densities, strict=True):
        alone = engine.reconstruct(
            element, many, algorithm="FISTA-TV", tv_weight=1 / density, minimum=0, iterations=200
        )
        assert errors([volume], [alone]) < 0.01


def test_the_objective_falls_to_where_no_small_change_lowers_it(counted):
    _, haadf, maps = counted
    balance = balance_of(haadf, maps)
    series = (haadf, maps, geometry_of(37), geometry_of(15), NUMBERS)
    volumes = [
        reconstruct_jointly(*series, iterations=n, balance=balance, **WEIGHTS) for n in (1, 5, 20, 60, 200)
    ]
    values = [objective(v, haadf, maps, balance, *WEIGHTS.values()) for v in volumes]
    assert values == sorted(values, reverse=True)
    assert values[0] > 2 * values[-1]
    rng = np.random.default_rng(0)
    for size in (0.003, 0.03):
        other = np.maximum(volumes[-1] * (1 + size * rng.standard_normal(volumes[-1].shape)), 0)
        assert objective(other, haadf, maps, balance, *WEIGHTS.values()) > values[-1]
    for factor in (0.99, 1.01):
        scaled = volumes[-1] * np.array([factor, 1])[:, None, None, None]
        assert objective(scaled, haadf, maps, balance, *WEIGHTS.values()) > values[-1]


@pytest.mark.parametrize("coupling", ["tv", "tnv"])
def test_without_noise_the_specimen_is_found(specimen, coupling):
    truth, haadf, maps = specimen
    one = slice(0, 1)
    found = reconstruct_jointly(
        haadf[..., one], maps[..., one], geometry_of(37), geometry_of(15), NUMBERS,
        haadf_weight=30, tv_weight=0.1, coupling=coupling, iterations=200,
    )  # fmt: skip
    assert errors(found, truth[:, one]).max() < 0.09
    assert found.min() >= 0


def test_the_shares_of_haadf_are_those_of_the_elements(counted, specimen):
    for (truth, haadf, maps), tolerance in ((counted, 0.06), (specimen, 0.03)):
        balance = balance_of(haadf, maps)
        per_unit = balance.shares * balance.haadf_unit / balance.densities
        scale = truth.max(axis=(1, 2, 3))
        assert per_unit * scale == pytest.approx(np.array(NUMBERS) ** 1.7, rel=tolerance)


def test_maps_of_any_unit_give_the_same(counted):
    _, haadf, maps = counted
    units = np.array([1e-3, 50.0], np.float32)[:, None, None, None]
    one, other = (
        reconstruct_jointly(
            dark, elements, geometry_of(37), geometry_of(15), NUMBERS, iterations=30, **WEIGHTS
        )
        for dark, elements in ((haadf, maps), (1e4 * haadf, units * maps))
    )
    assert errors(other, one * units).max() < 0.005


@pytest.mark.parametrize("n_elements", [1, 2, 3, 5])
def test_singular_values_are_limited_as_numpy_would(n_elements):
    fields = np.random.default_rng(n_elements).normal(0, 1, (n_elements, 2, 5, 6, 3)).astype(np.float32)
    fields[:, :, 0] *= 0.1
    fields[:, 1, 1] = fields[:, 0, 1]
    u, s, v = np.linalg.svd(np.moveaxis(fields, (0, 1), (-2, -1)).astype(float), full_matrices=False)
    expected = np.moveaxis((u * np.minimum(s, 1)[..., None, :]) @ v, (-2, -1), (0, 1))
    limit_singular_values(fields)
    np.testing.assert_allclose(fields, expected, atol=2e-5)


def test_coupled_smoothing_has_the_least_price():
    """Against a general minimizer of the nuclear norms by NumPy's SVD."""
    target = np.abs(np.random.default_rng(1).normal(1, 0.5, (2, 4, 5, 1))).astype(np.float32)
    prices = np.array([0.3, 0.15])
    with Team(1) as team:
        smoother = Smoother(target.shape, "tnv", prices, team)
        for _ in range(40):
            found = smoother(target)

    def price(image):
        down, right = np.zeros_like(image), np.zeros_like(image)
        down[:, :-1], right[:, :, :-1] = np.diff(image, axis=1), np.diff(image, axis=2)
        pairs = np.moveaxis(np.array([down, right]), (1, 0), (-2, -1)) * prices[:, np.newaxis]
        norms = np.linalg.svd(pairs, compute_uv=False).sum()
        return ((image - target) ** 2).sum() / 2 + norms

    rng, best = np.random.default_rng(2), price(found.astype(float))
    assert best < 0.9 * price(target.astype(float))
    for size in (1e-3, 1e-2, 0.1):
        assert all(price(found + size * rng.standard_normal(found.shape)) > best - 1e-5 for _ in range(100))


def test_one_element_is_coupled_with_nothing():
    target = np.abs(np.random.default_rng(1).normal(1, 0.5, (1, 12, 9, 8))).astype(np.float32)
    with Team(2) as team:
        tv, tnv = (
            Smoother(target.shape, coupling, np.array([0.2]), team)(target) for coupling in ("tv", "tnv")
        )
    np.testing.assert_allclose(tnv, tv, atol=1e-5)


def test_haadf_lowers_the_error_by_a_tenth_with_weights_chosen_alike(counted):
    truth, haadf, maps = counted
    series = (haadf, maps, geometry_of(37), geometry_of(15), NUMBERS)
    chosen = choose_weights(
        *series, haadf_weights=(30, 3000), tv_weights=(0.1, 0.3, 10), tv_factors=(0.5, 1), iterations=60
    )
    assert chosen.haadf_weight == 30
    assert chosen.alone_tv_weight.max() < 10
    assert chosen.scores.shape == (2, 2)
    assert chosen.alone_scores.shape == (2, 3)
    alone, fused = (
        errors(reconstruct_jointly(*series, haadf_weight=w, tv_weight=p, iterations=100), truth).mean()
        for w, p in ((0, chosen.alone_tv_weight), (30, chosen.tv_weight))
    )
    assert fused < 0.9 * alone


def test_bad_input_is_refused(specimen):
    _, haadf, maps = specimen
    dark, few = geometry_of(37), geometry_of(15)
    for error, arguments, options in (
        (TiltCountError, (haadf[1:], maps, dark, few, NUMBERS), {}),
        (TiltCountError, (haadf, maps[:, 1:], dark, few, NUMBERS), {}),
        (ShapeError, (haadf, maps[0], dark, few, NUMBERS), {}),
        (ShapeError, (haadf, maps[..., 1:], dark, few, NUMBERS), {}),
        (ShapeError, (haadf, maps, dark, few, (78,)), {}),
        (DataError, (haadf, maps, dark, few, (78, 0)), {}),
        (DataError, (haadf, maps * [[[[1]]], [[[np.nan]]]], dark, few, NUMBERS), {}),
        (DataError, (haadf, maps * [[[[1]]], [[[0]]]], dark, few, NUMBERS), {}),
        (DataError, (0 * haadf, maps, dark, few, NUMBERS), {}),
        (DataError, (-haadf, maps, dark, few, NUMBERS), {}),
        (ParameterError, (haadf, maps, dark, few, NUMBERS), {"haadf_weight": -1}),
        (ParameterError, (haadf, maps, dark, few, NUMBERS), {"tv_weight": np.inf}),
        (ParameterError, (haadf, maps, dark, few, NUMBERS), {"tv_weight": (0, 1)}),
        (ShapeError, (haadf, maps, dark, few, NUMBERS), {"tv_weight": (1, 1, 1)}),
        (ParameterError, (haadf, maps, dark, few, NUMBERS), {"coupling": "TGV"}),
        (ParameterError, (haadf, maps, dark, few, NUMBERS), {"iterations": 0}),
    ):
        with pytest.raises(error):
            reconstruct_jointly(*arguments, **{**WEIGHTS, **options})
    for options in ({"haadf_weights": ()}, {"tv_weights": ()}, {"leave_out": 15}, {"leave_out": 1}):
        with pytest.raises(ParameterError):
            choose_weights(haadf, maps, dark, few, NUMBERS, **options)


def test_the_caller_may_stop_it(specimen):
    class Impatient(Progress):
        def advance(self, fraction, message=""):
            if fraction > 0:
                raise Cancelled

    _, haadf, maps = specimen
    with pytest.raises(Cancelled):
        reconstruct_jointly(
            haadf, maps, geometry_of(37), geometry_of(15), NUMBERS, progress=Impatient(), **WEIGHTS
        )

"""Fourier shell correlation against curves that are known beforehand."""

import numpy as np
import pytest

from etwidgets import analysis
from etwidgets.analysis import resolution_criteria
from etwidgets.errors import DataError, ParameterError, ShapeError

SIXTY = np.arange(-60.0, 61, 2)


def noise(shape, *seed):
    return np.random.default_rng(seed).standard_normal(shape, dtype=np.float32)


def frequencies(shape):
    *others, last = shape
    squares = [np.fft.rfftfreq(last) ** 2]
    for axis, size in enumerate(others):
        squares.append(np.fft.fftfreq(size).reshape([-1 if i == axis else 1 for i in range(len(shape))]) ** 2)
    return np.sqrt(sum(squares))


def filtered(volume, amplitude):
    axes = tuple(range(volume.ndim))
    return np.fft.irfftn(np.fft.rfftn(volume) * amplitude, volume.shape, axes=axes).astype(np.float32)


def halves_of_known_ratio(shape, ratio, seed):
    """Two volumes with one signal, whose power over that of the noise is known, and noise of their own."""
    signal = filtered(noise(shape, seed), np.sqrt(ratio(frequencies(shape))))
    return signal + noise(shape, seed, 1), signal + noise(shape, seed, 2)


def test_half_bit_and_one_bit_are_those_computed_by_hand():
    # n = 100: (0.2071 + 0.19102) / (1.2071 + 0.09102); one bit: (0.5 + 0.24142) / (1.5 + 0.141421)
    assert analysis.threshold_at("half-bit", np.array([100.0]))[0] == pytest.approx(0.3067, abs=1e-4)
    assert analysis.threshold_at("1-bit", np.array([100.0]))[0] == pytest.approx(0.4517, abs=1e-4)
    many = np.array([1e12])
    assert analysis.threshold_at("half-bit", many)[0] == pytest.approx(0.1716, abs=1e-4)
    assert analysis.threshold_at("1-bit", many)[0] == pytest.approx(1 / 3, abs=1e-4)
    assert analysis.threshold_at(0.143, many)[0] == 0.143


@pytest.mark.parametrize("shape", [(48, 48, 48), (64, 24, 40), (96, 96)])
def test_two_noise_volumes_agree_nowhere(shape):
    worst = 0.0
    for seed in range(3):
        pair = 5 + noise(shape, seed, 1), 5 + noise(shape, seed, 2)
        cones = analysis.DIRECTIONS if len(shape) == 3 else (None,)
        for curve in analysis.shell_correlations(*pair, cones=cones).values():
            worst = max(worst, *(curve.resolution(each).frequency for each in analysis.CRITERIA))
    assert worst <= 0.03


def test_the_number_of_independent_cells_is_what_the_scatter_of_noise_says():
    for taper in (0, 0.2):
        scores = []
        for seed in range(12):
            pair = noise((32,) * 3, seed, 1), noise((32,) * 3, seed, 2)
            found = analysis.fourier_shell_correlation(*pair, taper=taper)
            scores.append((found.correlation * np.sqrt(2 * found.n_independent))[1:])
        assert np.std(scores) == pytest.approx(1, abs=0.15)


def test_cells_are_counted_once_for_each_friedel_pair():
    found = analysis.fourier_shell_correlation(*2 * [noise((32,) * 3, 0)], taper=0)
    shell = np.rint(
        32 * np.sqrt(sum(np.square(np.meshgrid(*3 * [np.fft.fftfreq(32)], indexing="ij"))))
    ).astype(int)
    assert found.n_independent.tolist() == (np.bincount(shell.ravel())[1:17] / 2).tolist()
    assert found.frequencies[[0, -1]].tolist() == [1 / 32, 0.5]


def test_a_volume_agrees_with_itself_up_to_where_anything_is_claimed():
    volume = noise((32,) * 3, 0)
    for curve in analysis.shell_correlations(volume, volume, 2.0).values():
        assert curve.correlation[np.isfinite(curve.correlation)].min() == pytest.approx(1, abs=1e-6)
        found = curve.resolution()
        assert (found.frequency, found.low, found.high, found.at_limit) == (1 / 3, 1 / 3, 1 / 3, True)
        assert found.nm == pytest.approx(6)
        assert str(found) == "6 nm or better"


def test_a_known_signal_to_noise_ratio_is_found_with_its_crossing():
    def ratio(frequency):
        return 20 * np.exp(-16 * frequency)

    held = 0
    for seed in range(4):
        found = analysis.fourier_shell_correlation(*halves_of_known_ratio((64,) * 3, ratio, seed), 0.5)
        expected = ratio(found.frequencies) / (1 + ratio(found.frequencies))
        scores = (found.correlation - expected)[2:] / found.standard_error[2:]
        assert np.abs(scores).max() < 5
        fine = np.linspace(1 / 64, 0.5, 2000)
        for criterion in analysis.CRITERIA:
            asked = np.interp(fine, found.frequencies, found.threshold(criterion))
            true = fine[(ratio(fine) / (1 + ratio(fine)) < asked).argmax()]
            crossing = found.resolution(criterion)
            held += crossing.low <= true <= crossing.high
            assert crossing.frequency == pytest.approx(true, abs=0.02)
            assert crossing.nm == pytest.approx(0.5 / crossing.frequency)
    assert held >= 13  # of 16


def test_rings_of_images_find_a_band_limit():
    def ratio(frequency):
        return np.where(frequency < 0.2, 100.0, 0.0)

    found = analysis.fourier_shell_correlation(*halves_of_known_ratio((128, 96), ratio, 3), taper=0)
    assert found.correlation[found.frequencies < 0.19].min() > 0.95
    assert found.resolution("half-bit").frequency == pytest.approx(0.2, abs=0.01)


@pytest.mark.parametrize(("cone", "axis"), [("x", 0), ("beam", 1), ("y", 2)])
def test_a_cone_sees_the_direction_it_is_named_after(cone, axis):
    """Halves that agree along one axis only up to 0.1, and along the others up to 0.25 cycles per pixel."""
    shape = (48, 48, 48)
    grid = np.meshgrid(*(np.fft.fftfreq(48),) * 2, np.fft.rfftfreq(48), indexing="ij")
    limit = np.where(np.arange(3) == axis, 0.1, 0.25)
    inside = sum((each / end) ** 2 for each, end in zip(grid, limit, strict=True)) < 1
    signal = filtered(noise(shape, 4), 20 * inside)
    curves = analysis.shell_correlations(signal + noise(shape, 5), signal + noise(shape, 6), taper=0)
    found = {name: curve.resolution().frequency for name, curve in curves.items()}
    assert found.pop(cone) == pytest.approx(0.11, abs=0.02)
    found.pop(None)
    assert min(found.values()) > 0.2


def test_only_measured_cells_count():
    shape = (48, 48, 48)
    measured = analysis.measured_cells((48, 48), SIXTY)
    a, b = (filtered(noise(shape, 7), measured) + 0.05 * noise(shape, 7, i) for i in (1, 2))
    whole = analysis.fourier_shell_correlation(a, b, taper=0)
    wedge = analysis.fourier_shell_correlation(a, b, tilts_deg=SIXTY, taper=0)
    assert wedge.measured[-1] == pytest.approx(1 - 60 / 180, abs=0.03)
    assert wedge.n_independent[-1] / whole.n_independent[-1] == pytest.approx(wedge.measured[-1])
    assert wedge.correlation.min() > 0.99
    beam = analysis.fourier_shell_correlation(a, b, tilts_deg=SIXTY, cone="beam").resolution()
    assert np.isnan(beam.frequency)
    assert "not measured" in str(beam)
    halves = analysis.fourier_shell_correlation(a, b, tilts_deg=(SIXTY[::2], SIXTY[SIXTY < 0]))
    assert halves.measured[-1] == pytest.approx(60 / 180, abs=0.03)


def test_what_a_mask_adds_is_taken_off():
    shape = (48, 48, 48)
    x = np.arange(48) - 23.5
    ball = (np.sqrt(x[:, None, None] ** 2 + x[:, None] ** 2 + x**2) < 15).astype(np.float32)
    a, b = (filtered(30 * ball, frequencies(shape) < 0.1) + noise(shape, 8, i) for i in (1, 2))
    beyond = slice(10, 20)  # 0.21 to 0.42 cycles per pixel: nothing in common there
    found = analysis.fourier_shell_correlation(a, b, mask=ball)
    assert found.uncorrected[beyond].mean() > 0.5
    assert np.abs(found.correlation[beyond].mean()) < 0.1
    assert found.resolution().frequency < 0.21
    assert found.n_independent[-1] < 0.5 * analysis.fourier_shell_correlation(a, b).n_independent[-1]


def test_an_edge_that_cuts_the_specimen_is_no_agreement():
    bar = np.zeros((64, 32, 32), np.float32)
    bar[:, 8:24, 8:24] = np.linspace(4.5, 1.5, 64, dtype=np.float32)[:, None, None]
    a, b = bar + noise(bar.shape, 1), bar + noise(bar.shape, 2)
    assert analysis.fourier_shell_correlation(a, b, cone="x", taper=0).resolution().frequency > 0.2
    assert analysis.fourier_shell_correlation(a, b, cone="x").resolution().frequency < 0.05


def test_one_low_shell_between_high_ones_is_no_crossing_and_nothing_beyond_the_limit_is_claimed():
    places, count = np.arange(1, 33) / 64, np.full(32, 1e4)
    curve = np.where(places < 0.25, 0.9, 0.0)
    curve[5] = 0.0
    found = resolution_criteria.crossing(places, curve, np.full(32, 0.01), count, "half-bit")
    assert found.frequency == pytest.approx(0.25, abs=0.02)
    assert found.low <= found.frequency <= found.high
    assert found.high - found.low < 0.01
    late = resolution_criteria.crossing(places, np.where(places < 0.4, 0.9, 0), 0 * places, count, 0.143)
    assert (late.frequency, late.at_limit) == (1 / 3, True)


def test_what_does_not_fit_is_refused():
    a = noise((24, 24, 24), 0)
    with pytest.raises(ShapeError, match="the shapes differ"):
        analysis.fourier_shell_correlation(a, a[:-1])
    with pytest.raises(ShapeError, match="at least 16 pixels"):
        analysis.fourier_shell_correlation(a[:8, :8, :8], a[:8, :8, :8])
    with pytest.raises(DataError, match="not finite"):
        analysis.fourier_shell_correlation(a, np.full_like(a, np.nan))
    with pytest.raises(ParameterError, match="cone must be None or one of x, beam, y, not 'z'"):
        analysis.fourier_shell_correlation(a, a, cone="z")
    with pytest.raises(ParameterError, match="cones belong to volumes"):
        analysis.fourier_shell_correlation(a[0], a[0], cone="x")
    with pytest.raises(ParameterError, match="tilts belong to volumes"):
        analysis.fourier_shell_correlation(a[0], a[0], tilts_deg=SIXTY)
    with pytest.raises(ParameterError, match="give the tilts as well"):
        analysis.fourier_shell_correlation(a, a, diameter_px=10)
    with pytest.raises(ParameterError, match=r"taper must be a fraction from 0 to 0\.5, not 1"):
        analysis.fourier_shell_correlation(a, a, taper=1)
    with pytest.raises(ShapeError, match="the mask has the shape"):
        analysis.fourier_shell_correlation(a, a, mask=a[0])
    with pytest.raises(DataError, match="from 0"):
        analysis.fourier_shell_correlation(a, a, mask=a)
    with pytest.raises(ParameterError, match="criterion must be 'half-bit', '1-bit' or"):
        analysis.fourier_shell_correlation(a, a).resolution("two-bit")

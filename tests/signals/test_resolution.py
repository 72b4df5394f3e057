"""Resolution from halves of a series whose band limit or noise is known."""

import hyperspy.api as hs
import numpy as np
import pytest

from etwidgets import simulation
from etwidgets.errors import ParameterError, ShapeError
from etwidgets.signals import RecStack, TomoStack

TILTS = np.arange(-69.0, 70, 3)
SHAPE = (40, 40)


def series(seed=None, tilts=TILTS, noise=1.0):
    """Exact projections of particles, in nm, with noise of a seed."""
    images = simulation.project_ellipsoids(simulation.specimen("particles", SHAPE, seed=3), tilts, SHAPE)
    if seed is not None:
        images = images + noise * np.random.default_rng(seed).standard_normal(images.shape)
    stack = TomoStack(images.astype(np.float32), tilts)
    stack.set_pixel_size(2.0)
    return stack


def test_halves_are_every_other_tilt_in_order_of_tilt():
    order = np.random.default_rng(0).permutation(len(TILTS))
    stack = series().select_projections(np.arange(len(TILTS)))
    shuffled = TomoStack(stack.data[order], TILTS[order])
    for number, half in enumerate(shuffled.half_volumes(method="FBP")):
        alone = TomoStack(stack.data[number::2], TILTS[number::2]).reconstruct("FBP", show_progressbar=False)
        np.testing.assert_allclose(half.data, alone.data, atol=1e-5)


def test_weights_go_with_their_projections():
    weights = np.ones(len(TILTS))
    weights[0] = 0  # of the even half
    even, odd = series(1).half_volumes(method="SIRT", iterations=2, weights=weights)
    plain_even, plain_odd = series(1).half_volumes(method="SIRT", iterations=2)
    assert np.abs(even.data - plain_even.data).max() > 1e-3
    np.testing.assert_array_equal(odd.data, plain_odd.data)


def test_more_noise_is_a_coarser_resolution_in_every_direction():
    clean, noisy = (series(1, noise=level).resolution(method="SIRT", iterations=10) for level in (0.3, 6.0))
    assert (clean.method, clean.iterations, clean.split, clean.n_projections) == (
        "SIRT",
        10,
        "tilts",
        (24, 23),
    )
    for name in ("all", "x", "y"):
        fine, coarse = (each.resolution()[name] for each in (clean, noisy))
        assert fine.frequency > 1.3 * coarse.frequency
        assert fine.nm == pytest.approx(2.0 / fine.frequency)
    assert np.isnan(clean.resolution()["beam"].frequency)  # tilts to 69 degrees: no cell within 20 degrees
    assert "SIRT, 10 iterations; halves: even and odd tilts (24 and 23 projections)." in str(clean)
    assert "that of the alignment" in clean.blind_spots[0]
    assert "Blur is not seen" in clean.blind_spots[1]
    assert not any("constraints" in each for each in clean.blind_spots)


def test_noise_alone_has_no_resolution():
    images = np.random.default_rng(2).standard_normal((len(TILTS), 40, 40)).astype(np.float32)
    report = TomoStack(images, TILTS).resolution(method="FBP")
    assert report.iterations is None
    assert max(report.resolution(each)["all"].frequency for each in ("half-bit", "1-bit", 0.143, 0.5)) <= 0.03


def test_two_series_and_frames_are_halves_of_their_own():
    both = series(1), series(2)
    given = both[0].resolution(both[1], method="SIRT", iterations=5, constrain=True)
    frames = TomoStack(np.stack([each.data for each in both], axis=1), TILTS)
    by_frames = frames.resolution(split="frames", method="SIRT", iterations=5, constrain=True)
    assert (given.split, by_frames.split) == ("given", "frames")
    assert given.n_projections == by_frames.n_projections == (47, 47)
    np.testing.assert_allclose(
        given.curves["all"].correlation, by_frames.curves["all"].correlation, atol=1e-5
    )
    assert "constraints" in given.blind_spots[-1]


def test_the_report_is_kept_with_a_volume_and_in_its_file(tmp_path):
    stack = series(1)
    report = stack.resolution(method="SIRT", iterations=5)
    volume = stack.reconstruct("SIRT", iterations=5, show_progressbar=False)
    assert volume.resolution_report is None
    report.store(volume)
    volume.save(tmp_path / "volume.hspy")
    loaded = hs.load(tmp_path / "volume.hspy")
    for kept in (volume.resolution_report, RecStack(loaded).resolution_report):
        assert str(kept) == str(report)
        assert kept.settings["iterations"] == 5
        np.testing.assert_array_equal(kept.curves["y"].correlation, report.curves["y"].correlation)
    assert loaded.metadata.Tomography.resolution.all.half_bit == str(report.resolution()["all"])


def test_what_cannot_be_split_is_refused():
    stack = series()
    with pytest.raises(ParameterError, match="split must be 'tilts' or 'frames', not 'columns'"):
        stack.resolution(split="columns")
    with pytest.raises(ParameterError, match="no frames to split"):
        stack.resolution(split="frames")
    with pytest.raises(ParameterError, match="3 projections cannot be split into halves"):
        stack.select_projections([0, 1, 2]).half_volumes()
    with pytest.raises(ShapeError, match=r"different sizes: \(40, 40\) and \(40, 30\)"):
        stack.resolution(stack.isig[:30, :])

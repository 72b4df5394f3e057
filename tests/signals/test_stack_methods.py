"""Known answers of the methods that change images, on series whose truth is known."""

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pytest
from hyperspy.signals import BaseSignal

from etwidgets import engine
from etwidgets.errors import DataError, MissingTiltsError, ParameterError
from etwidgets.progress import Cancelled, Progress
from etwidgets.signals import LazyRecStack, RecStack, TomoStack


@pytest.fixture(autouse=True)
def no_windows():
    mpl.use("agg")
    yield
    plt.close("all")


def disc_series(radius=10, size=41, n_columns=4, value=3.0):
    """A cylinder along x centered on the axis: every projection is the same chord profile."""
    y = np.arange(size) - (size - 1) / 2
    fine = y[:, None] + (np.arange(20) - 9.5) / 20
    profile = (value * 2 * np.sqrt(np.clip(radius**2 - fine**2, 0, None))).mean(1)
    tilts = np.arange(-90.0, 90, 3)
    data = np.broadcast_to(profile[None, :, None], (len(tilts), size, n_columns))
    return TomoStack(np.ascontiguousarray(data, dtype=np.float32), tilts)


def test_invert_exchanges_each_images_extremes(stack, data):
    inverted = stack.invert().data
    expected = data.max((1, 2), keepdims=True) + data.min((1, 2), keepdims=True) - data
    assert np.allclose(inverted, expected)
    assert np.allclose(stack.invert().invert().data, data, atol=1e-6)


def test_normalize_puts_the_mean_plus_three_deviations_at_one(stack, data):
    bright = TomoStack(data * np.arange(1, 10)[:, None, None] + 7, stack.tilts_deg)
    normalized = bright.normalize().data
    assert np.allclose(normalized.min((1, 2)), 0)
    assert np.allclose(normalized.mean((1, 2)) + 3 * normalized.std((1, 2)), 1, rtol=1e-4)
    assert normalized[8] == pytest.approx(stack.normalize().data[8], abs=1e-5)
    with pytest.raises(DataError, match=r"\[0\]"):
        TomoStack(np.concatenate([np.ones((1, 12, 14)), data]), np.arange(10)).normalize()


def test_stats_are_those_of_the_data(stack, data):
    assert stack.stats() == pytest.approx(
        {"mean": data.mean(), "std": data.std(), "min": data.min(), "max": data.max()}, rel=1e-5
    )


def test_save_raw_writes_the_values(tmp_path, stack, data):
    path = stack.save_raw(tmp_path / "series")
    assert path.name == "series_9x12x14_float32.rpl"
    raw = np.fromfile(path.with_suffix(".raw"), np.float32)
    assert np.array_equal(raw.reshape(data.shape), data)


def test_shift_moves_content_to_larger_indices_and_is_recorded():
    image = np.zeros((3, 20, 20), np.float32)
    image[:, 8, 9] = 1
    shifted = TomoStack(image, [0, 1, 2]).shift_projections([[0, 0], [3, 0], [0, -4]])
    peaks = [np.unravel_index(np.argmax(frame), frame.shape) for frame in shifted.data]
    assert peaks == [(8, 9), (11, 9), (8, 5)]
    again = shifted.shift_projections([[1, 1]] * 3)
    assert again.shifts_px.tolist() == [[1, 1], [4, 1], [1, -3]]


def test_trans_stack_signs_and_record():
    image = np.zeros((1, 41, 41), np.float32)
    image[0, 20, 35] = 1  # right of the center
    turned = TomoStack(image, [0.0]).trans_stack(angle=90, interpolation="nearest")
    assert np.unravel_index(np.argmax(turned.data[0]), (41, 41)) == (35, 20)  # clockwise: now below
    moved = turned.trans_stack(yshift=-5, xshift=2, angle=0)
    assert np.unravel_index(np.argmax(moved.data[0]), (41, 41)) == (30, 22)
    known = moved.metadata.Tomography
    assert (known.tiltaxis, known.yshift, known.xshift) == (90, -5, 2)


@pytest.mark.parametrize("method", ["PC", "pc", "StackReg", "COM-CL"])
def test_registration_finds_the_shifts(blobs, method):
    truth = np.random.default_rng(3).uniform(-2, 2, (11, 2))
    truth[5] = 0
    moved = TomoStack(blobs.shift_projections(truth).data.clip(0), blobs.tilts_deg)
    registered = moved.stack_register(method)
    left = registered.shifts_px + truth
    left -= left[5]
    # PC fades the edges of 40 px, and compares neighbors that are 10 degrees apart
    most_y, most_x = (0.5, 0.8) if method.upper() == "PC" else (0.25, 0.4)
    assert np.abs(left[:, 1]).max() < most_x
    # in y no method can know a constant, and what turns with the tilt as a point of the sample does
    angles = np.deg2rad(blobs.tilts_deg)
    free = np.stack([np.ones_like(angles), np.cos(angles), np.sin(angles)], axis=1)
    assert np.abs(left[:, 0] - free @ np.linalg.lstsq(free, left[:, 0])[0]).max() < most_y
    assert np.array_equal(moved.shifts_px, np.zeros((11, 2)))


def test_register_with_crop_leaves_only_what_all_cover(blobs):
    moved = blobs.shift_projections([[2 * (-1) ** i, 3 * (-1) ** i] for i in range(11)])
    cropped = TomoStack(moved.data, blobs.tilts_deg).stack_register("PC", crop=True)
    # the images moved by +-3 px in x against each other, and y also follows the blobs' own motion
    height, width = cropped.data.shape[1:]
    assert 28 <= height <= 37
    assert 40 <= width <= 43
    assert cropped.metadata.Tomography.cropped is True


def test_manual_align_moves_the_rest():
    image = np.zeros((4, 20, 20), np.float32)
    image[:, 10, 10] = 1
    moved = TomoStack(image, range(4)).manual_align(2, xshift=3, yshift=-2, display=True)
    peaks = [np.unravel_index(np.argmax(frame), frame.shape) for frame in moved.data]
    assert peaks == [(10, 10), (10, 10), (8, 13), (8, 13)]
    assert moved.shifts_px.tolist() == [[0, 0], [0, 0], [-2, 3], [-2, 3]]


def test_tilt_align_writes_what_it_found(blobs):
    wrong = TomoStack(blobs.trans_stack(angle=2).data, blobs.tilts_deg)
    known = wrong.tilt_align("com", slices=[14, 20, 26, 32]).metadata.Tomography
    assert known.axis_estimate.rotation_deg == known.tiltaxis
    assert known.axis_estimate.shift_px == known.yshift


@pytest.mark.parametrize(
    ("method", "options", "tolerance"),
    [
        ("FBP", {}, 0.02),
        ("SIRT", {"iterations": 60, "constrain": True}, 0.06),
        ("SART", {"iterations": 6}, 0.06),
    ],
)
def test_a_disc_is_reconstructed_with_its_value_and_radius(method, options, tolerance):
    series = disc_series()
    series.axes_manager["x"].scale = series.axes_manager["y"].scale = 3.36
    volume = series.reconstruct(method, show_progressbar=False, **options)
    assert type(volume) is RecStack
    assert volume.data.shape == (4, 41, 41)
    assert volume.data.dtype == np.float32
    assert [axis.scale for axis in volume.axes_manager._axes] == [3.36] * 3
    z, y = np.mgrid[:41, :41] - 20
    r = np.hypot(z, y)
    inside, outside = volume.data[1][r < 8].mean(), volume.data[1][(r > 13) & (r < 18)].mean()
    assert inside == pytest.approx(3, rel=tolerance)
    assert abs(outside) < 0.1
    area = (volume.data[1] > 1.5).sum()
    assert np.sqrt(area / np.pi) == pytest.approx(10, abs=0.3)


def test_thickness_is_the_number_of_rows_in_z():
    volume = disc_series().reconstruct("FBP", thickness=31, show_progressbar=False)
    assert volume.data.shape == (4, 31, 41)
    assert volume.data[0, 15, 20] == pytest.approx(3, rel=0.05)
    assert volume.metadata.Tomography.reconstruction.thickness == 31


def test_a_lazy_stack_gives_the_same_volume_lazily():
    series = disc_series(n_columns=5)
    lazy = series.as_lazy().reconstruct("FBP", show_progressbar=False)
    assert type(lazy) is LazyRecStack
    lazy.compute(show_progressbar=False)
    assert np.array_equal(lazy.data, series.reconstruct("FBP", show_progressbar=False).data)


def test_a_lazy_stack_is_filtered_and_shifted_like_an_eager_one(blobs):
    shifts = np.random.default_rng(0).uniform(-2, 2, (11, 2))
    for work in (
        lambda s: s.shift_projections(shifts),
        lambda s: s.trans_stack(angle=3),
        lambda s: s.filter(),
    ):
        lazy = work(blobs.as_lazy())
        lazy.compute(show_progressbar=False)
        assert np.allclose(lazy.data, work(blobs).data, atol=1e-6)
        assert type(lazy) is TomoStack


def test_recon_error_is_the_norm_of_the_residual_and_falls():
    series, error = disc_series().recon_error(2, iterations=12)
    assert series.data.shape == (12, 41, 41)
    assert error.data.shape == (12,)
    assert (np.diff(error.data) < 0).all()
    volume = disc_series().reconstruct("SIRT", iterations=12, constrain=True, show_progressbar=False)
    assert np.allclose(series.data[-1], volume.data[2], atol=1e-5)
    again = volume.forward_project(disc_series().tilts).data[:, :, 2]
    assert error.data[-1] == pytest.approx(np.linalg.norm(disc_series().data[:, :, 2] - again), rel=1e-3)


def test_recon_error_of_the_first_column_is_not_the_middle_one():
    series = disc_series()
    series.data[:, :, 0] *= 2
    first, _ = series.recon_error(0, iterations=3)
    middle, _ = series.recon_error(iterations=3)
    assert np.allclose(first.data, 2 * middle.data, rtol=1e-4)


def test_test_align_shows_three_slices():
    figure = disc_series(n_columns=8).test_align(tilt_shift=1, tilt_rotation=0.5)
    assert [axis.get_title() for axis in figure.axes] == ["x = 2", "x = 4", "x = 6"]
    with pytest.raises(ParameterError, match="three columns"):
        disc_series().test_align(slices=[1, 2])


def test_test_correlation_marks_the_shift():
    image = np.random.default_rng(0).random((2, 32, 32)).astype(np.float32)
    image[1] = np.roll(image[0], (3, -2), (0, 1))
    figure = TomoStack(image, [0, 1]).test_correlation([0, 1])
    assert "shift y -3.0, x 2.0" in figure.axes[2].get_title()


def test_multi_frame_stacks_are_registered_by_their_mean(blobs):
    frames = np.stack([blobs.data, blobs.data], axis=1)
    stack = TomoStack(frames, blobs.tilts_deg)
    registered = stack.stack_register("PC")
    assert registered.data.shape == frames.shape
    assert np.allclose(registered.data[:, 0], blobs.stack_register("PC").data, atol=1e-5)


def test_missing_tilts_and_wrong_parameters_are_refused(data, stack):
    for call in (lambda s: s.stack_register(), lambda s: s.tilt_align(), lambda s: s.reconstruct()):
        with pytest.raises(MissingTiltsError):
            call(TomoStack(data))
    for call, match in (
        (lambda: stack.reconstruct("XYZ"), "XYZ"),
        (lambda: stack.reconstruct("FBP", sino_filter="flat"), "flat"),
        (lambda: stack.reconstruct("SIRT", iterations=0), "iterations"),
        (lambda: stack.reconstruct(thickness=0), "thickness"),
        (lambda: stack.reconstruct("DART"), "gray_levels"),
        (lambda: stack.stack_register("XYZ"), "XYZ"),
        (lambda: stack.stack_register("PC", wrong=1), "wrong"),
        (lambda: stack.stack_register(cuda=True), "cuda"),
        (lambda: stack.tilt_align("XYZ"), "XYZ"),
        (lambda: stack.filter("XYZ"), "XYZ"),
        (lambda: stack.trans_stack(interpolation="XYZ"), "XYZ"),
        (lambda: stack.shift_projections(np.zeros((9, 2)), "XYZ"), "XYZ"),
        (lambda: stack.recon_error(99), "99"),
        (lambda: stack.recon_error(0, "DART"), "cannot follow DART"),
    ):
        with pytest.raises(ValueError, match=match):
            call()


class Stop(Progress):
    def __init__(self, at):
        self.at = at

    def advance(self, fraction, message=""):
        if fraction >= self.at:
            raise Cancelled(message)


@pytest.mark.parametrize(
    "work",
    [
        lambda s, p: s.stack_register("PC", progress=p),
        lambda s, p: s.reconstruct("SIRT", iterations=20, progress=p),
        lambda s, p: s.recon_error(0, progress=p),
        lambda s, p: s.filter(progress=p),
    ],
)
def test_long_work_can_be_cancelled(blobs, work):
    with pytest.raises(Cancelled):
        work(blobs, Stop(0.3))


def test_weight_stack_makes_the_masses_equal():
    images = np.linspace(0.9, 1.1, 8) * np.ones((5, 40, 1)) * np.array([1, 1.2, 1.5, 1.2, 1])[:, None, None]
    weighted = TomoStack(images, [-60, -30, 0, 30, 60]).weight_stack("high").data
    masses = weighted.sum((1, 2))
    assert np.ptp(masses) / masses.mean() < 0.02
    assert np.allclose(weighted[2, 19:21].mean(), 1.5, rtol=0.05)


def test_the_defaults_of_the_positional_parameters_are_those_of_the_records():
    import inspect

    signature = inspect.signature(TomoStack.reconstruct).parameters
    for record in engine.algorithms().values():
        for option in record.parameters.values():
            if option.user_keyword in signature and not option.required:
                assert signature[option.user_keyword].default == option.default, option.user_keyword


def test_another_thread_sees_the_data_while_the_stack_is_copied(stack, monkeypatch):
    seen, deepcopy = [], BaseSignal.deepcopy

    def look_and_copy(signal):
        seen.append(stack.data.shape)
        return deepcopy(signal)

    monkeypatch.setattr(BaseSignal, "deepcopy", look_and_copy)
    shape = stack.data.shape
    assert stack.inav[2:4].data.shape == (2, *shape[1:])
    stack.normalize()
    assert len(seen) >= 2
    assert set(seen) == {shape}

"""Films: as many frames as there are tilts or slices, in the right order, the right way up, with a scale."""

from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from etwidgets.errors import ParameterError
from etwidgets.progress import Cancelled, Progress
from etwidgets.session import Session, TomoStackModel
from etwidgets.signals import RecStack, TomoStack, movies


@pytest.fixture
def volume():
    data = np.zeros((12, 16, 20), np.float32)
    data[2, 3, 17] = 1
    return RecStack(data)


def frames(path):
    with Image.open(path) as film:
        found = []
        for number in range(film.n_frames):
            film.seek(number)
            found.append(np.asarray(film.convert("L")).astype(int))
        return found


def brightest(picture, shape):
    """Row and column, in pixels of the data, of the brightest spot below the caption."""
    rows, columns = picture.shape
    part = picture[32:].astype(float)
    row, column = (np.average(i, weights=part**4) for i in np.indices(part.shape))
    return (row + 32) / rows * shape[0], column / columns * shape[1]


@pytest.mark.parametrize(
    ("axis", "count", "index", "shape", "spot"),
    [("x", 12, 2, (16, 20), (3, 17)), ("z", 16, 3, (20, 12), (17, 2)), ("y", 20, 17, (16, 12), (3, 2))],
)
def test_slices_go_along_an_axis(volume, tmp_path, axis, count, index, shape, spot):
    volume.save_movie(tmp_path / "a.gif", axis, percentiles=(0, 100))
    found = frames(tmp_path / "a.gif")
    assert len(found) == count
    bright = [picture[32:].sum() for picture in found]
    assert int(np.argmax(bright)) == index
    row, column = brightest(found[index], shape)
    assert (row, column) == pytest.approx((spot[0] + 0.5, spot[1] + 0.5), abs=0.6)


def test_a_turning_volume_is_upside_down_after_half_a_turn(volume, tmp_path):
    volume.save_movie(tmp_path / "a.gif", "tilting", percentiles=(0, 100))
    found = frames(tmp_path / "a.gif")
    assert len(found) == 72
    first, half = brightest(found[0], (20, 12)), brightest(found[36], (20, 12))
    assert first == pytest.approx((17.5, 2.5), abs=0.6)  # y, x
    assert half == pytest.approx((2.5, 2.5), abs=0.9)


def test_a_series_is_shown_in_order_of_tilt_with_a_scale_bar(tmp_path):
    data = np.arange(5, dtype=np.float32)[:, None, None] * np.ones((1, 30, 40), np.float32)
    tilts = np.array([20.0, -20, 0, 40, -40])
    stack = TomoStack(data[np.argsort(np.argsort(tilts))], tilts)
    stack.set_pixel_size(2.0)
    stack.save_movie(tmp_path / "a.gif", percentiles=(0, 100))
    found = frames(tmp_path / "a.gif")
    levels = [np.median(picture[100:150]) for picture in found]
    assert levels == sorted(levels)
    assert len(set(levels)) == 5
    # 30 % of 40 px of 2 nm are 24 nm: the bar has 20 nm, a quarter of the width
    row = found[0][-14]
    bright = np.flatnonzero(row > 200)
    assert np.ptp(bright) / found[0].shape[1] == pytest.approx(0.25, abs=0.02)


def test_mp4_is_written(volume, tmp_path):
    imageio_ffmpeg = pytest.importorskip("imageio_ffmpeg")
    volume.save_movie(tmp_path / "a.mp4", "x")
    count, _ = imageio_ffmpeg.count_frames_and_secs(str(tmp_path / "a.mp4"))
    assert count == 12


def test_what_cannot_be_a_film_is_told(volume, tmp_path):
    with pytest.raises(ParameterError, match=r"\.gif or \.mp4"):
        volume.save_movie(tmp_path / "a.avi")
    with pytest.raises(ParameterError, match="along x, y or z"):
        volume.save_movie(tmp_path / "a.gif", "w")


class _Stop(Progress):
    def advance(self, fraction, message=""):
        if fraction > 0.3:
            raise Cancelled


def test_a_cancelled_film_leaves_no_file(volume, tmp_path):
    with pytest.raises(Cancelled):
        volume.save_movie(tmp_path / "a.gif", "x", progress=_Stop())
    assert list(tmp_path.iterdir()) == []


def test_the_session_writes_films_and_replaces_nothing(volume, tmp_path):
    session = Session(TomoStackModel(TomoStack(np.ones((3, 8, 9)), [0, 1, 2])))
    session.save_movie("projections", tmp_path / "a.gif")
    assert len(frames(tmp_path / "a.gif")) >= 1
    with pytest.raises(FileExistsError, match="another name"):
        session.save_movie("projections", tmp_path / "a.gif")
    with pytest.raises(ParameterError, match="no volume"):
        session.save_movie("tilting", tmp_path / "b.gif")


def png(row, column, size=(64, 48)):
    """A picture with one bright block of 8 pixels."""
    data = np.zeros((size[1], size[0], 3), np.uint8)
    data[row : row + 8, column : column + 8] = 255
    file = BytesIO()
    Image.fromarray(data).save(file, "png")
    return file.getvalue()


def test_pictures_become_the_frames_of_a_film(tmp_path):
    corners = [(0, 0), (0, 56), (40, 0), (40, 56)]
    movies.write_frames(tmp_path / "a.gif", [png(*corner) for corner in corners])
    found = frames(tmp_path / "a.gif")
    assert [picture.shape for picture in found] == [(48, 64)] * 4
    for picture, (row, column) in zip(found, corners, strict=True):
        rows, columns = np.nonzero(picture > 128)
        assert (rows.min(), rows.max(), columns.min(), columns.max()) == (row, row + 7, column, column + 7)


def test_pictures_become_an_mp4(tmp_path):
    imageio_ffmpeg = pytest.importorskip("imageio_ffmpeg")
    movies.write_frames(tmp_path / "a.mp4", [png(8 * i, 8) for i in range(5)], frames_per_second=5)
    count, seconds = imageio_ffmpeg.count_frames_and_secs(str(tmp_path / "a.mp4"))
    assert (count, seconds) == (5, pytest.approx(1, abs=0.3))


def test_a_film_of_pictures_is_cancelled_and_replaces_nothing(tmp_path):
    pictures = [png(0, 0)] * 5
    with pytest.raises(Cancelled):
        movies.write_frames(tmp_path / "a.gif", pictures, progress=_Stop())
    assert list(tmp_path.iterdir()) == []
    session = Session(TomoStackModel())
    session.save_frames(pictures, tmp_path / "a.gif")
    with pytest.raises(FileExistsError, match="another name"):
        session.save_frames(pictures, tmp_path / "a.gif")
    with pytest.raises(ParameterError, match="1 to 400 frames"):
        session.save_frames([], tmp_path / "b.gif")

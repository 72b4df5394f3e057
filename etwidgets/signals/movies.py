"""Movies of series and volumes, as GIF or MP4: arrays and words in, a file out; knows no session."""

from __future__ import annotations

from io import BytesIO
from itertools import chain
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image, ImageDraw, ImageFont
from skimage.measure import block_reduce

from etwidgets import engine
from etwidgets.atomic import atomic_path
from etwidgets.checks import is_number
from etwidgets.color_maps import color_table
from etwidgets.errors import DiskFullError, MissingDependencyError, ParameterError
from etwidgets.picture_scale import contrast_limits, nice_length
from etwidgets.progress import NullProgress

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from etwidgets.progress import Progress

ENDINGS = (".gif", ".mp4")
_SHORT_SIDE, _LONG_SIDE = 384, 768  # pixels: small pictures are enlarged, large ones reduced
_MOST_FRAMES = 400
_FASTEST = 100
_BLOCK = 16  # video codecs want sides that are multiples of it
_MOST_VOXELS = 256


def write_movie(
    path: str | Path,
    frame: Callable[[int], NDArray[Any]],
    captions: Sequence[str],
    *,
    limits: tuple[float, float],
    color_map: str = "gray",
    pixel_size: float | None = None,
    unit: str = "nm",
    frames_per_second: float = 15.0,
    progress: Progress | None = None,
) -> None:
    """Write a movie.

    Parameters
    ----------
    path
        ``.gif`` or ``.mp4``.
    frame
        Gives the image ``(rows, columns)`` of a number.
    captions
        One line for each frame, which is written into it.
    limits
        Intensities of the darkest and the brightest color.
    color_map
        ``Fire``, ``ice``, or one of matplotlib.
    pixel_size
        Length of a pixel of a frame for the scale bar; None: no bar.
    unit
        Of ``pixel_size``.
    frames_per_second
        At least 1.
    progress
        Reports progress and can cancel the work.

    Raises
    ------
    ParameterError
        If the ending is another one, there are no frames, or their number per second or the colors are
        not known.
    MissingDependencyError
        For ``.mp4``, if imageio-ffmpeg is not installed.
    """
    _check(path, len(captions), frames_per_second)
    table = color_table(color_map)

    def picture(number: int) -> Image.Image:
        return _picture(frame(number), captions[number], limits, table, pixel_size, unit)

    _save(path, picture, len(captions), frames_per_second, progress)


def write_frames(
    path: str | Path,
    frames: Sequence[bytes],
    *,
    frames_per_second: float = 15.0,
    progress: Progress | None = None,
) -> None:
    """Write a movie of pictures that were drawn elsewhere.

    Parameters
    ----------
    path
        ``.gif`` or ``.mp4``.
    frames
        PNG files, all of one size.
    frames_per_second
        At least 1.
    progress
        Reports progress and can cancel the work.

    Raises
    ------
    ParameterError
        If the ending is another one, there are no frames, or their number per second is out of range.
    MissingDependencyError
        For ``.mp4``, if imageio-ffmpeg is not installed.
    """
    _check(path, len(frames), frames_per_second)

    def picture(number: int) -> Image.Image:
        return Image.open(BytesIO(frames[number])).convert("RGB")

    _save(path, picture, len(frames), frames_per_second, progress)


def _check(path: str | Path, n_frames: int, frames_per_second: float) -> None:
    ending = str(path)[-4:].lower()
    if ending not in ENDINGS:
        raise ParameterError(f"a movie is saved as {' or '.join(ENDINGS)}, not as {path}")
    if not 1 <= n_frames <= _MOST_FRAMES:
        raise ParameterError(f"a movie has 1 to {_MOST_FRAMES} frames, not {n_frames}")
    if not is_number(frames_per_second) or not 1 <= frames_per_second <= _FASTEST:
        raise ParameterError(
            f"frames_per_second must be a number from 1 to {_FASTEST}, not {frames_per_second!r}"
        )
    if ending == ".mp4":
        _need_ffmpeg()


def _save(
    path: str | Path,
    picture: Callable[[int], Image.Image],
    n_frames: int,
    frames_per_second: float,
    progress: Progress | None,
) -> None:
    """Write the pictures one by one; never are all of them in memory."""
    progress = progress or NullProgress()

    def pictures() -> Iterator[Image.Image]:
        for number in range(n_frames):
            progress.advance(number / n_frames)
            yield picture(number)

    drawn = pictures()
    first = next(drawn)
    with atomic_path(path) as temporary:
        if str(path)[-4:].lower() == ".gif":
            duration = round(1000 / frames_per_second)
            first.save(temporary, save_all=True, append_images=drawn, duration=duration, loop=0)
        else:
            _write_mp4(temporary, first.size, chain([first], drawn), frames_per_second)
    progress.advance(1)


def tilting(
    volume: NDArray[Any], n_frames: int = 72
) -> tuple[Callable[[int], NDArray[Any]], list[str], float]:
    """Projections of a volume ``(X, Z, Y)`` while it turns once about the tilt axis.

    Returns
    -------
    frame, captions
        As :func:`write_movie` takes them.
    factor
        Voxels of the volume per pixel of a frame.
    """
    factor = -(-max(volume.shape) // _MOST_VOXELS)
    small = _binned(np.asarray(volume, np.float32), factor)
    angles = np.arange(n_frames) * 360 / n_frames
    geometry = engine.Geometry(np.deg2rad(angles), small.shape[2], small.shape[1])
    projections = engine.forward_project(small, geometry)
    return lambda i: projections[i], [f"{angle:.0f}°" for angle in angles], float(factor)


def along(volume: NDArray[Any], axis: str) -> tuple[Callable[[int], NDArray[Any]], list[str]]:
    """The slices of a volume ``(X, Z, Y)`` along x, y or z, as :func:`write_movie` takes them.

    Raises
    ------
    ParameterError
        If there is no such axis.
    """
    if axis not in ("x", "y", "z"):
        raise ParameterError(f"slices are taken along x, y or z, not {axis!r}")
    size = volume.shape[("x", "z", "y").index(axis)]
    step = -(-size // _MOST_FRAMES)
    places = range(0, size, step)
    cut = {
        "x": lambda i: volume[places[i]],
        "y": lambda i: volume[:, :, places[i]].T,
        "z": lambda i: volume[:, places[i], :].T,
    }
    return cut[axis], [f"{axis} = {place}" for place in places]


def _binned(volume: NDArray[np.float32], factor: int) -> NDArray[np.float32]:
    if factor == 1:
        return volume
    x, z, y = (size // factor * factor for size in volume.shape)  # incomplete blocks would be padded
    return block_reduce(volume[:x, :z, :y], factor, np.mean)


def _picture(
    image: NDArray[Any],
    caption: str,
    limits: tuple[float, float],
    table: NDArray[np.uint8],
    pixel_size: float | None,
    unit: str,
) -> Image.Image:
    low, high = limits
    scaled = (np.nan_to_num(np.asarray(image, np.float32), nan=low) - low) / (high - low or 1)
    colored = table[(np.clip(scaled, 0, 1) * 255).astype(np.uint8)]
    rows, columns = image.shape
    zoom = max(1.0, _SHORT_SIDE / min(rows, columns))
    zoom = min(zoom, _LONG_SIDE / max(rows, columns))
    sides = [max(_BLOCK, round(side * zoom / _BLOCK) * _BLOCK) for side in (columns, rows)]
    picture = Image.fromarray(colored).resize((sides[0], sides[1]), Image.Resampling.BILINEAR)
    draw, font = ImageDraw.Draw(picture), ImageFont.load_default(14)
    _write(draw, (8, 6), caption, font, "la")
    if pixel_size:
        length = nice_length(0.3 * columns * pixel_size)
        width = length / pixel_size * sides[0] / columns
        right, bottom = sides[0] - 12, sides[1] - 12
        draw.rectangle((right - width - 1, bottom - 4, right + 1, bottom + 1), fill="black")
        draw.rectangle((right - width, bottom - 3, right, bottom), fill="white")
        _write(draw, (right - width / 2, bottom - 8), f"{length:g} {unit}", font, "mb")
    return picture


def limits_of(values: NDArray[Any], percentiles: tuple[float, float]) -> tuple[float, float]:
    """As :func:`~etwidgets.signals.contrast.contrast_limits`, of percentiles that a user gave.

    Raises
    ------
    ParameterError
        If the percentiles are not two numbers from 0 to 100, the lower one first.
    """
    given = list(percentiles)
    if len(given) != 2 or not all(is_number(each) for each in given) or not 0 <= given[0] < given[1] <= 100:
        raise ParameterError(f"percentiles must be two increasing numbers, 0 to 100, not {given}")
    return contrast_limits(values, (given[0], given[1]))


def _write(draw: Any, at: tuple[float, float], words: str, font: Any, anchor: str) -> None:
    draw.text(at, words, font=font, fill="white", anchor=anchor, stroke_width=2, stroke_fill="black")


def _need_ffmpeg() -> None:
    try:
        import imageio_ffmpeg  # noqa: F401  (only asked for)
    except ImportError as error:
        raise MissingDependencyError(
            "an MP4 movie needs imageio-ffmpeg: pip install imageio-ffmpeg, or save it as .gif"
        ) from error


def _write_mp4(
    path: Path, size: tuple[int, int], pictures: Iterator[Image.Image], frames_per_second: float
) -> None:
    import imageio_ffmpeg

    writer = imageio_ffmpeg.write_frames(
        str(path), size, fps=frames_per_second, quality=7, macro_block_size=_BLOCK
    )
    writer.send(None)
    try:
        for picture in pictures:
            writer.send(np.ascontiguousarray(np.asarray(picture)))
    finally:
        writer.close()
    check_mp4(path)


def check_mp4(path: Path) -> None:
    """Reject a movie whose end was not written: imageio-ffmpeg does not report that ffmpeg failed.

    Raises
    ------
    DiskFullError
        If the boxes that an MP4 file consists of do not end where it does, or the table of frames is missing.
    """
    kinds, place, size = set(), 0, path.stat().st_size
    with path.open("rb") as file:
        while place < size:
            file.seek(place)
            head = file.read(16)
            length = int.from_bytes(head[:4], "big")
            if length == 1:  # the length follows in 8 bytes
                length = int.from_bytes(head[8:], "big")
            kinds.add(head[4:8])
            place += max(length, 8)
    if place != size or b"moov" not in kinds:
        raise DiskFullError(
            f"{path.name} was not written to its end by ffmpeg: the disk, or your share of it, is full; make "
            "room, or save it elsewhere"
        )

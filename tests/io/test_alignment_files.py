"""Alignments of IMOD and AreTomo: what a file says is done, in the right sense, and comes out again."""

import warnings

import mrcfile
import numpy as np
import pytest

from etwidgets import TomoStack
from etwidgets.align import Alignment
from etwidgets.errors import (
    AlignmentError,
    DataError,
    FileFormatError,
    ParameterError,
    ShapeError,
    TiltCountError,
)
from etwidgets.io import (
    align_by_file,
    load,
    load_alignment,
    read_alignment,
    save_alignment,
    save_alignment_of,
)

TILTS = np.arange(-80.0, 81, 8)
NY, NX = 45, 64  # of the raw images: one odd, one even
SIZE = {"shape_yx": (NY, NX)}
# x, row, y from the center of IMOD's volume (columns, rows and sections of what its program tilt writes)
SPOTS = np.array([[9.0, 4.0, 6.0], [-8.0, -7.0, 2.0], [3.0, 6.0, -9.0]])
BRIGHT = (1.0, 2.0, 3.0)
HEAD = "# AreTomo Alignment / Priims bprmMn \n# RawSize = 64 45 {n}\n{dark}# SEC ROT GMAG TX TY\n"


def imod_matrices(axis_deg):
    """What makes a tilt axis vertical that lies ``axis_deg`` counterclockwise from it."""
    angle = np.deg2rad(-axis_deg)
    rows = [[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]
    return np.moveaxis(np.array(rows), -1, 0)


def imod_series(axis_deg=84.0, magnification=1.05, seed=3):
    """Raw images ``(T, NY, NX)`` with IMOD's y along the rows, and the lines of the .xf that aligns them.

    In IMOD the aligned image of a point is at ``(x cos(tilt) - row sin(tilt), y)`` from the center; the raw
    one is where ``A p + d`` gives that. A pixel's center is half a pixel from its corner.
    """
    rng = np.random.default_rng(seed)
    axis = axis_deg + rng.normal(0, 1, len(TILTS))
    matrices = imod_matrices(axis) * (magnification * (1 + rng.normal(0, 0.01, len(TILTS))))[:, None, None]
    shifts = rng.normal(0, 3, (len(TILTS), 2))
    angle = np.deg2rad(TILTS)
    x, y = np.arange(NX) + 0.5 - NX / 2, np.arange(NY) + 0.5 - NY / 2
    images = np.zeros((len(TILTS), NY, NX), np.float32)
    for (sx, row, sy), bright in zip(SPOTS, BRIGHT, strict=True):
        there = np.column_stack([sx * np.cos(angle) - row * np.sin(angle), np.full(len(TILTS), sy)])
        raw = np.einsum("tij,tj->ti", np.linalg.inv(matrices), there - shifts)
        images += bright * np.exp(
            -((x - raw[:, :1])[:, None, :] ** 2 + (y - raw[:, 1:])[:, :, None] ** 2) / (2 * 1.5**2)
        ).astype(np.float32)
    return images, np.column_stack([matrices.reshape(-1, 4), shifts])


def write_xf(path, rows, tilts=None):
    np.savetxt(path, rows, "%12.7f")
    if tilts is not None:
        np.savetxt(path.with_suffix(".tlt"), tilts, "%8.2f")
    return path


def mrc_stack(path, images):
    with mrcfile.new(path, overwrite=True) as file:
        file.set_data(images)
    return load(path, TILTS)


def spots_of(stack):
    """Where the spots are in the volume: section (x), row, column (y) from its center."""
    rec = stack.reconstruct("SIRT", iterations=20)
    volume = np.asarray(rec.data)
    middle = np.array(volume.shape) / 2 - 0.5
    found, grid = [], np.indices(volume.shape)
    for _ in BRIGHT:
        peak = np.unravel_index(volume.argmax(), volume.shape)
        distance = np.sqrt(sum((grid[i] - peak[i]) ** 2 for i in range(3)))
        weights = np.where(distance < 4, np.maximum(volume, 0), 0)
        found.append([float((g * weights).sum() / weights.sum()) for g in grid] - middle)
        volume = np.where(distance < 7, 0, volume)
    return np.array(found)[::-1]  # from the faintest to the brightest


def hand(points):
    """The sign of the volume that three points span with the center, columns, rows, sections as x, y, z."""
    return np.sign(np.linalg.det(points))


def expected():
    """The sections, rows and columns of our volume: IMOD's turned by 180 degrees about the tilt axis."""
    x, row, y = SPOTS.T
    return np.column_stack([y, -row, -x])


def test_the_first_row_of_a_file_is_the_first_of_the_data(tmp_path):
    images = np.zeros((len(TILTS), 4, 5), np.int16)
    images[:, 0, 3] = 7  # in IMOD at x = 3.5, y = 0.5: at the bottom
    stack = mrc_stack(tmp_path / "a.mrc", images)
    assert stack.data[2, 0, 3] == 7


def test_a_series_aligned_by_imod_gives_the_volume_of_imod(tmp_path):
    images, rows = imod_series()
    stack = mrc_stack(tmp_path / "a.mrc", images)
    aligned = align_by_file(stack, write_xf(tmp_path / "a.xf", rows, TILTS + 0.5))
    np.testing.assert_allclose(aligned.tilts_deg, TILTS + 0.5)
    assert aligned.data.shape == images.shape  # turned by two quarters
    aligned.tilts = TILTS
    found = spots_of(aligned)
    assert np.abs(found - expected()).max() < 0.25
    assert hand(found[:, ::-1]) == hand(SPOTS[:, [0, 1, 2]])


def test_a_vertical_axis_is_turned_without_loss_of_the_field(tmp_path):
    images, rows = imod_series(axis_deg=3.0)
    stack = mrc_stack(tmp_path / "a.mrc", images)
    aligned = align_by_file(stack, write_xf(tmp_path / "a.xf", rows))
    assert aligned.data.shape == (len(TILTS), NX, NY)
    assert np.abs(spots_of(aligned) - expected()).max() < 0.25


def test_rotations_on_both_sides_of_180_degrees_are_one_direction(tmp_path):
    images, rows = imod_series(axis_deg=90.0)  # ours: -180, on both sides of it
    aligned = align_by_file(mrc_stack(tmp_path / "a.mrc", images), write_xf(tmp_path / "a.xf", rows))
    assert np.abs(spots_of(aligned) - expected()).max() < 0.25


def test_a_mirrored_series_gives_a_mirrored_volume(tmp_path):
    images, rows = imod_series()
    mirrored = rows * [1, -1, -1, 1, 1, -1]  # what IMOD finds for the mirrored one: y -> -y before and after
    stack = mrc_stack(tmp_path / "a.mrc", images[:, ::-1])
    found = spots_of(align_by_file(stack, write_xf(tmp_path / "a.xf", mirrored)))
    assert np.abs(found - expected() * [-1, 1, 1]).max() < 0.25
    assert hand(found[:, ::-1]) == -hand(SPOTS)


def test_a_series_opened_from_tiff_gives_the_same_volume_as_the_mrc_of_imod(tmp_path):
    images, rows = imod_series()
    stack = TomoStack(np.ascontiguousarray(images[:, ::-1]), TILTS)  # the highest row first
    found = spots_of(align_by_file(stack, write_xf(tmp_path / "a.xf", rows), first_row="top"))
    x, row, y = SPOTS.T
    assert np.abs(found - np.column_stack([y, row, x])).max() < 0.25
    assert hand(found[:, ::-1]) == hand(SPOTS)


def test_aretomo_gives_the_volume_of_imod(tmp_path):
    """Its file for the transforms of IMOD: ROT is the axis, T what the center moves, turned back."""
    images, rows = imod_series(magnification=1.0)
    scale = np.sqrt(np.linalg.det(rows[:, :4].reshape(-1, 2, 2)))
    stack = mrc_stack(tmp_path / "a.mrc", images)
    axis = np.rad2deg(np.arctan2(rows[:, 1], rows[:, 0]))
    shifts = -np.einsum("tji,tj->ti", imod_matrices(axis), rows[:, 4:])
    lines = [
        f"{i} {a:.4f} 1.0 {x:.3f} {y:.3f} 1 1 1 0 {t:.2f}"
        for i, (a, (x, y), t) in enumerate(zip(axis, shifts, TILTS, strict=True))
    ]
    path = tmp_path / "a.aln"
    path.write_text(HEAD.format(n=len(TILTS), dark="") + "\n".join(lines[::-1]))  # in any order
    found = spots_of(align_by_file(stack, path))
    assert np.abs(found - expected()).max() < 0.25 + 9 * np.abs(scale - 1).max()


def test_lines_of_imod_by_hand(tmp_path):
    """A quarter turn clockwise in IMOD, ``x' = y + 3, y' = -x - 2``.

    Ours is then turned counterclockwise: ``(x, y) -> (y, -x)`` with y down, so that ``x'' = -x - 2`` and
    ``y'' = -y - 3``: half a turn, and a shift of (y, x) = (-3, -2).
    """
    path = tmp_path / "a.xf"
    path.write_text("   0.0000000   1.0000000  -1.0000000   0.0000000       3.000      -2.000\n")
    found = load_alignment(path, **SIZE)
    np.testing.assert_allclose(found.shifts_px, [[-3, -2]], atol=1e-12)
    np.testing.assert_allclose(np.abs(found.rotations_deg), [180])
    coarse = path.rename(tmp_path / "a.prexg")
    found = load_alignment(coarse, **SIZE)  # as it is: y up in IMOD is down the rows here
    np.testing.assert_allclose(found.shifts_px, [[-2, 3]])
    np.testing.assert_allclose(found.rotations_deg, [-90])
    found = load_alignment(coarse, **SIZE, first_row="top")
    np.testing.assert_allclose(found.shifts_px, [[2, 3]])
    np.testing.assert_allclose(found.rotations_deg, [90])


def test_the_axis_of_a_coarse_alignment(tmp_path):
    """Of shifts alone, and an axis 84 degrees counterclockwise from the vertical: turned by -84 - 90."""
    path = write_xf(tmp_path / "a.prexg", [[1, 0, 0, 1, 4, 0]])
    found = load_alignment(path, **SIZE, axis_deg=84.0)
    np.testing.assert_allclose(found.rotations_deg, [-174])
    turn = np.deg2rad(-174)
    np.testing.assert_allclose(found.shifts_px, [[4 * np.sin(turn), 4 * np.cos(turn)]], atol=1e-12)
    with pytest.raises(ParameterError, match="omit axis_deg"):
        load_alignment(write_xf(tmp_path / "a.xf", [[1, 0, 0, 1, 4, 0]]), **SIZE, axis_deg=84.0)


def test_a_line_of_aretomo_by_hand(tmp_path):
    """ROT 90, T = (3, -2): the center goes to R(-90) (-3, 2) = (2, 3) in IMOD, and (x, y) = (3, -2) here."""
    path = tmp_path / "a.aln"
    path.write_text(HEAD.format(n=1, dark="") + "0 90.0 1.0 3.0 -2.0 1 1 1 0 12.5\n")
    found = load_alignment(path, **SIZE)
    np.testing.assert_allclose(found.shifts_px, [[-2, 3]], atol=1e-12)
    np.testing.assert_allclose(np.abs(found.rotations_deg), [180])
    assert found.tilts_deg.tolist() == [12.5]


@pytest.mark.parametrize("first", [0, 1])
def test_projections_that_aretomo_found_dark_are_removed(tmp_path, first):
    path = tmp_path / "a.aln"
    dark = f"# DarkFrame =  0  {first + 1}  -50.0\n"
    rows = [f"{first + i} 90 1 0 0 1 1 1 0 {tilt}\n" for i, tilt in ((3, 10), (0, -20), (2, 0))]
    local = "# Local Alignment\n0 0 1 2 3 4 1\n"
    path.write_text(HEAD.format(n=4, dark=dark) + "".join(rows) + local)
    data = np.arange(4, dtype=np.float32)[:, None, None] * np.ones((1, NY, NX), np.float32)
    local = pytest.warns(UserWarning, match="local alignment is not used")
    with local, pytest.warns(UserWarning, match="projections 1"):
        aligned = align_by_file(TomoStack(data, [-20, -50, 0, 10]), path)
    assert aligned.data[:, 3, 3].tolist() == [0, 2, 3]
    assert aligned.tilts_deg.tolist() == [-20, 0, 10]
    with pytest.warns(UserWarning, match="local"):
        assert read_alignment(path, **SIZE).sections.tolist() == [0, 2, 3]


@pytest.mark.parametrize("first_row", ["bottom", "top"])
@pytest.mark.parametrize("ending", [".xf", ".prexg", ".aln"])
def test_what_is_saved_is_loaded(tmp_path, ending, first_row):
    rng = np.random.default_rng(5)
    sizes = 1.0 if ending == ".aln" else rng.uniform(0.9, 1.1, 6)
    tilts = np.linspace(-50, 50, 6)
    given = Alignment.of(
        rng.normal(0, 20, (6, 2)),
        rotation_deg=rng.uniform(-180, 180, 6),
        magnification=sizes,
        tilts_deg=tilts,
    )
    path = save_alignment(tmp_path / f"a{ending}", given, **SIZE, first_row=first_row)
    found = load_alignment(path, **SIZE, first_row=first_row)
    np.testing.assert_allclose(found.shifts_px, given.shifts_px, atol=0.002)
    np.testing.assert_allclose(found.matrices, given.matrices, atol=2e-6)
    assert ending == ".prexg" or found.tilts_deg.tolist() == tilts.tolist()
    with pytest.raises(FileExistsError):
        save_alignment(path, given, **SIZE)


def test_a_binned_series_takes_binned_shifts(tmp_path):
    path = tmp_path / "a.aln"
    path.write_text(HEAD.format(n=1, dark="") + "0 90.0 1.0 3.0 -2.0 1 1 1 0 12.5\n")
    with pytest.raises(ShapeError, match="binning"):
        load_alignment(path, shape_yx=(22, 32))
    found = load_alignment(path, shape_yx=(22, 32), binning=2)
    np.testing.assert_allclose(found.shifts_px, [[-1, 1.5]], atol=1e-12)


def test_magnifications_are_not_lost_in_silence(tmp_path):
    big = Alignment.of(np.zeros((3, 2)), magnification=1.1, tilts_deg=[-1, 0, 1])
    with pytest.raises(ParameterError, match=r"up to 3\.9 px"):  # 10 % of half the diagonal of 45 x 64
        save_alignment(tmp_path / "a.aln", big, **SIZE)
    with pytest.raises(ParameterError, match="needs the tilts"):
        save_alignment(tmp_path / "a.aln", Alignment.identity(3), **SIZE)


def test_a_stretch_is_told_and_a_large_one_refused(tmp_path):
    """x stretched by 2 %: the nearest magnification is 1.01; the corners are off by 1 % of 32 and 22.5 px."""
    path = write_xf(tmp_path / "a.prexg", [[1.02, 0, 0, 1, 0, 0]])
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # 0.39 px: no word
        np.testing.assert_allclose(load_alignment(path, **SIZE).magnifications, [1.01])
    write_xf(path, [[1.03, 0, 0, 1, 0, 0]])
    with pytest.warns(UserWarning, match=r"up to 0\.59 px"):
        load_alignment(path, **SIZE)
    write_xf(path, [[1.2, 0, 0, 1, 0, 0]])
    with pytest.raises(AlignmentError, match=r"up to 3\.9 px.*newstack"):
        load_alignment(path, **SIZE)
    write_xf(path, [[1, 0, 0, 1, 0, 0], [1, 0, 0, -1, 0, 0]])
    with pytest.raises(AlignmentError, match=r"projection\(s\) 1 mirror"):
        load_alignment(path, **SIZE)


def test_files_beside_an_xf(tmp_path):
    path = write_xf(tmp_path / "a.xf", np.tile([1, 0, 0, 1, 0, 0], (3, 1)), [-10, 0, 10])
    assert load_alignment(path, **SIZE).tilts_deg.tolist() == [-10, 0, 10]
    (tmp_path / "a.xtilt").write_text("2.5\n2.5\n2.5\n")
    with pytest.warns(UserWarning, match=r"tilted by 2\.50 degrees"):
        load_alignment(path, **SIZE)
    (tmp_path / "a.xtilt").write_text("1\n2\n3\n")
    with pytest.warns(UserWarning, match=r"differ by up to 1\.00"):
        load_alignment(path, **SIZE)
    (tmp_path / "a.xtilt").write_text("0\n0\n0\n")
    (tmp_path / "a.tlt").write_text("-10\n10\n")
    with pytest.warns(UserWarning, match="2 tilts for 3 transforms"):
        assert load_alignment(path, **SIZE).tilts_deg is None


def test_a_link_beside_an_xf_is_not_followed(tmp_path):
    folder = tmp_path / "page"
    folder.mkdir()
    (tmp_path / "secret.txt").write_text("1\n2\n3\n")
    (folder / "a.tlt").symlink_to(tmp_path / "secret.txt")
    path = write_xf(folder / "a.xf", np.tile([1, 0, 0, 1, 0, 0], (3, 1)))
    assert load_alignment(path, **SIZE).tilts_deg is None


ROW = "0 90 1 0 0 1 1 1 0 10\n"
BAD = {
    "empty.xf": "",
    "words.xf": "1 0 0 1 a b\n",
    "short.xf": "1 0 0 1 0\n",
    "nan.xf": "1 0 0 1 nan 0\n",
    "inf.xf": "1 0 0 1 1e400 0\n",
    "far.xf": "1 0 0 1 1e7 0\n",
    "prexf.prexf": "1 0 0 1 0 0\n",
    "other.txt": "1 0 0 1 0 0\n",
    "nosize.aln": ROW,
    "huge.aln": f"# RawSize = 64 45 99999999999\n# SEC\n{ROW}",
    "rows.aln": f"# RawSize = 64 45 1\n# SEC\n{ROW}{ROW.replace('0 90', '1 90')}",
    "twice.aln": f"# RawSize = 64 45 2\n# SEC\n{ROW}{ROW}",
    "outside.aln": f"# RawSize = 64 45 2\n# SEC\n{ROW.replace('0 90', '7 90')}",
    "unsure.aln": f"# RawSize = 64 45 4\n# SEC\n{ROW.replace('0 90', '2 90')}",
    "part.aln": f"# RawSize = 64 45 2\n# SEC\n{ROW.replace('0 90', '0.5 90')}",
    "columns.aln": "# RawSize = 64 45 2\n# SEC\n0 90 1 0 0\n",
}


@pytest.mark.parametrize("name", BAD)
def test_a_file_that_makes_no_sense_is_refused(tmp_path, name):
    path = tmp_path / name
    path.write_text(BAD[name])
    with pytest.raises(FileFormatError, match=name):
        load_alignment(path, **SIZE)


def test_what_does_not_fit_is_refused(tmp_path):
    path = write_xf(tmp_path / "a.xf", np.tile([1, 0, 0, 1, 0, 0], (3, 1)))
    with pytest.raises(TiltCountError, match="3 transforms for 2"):
        align_by_file(TomoStack(np.ones((2, NY, NX)), [0, 1]), path)
    with pytest.raises(ParameterError, match="bottom"):
        load_alignment(path, **SIZE, first_row="left")
    with pytest.raises(FileNotFoundError):
        load_alignment(tmp_path / "b.xf", **SIZE)
    broken = tmp_path / "tilts.aln"  # AreTomo has written such tilts
    broken.write_text(HEAD.format(n=1, dark="") + ROW.replace("10\n", "999\n"))
    with pytest.raises(DataError, match="beyond 360"):
        load_alignment(broken, **SIZE)


def spot_places(stack):
    """The brightest pixel of each projection to a tenth of a pixel: the center of mass around it."""
    places = []
    for image in np.asarray(stack.data, float):
        y, x = np.unravel_index(image.argmax(), image.shape)
        part = image[y - 5 : y + 6, x - 5 : x + 6]
        weights = part / part.sum()
        off = [(weights.sum(axis) * np.arange(-5, 6)).sum() for axis in (1, 0)]
        places.append([y + off[0], x + off[1]])
    return np.array(places)


@pytest.mark.parametrize("ending", [".xf", ".aln"])
def test_all_that_was_done_to_a_series_is_saved_as_one_alignment(tmp_path, ending):
    """Shifted, turned, cropped, rotated, two projections removed: the file does the same to the raw one."""
    images = np.zeros((6, NY, NX), np.float32)
    y, x = np.indices((NY, NX))
    for i in range(6):
        images[i] = np.exp(-((y - 20 - i) ** 2 + (x - 34 + i) ** 2) / 4)
    raw = TomoStack(images, [-40, -20, 0, 10, 20, 40])
    shifts = np.column_stack([np.linspace(-3, 3, 6), np.linspace(2, -2, 6)])
    done = raw.shift_projections(shifts).turn(1).crop_to(x_start=4, x_stop=40, y_start=3, y_stop=60)
    done = done.remove_projections([1, 4]).trans_stack(yshift=2.5, xshift=-1, angle=5)
    path = tmp_path / f"a{ending}"
    if ending == ".xf":
        with pytest.warns(UserWarning, match="newstack -secs 0,2,3,5"):
            save_alignment_of(done, path)
        again = align_by_file(raw.remove_projections([1, 4]), path)
    else:
        save_alignment_of(done, path)
        with pytest.warns(UserWarning, match="projections 1, 4"):
            again = align_by_file(raw, path)
    assert again.tilts_deg.tolist() == [-40, 0, 10, 40]
    ours = spot_places(done) - (np.array(done.data.shape[1:]) - 1) / 2
    theirs = spot_places(again) - (np.array(again.data.shape[1:]) - 1) / 2
    np.testing.assert_allclose(ours, theirs, atol=0.02)


def test_binning_is_undone(tmp_path):
    """A shift of (2, -1) px after a binning by 2 is one of (4, -2) px of the file, turned for IMOD."""
    raw = TomoStack(np.random.default_rng(0).random((3, 44, NX)), [-1, 0, 1])
    moved = raw.bin(2).shift_projections(np.tile([2.0, -1.0], (3, 1)))
    path = save_alignment_of(moved, tmp_path / "a.xf")
    found = load_alignment(path, shape_yx=(44, NX))
    np.testing.assert_allclose(found.shifts_px, np.tile([4.0, -2.0], (3, 1)), atol=1e-9)
    np.testing.assert_allclose(found.magnifications, 1)
    with pytest.raises(ParameterError, match="no alignment to save"):
        save_alignment_of(raw, tmp_path / "b.xf")


def test_a_series_that_is_not_as_it_was_opened_is_told(tmp_path):
    path = write_xf(tmp_path / "a.prexg", np.tile([1, 0, 0, 1, 2, 0], (3, 1)))
    raw = TomoStack(np.random.default_rng(0).random((3, NX, NY)), [-1, 0, 1])
    with pytest.warns(UserWarning, match=r"was turned, cropped before; .* undo that"):
        align_by_file(raw.turn(1).crop_to(x_start=3, x_stop=60, y_start=0, y_stop=40), path)

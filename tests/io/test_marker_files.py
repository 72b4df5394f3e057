"""Markers in models of IMOD: half pixels, the direction of y, what is not seen; and damaged files."""

import struct
import warnings

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from etwidgets.errors import DataError, EtwidgetsError, FileFormatError, ShapeError, TiltCountError
from etwidgets.io import load_alignment, load_markers, save_markers

NY, NX, T = 45, 64, 5
SIZE = {"shape_yx": (NY, NX)}


def model(contours, *, flags=0, size=(NX, NY, T), between=b"", end=b"IEOF"):
    """A model as 3dmod writes it, put together by hand from the specification."""
    header = struct.pack(">128siiiiI", b"a", *size, 1, flags) + bytes(232 - 148)
    thing = b"OBJT" + bytes(128) + struct.pack(">iI", len(contours), 8) + bytes(176 - 136)
    pieces = []
    for contour in contours:
        numbers = [number for point in contour for number in point]
        pieces.append(b"CONT" + struct.pack(f">iIii{len(numbers)}f", len(contour), 0, 0, 0, *numbers))
        pieces.append(between)
    return b"IMODV1.2" + header + thing + b"".join(pieces) + b"IMAT" + struct.pack(">i4x", 4) + end


def loaded(path, **options):
    return load_markers(path, **SIZE, n_projections=T, **options)


def test_positions_by_hand(tmp_path):
    """The center of the pixel in column 3 of the lowest row is at (3.5, 0.5) in IMOD."""
    path = tmp_path / "a.fid"
    path.write_bytes(model([[(3.5, 0.5, 0), (10.25, 20.0, 3)], [], [(1, 45, 4)]]))
    found = loaded(path)
    assert found.shape == (2, T, 2)
    assert found[0, 0].tolist() == [0, 3]
    assert found[0, 3].tolist() == [19.5, 9.75]
    assert found[1, 4].tolist() == [44.5, 0.5]
    assert np.isnan(found[0, [1, 2, 4]]).all()
    top = loaded(path, first_row="top")
    assert top[0, 0].tolist() == [44, 3]  # the lowest row of IMOD is the last of 45


def test_meshes_and_what_else_a_model_holds_are_passed_over(tmp_path):
    mesh = b"MESH" + struct.pack(">iiIhh", 2, 3, 0, 0, 0) + bytes(2 * 12 + 3 * 4)
    other = b"SIZE" + struct.pack(">i8x", 8)
    path = tmp_path / "a.mod"
    path.write_bytes(model([[(3.5, 0.5, 0)], [(4.5, 1.5, 1)]], between=mesh + other))
    assert loaded(path)[1, 1].tolist() == [1, 4]


def test_positions_on_a_coarsely_aligned_series_are_taken_back(tmp_path):
    """Shifted by IMOD's (dx, dy) = (4, -3): the raw position is 4 columns less and 3 rows more."""
    path = tmp_path / "a.fid"
    path.write_bytes(model([[(30.5, 20.5, 1)]]))
    np.savetxt(tmp_path / "a.prexg", np.tile([1, 0, 0, 1, 4, -3], (T, 1)))
    assert loaded(path, prexg=tmp_path / "a.prexg")[0, 1].tolist() == [23, 26]
    top = loaded(path, prexg=tmp_path / "a.prexg", first_row="top")
    assert top[0, 1].tolist() == [NY - 1 - 23, 26]
    np.savetxt(
        tmp_path / "a.prexg", np.tile([0, -1, 1, 0, 0, 0], (T, 1))
    )  # a quarter turn: (x, y) -> (-y, x)
    y, x = loaded(path, prexg=tmp_path / "a.prexg")[0, 1] - [NY / 2 - 0.5, NX / 2 - 0.5]
    np.testing.assert_allclose([x, y], [20.5 - NY / 2, -(30.5 - NX / 2)])
    np.savetxt(tmp_path / "a.prexg", np.tile([1, 0, 0, 1, 4, -3], (2, 1)))
    with pytest.raises(TiltCountError):
        loaded(path, prexg=tmp_path / "a.prexg")


@pytest.mark.parametrize("first_row", ["bottom", "top"])
def test_what_is_saved_is_loaded(tmp_path, first_row):
    positions = np.random.default_rng(1).uniform(0, 40, (4, T, 2))
    positions[1, 2] = positions[3, :4] = np.nan
    path = save_markers(tmp_path / "a.fid", positions, **SIZE, first_row=first_row)
    np.testing.assert_allclose(loaded(path, first_row=first_row), positions, atol=1e-5)
    other = loaded(path, first_row="bottom" if first_row == "top" else "top")
    np.testing.assert_allclose(other[..., 0], NY - 1 - positions[..., 0], atol=1e-5)
    with pytest.raises(FileExistsError):
        save_markers(path, positions, **SIZE)


def test_what_is_written_has_the_bytes_of_the_format(tmp_path):
    path = save_markers(tmp_path / "a.fid", np.array([[[0.0, 3.0], [np.nan, np.nan]]]), **SIZE)
    raw = path.read_bytes()
    assert raw[:8] == b"IMODV1.2"
    assert struct.unpack_from(">iiii", raw, 136) == (NX, NY, 2, 1)
    assert raw[240:244] == b"OBJT"
    assert struct.unpack_from(">i", raw, 244 + 128) == (1,)
    assert raw[420:424] == b"CONT"
    assert struct.unpack_from(">i12xfff", raw, 424) == (1, 3.5, 0.5, 0.0)
    assert raw[-4:] == b"IEOF"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"IMODV1.1" + bytes(300), "not a binary model"),
        (model([[(1, 1, 5)]]), r"contour 1 .* z = 5: no section of 5"),
        (model([[(1, 1, 0.5)]]), r"z = 0\.5"),
        (model([[(1, 1, 2), (2, 2, 2)]]), r"more than one point on section\(s\) 2"),
        (model([[(np.nan, 1, 2)]]), "no numbers"),
        (model([[(1, 1, 2)]], flags=1 << 16), "y and z exchanged"),
        (model([[(1, 1, 2)]], end=b""), "cut off"),
        (model([[(1, 1, 2)]]).replace(struct.pack(">iI", 1, 0), struct.pack(">iI", 1 << 30, 0)), "cut off"),
        (model([[]]), "no markers"),
    ],
)
def test_a_model_that_makes_no_sense_is_refused(tmp_path, content, said):
    path = tmp_path / "a.fid"
    path.write_bytes(content)
    with pytest.raises(FileFormatError, match=said):
        loaded(path)


def test_another_size_is_refused(tmp_path):
    path = tmp_path / "a.fid"
    path.write_bytes(model([[(1, 1, 2)]], size=(128, 90, T)))
    with pytest.raises(ShapeError, match="128 x 90"):
        loaded(path)
    with pytest.raises(DataError, match="seen in no projection"):
        save_markers(tmp_path / "b.fid", np.full((1, T, 2), np.nan), **SIZE)


SEEDS = {
    "a.fid": model([[(3.5, 0.5, 0), (10.25, 20.0, 3)], [(1, 45, 4)]]),
    "a.xf": b"0.1 0.9 -0.9 0.1 3.0 -2.0\n1 0 0 1 0 0\n",
    "a.aln": b"# RawSize = 64 45 3\n# DarkFrame = 1 1 0\n# SEC\n0 90 1 0 0 1 1 1 0 1\n2 9 1 0 0 1 1 1 0 2\n",
}


@settings(
    max_examples=150,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    name=st.sampled_from(sorted(SEEDS)),
    puts=st.lists(st.tuples(st.floats(0, 1), st.binary(min_size=1, max_size=4)), max_size=4),
    cut=st.none() | st.floats(0, 1),
)
def test_damaged_files_are_refused_in_our_words_or_read_as_numbers(tmp_path, name, puts, cut):
    raw = bytearray(SEEDS[name])
    for place, piece in puts:
        start = int(place * (len(raw) - 1))
        raw[start : start + len(piece)] = piece
    path = tmp_path / name
    path.write_bytes(raw if cut is None else raw[: int(cut * len(raw))])
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            if name == "a.fid":
                found = loaded(path)
                assert not np.isinf(found).any()
            else:
                alignment = load_alignment(path, **SIZE)
                assert np.isfinite(alignment.shifts_px).all()
                assert np.isfinite(alignment.matrices).all()
    except EtwidgetsError:
        return

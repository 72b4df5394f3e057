"""Tilts beside the data and in arguments: what is read, what cannot be; a bad file blocks nothing."""

import hyperspy.api as hs
import numpy as np
import pytest

from etwidgets.errors import DataError, FileFormatError
from etwidgets.io import load
from etwidgets.io.mdoc import read_mdoc
from etwidgets.io.texts import read_tilt_file
from etwidgets.signals import TomoStack
from etwidgets.signals.tilt_check import tilt_fault

MANY = np.arange(-60.0, 61, 2)


@pytest.mark.parametrize(
    ("text", "tilts"),
    [
        ("-10\n0\n10.5\n", [-10, 0, 10.5]),
        ("# degrees\n-10 # first\n\n0\n10\n", [-10, 0, 10]),
        ("-10 0.5\n0 0.5\n10 0.5\n", [-10, 0, 10]),
        ("-10, 1\n0, 2\n10, 3\n", [-10, 0, 10]),
        ("-10.5,1\n0.0,2\n10.5,3\n", [-10.5, 0, 10.5]),
        ("tilt;dose\n-10,5;1\n0;2\n10,5;3\n", [-10.5, 0, 10.5]),
        ("-10\t1\r\n0\t1\r\n10\t1\r\n", [-10, 0, 10]),
        ("-10, 0, 10\n", [-10, 0, 10]),
        ("-1e1\n+0\n10\n", [-10, 0, 10]),
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-be"])
def test_files_of_tilts(tmp_path, text, tilts, encoding):
    path = tmp_path / "a.rawtlt"
    mark = "\ufeff" if encoding == "utf-16-be" else ""
    path.write_bytes((mark + text).encode(encoding))
    assert read_tilt_file(path).tolist() == tilts


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("", "holds no tilts"),
        ("# nothing\n\n", "holds no tilts"),
        ("1\n2\nthree\n", "line 3: 'three'"),
        ("-10,5\n0\n10,5\n", "line 1: '-10,5' may be one number or two"),
        ("0 -10\n1 0\n2 10\n", "counts the lines"),
        ("1 -10\n2 0\n3 10\n", "counts the lines"),
        (",\n", "line 1"),
    ],
)
def test_files_that_are_none_say_why(tmp_path, text, match):
    path = tmp_path / "a.rawtlt"
    path.write_text(text)
    with pytest.raises(FileFormatError, match=match):
        read_tilt_file(path)


BAD = {
    "series.rawtlt": ("1\n2\nthree\n4\n5\n", r"series\.rawtlt, line 3: 'three'"),
    "series.tlt": ("1\n2\n", r"series\.tlt are not used: 2 tilts for 5 projections"),
    "series.mdoc": ("[ZValue = 0]\nMagIndex = 1\n", r"series\.mdoc: section\(s\) 0 have no TiltAngle"),
    "series.mrc.mdoc": ("garbage", r"series\.mrc\.mdoc"),
    "empty.mdoc": ("", r"series\.mdoc has no \[ZValue"),
    "word.mdoc": ("[ZValue = 0]\nTiltAngle = abc\n", r"series\.mdoc cannot be read as mdoc: TiltAngle"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_file_beside_the_data_is_a_warning(make_mrc, images, tilts, name):
    text, match = BAD[name]
    path = make_mrc(images)
    (path.parent / name.replace("empty", "series").replace("word", "series")).write_text(text)
    with pytest.warns(UserWarning, match=match):
        assert load(path, tilts=tilts).tilts_deg.tolist() == tilts.tolist()
    with pytest.warns(UserWarning, match=match), pytest.warns(UserWarning, match="no tilts were found"):
        assert not load(path).has_tilts


def test_a_bad_mdoc_that_was_given_is_an_error(make_mrc, images, tmp_path):
    (tmp_path / "other.mdoc").write_text("garbage")
    with pytest.raises(FileFormatError, match=r"other\.mdoc"):
        load(make_mrc(images), mdocs=tmp_path / "other.mdoc")
    (tmp_path / "none.mdoc").write_text("[ZValue = 0]\nMagIndex = 1\n")
    with pytest.raises(FileFormatError, match=r"none\.mdoc: section\(s\) 0 have no TiltAngle"):
        load(make_mrc(images), tilts=tmp_path / "none.mdoc")


def test_the_sections_of_a_montage_are_no_images(tmp_path):
    path = tmp_path / "a.mdoc"
    sections = "".join(f"[ZValue = {i}]\nTiltAngle = {t}\n\n" for i, t in enumerate((-3, 0, 3)))
    path.write_bytes(f"\ufeffPixelSpacing = 5\n\n{sections}[MontSection = 0]\nTiltAngle = 7\n".encode())
    assert read_mdoc(path).tilts_deg.tolist() == [-3, 0, 3]
    assert read_mdoc(path).pixel_size_nm == 0.5


@pytest.mark.parametrize(
    ("lines", "axis"),
    [
        ("[T =     Tilt axis angle = 84.7, binning = 1  spot = 8]\n\n[ZValue = 0]\nTiltAngle = 1\n", 84.7),
        ("[T =     TiltAxisAngle = -91.81  Binning = 1]\n\n[ZValue = 0]\nTiltAngle = 1\n", -91.81),
        ("[ZValue = 0]\nTiltAngle = 1\nRotationAngle = 174.7\n", 84.7),
        ("[ZValue = 0]\nTiltAngle = 1\nRotationAngle = -95\n", 175),
        ("[ZValue = 0]\nTiltAngle = 1\n", None),
    ],
)
def test_the_tilt_axis_of_an_mdoc(tmp_path, lines, axis):
    path = tmp_path / "a.mdoc"
    path.write_text(lines)
    assert read_mdoc(path).tilt_axis_deg == (None if axis is None else pytest.approx(axis))


IMPOSSIBLE = [
    ([0.0] * 5, "all 5 tilts are 0"),
    ([7.0] * 2, "all 2 tilts are 7"),
    ([-400.0, 0, 1, 2, 3], r"the tilts of projection\(s\) 0 are beyond 360 degrees \(-400\)"),
    ([0, 1.567e24, 1, 2, 3], r"beyond 360 degrees \(1.567e\+24\)"),
    ([0, np.inf, 1, 2, 3], r"projection\(s\) 1 are not finite \(inf\)"),
    (np.radians(MANY), r"61 tilts lie between -1.05 and 1.05, which looks like radians"),
    (np.radians(np.arange(0, 180, 5)), "radians"),
]


@pytest.mark.parametrize(("wrong", "match"), IMPOSSIBLE)
def test_tilts_that_cannot_be_are_refused_where_they_are_given(make_mrc, wrong, match):
    data = np.zeros((len(wrong), 4, 5), np.int16)
    with pytest.raises(DataError, match=f"argument: .*{match}"):
        load(make_mrc(data), tilts=wrong)
    with pytest.raises(DataError, match=match if "finite" not in match else "finite"):
        TomoStack(data, wrong)
    stack = TomoStack(data)
    with pytest.raises(DataError):
        stack.tilts = wrong
    assert not stack.has_tilts


@pytest.mark.parametrize(("wrong", "match"), IMPOSSIBLE)
def test_tilts_that_cannot_be_are_not_used_from_a_file(make_mrc, wrong, match):
    path = make_mrc(np.zeros((len(wrong), 4, 5), np.int16))
    path.with_suffix(".rawtlt").write_text("".join(f"{tilt}\n" for tilt in wrong))
    with (
        pytest.warns(UserWarning, match=rf"series\.rawtlt are not used: .*{match}"),
        pytest.warns(UserWarning, match="no tilts were found"),
    ):
        assert not load(path).has_tilts


@pytest.mark.parametrize(
    "right",
    [MANY, [0.0], [0, 0.1], np.arange(0, 360, 5), np.linspace(-3, 3, 5), np.linspace(-4, 4, 41), [360, 0]],
)
def test_tilts_that_can_be(right):
    assert tilt_fault(right) == ""


def save_with_zeros(path, images, zeros):
    stack = TomoStack(images)
    stack.metadata.Tomography.set_item("tilts", zeros)
    hs.signals.Signal2D.save(stack, path)
    return path


def test_zeros_in_a_file_of_etspy_are_no_tilts(tmp_path, images):
    path = save_with_zeros(tmp_path / "etspy.hspy", images, hs.signals.Signal1D(np.zeros((5, 1))))
    with pytest.warns(UserWarning, match="no tilts were found"):
        assert not load(path).has_tilts
    assert not hs.load(path).has_tilts


def test_zeros_in_an_own_file_are_no_tilts(tmp_path, images):
    path = save_with_zeros(tmp_path / "own.hspy", images, np.zeros((5, 1)))
    with (
        pytest.warns(UserWarning, match="no tilts were found"),
        pytest.warns(UserWarning, match=r"own\.hspy: its own tilts are not used: all 5 tilts are 0"),
    ):
        assert not load(path).has_tilts


def test_tilts_that_occur_twice_are_told(make_mrc, images):
    with pytest.warns(UserWarning, match=r"argument that occur more than once: -5 \(projections 1, 3\)"):
        stack = load(make_mrc(images), tilts=[-10, -5, 0, -5, 10])
    assert stack.tilts_deg.tolist() == [-10, -5, 0, -5, 10]


def test_the_argument_precedes_what_a_volume_is(tmp_path):
    from etwidgets.signals import RecStack

    path = RecStack(np.ones((3, 4, 5))).save(tmp_path / "v.hspy")
    with pytest.raises(DataError, match=r"v\.hspy holds a reconstruction, which has no tilts"):
        load(path, tilts=[1, 2, 3])


def test_a_navigation_axis_that_cannot_be_tilts_is_told(tmp_path, images):
    signal = hs.signals.Signal2D(images)
    axis = signal.axes_manager.navigation_axes[0]
    axis.name, axis.units, axis.scale = "tilt", "degrees", 200
    signal.save(tmp_path / "a.hspy")
    with (
        pytest.warns(UserWarning, match="no tilts were found"),
        pytest.warns(UserWarning, match=r"navigation axis are not used: .* \(400, 600, 800\)"),
    ):
        assert not load(tmp_path / "a.hspy").has_tilts

"""Formats, byte orders, tilt sources, and files that lie."""

import h5py
import hyperspy.api as hs
import numpy as np
import pytest
import tifffile

from etwidgets.errors import (
    DataError,
    FileFormatError,
    ParameterError,
    ShapeError,
    TiltCountError,
    UnsafeFileError,
)
from etwidgets.io import load, preview_files, safe_path
from etwidgets.signals import RecStack, TomoStack


@pytest.mark.parametrize("ending", ["mrc", "ali", "rec", "st", "mrcs", "map"])
@pytest.mark.parametrize("lazy", [False, True])
def test_the_mrc_family(make_mrc, images, tilts, ending, lazy):
    path = make_mrc(images, f"series.{ending}", pixel_nm=0.25)
    stack = load(path, tilts=tilts, lazy=lazy)
    assert np.array_equal(np.asarray(stack.data), images)
    assert stack.axes_manager["x"].scale == pytest.approx(0.25)
    assert stack.metadata.Tomography.tilt_source == "argument"


@pytest.mark.parametrize("dtype", [np.int8, np.int16, np.uint16, np.float32])
@pytest.mark.parametrize("order", ["<", ">"])
def test_types_and_byte_orders_are_read_right(make_mrc, dtype, order, tilts):
    data = np.linspace(-100 if np.dtype(dtype).kind != "u" else 0, 100, 400).astype(dtype).reshape(5, 8, 10)
    stack = load(make_mrc(data, byte_order=order), tilts=tilts, offset=0)
    assert np.array_equal(stack.data, data)


def test_a_negative_minimum_is_removed_exactly(make_mrc, tilts):
    data = np.array([-32768, 0, 32767] * 80, np.int16).reshape(5, 6, 8)
    stack = load(make_mrc(data), tilts=tilts)
    assert stack.data.dtype == np.uint16
    assert np.array_equal(stack.data.astype(int), data.astype(int) + 32768)


def test_floats_and_own_files_are_never_changed(make_mrc, tmp_path, images, tilts):
    assert load(make_mrc(images.astype(np.float32) - 500), tilts=tilts).data.min() < -400
    own = TomoStack(images - np.int16(500), tilts).save(tmp_path / "own.hspy")
    loaded = load(own)
    assert np.array_equal(loaded.data, images - np.int16(500))
    assert loaded.data.dtype == np.int16


def test_tilts_by_precedence_and_a_warning_where_sources_differ(make_mrc, images, tilts):
    path = make_mrc(images)
    path.with_suffix(".rawtlt").write_text("".join(f"{t}\n" for t in tilts))
    assert load(path).metadata.Tomography.tilt_source == "series.rawtlt"
    with pytest.warns(
        UserWarning, match=r"argument and series.rawtlt differ by up to 2.00 deg \(projection 1"
    ):
        stack = load(path, tilts=tilts + np.array([0, 2, 0, 0, 0]))
    assert stack.tilts_deg[1] == -3
    sections = "\n".join(
        f"[ZValue = {i}]\nTiltAngle = {t + 0.1}\n" for i, t in reversed(list(enumerate(tilts)))
    )
    path.with_name("series.mrc.mdoc").write_text(f"PixelSpacing = 4.2\n\n{sections}")
    stack = load(path)
    assert stack.metadata.Tomography.tilt_source == "series.mrc.mdoc"
    assert stack.tilts_deg == pytest.approx(tilts + 0.1)
    assert stack.axes_manager["x"].scale == pytest.approx(0.42)


def test_tilts_from_a_text_file_given_as_argument(make_mrc, images, tilts, tmp_path):
    other = tmp_path / "angles.txt"
    other.write_text("# degrees\n" + "\n".join(str(t) for t in tilts) + "\n\n")
    assert load(make_mrc(images), tilts=other).tilts_deg == pytest.approx(tilts)


def test_no_tilts_is_a_warning_that_says_what_to_do(make_mrc, images):
    with pytest.warns(UserWarning, match="set_tilts"):
        stack = load(make_mrc(images))
    assert not stack.has_tilts
    assert stack.data.shape == (5, 8, 10)


def test_tilts_from_file_names(tmp_path, images):
    names = []
    for tilt, image in zip((3.5, -12, 0), images, strict=False):
        hs.signals.Signal2D(image).save(tmp_path / f"wire_{tilt}deg.tif")
        names.append(tmp_path / f"wire_{tilt}deg.tif")
    stack = load(names)
    assert stack.tilts_deg.tolist() == [-12, 0, 3.5]
    assert np.array_equal(stack.data, images[[1, 2, 0]])


@pytest.mark.parametrize("ending", ["tif", "emd"])
def test_tiff_and_ncem_emd(tmp_path, images, tilts, ending):
    signal = hs.signals.Signal2D(images)
    for axis in signal.axes_manager.signal_axes:
        axis.scale, axis.units = 1.5, "nm"
    signal.save(tmp_path / f"series.{ending}")
    stack = load(tmp_path / f"series.{ending}", tilts=tilts)
    assert np.array_equal(np.asarray(stack.data), images)
    assert stack.axes_manager["x"].scale == pytest.approx(1.5)


@pytest.mark.parametrize(("unit", "factor"), [("um", 1000), ("µm", 1000), ("A", 0.1), ("Å", 0.1), ("m", 1e9)])
def test_lengths_come_in_nm(tmp_path, images, tilts, unit, factor):
    signal = hs.signals.Signal2D(images)
    signal.axes_manager["sig"][0].scale = signal.axes_manager["sig"][1].scale = 2.0
    for axis in signal.axes_manager.signal_axes:
        axis.units = unit
    signal.save(tmp_path / "s.hspy")
    axis = load(tmp_path / "s.hspy", tilts=tilts).axes_manager["x"]
    assert (axis.scale, axis.units) == (pytest.approx(2 * factor), "nm")


def test_a_volume_comes_back_as_a_volume(tmp_path):
    volume = RecStack(np.random.default_rng(0).random((3, 4, 5)))
    loaded = load(volume.save(tmp_path / "volume.hspy"))
    assert type(loaded) is RecStack
    assert np.array_equal(loaded.data, volume.data)


def test_a_given_tilt_too_few_is_an_error(make_mrc, images):
    path = make_mrc(images)
    with pytest.raises(TiltCountError, match=r"series.mrc: argument: 3 tilts for 5"):
        load(path, tilts=[1, 2, 3])
    with pytest.raises(DataError, match=r"the tilts of projection\(s\) 1 are not finite \(nan\)"):
        load(path, tilts=[0, np.nan, 1, 2, 3])
    with pytest.raises(DataError, match="not numbers"):
        load(path, tilts=["a", "b"])
    with pytest.raises(FileNotFoundError, match="no file of tilts"):
        load(path, tilts=path.with_name("nothing.tlt"))


def test_a_truncated_file_is_refused_before_its_data(make_mrc, images, tilts):
    path = make_mrc(images)
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(FileFormatError, match="truncated"):
        load(path, tilts=tilts)


def test_a_header_that_promises_terabytes_is_refused_at_once(make_mrc, images):
    path = make_mrc(images)
    raw = bytearray(path.read_bytes())
    raw[:12] = np.array([60000, 60000, 2000], "<i4").tobytes()
    path.write_bytes(raw)
    with pytest.raises(FileFormatError, match="60000"):
        load(path)


@pytest.mark.parametrize("content", [b"", b"hello", b"\0" * 2000, bytes(range(256)) * 8])
def test_what_is_no_mrc_file_says_so(tmp_path, content):
    path = tmp_path / "x.mrc"
    path.write_bytes(content)
    with pytest.raises(FileFormatError, match=r"x\.mrc"):
        load(path)


@pytest.mark.parametrize("ending", ["hspy", "dm3", "dm4", "tif", "emd"])
def test_garbage_of_other_kinds_is_refused_in_words(tmp_path, ending, caplog):
    path = tmp_path / f"x.{ending}"
    path.write_bytes(bytes(range(256)) * 8)
    with pytest.raises(FileFormatError, match=r"x\."):
        load(path)
    assert "please report" not in caplog.text


def test_wrong_names_are_refused(tmp_path, images, make_mrc):
    with pytest.raises(FileNotFoundError, match="no file"):
        load(tmp_path / "nothing.mrc")
    (tmp_path / "a.exe").write_bytes(b"MZ")
    with pytest.raises(FileFormatError, match=r"\.exe.*known"):
        load(tmp_path / "a.exe")
    with pytest.raises(FileFormatError, match="folder"):
        load(tmp_path)
    with pytest.raises(ParameterError, match="int"):
        load(3)
    with pytest.raises(ParameterError, match="empty"):
        load([])
    with pytest.raises(ShapeError, match="shape"):
        load([make_mrc(images[0], "a.mrc"), make_mrc(images[0][:4], "b.mrc")])


def test_hdf5_that_reads_other_files_is_refused(tmp_path):
    secret = tmp_path / "secret.bin"
    secret.write_bytes(b"s" * 800)
    crafted = {
        "external storage": lambda f: f.create_dataset("d", (100,), "f8", external=[(str(secret), 0, 800)]),
        "link": lambda f: f.__setitem__("d", h5py.ExternalLink("other.h5", "/x")),
    }
    for name, craft in crafted.items():
        path = tmp_path / f"{name.replace(' ', '-')}.hspy"
        with h5py.File(path, "w") as file:
            craft(file)
        with pytest.raises(UnsafeFileError, match="not opened"):
            load(path)
    virtual = tmp_path / "virtual.hspy"
    with h5py.File(virtual, "w") as file:
        layout = h5py.VirtualLayout((10,), "f8")
        layout[:] = h5py.VirtualSource("other.h5", "x", (10,))
        file.create_virtual_dataset("d", layout)
    with pytest.raises(UnsafeFileError, match="assembled"):
        load(virtual)


def test_a_small_file_that_claims_terabytes_is_refused(tmp_path):
    path = tmp_path / "bomb.hspy"
    with h5py.File(path, "w") as file:
        file.create_dataset("d", (2_000_000, 1_000_000), "f4", chunks=(1000, 1000), compression="gzip")
    with pytest.raises(UnsafeFileError, match="GB"):
        load(path)


def test_a_page_reads_inside_its_folder_only(tmp_path):
    root, outside = tmp_path / "root", tmp_path / "rootless"
    root.mkdir()
    outside.mkdir()
    (root / "a.mrc").write_bytes(b"x")
    (outside / "b.mrc").write_bytes(b"x")
    (root / "link.mrc").symlink_to(outside / "b.mrc")
    assert safe_path(root, "a.mrc") == (root / "a.mrc").resolve()
    for name in ("../rootless/b.mrc", "link.mrc", str(outside / "b.mrc"), "."):
        with pytest.raises(UnsafeFileError):
            safe_path(root, name)
    with pytest.raises(FileNotFoundError):
        safe_path(root, "nothing.mrc")


@pytest.mark.parametrize("options", [{}, {"compression": "zlib"}, {"imagej": True}, None])
def test_a_truncated_tiff_is_never_a_shorter_series(tmp_path, options):
    data = np.random.default_rng(0).integers(1, 999, (5, 16, 16)).astype(np.uint16)
    path = tmp_path / "series.tif"
    if options is None:  # page by page
        with tifffile.TiffWriter(path) as file:
            for image in data:
                file.write(image, contiguous=False)
    else:
        tifffile.imwrite(path, data, **options)
    assert np.array_equal(load(path, tilts=range(5)).data, data)
    assert preview_files([path])[0].shape == (5, 16, 16)
    raw = path.read_bytes()
    for size in range(len(raw) // 10, len(raw) - 600, len(raw) // 10):
        path.write_bytes(raw[:size])
        with pytest.raises(FileFormatError, match=r"series\.tif"):
            load(path, tilts=range(5))

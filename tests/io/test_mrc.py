"""MRC as IMOD, SerialEM and FEI write it: signs of bytes, packed values, byte orders, extended headers."""

import mrcfile
import numpy as np
import pytest

from etwidgets.errors import FileFormatError, ShapeError
from etwidgets.io import load

STAMP = 1146047817
GRAY = np.resize(np.array([0, 1, 127, 128, 255], np.uint8), (5, 4, 6))
TILTS = np.arange(-2.0, 3)


def header_of(shape, mode, *, order="<", minimum=0.0, maximum=-1.0, mz=None, ispg=0, nsymbt=0, labels=()):
    """1024 bytes as an old program writes them: no stamp, no MAP, no machine."""
    record = np.zeros(1, mrcfile.dtypes.HEADER_DTYPE.newbyteorder(order))[0]
    record["nz"], record["ny"], record["nx"] = shape
    record["mode"], record["dmin"], record["dmax"] = mode, minimum, maximum
    record["mx"], record["my"], record["mz"] = shape[2], shape[1], mz or shape[0]
    record["ispg"], record["nsymbt"] = ispg, nsymbt
    for number, label in enumerate(labels):
        record["label"][number] = label
    return bytearray(record.tobytes())


def put(header, kind, byte, *values):
    raw = np.array(values, kind).tobytes()
    header[byte : byte + len(raw)] = raw
    return header


@pytest.fixture
def write(tmp_path):
    def write_bytes(*parts, name="series.mrc"):
        path = tmp_path / name
        path.write_bytes(b"".join(bytes(part) for part in parts))
        return path

    return write_bytes


@pytest.mark.parametrize("lazy", [False, True])
@pytest.mark.parametrize("offset", [None, 0])
@pytest.mark.parametrize(
    ("flags", "limits", "dtype"),
    [
        (0, (0, 255), "u1"),
        (2, (-128, 127), "u1"),
        (1, (0, 255), "i1"),
        (None, (0, 255), "u1"),
        (None, (-128, 127), "i1"),
        (None, (0, -1), "i1"),
    ],
)
def test_bytes_have_the_sign_that_the_header_says(write, lazy, offset, flags, limits, dtype):
    header = header_of(GRAY.shape, 0, minimum=limits[0], maximum=limits[1])
    if flags is not None:
        put(header, "<i4", 152, STAMP, flags)
    stack = load(write(header, GRAY.tobytes()), tilts=TILTS, lazy=lazy, offset=offset)
    right = GRAY.view(dtype).astype(int)
    removed = right.min() if offset is None else 0
    assert np.array_equal(np.asarray(stack.data).astype(int), right - removed)


def test_whole_numbers_of_two_bytes_too(write):
    data = np.resize(np.array([0, 1, 32767, 32768, 65535], "<u2"), (5, 4, 6))
    header = header_of(data.shape, 1, minimum=0, maximum=65535)
    assert np.array_equal(load(write(header, data.tobytes()), tilts=TILTS).data, data)


@pytest.mark.parametrize("lazy", [False, True])
@pytest.mark.parametrize("columns", [6, 5])
def test_four_bits_a_value(write, lazy, columns):
    values = np.random.default_rng(0).integers(0, 16, (5, 4, columns)).astype(np.uint8)
    padded = np.pad(values, ((0, 0), (0, 0), (0, columns % 2)))
    packed = padded[..., 0::2] | padded[..., 1::2] << 4
    stack = load(write(header_of(values.shape, 101), packed.tobytes()), tilts=TILTS, lazy=lazy)
    assert np.array_equal(np.asarray(stack.data), values)
    if columns == 6:  # SerialEM's older way: bytes, half as many
        header = put(header_of((5, 4, 3), 0), "<i4", 152, STAMP, 16)
        assert np.array_equal(
            np.asarray(load(write(header, packed.tobytes()), tilts=TILTS, lazy=lazy).data), values
        )


@pytest.mark.parametrize("mode", [3, 4, 5, 16, 99, -1])
def test_other_modes_are_named(write, mode):
    with pytest.raises(FileFormatError, match=rf"series\.mrc holds .*\(MRC mode {mode}\); read are"):
        load(write(header_of((5, 4, 6), mode), bytes(5 * 4 * 6 * 8)))


@pytest.mark.parametrize("lazy", [False, True])
@pytest.mark.parametrize(("mode", "kind"), [(1, "i2"), (2, "f4"), (6, "u2"), (12, "f2")])
def test_big_endian_without_a_stamp(write, mode, kind, lazy):
    data = np.arange(120).reshape(5, 4, 6)
    path = write(header_of(data.shape, mode, order=">"), data.astype(f">{kind}").tobytes())
    stack = load(path, tilts=TILTS, lazy=lazy)
    assert np.array_equal(np.asarray(stack.data), data)
    assert stack.data.dtype.isnative


def test_a_stack_of_volumes_is_refused_and_one_of_images_is_read(write):
    data = np.arange(8 * 4 * 6, dtype="<i2").reshape(8, 4, 6)
    with pytest.raises(FileFormatError, match="2 volumes of 4 sections each"):
        load(write(header_of(data.shape, 1, mz=4, ispg=401), data.tobytes()))
    for mz in (1, 8):
        stack = load(write(header_of(data.shape, 1, mz=mz, ispg=401), data.tobytes()), tilts=np.arange(8))
        assert np.array_equal(stack.data, data)


def test_more_bytes_than_the_header_says_are_told(write):
    data = np.arange(120, dtype="<i2")
    with pytest.warns(UserWarning, match="has 1384 bytes, its header accounts for 1264"):
        stack = load(write(header_of((5, 4, 6), 1), data.tobytes(), bytes(120)), tilts=TILTS)
    assert np.array_equal(stack.data.ravel(), data)


@pytest.mark.parametrize("label", [b"", b"Fei Company (c) Copyright 2003"])
@pytest.mark.parametrize("order", ["<", ">"])
def test_the_old_extended_header_of_fei(write, label, order):
    data = np.arange(120).reshape(5, 4, 6).astype(f"{order}i2")
    records = np.zeros((1024, 32), f"{order}f4")
    records[:5, 0], records[:5, 10], records[:5, 11], records[:5, 12] = TILTS * 1.5, 87.5, 2.5e-10, 115000
    header = header_of(data.shape, 1, order=order, nsymbt=records.nbytes, labels=[label])
    put(header, f"{order}i2", 128, 0, 32)
    stack = load(write(header, records.tobytes(), data.tobytes()))
    assert stack.tilts_deg == pytest.approx(TILTS * 1.5)
    assert stack.metadata.Tomography.tilt_source == "FEI extended header"
    assert stack.metadata.Tomography.header_tiltaxis == pytest.approx(87.5)
    assert stack.metadata.Tomography.tilt_axis_angle_deg == pytest.approx(-87.5)  # IMOD's corrected sign
    assert stack.axes_manager["x"].scale == pytest.approx(0.25)
    assert stack.metadata.Acquisition_instrument.TEM.magnification == 115000


@pytest.mark.parametrize("kind", [b"FEI1", b"FEI2"])
def test_the_new_extended_header_of_fei(write, kind):
    records = np.zeros(5, mrcfile.dtypes.get_ext_header_dtype(kind, "<"))
    records["Metadata size"], records["Bitmask 1"] = records.itemsize, 1 << 7 | 1 << 12 | 1 << 14
    records["Alpha tilt"], records["Tilt axis angle"], records["Pixel size X"] = TILTS, -4.5, 1.2e-9
    header = header_of((5, 4, 6), 1, nsymbt=records.nbytes)
    header[104:108] = kind
    stack = load(write(header, records.tobytes(), bytes(240)))
    assert stack.tilts_deg.tolist() == TILTS.tolist()
    assert stack.metadata.Tomography.header_tiltaxis == -4.5
    assert stack.metadata.Tomography.tilt_axis_angle_deg == 4.5
    assert stack.axes_manager["x"].scale == pytest.approx(1.2)


def test_the_extended_header_of_serialem_is_known_by_its_flags(write):
    rows = np.zeros(5, [("tilt", "<i2"), ("stage", "<i2", 2), ("mag", "<i2")])
    rows["tilt"] = TILTS * 100
    header = header_of(
        (5, 4, 6), 1, nsymbt=rows.nbytes, labels=[b"", b"    Tilt axis angle = 85.9, binning = 1"]
    )
    put(header, "<i2", 128, 8, 1 | 4 | 8)
    stack = load(write(header, rows.tobytes(), bytes(240)))
    assert stack.tilts_deg.tolist() == TILTS.tolist()
    assert stack.metadata.Tomography.header_tiltaxis == 85.9


def test_one_image_is_no_series(write, tmp_path, samples):
    import tifffile

    tifffile.imwrite(tmp_path / "one.tif", np.zeros((512, 512), np.uint16))
    for path in (
        tmp_path / "one.tif",
        samples / "DM_Series_Test" / "BF_001.dm3",
        write(header_of((1, 4, 6), 1), bytes(48)),
    ):
        with pytest.raises(
            ShapeError, match=rf"{path.name} is one image of \d+ x \d+ pixels; choose all images"
        ):
            load(path)


@pytest.mark.parametrize("dtype", [np.int8, np.int16, np.uint16, np.float32, np.float16])
@pytest.mark.parametrize("order", ["<", ">"])
def test_as_mrcfile_reads_it(make_mrc, dtype, order):
    data = np.random.default_rng(0).integers(-100 if np.dtype(dtype).kind != "u" else 0, 100, (5, 8, 10))
    path = make_mrc(data.astype(dtype), byte_order=order)
    with mrcfile.open(path) as file:
        assert np.array_equal(load(path, tilts=TILTS, offset=0).data, file.data)


@pytest.mark.parametrize(
    ("dtype", "offset"), [(np.uint8, -300), (np.int16, -70000), (np.uint8, -1), (np.int8, -200)]
)
def test_an_offset_beyond_the_type_keeps_the_order_of_values(tmp_path, dtype, offset):
    values = np.linspace(np.iinfo(dtype).min, np.iinfo(dtype).max, 24).astype(dtype).reshape(2, 3, 4)
    with mrcfile.new(tmp_path / "a.mrc", values.astype(np.uint16 if dtype == np.uint8 else dtype)):
        pass
    for lazy in (False, True):
        data = np.asarray(load(tmp_path / "a.mrc", tilts=[0, 1], offset=offset, lazy=lazy).data)
        assert np.array_equal(data.astype(float), values.astype(float) - offset)

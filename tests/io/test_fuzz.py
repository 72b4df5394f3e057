"""Damaged and odd files of each format: what is loaded is right, all else is one of our own errors.

The short runs draw the same files each time; the long ones (``slow``) draw new ones.
"""

import io
import itertools
import warnings

import h5py
import hyperspy.api as hs
import mrcfile
import numpy as np
import pytest
import tifffile
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from etwidgets.errors import EtwidgetsError
from etwidgets.io import load, preview_files
from etwidgets.io.file_names import tilts_of
from etwidgets.signals import RecStack, TomoStack

SHAPE = (3, 4, 5)
DATA = np.arange(60, dtype=np.int16).reshape(SHAPE)
QUIET = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
LONG = 400


def short(examples):
    return settings(max_examples=examples, deadline=None, derandomize=True, suppress_health_check=QUIET)


def long(examples=LONG):
    return settings(max_examples=examples, deadline=None, suppress_health_check=QUIET)


def loaded(path, **options):
    """The stack or volume, its invariants checked; None after an error of ours."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            stack = load(path, **options)
        except (EtwidgetsError, FileNotFoundError):
            return None
    assert isinstance(stack, TomoStack | RecStack)
    assert stack.data.dtype.kind in "biuf"
    assert np.asarray(stack.data).shape == tuple(axis.size for axis in stack.axes_manager._axes)
    assert all(np.isfinite(axis.scale) for axis in stack.axes_manager._axes)
    if isinstance(stack, TomoStack) and stack.has_tilts:
        assert stack.tilts_deg.shape == (stack.data.shape[0],)
        assert np.isfinite(stack.tilts_deg).all()
        assert np.abs(stack.tilts_deg).max() <= 360
        assert len(stack.tilts_deg) < 2 or np.ptp(stack.tilts_deg) > 0
    return stack


def mrc_bytes(extended=b"", kind=b"", words=(0, 0)):
    record = np.zeros(1, mrcfile.dtypes.HEADER_DTYPE)[0]
    record["nz"], record["ny"], record["nx"] = record["mz"], record["my"], record["mx"] = SHAPE
    record["mode"], record["nsymbt"], record["exttyp"], record["nlabl"] = 1, len(extended), kind, 1
    record["cella"] = (50, 40, 30)
    record["label"][0] = b"    Tilt axis angle = 85.9, binning = 1"
    header = bytearray(record.tobytes())
    header[128:132] = np.array(words, "<i2").tobytes()
    return bytes(header) + extended + DATA.tobytes()


def fei_2003():
    records = np.zeros((3, 32), "<f4")
    records[:, 0], records[:, 11] = (-2, 0, 2), 1e-9
    return mrc_bytes(records.tobytes(), words=(0, 32))


def fei_2014():
    records = np.zeros(3, mrcfile.dtypes.get_ext_header_dtype(b"FEI1", "<"))
    records["Metadata size"], records["Bitmask 1"], records["Alpha tilt"] = 768, 0xFFFF, (-2, 0, 2)
    return mrc_bytes(records.tobytes(), b"FEI1")


def serialem():
    return mrc_bytes(np.array([[-200, 1], [0, 2], [200, 3]], "<i2").tobytes(), b"SERI", (4, 1 | 8))


def tiff_bytes():
    stream = io.BytesIO()
    tifffile.imwrite(stream, DATA, imagej=True, metadata={"axes": "ZYX", "spacing": 2.0, "unit": "nm"})
    return stream.getvalue()


def hdf5_bytes(tmp, ending):
    path = tmp / f"seed.{ending}"
    stack = TomoStack(DATA, [-2, 0, 2]) if ending == "hspy" else hs.signals.Signal2D(DATA)
    hs.signals.Signal2D.save(stack, path)
    return path.read_bytes()


@pytest.fixture(scope="module")
def seeds(tmp_path_factory, samples):
    """A sound file of each kind: its bytes, and how many of them are header."""
    tmp = tmp_path_factory.mktemp("seeds")
    files = {
        "plain.mrc": mrc_bytes(),
        "fei.mrc": fei_2003(),
        "fei2.mrc": fei_2014(),
        "serialem.mrc": serialem(),
        "a.tif": tiff_bytes(),
        "a.hspy": hdf5_bytes(tmp, "hspy"),
        "a.emd": hdf5_bytes(tmp, "emd"),
        "a.dm3": (samples / "DM_Series_Test" / "BF_001.dm3").read_bytes(),
    }
    return {
        name: (raw, len(raw) - DATA.nbytes if name.endswith("mrc") else len(raw))
        for name, raw in files.items()
    }


NUMBERS = st.sampled_from(
    [0, 1, 2, 3, 7, 127, 255, 256, 401, 1000, 32767, 65535, 2**24, 2**31 - 1, -1, -2, -400, -(2**31)]
)
PIECES = st.one_of(
    st.binary(min_size=1, max_size=8),
    NUMBERS.map(lambda value: np.array(value, "<i4").tobytes()),
    NUMBERS.map(lambda value: np.array(value, ">i4").tobytes()),
    st.floats(width=32).map(lambda value: np.array(value, "<f4").tobytes()),
    st.floats().map(lambda value: np.array(value, "<f8").tobytes()),
)


@st.composite
def damage(draw):
    """Where (as a part of the header, or the number of a word) to put which bytes, and where to cut."""
    places = st.one_of(st.floats(0, 1), st.integers(0, 60))
    return draw(st.lists(st.tuples(places, PIECES), max_size=4)), draw(st.none() | st.floats(0, 1))


def damaged(raw, header, harm):
    puts, cut = harm
    broken = bytearray(raw)
    for place, piece in puts:
        start = 4 * place if isinstance(place, int) else int(place * (header - 1))
        broken[start : start + len(piece)] = piece
    return bytes(broken if cut is None else broken[: int(cut * len(raw))])


def try_damaged(folder, seeds, name, harm, lazy):
    raw, header = seeds[name]
    path = folder / name
    path.write_bytes(damaged(raw, header, harm))
    stack = loaded(path, lazy=lazy)
    if stack is not None and name.endswith("mrc"):
        stored = np.frombuffer(path.read_bytes(), "<i4", 3)
        assert tuple(stack.data.shape) in (tuple(stored[::-1]), tuple(stored.byteswap()[::-1]))


MRC = ["plain.mrc", "fei.mrc", "fei2.mrc", "serialem.mrc"]
# an error of RosettaSciIO or tifffile leaves its file open
LEFT_OPEN = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")


@short(80)
@given(name=st.sampled_from(MRC), harm=damage(), lazy=st.booleans())
def test_damaged_mrc_files(tmp_path, seeds, name, harm, lazy):
    try_damaged(tmp_path, seeds, name, harm, lazy)


@LEFT_OPEN
@short(30)
@given(name=st.sampled_from(["a.tif", "a.hspy", "a.emd"]), harm=damage())
def test_damaged_files_of_other_kinds(tmp_path, seeds, name, harm):
    try_damaged(tmp_path, seeds, name, harm, lazy=False)


@pytest.mark.slow
@LEFT_OPEN
@pytest.mark.parametrize("name", [*MRC, "a.tif", "a.hspy", "a.emd", "a.dm3"])
def test_many_damaged_files(tmp_path, seeds, name):
    @long()
    @given(harm=damage(), lazy=st.booleans())
    def run(harm, lazy):
        try_damaged(tmp_path, seeds, name, harm, lazy and name != "a.tif")

    run()


LINES = st.one_of(
    st.builds("TiltAngle = {}".format, st.one_of(st.floats(-90, 90), st.floats(), st.text(max_size=3))),
    st.builds("[ZValue = {}]".format, st.integers(-1, 4)),
    st.builds("[{} = {}]".format, st.sampled_from(["MontSection", "T", "FrameSet"]), st.integers(0, 2)),
    st.builds("PixelSpacing = {}".format, st.floats()),
    st.builds("RotationAngle = {}".format, st.floats()),
    st.builds("ImageSize = {} {}".format, st.integers(-1, 3), st.integers(-1, 3)),
    st.builds("[T = Tilt axis angle = {}, binning = 1]".format, st.floats()),
    st.builds("{}".format, st.floats(-90, 90)),
    st.builds("{}, {}".format, st.floats(-90, 90), st.integers()),
    st.text(max_size=12),
)
TEXTS = st.builds(
    lambda lines, encoding: "\n".join(lines).encode(encoding, "replace"),
    st.lists(LINES, max_size=10),
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "latin-1"]),
)


def try_beside(folder, text, ending):
    """The data are read, whatever lies beside them."""
    path = folder / "series.mrc"
    path.write_bytes(mrc_bytes())
    beside = folder / f"series{ending}"
    beside.write_bytes(text)
    stack = loaded(path)
    assert np.array_equal(stack.data, DATA)
    given_too = loaded(path, tilts=[-1, 0, 1])
    assert given_too.tilts_deg.tolist() == [-1, 0, 1]
    loaded(path, tilts=beside)
    beside.unlink()


@short(25)
@given(text=TEXTS, ending=st.sampled_from([".mdoc", ".rawtlt", ".tlt", ".mrc.mdoc"]))
def test_odd_files_beside_the_data(tmp_path, text, ending):
    try_beside(tmp_path, text, ending)


@pytest.mark.slow
@long(2 * LONG)
@given(text=TEXTS | st.binary(max_size=40), ending=st.sampled_from([".mdoc", ".rawtlt", ".tlt"]))
def test_many_odd_files_beside_the_data(tmp_path, text, ending):
    try_beside(tmp_path, text, ending)


WORDS = st.sampled_from(["x", "y", "z", "angles", "Tilt", "", "rows", "Projections", "energy"])
UNITS = st.sampled_from(["[deg]", "deg", "[r_a_d]", "[n_m]", "µm", "", "[px]", "eV", "[]"])
VALUES = st.one_of(
    st.lists(st.floats(-90, 90), max_size=6),
    st.lists(st.floats(), max_size=6),
    st.just("word"),
    st.just([[0.0, 1.0]]),
    st.none(),
)
DIMS = st.lists(st.tuples(WORDS, UNITS, VALUES, st.sampled_from([str, np.bytes_])), max_size=4)


def try_emd(folder, dims, order, group):
    path = folder / "a.emd"
    with h5py.File(path, "w") as file:
        node = file.create_group(group)
        node.attrs["emd_group_type"] = 1
        node["data"] = DATA.transpose(order)
        for number, (name, unit, values, kind) in enumerate(dims, 1):
            dim = node.create_dataset(f"dim{number}", data=h5py.Empty("f4") if values is None else values)
            dim.attrs["name"], dim.attrs["units"] = (
                kind(name),
                kind(unit.encode() if kind is np.bytes_ else unit),
            )
    stack = loaded(path)
    if stack is not None:
        assert any(np.array_equal(stack.data.transpose(p), DATA) for p in itertools.permutations(range(3)))


ORDERS = st.permutations(range(3))
GROUPS = st.sampled_from(["data/tomography", "signals/a", "experiments/b"])


@LEFT_OPEN
@short(40)
@example(dims=[("x", "µm", [0.0, 1.8e305], str)], order=[0, 1, 2], group="data/tomography")  # overflows in nm
@given(dims=DIMS, order=ORDERS, group=GROUPS)
def test_odd_dimensions_of_emd_files(tmp_path, dims, order, group):
    try_emd(tmp_path, dims, order, group)


@pytest.mark.slow
@LEFT_OPEN
@long()
@given(dims=DIMS, order=ORDERS, group=GROUPS)
def test_many_odd_dimensions_of_emd_files(tmp_path, dims, order, group):
    try_emd(tmp_path, dims, order, group)


@short(100)
@given(st.lists(st.text("a1-+.0deg_mp°[] 9", max_size=12), max_size=4))
def test_odd_names(names):
    tilts = tilts_of(names)
    assert tilts is None or (len(tilts) == len(names) and np.isfinite(tilts).all())


@short(20)
@given(harm=damage())
def test_the_table_tells_what_is_damaged(tmp_path, seeds, harm):
    raw, header = seeds["fei.mrc"]
    (tmp_path / "a.mrc").write_bytes(damaged(raw, header, harm))
    (found,) = preview_files([tmp_path / "a.mrc"])
    assert (found.shape is None) == bool(found.problem)

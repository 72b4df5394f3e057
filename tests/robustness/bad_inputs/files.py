"""Files that are damaged, mislabelled or missing, and files that cannot be written."""

import h5py
import numpy as np

import etwidgets as etw
from bad_inputs.case import Area
from bad_inputs.world import TILTS
from etwidgets import io
from etwidgets.errors import (
    DataError,
    FileFormatError,
    ParameterError,
    ShapeError,
    TiltCountError,
    UnsafeFileError,
)

reading = Area("Reading files")


def _load(make, *args, **kwargs):
    return lambda w: io.load(make(w), *args, **kwargs)


reading.refused("missing", _load(lambda w: w.folder / "none.mrc"), FileNotFoundError, "no file", "none.mrc")
reading.refused("a folder", _load(lambda w: w.folder), FileFormatError, "folder")
reading.refused("a name that is a number", _load(lambda w: 3), ParameterError, "path", "int")
reading.refused("None", _load(lambda w: None), ParameterError, "path", "NoneType")
reading.refused("no file", _load(lambda w: []), ParameterError, "list of files", "empty")
reading.refused("a picture", _load(lambda w: w.file("a.png")), FileFormatError, "a.png", ".png", ".mrc")
reading.refused("no extension", _load(lambda w: w.file("series")), FileFormatError, "series", "known", ".mrc")
for _ending in ("mrc", "hspy", "tif", "dm3", "dm4", "emd"):
    _name = f"a.{_ending}"
    reading.refused(f"an empty .{_ending}", _load(lambda w, n=_name: w.file(n)), FileFormatError, _name)
    reading.refused(
        f"words in .{_ending}", _load(lambda w, n=_name: w.file(n, "no data " * 300)), FileFormatError, _name
    )
for _name in ("a.mrc", "a.hspy", "a.tif"):
    reading.refused(
        f"{_name[2:]} cut off in the middle", _load(lambda w, n=_name: w.cut(n)), FileFormatError, _name
    )
    reading.refused(
        f"{_name[2:]} cut off in the header", _load(lambda w, n=_name: w.cut(n, 0.01)), FileFormatError, _name
    )
reading.refused("a .tif cut off late", _load(lambda w: w.cut("a.tif", 0.8)), FileFormatError, "a.tif")
reading.refused(
    "an .mrc that is an .hspy", _load(lambda w: _renamed(w, "a.hspy", "b.mrc")), FileFormatError, "b.mrc"
)
reading.refused(
    "an .hspy that is an .mrc",
    _load(lambda w: _renamed(w, "a.mrc", "b.hspy")),
    FileFormatError,
    "b.hspy",
    "HDF5",
)
reading.refused(
    "an .mrc of -5 columns", _load(lambda w: w.with_header(0, "i4", -5)), FileFormatError, "series.mrc", "-5"
)
reading.refused(
    "an .mrc of 0 images", _load(lambda w: w.with_header(8, "i4", 0)), FileFormatError, "series.mrc", "0"
)
reading.refused(
    "an .mrc of 2 billion columns",
    _load(lambda w: w.with_header(0, "i4", 2_000_000_000)),
    FileFormatError,
    "series.mrc",
)
reading.refused(
    "an .mrc of mode 99", _load(lambda w: w.with_header(12, "i4", 99)), FileFormatError, "series.mrc", "99"
)
reading.refused(
    "an .mrc of complex numbers",
    _load(lambda w: w.with_header(12, "i4", 4)),
    FileFormatError,
    "series.mrc",
    "4",
)
reading.refused(
    "an .mrc with a header beyond its end",
    _load(lambda w: w.with_header(92, "i4", 10_000_000)),
    FileFormatError,
    "truncated",
    "10028672",
)
reading.refused(
    "an .mrc with a header of -5",
    _load(lambda w: w.with_header(92, "i4", -5)),
    FileFormatError,
    "series.mrc",
    "-5",
)
reading.warned(
    "an .mrc with more than its header says",
    _load(lambda w: w.with_header(8, "i4", 8), TILTS[:8]),
    "series.mrc",
    "more",
    holds=lambda s: s.data.shape == (8, 24, 32),
)
reading.refused("an .hspy of nothing", _load(lambda w: _hdf5(w, lambda f: None)), FileFormatError, "a.hspy")
reading.refused(
    "an .hspy with a link to another",
    _load(lambda w: _hdf5(w, lambda f: f.__setitem__("x", h5py.ExternalLink("/etc/passwd", "/")))),
    UnsafeFileError,
    "a.hspy",
    "another file",
    "passwd",
)
reading.refused(
    "an .hspy that keeps data elsewhere",
    _load(lambda w: _hdf5(w, lambda f: f.create_dataset("x", (8,), "u1", external=[("/etc/passwd", 0, 8)]))),
    UnsafeFileError,
    "a.hspy",
    "another file",
    "passwd",
)
reading.refused(
    "an .hspy of a petabyte",
    _load(lambda w: _hdf5(w, lambda f: f.create_dataset("x", (1 << 50,), "u1", chunks=(1 << 20,)))),
    UnsafeFileError,
    "a.hspy",
    "GB",
    "lazy",
)
reading.refused("a .zspy of nothing", _load(lambda w: _folder(w, "a.zspy")), FileFormatError, "a.zspy")
reading.refused("one image", _load(lambda w: _one_image(w)), Exception, "one image", "all images")
reading.refused(
    "images of two sizes", _load(lambda w: _two_sizes(w)), ShapeError, "b.tif", "a.tif", "(20, 20)"
)
reading.refused(
    "a file of the list is missing",
    _load(lambda w: [_one_image(w), w.folder / "none.tif"]),
    FileNotFoundError,
    "none.tif",
)
reading.refused(
    "one mdoc for two files", lambda w: io.load(_pair(w), mdocs=[w.folder / "a.mdoc"]), Exception, "a.mdoc"
)
reading.refused(
    "an mdoc that does not exist",
    _load(lambda w: w.saved("a.mrc"), mdocs="none.mdoc"),
    FileNotFoundError,
    "none.mdoc",
)
reading.warned("an mdoc for one of two files", _load(lambda w: _one_mdoc(w)), "b.mrc", "mdoc")
reading.refused("five tilts for nine", _load(lambda w: w.saved("a.mrc"), TILTS[:5]), TiltCountError, "5", "9")
reading.refused("a tilt of NaN", _load(lambda w: w.saved("a.mrc"), [np.nan] * 9), DataError, "tilts", "NaN")
reading.refused(
    "tilts as text", _load(lambda w: w.saved("a.mrc"), list("abcdefghi")), DataError, "tilts", "'a'"
)
reading.refused(
    "a tilt of 400 degrees", _load(lambda w: w.saved("a.mrc"), [*TILTS[:8], 400]), DataError, "400", "360"
)
reading.refused(
    "a file of tilts that does not exist",
    _load(lambda w: w.saved("a.mrc"), "none.tlt"),
    FileNotFoundError,
    "none.tlt",
)
reading.refused(
    "a file of tilts with words",
    lambda w: io.load(w.saved("a.mrc"), w.file("words.tlt", "up\ndown\n")),
    Exception,
    "words.tlt",
)
reading.refused(
    "an empty file of tilts", lambda w: io.load(w.saved("a.mrc"), w.file("empty.tlt")), Exception, "empty.tlt"
)
reading.warned(
    "a bad file of tilts beside it",
    lambda w: _beside(w, "up\ndown\n"),
    "a.rawtlt",
    holds=lambda s: (s.tilts_deg == TILTS).all(),
)
reading.warned("no tilts at all", lambda w: _without(w), "no tilts", "a.mrc", holds=lambda s: not s.has_tilts)
reading.refused(
    "an offset of NaN", _load(lambda w: w.saved("a.mrc"), offset=np.nan), DataError, "offset", "nan"
)
reading.refused(
    "an offset as text", _load(lambda w: w.saved("a.mrc"), offset="low"), DataError, "offset", "'low'"
)
reading.handled(
    "an extension in capitals",
    _load(lambda w: _renamed(w, "a.mrc", "B.MRC"), TILTS),
    lambda s: s.data.shape == (9, 24, 32),
)
reading.handled(
    "a name with spaces and accents",
    _load(lambda w: w.saved("série à 3°.hspy")),
    lambda s: s.data.shape == (9, 24, 32),
)
reading.handled(
    "the other byte order", _load(lambda w: _swapped(w), TILTS), lambda s: abs(s.data.max() - 1) < 0.1
)


def _renamed(w, name, new):
    return w.saved(name).rename(w.folder / new)


def _hdf5(w, fill):
    with h5py.File(w.folder / "a.hspy", "w") as file:
        fill(file)
    return w.folder / "a.hspy"


def _folder(w, name):
    (w.folder / name).mkdir()
    return w.folder / name


def _one_image(w, name="a.tif", size=24):
    from hyperspy.signals import Signal2D

    Signal2D(w.images[0][:size, :size]).save(w.folder / name)
    return w.folder / name


def _two_sizes(w):
    return [_one_image(w), _one_image(w, "b.tif", 20)]


def _pair(w):
    w.file("a.mdoc", "PixelSpacing = 10\n\n[ZValue = 0]\nTiltAngle = 3\n")
    return [_one_image(w), _one_image(w, "b.tif")]


def _one_mdoc(w):
    names = [io.save(w.stack.inav[i], w.folder / f"{name}.mrc") for i, name in enumerate("ab")]
    for path in w.folder.glob("*.rawtlt"):
        path.unlink()
    w.file("a.mrc.mdoc", "PixelSpacing = 10\nImageFile = a.mrc\n\n[ZValue = 0]\nTiltAngle = 3\n")
    return names


def _beside(w, words):
    path = w.saved("a.mrc")
    w.file("a.rawtlt", words)
    return io.load(path, TILTS)


def _without(w):
    path = w.saved("a.mrc")
    (w.folder / "a.rawtlt").unlink()
    return io.load(path)


def _swapped(w):
    import mrcfile

    path = w.saved("a.mrc")
    content = path.read_bytes()
    header = np.frombuffer(content[:1024], mrcfile.dtypes.HEADER_DTYPE)[0]
    turned = header.astype(mrcfile.dtypes.HEADER_DTYPE.newbyteorder(">"))
    turned["machst"], turned["map"], turned["exttyp"] = (17, 17, 0, 0), header["map"], header["exttyp"]
    return w.file("a.mrc", turned.tobytes() + np.frombuffer(content[1024:], "<f4").astype(">f4").tobytes())


saving = Area("Saving")


def _save(name, **kwargs):
    return lambda w: io.save(w.stack, w.folder / name, **kwargs)


saving.refused(
    "an unknown file extension", _save("a.png"), ParameterError, ".png", "(9, 24, 32)", "use one of .hspy"
)
saving.refused("an extension of no program", _save("a.xyz"), ParameterError, ".xyz", "use one of", ".hspy")
saving.refused("a missing folder", _save("none/a.hspy"), FileNotFoundError, "does not exist", "make it first")
saving.refused(
    "a missing folder for .mrc", _save("none/a.mrc"), FileNotFoundError, "does not exist", "make it first"
)
saving.refused(
    "over another file",
    lambda w: io.save(w.stack, w.saved("a.hspy")),
    FileExistsError,
    "a.hspy",
    "overwrite=True",
)
saving.refused(
    "over another .mrc",
    lambda w: io.save(w.stack, w.saved("a.mrc")),
    FileExistsError,
    "a.mrc",
    "overwrite=True",
)
saving.refused(
    "over its file of tilts",
    lambda w: (w.file("a.rawtlt"), io.save(w.stack, w.folder / "a.mrc")),
    FileExistsError,
    "a.rawtlt",
    "overwrite=True",
)
saving.refused(
    "over a folder",
    lambda w: io.save(w.stack, _folder(w, "a.hspy"), overwrite=True),
    FileExistsError,
    "a.hspy",
    "is a folder",
    "another name",
)
saving.refused(
    "a file in place of a folder",
    lambda w: io.save(w.stack, w.file("a") / "b.hspy"),
    FileNotFoundError,
    "does not exist",
    "folder",
)
saving.refused(
    "no signal", lambda w: io.save(w.images, w.folder / "a.hspy"), ParameterError, "TomoStack", "ndarray"
)
saving.refused("a name that is a number", lambda w: io.save(w.stack, 3), ParameterError, "path", "int")
saving.refused("a name of 4 kB", _save("a" * 4096 + ".hspy"), ParameterError, "4101 characters", "255")
saving.refused("no name", lambda w: w.stack.save(), ParameterError, "no title", "filename")
saving.refused(
    "frames as .mrc",
    lambda w: io.save(etw.TomoStack(w.images[:, None]), w.folder / "a.mrc"),
    ParameterError,
    "frames",
    "average",
)
saving.refused(
    "a script over a folder",
    lambda w: w.session.export_script(_folder(w, "steps.py")),
    FileExistsError,
    "steps.py",
    "is a folder",
    "another name",
)
saving.refused(
    "a session into a missing folder",
    lambda w: etw.Session().save(w.folder / "none" / "a.json"),
    FileNotFoundError,
    "does not exist",
    "make it first",
)
AREAS = (reading, saving)

"""Making a stack, its tilts and shifts, its parts, its filters."""

import numpy as np

from bad_inputs.case import Area
from bad_inputs.world import TILTS
from etwidgets.errors import (
    DataError,
    MissingTiltsError,
    ParameterError,
    ShapeError,
    TiltCountError,
)
from etwidgets.signals import TomoStack

making = Area("Making a stack")
_CUBE = np.arange(3 * 8 * 10, dtype=np.float32).reshape(3, 8, 10)
making.refused("no projections", lambda w: TomoStack(np.empty((0, 8, 8))), ShapeError, "empty", "(0, 8, 8)")
making.refused("an empty axis", lambda w: TomoStack(np.empty((3, 0, 8))), ShapeError, "empty", "(3, 0, 8)")
making.refused(
    "an array of two dimensions", lambda w: TomoStack(np.ones((8, 10))), ShapeError, "one image", "(8, 10)"
)
making.refused("a list of lists", lambda w: TomoStack([[1, 2], [3, 4]]), ShapeError, "one image", "(2, 2)")
making.refused("a ragged list", lambda w: TomoStack([[[1, 2], [3]]]), ShapeError, "list", "different shapes")
making.refused("one row", lambda w: TomoStack(np.ones(8)), ShapeError, "(projections, y, x)", "(8,)")
making.refused("one number", lambda w: TomoStack(5), ShapeError, "(projections, y, x)", "()")
making.refused("None", lambda w: TomoStack(None), DataError, "None")
making.refused(
    "five dimensions",
    lambda w: TomoStack(np.ones((2, 2, 2, 4, 4))),
    ShapeError,
    "3 navigation",
    "projections",
)
making.refused("complex numbers", lambda w: TomoStack(_CUBE * 1j), DataError, "real", "complex")
making.refused("objects", lambda w: TomoStack(np.full((2, 4, 4), None)), DataError, "real", "object")
making.refused("text", lambda w: TomoStack(np.full((2, 4, 4), "a")), DataError, "real", "<U1")
making.refused("dates", lambda w: TomoStack(np.zeros((2, 4, 4), "M8[s]")), DataError, "real", "datetime64")
making.refused("the name of a file", lambda w: TomoStack("series.mrc"), DataError, "series.mrc", "load")
making.refused(
    "masked pixels", lambda w: TomoStack(np.ma.masked_less(_CUBE, 3)), DataError, "3 masked", "filled"
)
making.handled("a list of images", lambda w: TomoStack(_CUBE.tolist()), lambda s: (s.data == _CUBE).all())
making.handled("truth values", lambda w: TomoStack(_CUBE > 9).data.sum(), lambda n: n == 230)
making.handled(
    "another byte order", lambda w: TomoStack(_CUBE.astype(">f4")).data.sum(), lambda n: n == _CUBE.sum()
)
making.handled(
    "columns first in memory",
    lambda w: TomoStack(np.asfortranarray(_CUBE)).data,
    lambda d: (d == _CUBE).all(),
)
making.handled(
    "every second column", lambda w: TomoStack(_CUBE[..., ::2]).data, lambda d: d.shape == (3, 8, 5)
)


def _read_only(w):
    images = w.images
    images.flags.writeable = False
    return TomoStack(images, TILTS).filter("median", 3)


making.handled("an array that cannot be written", _read_only, lambda s: s.data.shape == (9, 24, 32))

tilts = Area("Tilts and shifts")


def _set(name, value):
    def do(w):
        stack = w.stack
        setattr(stack, name, value)
        return stack

    return do


tilts.refused(
    "five tilts for nine projections",
    _set("tilts", TILTS[:5]),
    TiltCountError,
    "5 tilts",
    "9 projections",
    "one per projection",
)
tilts.refused("a tilt that is NaN", _set("tilts", [*TILTS[:8], np.nan]), DataError, "tilts", "[8]", "finite")
tilts.refused("an infinite tilt", _set("tilts", [*TILTS[:8], np.inf]), DataError, "tilts", "[8]", "finite")
tilts.refused("a tilt of 400 degrees", _set("tilts", [*TILTS[:8], 400]), DataError, "400", "360")
tilts.refused("words for tilts", _set("tilts", list("abcdefghi")), DataError, "tilts", "numbers", "'a'")
tilts.refused("complex tilts", _set("tilts", TILTS * 1j), DataError, "tilts", "complex")
tilts.refused(
    "two columns of tilts", _set("tilts", np.ones((9, 2))), ShapeError, "(projections, 1)", "(9, 2)"
)
tilts.handled("tilts as a column", _set("tilts", TILTS[:, None]), lambda s: (s.tilts_deg == TILTS).all())
tilts.handled("no tilts", _set("tilts", None), lambda s: not s.has_tilts)
tilts.refused(
    "a step that is NaN", lambda w: w.stack.set_tilts(-60, np.nan), ParameterError, "increment", "nan"
)
tilts.refused("a start as text", lambda w: w.stack.set_tilts("left", 2), ParameterError, "start", "'left'")
tilts.refused("steps beyond a full turn", lambda w: w.stack.set_tilts(0, 100), DataError, "800", "360")
tilts.refused("a step of 0", lambda w: w.stack.set_tilts(0, 0), ParameterError, "increment", "0")
tilts.refused("too few shifts", _set("shifts", np.zeros((5, 2))), TiltCountError, "5 shifts", "9 projections")
tilts.refused(
    "three columns of shifts", _set("shifts", np.zeros((9, 3))), ShapeError, "(projections, 2)", "(9, 3)"
)
tilts.refused(
    "a shift that is NaN", _set("shifts", np.full((9, 2), np.nan)), DataError, "shifts", "finite", "0, 1"
)
tilts.refused("words for shifts", _set("shifts", [["a", "b"]] * 9), DataError, "shifts", "numbers", "'a'")
tilts.refused(
    "tilts of a stack without",
    lambda w: TomoStack(w.images).tilts_deg,
    MissingTiltsError,
    "no tilts",
    "s.tilts =",
)
tilts.refused(
    "sorting without tilts",
    lambda w: _without(w).apply("sort_tilts"),
    MissingTiltsError,
    "no tilts",
    "set_tilts",
)
tilts.refused(
    "registering without tilts",
    lambda w: TomoStack(w.images).stack_register(),
    MissingTiltsError,
    "no tilts",
    "s.tilts =",
)


def _without(w):
    from etwidgets.session import Session, TomoStackModel

    return Session(TomoStackModel(TomoStack(w.images)))


parts = Area("Crop, bin, exclude")


def _crop(*edges):
    names = ("x_start", "x_stop", "y_start", "y_stop")
    return lambda w: w.session.apply("crop", **dict(zip(names, edges, strict=True)))


parts.refused("a crop beyond the image", _crop(0, 99, 0, 24), ParameterError, "x from 0 to 99", "0 to 32")
parts.refused("an empty crop", _crop(5, 5, 0, 24), ParameterError, "x from 5 to 5", "0 to 32")
parts.refused("a crop from right to left", _crop(9, 5, 0, 24), ParameterError, "x from 9 to 5", "0 to 32")
parts.refused("a crop from below 0", _crop(0, 8, -3, 24), ParameterError, "y from -3", "0 to 24")
parts.refused("a crop between pixels", _crop(0.5, 8, 0, 24), ParameterError, "x_start", "0.5", "integer")
parts.refused("a crop as text", _crop("a", 8, 0, 24), ParameterError, "x_start", "'a'", "integer")
parts.refused(
    "half a crop", lambda w: w.session.apply("crop", x_start=0), ParameterError, "crop", "x_stop", "needs"
)
parts.refused("isig beyond the image", lambda w: w.stack.isig[40:50], ParameterError, "x", "40", "32")
parts.refused("isig of nothing", lambda w: w.stack.isig[5:5], ParameterError, "x", "5", "32")
parts.refused(
    "inav beyond the series", lambda w: w.stack.inav[20:30], ParameterError, "Projections", "20", "9"
)
parts.refused(
    "inav of one that does not exist", lambda w: w.stack.inav[20], ParameterError, "Projections", "20", "9"
)
parts.refused("crop() beyond the image", lambda w: w.stack.crop("x", 40, 50), ParameterError, "x", "40", "32")
parts.refused("crop() of nothing", lambda w: w.stack.crop("y", 5, 5), ParameterError, "y", "5", "24")
parts.refused(
    "crop() along no axis", lambda w: w.stack.crop("q", 0, 5), ParameterError, "q", "Projections 0 to 8"
)


def _bin(factor):
    return lambda w: w.session.apply("bin", factor=factor)


parts.refused("bin by 0", _bin(0), ParameterError, "factor", "between 1 and 24", "0")
parts.refused("bin by -2", _bin(-2), ParameterError, "factor", "between 1 and 24", "-2")
parts.refused("bin by 1.5", _bin(1.5), ParameterError, "factor", "integer", "1.5")
parts.refused("bin by 99", _bin(99), ParameterError, "factor", "between 1 and 24", "99")
parts.refused("bin by True", _bin(factor=True), ParameterError, "factor", "integer", "True")
parts.refused("bin by '2'", _bin("2"), ParameterError, "factor", "integer", "'2'")
parts.refused(
    "rebin over tilts",
    lambda w: w.stack.rebin(scale=[3, 1, 1]),
    ParameterError,
    "different tilts",
    "[1, 2, 2]",
)
parts.refused(
    "rebin by 0", lambda w: w.stack.rebin(scale=[1, 0, 1]), ParameterError, "scale", "0", "positive"
)
parts.refused(
    "rebin by a negative number", lambda w: w.stack.rebin(scale=[1, -2, 1]), ParameterError, "scale", "-2"
)
parts.refused("rebin by NaN", lambda w: w.stack.rebin(scale=[1, np.nan, 1]), ParameterError, "scale", "nan")
parts.refused(
    "rebin to nothing", lambda w: w.stack.rebin(scale=[1, 50, 50]), ParameterError, "scale", "50", "24"
)
parts.refused(
    "rebin with two numbers", lambda w: w.stack.rebin(scale=[2, 2]), ParameterError, "scale", "3", "2"
)


def _remove(*args):
    return lambda w: w.stack.remove_projections(*args)


parts.refused("exclude None", _remove(), ParameterError, "No projections", "[10, 20]")
parts.refused("exclude nothing", _remove([]), ParameterError, "No projections", "[10, 20]")
parts.refused("exclude what is not there", _remove([99]), ParameterError, "99", "0 to 8")
parts.refused("exclude number 1.5", _remove([1.5]), ParameterError, "1.5", "0 to 8")
parts.refused("exclude all", _remove(range(9)), ParameterError, "no projection would remain", "9")
parts.refused("exclude by words", _remove(["first"]), ParameterError, "projections", "'first'", "0 to 8")
parts.refused("exclude NaN", _remove([np.nan]), ParameterError, "nan", "0 to 8")
parts.refused("exclude one number", _remove(3), ParameterError, "projections", "3", "list")
parts.handled("exclude one twice", _remove([2, 2]), lambda s: len(s.data) == 8)
parts.handled("exclude the last by -1", _remove([-1]), lambda s: s.tilts_deg[-1] == TILTS[-2])
parts.handled("exclude one by two names", _remove([8, -1]), lambda s: len(s.data) == 8)
parts.refused(
    "a mask of another length",
    lambda w: w.stack.select_projections(np.ones(5, bool)),
    ParameterError,
    "mask",
    "(5,)",
    "9",
)
parts.refused(
    "keep nothing",
    lambda w: w.stack.select_projections(np.zeros(9, bool)),
    ParameterError,
    "no projection would remain",
)
parts.refused(
    "a sinogram beyond the image",
    lambda w: w.stack.extract_sinogram(99),
    ParameterError,
    "column 99",
    "32 columns",
)
parts.refused("a sinogram as text", lambda w: w.stack.extract_sinogram("a"), ParameterError, "column", "'a'")
parts.refused(
    "a pixel of 0 nm", lambda w: w.stack.set_pixel_size(0), ParameterError, "pixel size", "positive", "0"
)
parts.refused(
    "a pixel of NaN",
    lambda w: w.stack.set_pixel_size(np.nan),
    ParameterError,
    "pixel size",
    "positive",
    "nan",
)
parts.refused(
    "a pixel as text",
    lambda w: w.stack.set_pixel_size("1 nm"),
    ParameterError,
    "pixel size",
    "positive",
    "1 nm",
)
parts.handled("one column", lambda w: w.stack.isig[3:4], lambda s: s.data.shape == (9, 24, 1))

filters = Area("Filters")


def _filter(*args, **kwargs):
    return lambda w: w.stack.filter(*args, **kwargs)


filters.refused("unknown", _filter("magic"), ParameterError, "filter", "'magic'", "median")
filters.refused("no name", _filter(None), ParameterError, "filter", "None", "median")
filters.refused("an even size", _filter("median", 4), ParameterError, "size", "odd", "4")
filters.refused("size 0", _filter("median", 0), ParameterError, "size", "odd", "0")
filters.refused("size -3", _filter("median", -3), ParameterError, "size", "odd", "-3")
filters.refused("size 9999", _filter("median", 9999), ParameterError, "size", "9999", "24")
filters.refused("size NaN", _filter("median", np.nan), ParameterError, "size", "odd", "nan")
filters.refused("size '5'", _filter("median", "5"), ParameterError, "size", "odd", "'5'")
filters.refused("taper -1", _filter("bpf", taper=-1), ParameterError, "taper", "0 to 0.5", "-1")
filters.refused("taper NaN", _filter("bpf", taper=np.nan), ParameterError, "taper", "0 to 0.5", "nan")
filters.refused("taper as text", _filter("bpf", taper="wide"), ParameterError, "taper", "0 to 0.5", "'wide'")
filters.refused(
    "a NaN in the data", lambda w: w.spoiled(np.nan).filter(), DataError, "projections 4", "NaN", "repair"
)
filters.refused(
    "normalize a blank one", lambda w: w.blank().normalize(), DataError, "[4]", "constant", "remove"
)
filters.refused("normalize a NaN", lambda w: w.spoiled(np.nan).normalize(), DataError, "[4]", "NaN", "repair")
filters.refused("normalize by NaN", lambda w: w.stack.normalize(np.nan), ParameterError, "width", "nan")
filters.refused("normalize by -3", lambda w: w.stack.normalize(-3), ParameterError, "width", "-3")
filters.refused("normalize as text", lambda w: w.stack.normalize("a"), ParameterError, "width", "'a'")
filters.refused(
    "weight without accuracy",
    lambda w: w.stack.weight_stack("good"),
    ParameterError,
    "accuracy",
    "'good'",
    "medium",
)
filters.refused(
    "weight a blank one", lambda w: w.blank().weight_stack(), Exception, "projections 4", "blank", "remove"
)
filters.handled(
    "invert truth values",
    lambda w: TomoStack(_CUBE > 9).invert().data,
    lambda d: (d[0].sum(), d.sum()) == (10, 170),  # an image of one value keeps it
)
filters.handled(
    "invert bytes", lambda w: TomoStack(_CUBE.astype(np.uint8)).invert().data, lambda d: d[0, 0, 0] == 79
)
AREAS = (making, tilts, parts, filters)

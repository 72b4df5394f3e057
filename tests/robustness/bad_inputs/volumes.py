"""Reconstruction, and what is done with volumes."""

import numpy as np

from bad_inputs.case import Area
from etwidgets.errors import DataError, MemoryLimitError, MissingTiltsError, ParameterError, ShapeError
from etwidgets.signals import RecStack, TomoStack

recon = Area("Reconstruction")


def _rec(method="SIRT", **kwargs):
    kwargs = {"iterations": 2, "show_progressbar": False, **kwargs}
    return lambda w: w.stack.reconstruct(method, **kwargs)


def _bad(name, values, method="SIRT", *words, error=ParameterError):
    for value in values:
        recon.refused(f"{name} {value!r}", _rec(method, **{name: value}), error, *words, str(value))


recon.refused("unknown algorithm", _rec("magic"), ParameterError, "algorithm", "'magic'", "FISTA-TV")
recon.refused("no algorithm", _rec(None), ParameterError, "algorithm", "None", "FISTA-TV")
_bad("iterations", (0, -1, 1.5, True, "10", None, np.nan, 1e9), "SIRT", "iterations", "integer")
_bad("thickness", (0, -1, 1.5, np.nan, "thick", True), "FBP", "thickness", "integer")
recon.refused(
    "thickness of 5 million", _rec("FBP", thickness=5_000_000), MemoryLimitError, "GB", "thickness", "5000000"
)
for _value in (np.nan, "low"):
    recon.refused(
        f"thresh {_value!r}",
        _rec(constrain=True, thresh=_value),
        ParameterError,
        "minimum",
        "number",
        str(_value),
    )
recon.refused(
    "a maximum below the minimum",
    _rec(constrain=True, thresh=2, maximum=1),
    ParameterError,
    "minimum",
    "maximum",
    "2",
    "1",
)
recon.refused(
    "a mask of another shape", _rec(mask=np.ones((5, 5), bool)), ShapeError, "mask", "(24, 24)", "(5, 5)"
)
recon.refused("a mask of numbers", _rec(mask=np.ones((24, 24))), DataError, "mask", "Boolean", "float64")
recon.refused("an empty mask", _rec(mask=np.zeros((24, 24), bool)), DataError, "mask", "no pixel")
recon.refused("negative weights", _rec(weights=-np.ones(9)), DataError, "weights", "zero or more", "-1")
recon.refused("weights of NaN", _rec(weights=np.full(9, np.nan)), DataError, "weights", "finite", "nan")
recon.refused("weights of 0", _rec(weights=np.zeros(9)), DataError, "weights", "not all zero")
recon.refused("weights of another count", _rec(weights=np.ones(5)), ShapeError, "weights", "(9, 24)", "(5,)")
recon.refused("weights as text", _rec(weights=["a"] * 9), DataError, "weights", "numbers", "'a'")
recon.refused("no levels for DART", _rec("DART"), ParameterError, "gray_levels", "for example")
_bad("gray_levels", ([1], [1, 1]), "DART", "gray_levels", "two")
recon.refused(
    "levels of NaN",
    _rec("DART", gray_levels=[0, np.nan]),
    ParameterError,
    "gray_levels",
    "two different numbers",
    "nan",
)
recon.handled(
    "levels in any order",
    _rec("DART", gray_levels=[1, 0], dart_iterations=1),
    lambda v: set(np.unique(v.data)) <= {0, 1},
)
for _value in (2, -0.5, np.nan, "most"):
    recon.refused(
        f"p {_value!r}",
        _rec("DART", gray_levels=[0, 1], p=_value),
        ParameterError,
        "from 0 to 1",
        str(_value),
    )
recon.refused(
    "no rounds of DART",
    _rec("DART", gray_levels=[0, 1], dart_iterations=0),
    ParameterError,
    "dart_iterations",
    "0",
)
recon.refused("a seed of -1", _rec("DART", gray_levels=[0, 1], seed=-1), ParameterError, "seed", "-1")
_bad("tv_weight", (None, -1, np.nan, "much"), "FISTA-TV", "tv_weight")
_bad("n_subsets", (0, 99, 1.5), "OS-SIRT", "subsets")
_bad("model", ("magic", "interpolation"), "SIRT")
_bad("backend", ("magic",), "SIRT", "backend", "auto")
_bad("cuda", ("yes", 3), "SIRT", "cuda", "True, False or None")
_bad("sino_filter", ("magic", 3), "FBP", "filter", "shepp-logan")
_bad("ncores", (0, -1, "2", 1.5), "SIRT", "threads", "at least 1")
recon.refused(
    "a backend and cuda", _rec(backend="cpu", cuda=False), ParameterError, "cuda=False", "'cpu'", "not both"
)
recon.refused(
    "no tilts",
    lambda w: TomoStack(w.images).reconstruct(show_progressbar=False),
    MissingTiltsError,
    "no tilts",
    "s.tilts =",
)
recon.refused(
    "one projection",
    lambda w: w.stack.inav[4:5].reconstruct(show_progressbar=False),
    DataError,
    "1 projection",
    "2 different tilts",
    "whole series",
)
recon.refused(
    "all at one tilt",
    lambda w: TomoStack(w.images, np.zeros(9)).reconstruct(show_progressbar=False),
    DataError,
    "all 9 tilts are 0",
)
recon.refused(
    "a NaN in the data",
    lambda w: w.spoiled(np.nan).reconstruct(show_progressbar=False),
    DataError,
    "1 value",
    "NaN",
    "repair",
)
recon.refused(
    "numbers beyond float32",
    lambda w: TomoStack(w.images.astype(float) * 1e300, w.stack.tilts).reconstruct(show_progressbar=False),
    DataError,
    "3.4e+38",
    "scale",
)
recon.refused(
    "frames",
    lambda w: TomoStack(w.images[:, None], w.stack.tilts).reconstruct(show_progressbar=False),
    ShapeError,
    "frames",
    "average",
    "1",
)
recon.refused(
    "swapped axes",
    lambda w: w.stack.swap_axes("x", "Projections").reconstruct(show_progressbar=False),
    ShapeError,
    "axes",
    "swap_axes",
    "Projections",
)
recon.refused("levels as text", _rec("DART", gray_levels="ab"), DataError, "gray_levels", "numbers", "'ab'")
recon.handled(
    "zeros give zeros",
    lambda w: TomoStack(w.images * 0, w.stack.tilts).reconstruct("SIRT", show_progressbar=False).data,
    lambda d: not d.any(),
)
recon.handled("tilts in any order", lambda w: _shuffled(w), lambda pair: np.allclose(*pair, atol=1e-5))
recon.handled(
    "iterations as 3.0", _rec(iterations=3.0), lambda v: v.metadata.Tomography.reconstruction.iterations == 3
)


def _shuffled(w):
    order = np.random.default_rng(0).permutation(9)
    mixed = w.stack.select_projections(order)
    return [each.reconstruct("SIRT", 2, show_progressbar=False).data for each in (w.stack, mixed)]


for _value in (99, -99, 1.5, "middle", np.nan):
    recon.refused(
        f"error curve of column {_value!r}",
        lambda w, v=_value: w.stack.recon_error(v, iterations=2),
        ParameterError,
        "nslice",
        "31",
        str(_value),
    )
recon.refused(
    "error curve of FBP", lambda w: w.stack.recon_error(algorithm="FBP"), ParameterError, "'FBP'", "SIRT"
)
recon.refused(
    "error curve of DART",
    lambda w: w.stack.recon_error(algorithm="DART"),
    ParameterError,
    "DART",
    "forward_project",
)
for _value in (0, "10", 1e9):
    recon.refused(
        f"error curve of {_value!r} iterations",
        lambda w, v=_value: w.stack.recon_error(iterations=v),
        ParameterError,
        "iterations",
        str(_value),
    )

rec = Area("Volumes")
rec.refused(
    "four dimensions", lambda w: RecStack(np.ones((2, 2, 4, 4))), ShapeError, "(x, z, y)", "(2, 2, 4, 4)"
)
rec.refused("one row", lambda w: RecStack(np.ones(5)), ShapeError, "(x, z, y)", "(5,)")
rec.refused("empty", lambda w: RecStack(np.ones((0, 5, 5))), ShapeError, "empty", "(0, 5, 5)")
rec.refused("complex numbers", lambda w: RecStack(np.ones((2, 4, 4)) * 1j), DataError, "real", "complex")
rec.refused("words", lambda w: RecStack("volume.mrc"), DataError, "real", "<U10")
rec.refused(
    "a slice beyond it", lambda w: w.volume.plot_slices(99), ParameterError, "xslice", "0 and 11", "99"
)
rec.refused(
    "a slice as text", lambda w: w.volume.plot_slices("a"), ParameterError, "xslice", "0 and 11", "'a'"
)
rec.refused(
    "a slice between voxels", lambda w: w.volume.plot_slices(1.5), ParameterError, "xslice", "0 and 11", "1.5"
)
rec.refused("projected at NaN", lambda w: w.volume.forward_project([0, np.nan]), DataError, "[1]", "finite")
rec.refused(
    "projected at no tilt", lambda w: w.volume.forward_project([]), ParameterError, "at least one tilt"
)
rec.refused(
    "projected at words", lambda w: w.volume.forward_project(["a"]), DataError, "tilts", "numbers", "'a'"
)
rec.refused(
    "turned by two angles", lambda w: w.volume.rotate_volume([1, 2]), ParameterError, "three angles", "[1, 2]"
)
rec.refused(
    "turned by NaN",
    lambda w: w.volume.rotate_volume([1, 2, np.nan]),
    ParameterError,
    "angles",
    "finite",
    "nan",
)
rec.refused(
    "turned as text", lambda w: w.volume.rotate_volume(["a", "b", "c"]), ParameterError, "angles", "'a'"
)
rec.refused(
    "a spline of order 9",
    lambda w: w.volume.rotate_volume([1, 2, 3], order=9),
    ParameterError,
    "order",
    "0 to 5",
    "9",
)
rec.refused(
    "a movie of an unknown format",
    lambda w: w.volume.save_movie(w.folder / "a.avi"),
    ParameterError,
    ".gif",
    "a.avi",
)
rec.refused(
    "a movie of something unknown",
    lambda w: w.volume.save_movie(w.folder / "a.gif", "upwards"),
    ParameterError,
    "x, y or z",
    "'upwards'",
)
for _value in (0, -5, np.nan, "fast"):
    rec.refused(
        f"{_value!r} frames per second",
        lambda w, v=_value: w.volume.save_movie(w.folder / "a.gif", "x", frames_per_second=v),
        ParameterError,
        "frames_per_second",
        str(_value),
    )
rec.refused(
    "a movie in an unknown color map",
    lambda w: w.volume.save_movie(w.folder / "a.gif", "x", color_map="mud"),
    ParameterError,
    "color_map",
    "'mud'",
)
rec.refused(
    "percentiles beyond 100",
    lambda w: w.volume.save_movie(w.folder / "a.gif", "x", percentiles=(0, 200)),
    ParameterError,
    "percentiles",
    "0 to 100",
    "200",
)
rec.refused(
    "percentiles as text",
    lambda w: w.volume.save_movie(w.folder / "a.gif", "x", percentiles=("a", "b")),
    ParameterError,
    "percentiles",
    "0 to 100",
    "a",
)

AREAS = (recon, rec)

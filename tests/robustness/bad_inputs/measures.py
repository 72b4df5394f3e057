"""What is measured of volumes."""

import numpy as np

from bad_inputs.case import Area
from etwidgets import analysis
from etwidgets.errors import DataError, ParameterError, ShapeError

ana = Area("Analysis")
_FLAT = np.ones((5, 5, 5), np.float32)
_HOLE = np.where(np.arange(125).reshape(5, 5, 5) == 62, np.nan, _FLAT)
_EMPTY = np.zeros((5, 5, 5), bool)


def _ana(name, *args, **kwargs):
    return lambda w: getattr(analysis, name)(w.volume.data, *args, **kwargs)


ana.refused(
    "a threshold by no method", _ana("threshold_of", "magic"), ParameterError, "threshold", "'magic'", "otsu"
)
ana.refused(
    "a threshold of one image",
    lambda w: analysis.threshold_of(np.ones((5, 5))),
    ShapeError,
    "(x, z, y)",
    "(5, 5)",
)
ana.refused("a threshold of NaN", lambda w: analysis.threshold_of(_HOLE), DataError, "not finite", "1 ")
ana.refused(
    "a threshold of one value",
    lambda w: analysis.threshold_of(_FLAT),
    DataError,
    "all voxels are 1",
    "nothing to separate",
)
ana.refused(
    "a threshold of text", lambda w: analysis.threshold_of(_FLAT.astype(str)), DataError, "real", "<U"
)
ana.refused(
    "a threshold of complex numbers",
    lambda w: analysis.threshold_of(_FLAT * 1j),
    DataError,
    "real",
    "complex",
)
for _value in (2, 9, 3.5, "many"):
    ana.refused(
        f"{_value!r} classes",
        _ana("threshold_of", "multi-otsu", _value),
        ParameterError,
        "3 to 5",
        str(_value),
    )
ana.refused(
    "more classes than values",
    _ana("threshold_of", "multi-otsu", 4),
    DataError,
    "2 different values",
    "4 classes",
)
ana.refused("segmented at NaN", _ana("segment", np.nan), ParameterError, "threshold", "nan")
ana.refused(
    "segmented at text",
    _ana("segment", "half"),
    ParameterError,
    "threshold",
    "'half'",
    "a method such as half",
)
ana.refused("low above the threshold", _ana("segment", 0.5, low=0.7), ParameterError, "low (0.7)", "0.5")
ana.refused("low of NaN", _ana("segment", 0.5, low=np.nan), ParameterError, "low", "nan")
ana.refused(
    "fewer than 0 voxels", _ana("segment", 0.5, smallest_voxels=-1), ParameterError, "smallest_voxels", "-1"
)
ana.refused("smoothed by -1", _ana("segment", 0.5, smooth_px=-1), ParameterError, "smooth_px", "-1")
ana.refused("smoothed by NaN", _ana("segment", 0.5, smooth_px=np.nan), ParameterError, "smooth_px", "nan")
ana.refused("bodies of nothing", lambda w: analysis.label(_EMPTY), DataError, "empty", "threshold")
ana.refused(
    "bodies of one image", lambda w: analysis.label(np.ones((5, 5))), ShapeError, "(5, 5)", "(x, z, y)"
)
for _value in (0, np.nan, "wide"):
    ana.refused(
        f"split at a distance of {_value!r}",
        lambda w, v=_value: analysis.label(_FLAT > 0, v),
        ParameterError,
        "split_px",
        "at least 1",
        str(_value),
    )
for _value in (0, -1, np.nan, "1 nm", None):
    ana.refused(
        f"voxels of {_value!r}",
        lambda w, v=_value: analysis.measure(w.volume.data > 0.5, v),
        ParameterError,
        "voxel size",
        "positive",
        str(_value),
    )
ana.refused("nothing to measure", lambda w: analysis.measure(_EMPTY, 1), DataError, "empty", "threshold")
ana.refused(
    "negative labels",
    lambda w: analysis.measure(_FLAT.astype(int) * -1, 1),
    DataError,
    "labels",
    "-1",
    "0 outside",
)
ana.refused(
    "labels that are no numbers",
    lambda w: analysis.measure(_FLAT * 1.5, 1),
    DataError,
    "labels",
    "integers",
    "1.5",
)
ana.refused(
    "gray values of another shape",
    lambda w: analysis.measure(_FLAT > 0, 1, np.ones((4, 4, 4)), 0.5),
    ShapeError,
    "(4, 4, 4)",
    "(5, 5, 5)",
)
ana.refused(
    "gray values without threshold",
    lambda w: analysis.measure(_FLAT > 0, 1, _FLAT),
    ParameterError,
    "threshold",
    "together",
)
ana.refused(
    "nothing above the threshold",
    _ana("volume_of", 9, 1),
    ParameterError,
    "above the threshold 9",
    "largest value is 1",
)
ana.refused(
    "a share of another shape",
    lambda w: analysis.fraction(_EMPTY, _FLAT[:3] > 0),
    ShapeError,
    "(3, 5, 5)",
    "(5, 5, 5)",
)
ana.refused(
    "a share of nothing", lambda w: analysis.fraction(np.empty((0, 5, 5))), DataError, "empty", "(0, 5, 5)"
)
ana.refused("pores of nothing", lambda w: analysis.porosity(_EMPTY), DataError, "solid", "empty")
ana.refused(
    "pores in another envelope",
    lambda w: analysis.porosity(_FLAT > 0, _FLAT[:3] > 0),
    ShapeError,
    "(3, 5, 5)",
    "(5, 5, 5)",
)
ana.refused(
    "a ratio to nothing", lambda w: analysis.volume_ratio(_FLAT > 0, _EMPTY), DataError, "second", "empty"
)
ana.refused(
    "an interface of two shapes",
    lambda w: analysis.interface_area(_FLAT > 0, _FLAT[:3] > 0, 1),
    ShapeError,
    "(5, 5, 5)",
    "(3, 5, 5)",
)
ana.refused(
    "an interface with itself",
    lambda w: analysis.interface_area(_FLAT > 0, _FLAT > 0, 1),
    DataError,
    "within the first",
)
ana.refused("layers along no axis", _ana("layers", 0.5, "t", 1), ParameterError, "axis", "x, z, y", "'t'")
ana.refused("no layers", _ana("layers", 9, "x", 1), DataError, "along x", "threshold 9")
ana.refused("layers at NaN", _ana("layers", np.nan, "x", 1), ParameterError, "threshold", "nan")
ana.refused(
    "layers in another field",
    _ana("layers", 0.5, "x", 1, within=np.ones((3, 3), bool)),
    ShapeError,
    "within",
    "(3, 3)",
    "(14, 16)",
)
ana.refused(
    "one iteration to compare",
    lambda w: analysis.between_iterations([1.0]),
    ParameterError,
    "two or three",
    "[1.0]",
)
ana.refused("bodies above all", _ana("bodies", 1, 9), DataError, "empty", "threshold")
ana.refused("a total above all", _ana("total_volume", 1, 9), DataError, "threshold 9", "0 to 1")
AREAS = (ana,)

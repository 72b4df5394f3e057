"""Registration, the tilt axis, and taking another signal along."""

import numpy as np

from bad_inputs.case import Area
from etwidgets.errors import (
    AlignmentError,
    DataError,
    HistoryError,
    ParameterError,
    ShapeError,
)
from etwidgets.signals import TomoStack

registration = Area("Registration")


def _register(*args, **kwargs):
    return lambda w: w.stack.stack_register(*args, **kwargs)


registration.refused(
    "unknown method", _register("magic"), ParameterError, "registration method", "'magic'", "StackReg"
)
registration.refused("no method", _register(None), ParameterError, "registration method", "None", "StackReg")
registration.refused("start 99", _register(start=99), ParameterError, "start", "0 to 8", "99")
registration.refused("start -20", _register(start=-20), ParameterError, "start", "0 to 8", "-20")
registration.refused("start 1.5", _register(start=1.5), ParameterError, "start", "0 to 8", "1.5")
registration.refused("start NaN", _register(start=np.nan), ParameterError, "start", "0 to 8", "nan")
registration.refused(
    "start as text", _register(start="middle"), ParameterError, "start", "0 to 8", "'middle'"
)
registration.refused(
    "one projection", lambda w: w.stack.inav[:1].stack_register(), AlignmentError, "1 projection", "2 needed"
)
registration.refused(
    "a blank projection",
    lambda w: w.blank().stack_register(),
    AlignmentError,
    "projections 4",
    "blank",
    "remove",
)
registration.refused(
    "all blank",
    lambda w: TomoStack(w.images * 0, range(9)).stack_register(),
    AlignmentError,
    "blank",
    "0, 1, 2",
)
registration.refused(
    "a NaN in the data",
    lambda w: w.spoiled(np.nan).stack_register(),
    DataError,
    "projections 4",
    "NaN",
    "repair",
)
registration.refused(
    "infinity in the data",
    lambda w: w.spoiled(np.inf).stack_register("COM"),
    DataError,
    "projections 4",
    "infinite",
    "repair",
)
registration.refused(
    "images of 4 px", lambda w: w.stack.isig[:4, :4].stack_register(), AlignmentError, "4 x 4", "at least 8"
)
for _value in (0, -1, 1.5, 1_000_000_000, "20", True, np.nan):
    registration.refused(
        f"upsampling {_value!r}", _register("PC", upsample_factor=_value),
        ParameterError, "upsample_factor", "1 to 1000", str(_value),
    )  # fmt: skip
registration.refused(
    "columns beyond the image", _register("COM", xrange=(0, 99)), ParameterError, "xrange", "0 to 32", "99"
)
registration.refused(
    "columns from right to left", _register("COM", xrange=(20, 5)),
    ParameterError, "xrange", "increasing", "20"
    _register("COM", xrange=(20, 5)),
    ParameterError,
    "xrange",
    "increasing",
    "20",
)
registration.refused("one column", _register("COM", xrange=5), ParameterError, "xrange", "two", "5")
registration.refused(
    "three columns", _register("COM", xrange=(1, 2, 3)), ParameterError, "xrange", "two", "3"
)
registration.refused("columns as text", _register("COM", xrange="ab"), ParameterError, "xrange", "two", "ab")
registration.refused("p 0", _register("COM", p=0), ParameterError, "p", "at least 1", "0")
registration.refused("p 1.5", _register("COM", p=1.5), ParameterError, "p", "at least 1", "1.5")
registration.refused("p NaN", _register("COM", p=np.nan), ParameterError, "p", "at least 1", "nan")
registration.refused("p a million", _register("COM", p=1_000_000), AlignmentError, "1000000", "smaller p")
registration.refused(
    "no slices", _register("COM", p=2, nslices=0), ParameterError, "nslices", "at least 1", "0"
)
registration.refused(
    "1.5 slices", _register("COM", p=2, nslices=1.5), ParameterError, "nslices", "at least 1", "1.5"
)
registration.refused(
    "negative mass",
    lambda w: TomoStack(w.images - 1, range(9)).stack_register("COM", p=2),
    AlignmentError,
    "mass",
    "-1",
    "background",
)
registration.refused(
    "a row beyond the image",
    _register("COM-CL", com_ref_index=99),
    ParameterError,
    "com_ref_index",
    "0 to 23",
    "99",
)
registration.refused(
    "a row as text",
    _register("COM-CL", com_ref_index="top"),
    ParameterError,
    "com_ref_index",
    "number",
    "'top'",
)
registration.refused(
    "a reference that does not exist",
    _register("COM-CL", cl_ref_index=99),
    ParameterError,
    "cl_ref_index",
    "0 to 8",
    "99",
)
registration.refused(
    "resolution 0",
    _register("COM-CL", cl_resolution=0),
    ParameterError,
    "cl_resolution",
    "from 1e-06 to 0.5",
    "0",
)
registration.refused(
    "resolution NaN",
    _register("COM-CL", cl_resolution=np.nan),
    ParameterError,
    "cl_resolution",
    "from 1e-06 to 0.5",
    "nan",
)
registration.refused(
    "resolution too fine",
    _register("COM-CL", cl_resolution=1e-300),
    ParameterError,
    "cl_resolution",
    "1e-300",
)
registration.refused(
    "into one part",
    _register("COM-CL", cl_div_factor=1),
    ParameterError,
    "cl_div_factor",
    "from 3 to 1000",
    "1",
)
registration.refused(
    "into NaN parts",
    _register("COM-CL", cl_div_factor=np.nan),
    ParameterError,
    "cl_div_factor",
    "from 3 to 1000",
    "nan",
)
registration.refused(
    "another method's parameter", _register("PC", p=3), ParameterError, "PC", "p", "upsample_factor"
)
registration.refused(
    "shift type", _register(shift_type="quick"), ParameterError, "shift_type", "'quick'", "fourier"
)
registration.refused(
    "no shift type", _register(shift_type=None), ParameterError, "shift_type", "None", "fourier"
)
registration.refused("on a GPU", _register(cuda=True), ParameterError, "processor", "cuda=True", "omit")
registration.refused(
    "shifts of another count",
    lambda w: w.stack.shift_projections(np.zeros((5, 2))),
    ShapeError,
    "(9, 2)",
    "(5, 2)",
)
registration.refused(
    "a shift of NaN",
    lambda w: w.stack.shift_projections(np.full((9, 2), np.nan)),
    DataError,
    "shifts",
    "0, 1",
    "finite",
)
registration.refused(
    "shifts as text",
    lambda w: w.stack.shift_projections([["a", "b"]] * 9),
    DataError,
    "shifts",
    "numbers",
    "'a'",
)
registration.refused(
    "a shift out of the frame",
    lambda w: w.stack.shift_projections(np.full((9, 2), 99)),
    ParameterError,
    "24 x 32",
    "99.0",
    "remove",
)
registration.refused(
    "from projection 0 on", lambda w: w.stack.manual_align(0, 1), ParameterError, "nslice", "1 and 8", "0"
)
registration.refused(
    "from projection 1.5 on",
    lambda w: w.stack.manual_align(1.5, 1),
    ParameterError,
    "nslice",
    "1 and 8",
    "1.5",
)
registration.refused(
    "by NaN from 3 on", lambda w: w.stack.manual_align(3, np.nan), DataError, "shifts", "3, 4", "finite"
)
registration.refused(
    "one that does not exist",
    lambda w: w.session.apply("shift_one", projection=99),
    ParameterError,
    "99",
    "last of 9",
    "8",
)
registration.refused(
    "number 1.5",
    lambda w: w.session.apply("shift_one", projection=1.5),
    ParameterError,
    "projection",
    "1.5",
    "integer",
)
registration.refused(
    "a correlation of three",
    lambda w: w.stack.test_correlation([0, 1, 2]),
    ParameterError,
    "two indices",
    "[0, 1, 2]",
)
registration.refused(
    "a correlation with a blank", lambda w: w.blank(1).test_correlation(), AlignmentError, "blank", "remove"
)

axis = Area("Tilt axis")


def _axis(*args, **kwargs):
    return lambda w: w.stack.tilt_align(*args, **kwargs)


axis.refused("unknown method", _axis("magic"), ParameterError, "tilt axis method", "'magic'", "MaxImage")
axis.refused(
    "columns beyond the image", _axis("CoM", slices=[1, 50, 99]), ParameterError, "slices", "0 to 31", "99"
)
axis.refused("one column", _axis("CoM", slices=[5]), AlignmentError, "1 different column", "3 needed")
axis.refused(
    "columns between pixels",
    _axis("CoM", slices=[1.5, 9, 20]),
    ParameterError,
    "slices",
    "1.5",
    "integers",
)
axis.refused(
    "columns as text", _axis("CoM", slices=["a", "b", "c"]), ParameterError, "slices", "'a'", "integers"
)
axis.refused(
    "columns of NaN", _axis("CoM", slices=[np.nan, 9, 20]), ParameterError, "slices", "nan", "integers"
)
axis.refused("one of all columns", _axis("CoM", nslices=1), ParameterError, "nslices", "at least 3", "1")
axis.refused("3.5 of all columns", _axis("CoM", nslices=3.5), ParameterError, "nslices", "at least 3", "3.5")
axis.refused(
    "columns without mass",
    lambda w: _with_hole(w).tilt_align("CoM", slices=[0, 1, 2]),
    AlignmentError,
    "columns 0",
    "no mass",
    "choose",
)
axis.refused(
    "tilts over 8 degrees",
    lambda w: TomoStack(w.images, range(9)).tilt_align(),
    AlignmentError,
    "8.0 deg",
    "at least 5 over 20",
)
axis.refused(
    "two tilts only",
    lambda w: w.stack.inav[:2].tilt_align(),
    AlignmentError,
    "2 different tilts",
    "at least 5",
)
axis.refused(
    "a blank projection", lambda w: w.blank().tilt_align(), AlignmentError, "projections 4", "blank", "remove"
)
axis.refused(
    "negative mass",
    lambda w: TomoStack(w.images - 1, w.stack.tilts).tilt_align(),
    AlignmentError,
    "mass",
    "-1",
    "background",
)
for _name, _value in (
    ("limit", 0),
    ("limit", 90),
    ("limit", np.nan),
    ("limit", "wide"),
    ("delta", 0),
    ("delta", 1e-9),
    ("delta", np.nan),
    ("shift_limit", np.nan),
    ("shift_limit", -5),
):
    axis.refused(
        f"{_name} {_value!r}", _axis("MaxImage", **{_name: _value}), ParameterError, _name, str(_value)
    )
axis.refused(
    "no slices for the shift", _axis("MaxImage", also_shift=True, nslices=0), ParameterError, "nslices", "0"
)
axis.refused("another method's parameter", _axis("CoM", limit=3), ParameterError, "CoM", "limit", "slices")


def _with_hole(w):
    images = w.images
    images[:, :, :4] = 0
    return TomoStack(images, w.stack.tilts)


def _move(**kwargs):
    return lambda w: w.stack.trans_stack(**kwargs)


axis.refused("turn by NaN", _move(angle=np.nan), ParameterError, "angle", "finite", "nan")
axis.refused("turn as text", _move(angle="left"), ParameterError, "angle", "finite", "'left'")
axis.refused("move by infinity", _move(yshift=np.inf), ParameterError, "yshift", "finite", "inf")
axis.refused("move out of the frame", _move(yshift=999), ParameterError, "yshift", "999", "24")
axis.refused(
    "unknown interpolation", _move(interpolation="best"), ParameterError, "interpolation", "'best'", "linear"
)
axis.refused(
    "two slices to look at",
    lambda w: w.stack.test_align(slices=[1, 2]),
    ParameterError,
    "three columns",
    "[1, 2]",
)
axis.refused(
    "slices beyond the image",
    lambda w: w.stack.test_align(slices=[1, 2, 99]),
    ParameterError,
    "three columns",
    "31",
    "99",
)
axis.refused(
    "slices as text", lambda w: w.stack.test_align(slices="abc"), ParameterError, "three columns", "31", "a"
)
axis.refused("a trial shift of NaN", lambda w: w.stack.test_align(np.nan), ParameterError, "shift", "nan")

other = Area("Taking another signal along")


def _along(make):
    return lambda w: w.aligned.align_other(make(w))


other.refused(
    "another shape",
    _along(lambda w: TomoStack(np.ones((9, 20, 20)))),
    HistoryError,
    "(9, 20, 20)",
    "(9, 24, 32)",
    "crop",
)
other.refused(
    "fewer projections", _along(lambda w: w.stack.inav[:5]), HistoryError, "(5, 24, 32)", "(9, 24, 32)"
)
other.refused(
    "other tilts",
    _along(lambda w: TomoStack(w.images, range(9))),
    HistoryError,
    "tilts",
    "60.00",
    "not the same series",
)
other.refused("an array", _along(lambda w: w.images), ParameterError, "TomoStack", "ndarray")
other.refused("a volume", _along(lambda w: w.volume), ParameterError, "TomoStack", "RecStack")
other.refused("None", _along(lambda w: None), ParameterError, "TomoStack", "NoneType")
other.refused(
    "nothing was aligned",
    lambda w: w.stack.align_other(w.stack),
    HistoryError,
    "No transformations",
    "register or align it",
)
other.refused("a NaN in it", _along(lambda w: w.spoiled(np.nan)), DataError, "projections 4", "NaN")
other.refused("on a GPU", lambda w: w.aligned.align_other(w.stack, cuda=True), ParameterError, "cuda=True")
AREAS = (registration, axis, other)

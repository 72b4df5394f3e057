"""Spectra, and data that are simulated."""

import numpy as np

from bad_inputs.case import Area
from etwidgets import datasets, simulation, spectral
from etwidgets.errors import DataError, MissingTiltsError, ParameterError, ShapeError, TiltCountError

spectra = Area("Spectra")
_NI = ["Ni_Ka"]
_BESIDE = [[7.0, 7.1, 7.8, 7.9]]


def _maps(*args, **kwargs):
    return lambda w: spectral.element_maps(w.spectra, *args, **kwargs)


spectra.refused(
    "maps of an array",
    lambda w: spectral.element_maps(w.images, _NI),
    ShapeError,
    "(x, y, tilt | energy)",
    "list",
)
spectra.refused(
    "maps of a series",
    lambda w: spectral.element_maps(w.stack, _NI),
    ShapeError,
    "(x, y, tilt | energy)",
    "TomoStack",
)
spectra.refused("maps of no line", _maps([]), ParameterError, "at least one line", "'Ni_Ka'")
spectra.refused("maps of None", _maps(None), ParameterError, "lines", "None", "'Ni_Ka'")
spectra.refused("an unknown element", _maps(["Xx_Ka"]), ParameterError, "no element 'Xx'", "symbol")
spectra.refused("an element without a line", _maps(["Ni"]), ParameterError, "no line 'Ni'", "Ni_Ka")
spectra.refused("an unknown line", _maps(["Ni_K"]), ParameterError, "no line 'Ni_K'", "Ni_Ka")
spectra.refused("a line beyond the energies", _maps(["Ag_Ka"], None), ParameterError, "Ag_Ka", "22.16", "keV")
spectra.refused("a line that is a number", _maps([3]), ParameterError, "lines", "3", "'Ni_Ka'")
spectra.refused(
    "an unknown method of maps", _maps(_NI, method="NMF"), ParameterError, "'windows' or 'fit'", "'NMF'"
)
spectra.refused(
    "a fit with windows", _maps(_NI, windows=[[7.3, 7.6]], method="fit"), ParameterError, "uses no windows"
)
spectra.refused(
    "windows from high to low",
    _maps(_NI, None, windows=[[7.6, 7.3]]),
    ParameterError,
    "Ni_Ka",
    "[7.6, 7.3]",
    "between 0.00",
)
spectra.refused(
    "windows beyond the energies",
    _maps(_NI, None, windows=[[7.6, 99]]),
    ParameterError,
    "Ni_Ka",
    "[7.6, 99]",
    "between 0.00",
)
spectra.refused(
    "windows of NaN",
    _maps(_NI, None, windows=[[np.nan, 7.6]]),
    ParameterError,
    "Ni_Ka",
    "nan",
    "between 0.00",
)
spectra.refused(
    "windows as text", _maps(_NI, None, windows=[["a", "b"]]), ParameterError, "Ni_Ka", "'a'", "between 0.00"
)
spectra.refused(
    "windows for another count",
    _maps(_NI, None, windows=[[7, 8], [8, 9]]),
    ParameterError,
    "2 windows",
    "1 lines",
)
spectra.refused(
    "background on one side", _maps(_NI, [[1, 2, 3, 4]]), ParameterError, "Ni_Ka", "7.48", "between"
)
spectra.refused(
    "background from high to low", _maps(_NI, [_BESIDE[0][::-1]]), ParameterError, "ascend", "7.9, 7.8"
)
spectra.refused(
    "background beyond the energies", _maps(_NI, [[7, 7.1, 7.8, 99]]), ParameterError, "99", "outside", "keV"
)
spectra.refused(
    "background of NaN", _maps(_NI, [[7, 7.1, 7.8, np.nan]]), ParameterError, "background windows", "nan"
)
spectra.refused("background as text", _maps(_NI, "best"), ParameterError, "'auto'", "'best'")
spectra.refused("background of two numbers", _maps(_NI, [[7, 8]]), ParameterError, "4 energies", "2")
spectra.refused("background for another count", _maps(_NI, _BESIDE * 2), ParameterError, "2 rows", "1 lines")
for _value in (0, -1, 99, 2.5, "four", np.nan, True):
    spectra.refused(
        f"{_value!r} components",
        lambda w, v=_value: spectral.decompose(w.spectra, v),
        ParameterError,
        "components",
        "1 and 32",
        str(_value),
    )
spectra.refused(
    "decomposed by an unknown method",
    lambda w: spectral.decompose(w.spectra, 2, method="magic"),
    ParameterError,
    "'NMF'",
    "'magic'",
)
spectra.refused(
    "decomposed by no method",
    lambda w: spectral.decompose(w.spectra, 2, method=None),
    ParameterError,
    "'NMF'",
    "None",
)
spectra.refused(
    "decomposed with seed -1",
    lambda w: spectral.decompose(w.spectra, 2, seed=-1),
    ParameterError,
    "seed",
    "-1",
)
spectra.refused(
    "spectra without counts",
    lambda w: spectral.decompose(_like(w, w.spectra.data * 0), 2),
    ParameterError,
    "0 energies",
    "2 components",
)
spectra.refused(
    "three dimensions",
    lambda w: _like(w, np.ones((5, 4, 4))),
    ShapeError,
    "(tilts, y, x, channels)",
    "(5, 4, 4)",
)
spectra.refused(
    "tilts of another count",
    lambda w: spectral.from_array(w.spectra.data, [1, 2], channel_kev=0.02),
    TiltCountError,
    "2 tilts",
    "5 projections",
)
spectra.refused(
    "a tilt of NaN",
    lambda w: spectral.set_tilts(w.spectra, [0, 1, 2, 3, np.nan]),
    DataError,
    "tilts",
    "finite",
    "nan",
)
spectra.refused(
    "tilts as text",
    lambda w: spectral.set_tilts(w.spectra, list("abcde")),
    DataError,
    "tilts",
    "numbers",
    "'a'",
)
spectra.refused(
    "no tilts", lambda w: spectral.sum_image(_no_tilts(w)), MissingTiltsError, "no tilts", "tilts=[...]"
)
spectra.refused(
    "channels of 0 keV",
    lambda w: _like(w, w.spectra.data, channel_kev=0),
    ParameterError,
    "channel_kev",
    "positive",
    "0",
)
spectra.refused(
    "pixels of -1 nm",
    lambda w: _like(w, w.spectra.data, pixel_size_nm=-1),
    ParameterError,
    "pixel_size_nm",
    "positive",
    "-1",
)
spectra.refused(
    "unknown elements",
    lambda w: _like(w, w.spectra.data, elements=["Xx"]),
    ParameterError,
    "'Xx'",
    "symbol",
)
spectra.refused("no file", lambda w: spectral.load([]), ParameterError, "list of files", "empty")
spectra.refused(
    "a missing file", lambda w: spectral.load(w.folder / "a.hspy"), FileNotFoundError, "no file", "a.hspy"
)
spectra.refused(
    "a file of images", lambda w: spectral.load(w.saved()), ParameterError, "series.hspy", "no spectra"
)
spectra.refused(
    "all elements of nothing",
    lambda w: spectral.reconstruct_jointly(w.stack, {}),
    ParameterError,
    "no maps",
    "make them",
)
spectra.refused(
    "a map of no element",
    lambda w: spectral.reconstruct_jointly(w.stack, {"noise": w.stack}),
    ParameterError,
    "'noise'",
    "an element such as Ni",
    "rename",
)
spectra.refused(
    "one of two weights",
    lambda w: spectral.reconstruct_jointly(w.stack, {"Ni": w.stack}, haadf_weight=1),
    ParameterError,
    "both weights",
    "none",
)
spectra.refused(
    "coupled by an unknown method",
    lambda w: spectral.reconstruct_jointly(
        w.stack, {"Ni": w.stack}, haadf_weight=1, tv_weight=1, coupling="magic"
    ),
    ParameterError,
    "coupling",
    "'magic'",
    "tnv",
)
spectra.refused(
    "weights of NaN",
    lambda w: spectral.reconstruct_jointly(w.stack, {"Ni": w.stack}, haadf_weight=np.nan, tv_weight=1),
    ParameterError,
    "haadf_weight",
    "nan",
)
spectra.refused(
    "maps of another size",
    lambda w: spectral.reconstruct_jointly(w.stack, {"Ni": w.stack.isig[:20]}, haadf_weight=1, tv_weight=1),
    ShapeError,
    "20",
    "32",
)


def _like(w, counts, **kwargs):
    return spectral.from_array(counts, range(5), **{"channel_kev": 0.02, **kwargs})


def _no_tilts(w):
    signal = w.spectra.deepcopy()
    del signal.metadata.Tomography
    return signal


made = Area("Samples and simulation")
for _value in (3, -5, np.nan, "big", 20.5):
    made.refused(
        f"a catalyst of {_value!r}",
        lambda w, v=_value: simulation.catalyst(v),
        ParameterError,
        "at least 8",
        str(_value),
    )
made.refused(
    "10000 particles",
    lambda w: simulation.catalyst(16, n_particles=10_000),
    ParameterError,
    "10000 particles",
    "5",
)
made.refused(
    "-1 particles", lambda w: simulation.catalyst(16, n_particles=-1), ParameterError, "n_particles", "-1"
)
made.refused("a radius of -1", lambda w: simulation.cylinder(16, radius=-1), ParameterError, "radius", "-1")
made.refused(
    "a radius of NaN", lambda w: simulation.cylinder(16, radius=np.nan), ParameterError, "radius", "nan"
)
made.refused(
    "a needle of two numbers", lambda w: simulation.needle((32, 16)), ParameterError, "(X, Z, Y)", "(32, 16)"
)
made.refused(
    "a needle without layers",
    lambda w: simulation.needle((16, 16, 16), values=[]),
    ParameterError,
    "values",
    "[]",
)
made.refused("discs of 10 px", lambda w: simulation.discs([0], 10), ParameterError, "at least 64", "10")
made.refused(
    "projected at NaN", lambda w: simulation.project(w.volume.data, [np.nan]), DataError, "[0]", "finite"
)
made.refused(
    "projected at nothing", lambda w: simulation.project(w.volume.data, []), ParameterError, "at least one"
)
made.refused(
    "an image projected",
    lambda w: simulation.project(np.ones((5, 5)), [0]),
    ShapeError,
    "(X, Z, Y)",
    "(5, 5)",
)
made.refused(
    "jitter from high to low",
    lambda w: simulation.misalign(w.images, jitter_px=(5, -5)),
    ParameterError,
    "jitter",
    "5 to -5",
    "smaller",
)
made.refused(
    "jitter of NaN",
    lambda w: simulation.misalign(w.images, jitter_px=np.nan),
    ParameterError,
    "jitter",
    "nan",
)
made.refused(
    "noise of no kind",
    lambda w: simulation.add_noise(w.images, "loud"),
    ParameterError,
    "'gaussian'",
    "'loud'",
)
for _value in (0, -1, np.nan, np.inf):
    made.refused(
        f"noise of {_value!r}",
        lambda w, v=_value: simulation.add_noise(w.images, level=v),
        ParameterError,
        "level",
        "positive",
        str(_value),
    )
made.refused(
    "counts below 0",
    lambda w: simulation.add_noise(w.images - 1, "poisson"),
    ParameterError,
    "negative",
    "-0.99",
)
made.refused(
    "counts of NaN",
    lambda w: simulation.add_noise(w.spoiled(np.nan).data, "poisson"),
    DataError,
    "NaN",
    "projections 4",
)
made.refused(
    "an unknown sample", lambda w: datasets.locate("mud.mrc"), ParameterError, "'mud.mrc'", "HAADF.mrc"
)
made.refused(
    "a spectral needle of 3", lambda w: simulation.spectral_needle((3, 3, 3)), ParameterError, "at least", "3"
)
made.refused(
    "no counts",
    lambda w: simulation.spectral_needle((16, 16, 16), [0], counts=-1),
    ParameterError,
    "counts",
    "between 0",
    "-1",
)
AREAS = (spectra, made)

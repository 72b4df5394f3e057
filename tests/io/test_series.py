"""Series of several files: folders, patterns, lists, names with tilts, and the table that is shown before."""

import hyperspy.api as hs
import numpy as np
import pytest
import tifffile

from etwidgets.errors import DataError, FileFormatError, MemoryLimitError, ParameterError
from etwidgets.io import load, preview_files
from etwidgets.io.file_names import tilts_of


def write_images(folder, names):
    """One 4 x 5 image per name, filled with the number of its name in the list."""
    folder.mkdir(exist_ok=True)
    for number, name in enumerate(names):
        tifffile.imwrite(folder / name, np.full((4, 5), number, np.uint16))
    return [folder / name for name in names]


@pytest.mark.parametrize(
    ("names", "tilts"),
    [
        (["a_-2.5deg", "a_0deg", "a_2.5deg"], [-2.5, 0, 2.5]),
        (["000-60deg", "001-40deg", "003+00deg", "006+60deg"], [-60, -40, 0, 60]),
        (["w-2deg", "w0deg", "w2deg"], [-2, 0, 2]),
        (["w--2deg", "w-0deg", "w-2deg"], [-2, 0, 2]),
        (["w_120deg", "w_-120.25°", "w_+7 deg"], [120, -120.25, 7]),
        (["m60deg", "0deg", "p60DEG"], [-60, 0, 60]),
        (["a_\N{MINUS SIGN}60deg", "a_0deg", "a_60deg"], [-60, 0, 60]),
        (["a_12p5deg", "a_15p0deg"], None),
        (["tilt_-12,5deg", "tilt_0,0deg"], None),
        (["x_minus60deg", "x_minus30deg"], None),
        (["x_neg60deg", "x_30deg"], None),
        (["x_\N{EN DASH}60deg", "x_30deg"], [-60, 30]),
        (["x-_60deg", "x_30deg"], None),
        (["x_-60_5deg", "x_-30_2deg"], None),
        (["x_1e1deg", "x_2e1deg"], None),
        (["x_-.5deg", "x_.5deg"], None),
        (["wire_20degC", "wire_40degC"], None),
        (["wire_20degrees", "wire_40degrees"], [20, 40]),
        (["x_tilt-60_focus1deg", "x_tilt60_focus2deg"], None),
        (["x_tilt-60deg", "x_tilt60deg"], [-60, 60]),
        (["run2_012.5deg", "run2_-012.5deg"], [12.5, -12.5]),
        (["P_1_001_-60.00_f", "P_1_002_0.00_f", "P_1_003_3.01_f"], [-60, 0, 3.01]),
        (["TS_01[-3.00]", "TS_02[3.00]"], [-3, 3]),
        (["w-2deg", "w-4deg"], None),  # hyphen or minus
        (["a_1deg", "b"], None),
        (["a_1deg_2deg", "a_3deg_4deg"], None),
        (["a_00620deg", "a_00720deg"], None),
        (["v_1.5", "v_1.6"], None),
        (["a_2deg"], None),
    ],
)
def test_tilts_in_names(names, tilts):
    found = tilts_of([f"{name}.tif" for name in names])
    assert (None if found is None else found.tolist()) == tilts


@pytest.mark.parametrize("name", ["", " ", "a\0b.mrc"])
def test_what_is_no_name_is_refused(name):
    with pytest.raises(ParameterError, match="not the name of a file"):
        load(name)


def test_signs_after_digits_sort_the_images(tmp_path):
    names = ["000-60deg.tif", "001+60deg.tif", "002-20deg.tif", "003+20deg.tif"]
    stack = load(write_images(tmp_path, names))
    assert stack.tilts_deg.tolist() == [-60, -20, 20, 60]
    assert stack.data[:, 0, 0].tolist() == [0, 2, 3, 1]


def test_names_that_may_have_hyphens_give_no_tilts(tmp_path):
    with pytest.warns(UserWarning, match="no tilts were found"):
        stack = load(write_images(tmp_path, ["a-10deg.tif", "a-20deg.tif", "a-30deg.tif"]))
    assert stack.data[:, 0, 0].tolist() == [0, 1, 2]


def test_given_tilts_belong_to_the_files_in_their_order(tmp_path):
    paths = write_images(tmp_path, ["a_10deg.tif", "a_-10deg.tif", "a_0deg.tif"])
    stack = load(paths, tilts=[10, -10, 0])
    assert stack.tilts_deg.tolist() == [10, -10, 0]
    assert stack.data[:, 0, 0].tolist() == [0, 1, 2]


@pytest.mark.parametrize("given", ["folder", "pattern", "list"])
def test_a_folder_a_pattern_and_a_list_are_one_series(tmp_path, given):
    paths = write_images(tmp_path / "series", [f"w_{t}deg.tif" for t in (10, 2, -2, -10)])
    (tmp_path / "series" / "notes.txt").write_text("no image")
    (tmp_path / "series" / "._w_10deg.tif").write_bytes(b"of another system")
    what = {"folder": tmp_path / "series", "pattern": str(tmp_path / "series" / "w*.tif"), "list": paths}
    stack = load(what[given])
    assert stack.tilts_deg.tolist() == [-10, -2, 2, 10]
    assert stack.data[:, 0, 0].tolist() == [3, 2, 1, 0]


def test_files_of_a_folder_come_in_natural_order(tmp_path):
    write_images(tmp_path, ["a10.tif", "a9.tif", "a1.tif"])
    stack = load(tmp_path, tilts=[1, 9, 10])
    assert stack.data[:, 0, 0].tolist() == [2, 1, 0]


def test_folders_and_patterns_that_hold_no_series_say_so(tmp_path, make_mrc, images):
    with pytest.raises(FileFormatError, match="holds no file of the kinds"):
        load(tmp_path)
    with pytest.raises(FileNotFoundError, match="no file fits"):
        load(str(tmp_path / "*.tif"))
    write_images(tmp_path, ["a_1deg.tif", "a_2deg.tif"])
    make_mrc(images)
    with pytest.raises(FileFormatError, match=r"several kinds \(2 TIFF, 1 MRC\).*\*\.tif"):
        load(tmp_path)
    with pytest.raises(ParameterError, match="3 in it, which is not a path"):
        load([tmp_path / "a_1deg.tif", 3])


def test_a_file_without_an_mdoc_among_others_is_named(make_mrc, images):
    paths = [make_mrc(images[:1], f"{number}.mrc") for number in range(3)]
    for path, tilt in zip(paths[:2], (-3, 3), strict=True):
        path.with_suffix(".mdoc").write_text(f"[ZValue = 0]\nTiltAngle = {tilt}\n")
    with (
        pytest.warns(UserWarning, match="no tilts were found"),
        pytest.warns(
            UserWarning,
            match=r"2\.mrc: no mdoc file, as the others have, and no tilt was found there, so none are used",
        ),
    ):
        load(paths)


def test_where_one_mdoc_is_missing_the_header_is_used_and_told(tmp_path, samples):
    for name in ("test_000", "test_001", "test_002"):
        for ending in (".mrc", ".mdoc"):
            raw = (samples / "SerialEM_Multiframe_Test" / (name + ending)).read_bytes()
            (tmp_path / (name + ending)).write_bytes(raw)
    (tmp_path / "test_001.mdoc").unlink()
    with pytest.warns(
        UserWarning, match=r"test_001\.mrc: no mdoc file, .* the tilt is from: SerialEM extended header"
    ):
        stack = load(str(tmp_path / "*.mrc"))
    assert stack.tilts_deg == pytest.approx([-5.00151, -0.000488, 5.0], abs=0.01)


def test_the_table_before_a_series_is_opened(tmp_path, make_mrc, images, tilts):
    names = ["w_-2deg.tif", "w_0deg.tif", "w_2deg.tif", "w_4deg.tif"]
    paths = write_images(tmp_path / "a", names)
    tifffile.imwrite(paths[1], np.zeros((4, 6), np.uint16))
    paths[3].write_bytes(b"garbage")
    found = preview_files(tmp_path / "a")
    assert [item.path for item in found] == [paths[i] for i in (1, 2, 3, 0)]
    by_name = {item.path.name: item for item in found}
    first = by_name["w_-2deg.tif"]
    assert (first.tilt_deg, first.tilt_source, first.shape, first.problem) == (-2, "file name", (4, 5), "")
    assert first.bytes == paths[0].stat().st_size
    assert "(4, 6)" in by_name["w_0deg.tif"].problem
    assert by_name["w_4deg.tif"].shape is None
    assert "w_4deg.tif cannot be read as TIFF" in by_name["w_4deg.tif"].problem
    series = make_mrc(images)
    series.with_suffix(".rawtlt").write_text("".join(f"{t}\n" for t in tilts))
    (whole,) = preview_files([series])
    assert (whole.tilt_deg, whole.tilt_source, whole.shape) == (None, "series.rawtlt", (5, 8, 10))


def test_the_table_names_tilts_that_occur_twice(tmp_path):
    write_images(tmp_path, ["a_1deg.tif", "b_1.00deg.tif", "c_-1deg.tif"])
    problems = [item.problem for item in preview_files(str(tmp_path / "*.tif"))]
    assert problems == ["", "it has the same tilt as a_1deg.tif", ""]


def test_the_table_has_the_stage_tilts_of_digital_micrograph(samples):
    found = preview_files(samples / "DM_Series_Test")
    assert [item.tilt_deg for item in found] == pytest.approx([-72.003, -69.004, -66.004], abs=1e-3)
    assert {item.tilt_source for item in found} == {"metadata (stage tilt)"}


def test_serialem_writes_tiff_with_mdoc_too(tmp_path):
    paths = write_images(tmp_path, ["a.tif", "b.tif"])
    for path, tilt in zip(paths, (3, -3), strict=True):
        path.with_name(path.name + ".mdoc").write_text(
            f"[ZValue = 0]\nTiltAngle = {tilt}\nPixelSpacing = 5\n"
        )
    assert [(item.tilt_deg, item.tilt_source) for item in preview_files(paths)] == [
        (3, "a.tif.mdoc"),
        (-3, "b.tif.mdoc"),
    ]
    stack = load(tmp_path)
    assert stack.tilts_deg.tolist() == [-3, 3]
    assert stack.metadata.Tomography.tilt_source == "mdoc files"
    assert stack.axes_manager["x"].scale == 0.5


def test_the_table_tells_a_tilt_that_cannot_be(tmp_path):
    paths = write_images(tmp_path, ["a_400deg.tif", "a_1deg.tif"])
    assert [item.problem for item in preview_files(paths)] == ["a tilt of 400 degrees is not possible", ""]


@pytest.mark.parametrize(
    ("options", "match"),
    [
        ({"mdocs": 3}, "mdocs must be"),
        ({"offset": "a"}, "offset must be"),
        ({"offset": np.nan}, "finite number"),
    ],
)
def test_options_of_other_types_are_refused(make_mrc, images, tilts, options, match):
    with pytest.raises((ParameterError, DataError), match=match):
        load(make_mrc(images), tilts=tilts, **options)


def test_another_pixel_size_is_told(tmp_path):
    paths = [tmp_path / f"a_{tilt}deg.tif" for tilt in (0, -2, 2)]
    for path, size in zip(paths, (0.5, 0.5, 0.8), strict=True):
        signal = hs.signals.Signal2D(np.ones((4, 5), np.uint16))
        for axis in signal.axes_manager.signal_axes:
            axis.scale, axis.units = size, "nm"
        signal.save(path)
    with pytest.warns(UserWarning, match=r"a_2deg\.tif: the pixel size .* that of a_0deg\.tif \(0\.5 nm"):
        stack = load(paths)
    assert stack.axes_manager["x"].scale == 0.5


def test_a_series_that_does_not_fit_is_refused_at_its_first_file(tmp_path, monkeypatch):
    paths = write_images(tmp_path, ["a_0deg.tif", "a_2deg.tif"])
    paths[1].write_bytes(b"never read")
    monkeypatch.setattr("etwidgets.resources.free_memory", lambda: 100)
    with pytest.raises(MemoryLimitError, match=r"2 files like a_0deg\.tif needs about .*lazy=True"):
        load(paths)

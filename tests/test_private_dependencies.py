"""Private parts of numba, llvmlite, ipyvolume, RosettaSciIO that we use: each in one module, as we know it.

A newer version may change them without notice. These tests then say which module is to be adapted; until that
is done, the upper bound in pyproject.toml must stay below that version.
"""

import importlib.metadata
import re
import tomllib
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[1]
PLACES = {
    r"llvmlite|numba\.core": "etwidgets/engine/vector_type.py",
    r"\._shaders|volr-fragment": "etwidgets/views/volume_shader.py",
    r"_read_tiff": "etwidgets/io/tiff.py",
}
"""What is private, as a pattern, and the only module that may use it."""


@contextmanager
def private(module, *packages):
    """Name the module and the versions when something private is not as it was."""
    try:
        yield
    except Exception as error:  # noqa: BLE001  (whatever a newer version raises)
        versions = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in packages)
        pytest.fail(
            f"{module} uses private parts that differ in {versions}: {type(error).__name__}: {error}. "
            "Adapt that module, or lower the upper bound in pyproject.toml."
        )


@pytest.mark.parametrize(("pattern", "place"), PLACES.items())
def test_one_module_uses_each_private_part(pattern, place):
    users = {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "etwidgets").rglob("*.py")
        if re.search(pattern, path.read_text(encoding="utf-8"))
    }
    assert users == {place}


@pytest.mark.parametrize("name", ["numba", "ipyvolume"])
def test_packages_with_private_parts_in_use_have_an_upper_bound(name):
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    lines = [*project["dependencies"], *project["optional-dependencies"]["app"]]
    (bounds,) = (each.specifier for each in map(Requirement, lines) if each.name == name)
    assert importlib.metadata.version(name) in bounds
    assert "9999" not in bounds


@pytest.mark.parametrize("width", [1, 4, 16])
def test_vectors_in_registers_calculate_as_numpy(width):
    with private("etwidgets/engine/vector_type.py", "numba", "llvmlite"):
        import numba

        from etwidgets.engine.vector_type import add_scaled, clip_lanes, load_lanes, store_lanes

        @numba.njit
        def work(values, result):
            sums = add_scaled(load_lanes(values, 1, width), values, 1 + width, np.float32(0.5))
            store_lanes(result, 2, clip_lanes(sums, np.float32(-1), np.float32(1)))

        values = np.random.default_rng(0).normal(size=1 + 2 * width).astype(np.float32)
        result = np.full(width + 3, 7, np.float32)
        work(values, result)
    expected = np.clip(values[1 : width + 1] + np.float32(0.5) * values[width + 1 :], -1, 1)
    np.testing.assert_allclose(result[2:-1], expected, rtol=1e-6)
    assert [*result[:2], result[-1]] == [7, 7, 7]


def test_ipyvolume_takes_a_shader_with_a_fixed_number_of_steps():
    with private("etwidgets/views/volume_shader.py", "ipyvolume"):
        import ipyvolume as ipv

        from etwidgets.views.volume_shader import allow_several_volumes, shader_for

        assert ipv.Figure.class_traits()["_shaders"].metadata["sync"]
        shader = shader_for(24)
        assert shader.count("const int steps = 24;") == 1
        assert "uniform int steps" not in shader
        assert "void main" in shader
        figure = ipv.Figure()
        allow_several_volumes(figure, 24)
        assert figure.get_state()["_shaders"] == {"volr-fragment": shader}
        figure.close()


def test_rosettasciio_describes_a_series_of_an_open_tiff_file(tmp_path):
    import tifffile

    tifffile.imwrite(tmp_path / "a.tif", np.ones((2, 3, 4), np.uint8), photometric="minisblack")
    with private("etwidgets/io/tiff.py", "rosettasciio"):
        from etwidgets.io.tiff import lazy_dictionaries

        (known,) = lazy_dictionaries(tmp_path / "a.tif")
        assert [axis["size"] for axis in known["axes"]] == [2, 3, 4]

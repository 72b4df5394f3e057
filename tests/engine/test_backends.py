"""Without ASTRA all but its backends works; without a GPU that agrees, none is used."""

import subprocess
import sys

import numpy as np
import pytest

from etwidgets import engine
from etwidgets.engine import astra_projectors, backends
from etwidgets.engine.arithmetic import aligned
from etwidgets.engine.projectors import CpuProjector
from etwidgets.engine.team import Team

WITHOUT_ASTRA = """
import sys
sys.modules["astra"] = None  # as if it were not installed
import numpy as np
import etwidgets as etw
from etwidgets import engine, simulation
from etwidgets.errors import MissingDependencyError

assert not engine.cuda_available()
tilts = np.arange(-70, 71, 10.0)
data = simulation.project(simulation.cylinder(32), tilts)
stack = etw.TomoStack(data, tilts)
for method, options in (("FBP", {}), ("SIRT", {"constrain": True}), ("OS-SIRT", {}), ("CGLS", {}),
                        ("FISTA-TV", {"tv_weight": 1.0}), ("SART", {}), ("DART", {"gray_levels": [0, 255]})):
    volume = stack.reconstruct(method, iterations=2, show_progressbar=False, **options)
    assert np.isfinite(volume.data).all()
stack.stack_register("PC", show_progressbar=False).tilt_align("CoM", show_progressbar=False)
stack.recon_error(iterations=2)
volume.forward_project(tilts)
try:
    stack.reconstruct("SIRT", backend="astra-cpu", show_progressbar=False)
except MissingDependencyError as error:
    assert "backend='cpu'" in str(error)
else:
    raise AssertionError
print("all of it works")
"""


def test_nothing_but_astras_backends_needs_astra():
    run = subprocess.run([sys.executable, "-c", WITHOUT_ASTRA], capture_output=True, text=True, check=False)
    assert run.stdout == "all of it works\n", run.stderr


class FakeCuda(CpuProjector):
    """Stands for a GPU: our own projections, with an angle of the wrong sign if so asked."""

    sign = 1.0

    def __init__(self, geometry, model, width, team):
        turned = engine.Geometry(self.sign * geometry.angles_rad, geometry.n_y, geometry.n_z)
        super().__init__(turned, model, width, team)


@pytest.mark.parametrize(("sign", "used"), [(1.0, "astra-cuda"), (-1.0, "cpu")])
def test_a_gpu_that_projects_otherwise_is_not_used(monkeypatch, sign, used):
    monkeypatch.setattr(FakeCuda, "sign", sign)
    monkeypatch.setattr(astra_projectors, "AstraCudaProjector", FakeCuda)
    monkeypatch.setattr(astra_projectors.astra(), "use_cuda", lambda: True)
    astra_projectors.cuda_available.cache_clear()
    try:
        assert backends.find_backend("auto", None).name == used
        assert backends.find_backend("auto", "strip").name == "cpu"
    finally:
        astra_projectors.cuda_available.cache_clear()


def test_the_rays_given_to_the_gpu_are_those_of_the_geometry():
    """A GPU is not at hand; what ASTRA is told is: where a point lands, and along which ray."""
    angles = np.deg2rad([-70.0, -20, 0, 35, 90])
    geometry = engine.Geometry(angles, 48, 40)
    with Team() as team:
        made = astra_projectors.AstraCudaProjector(geometry, "linear", 16, team)
    vectors = made._projection_geometry["Vectors"]
    ray, center, along_slices, along_detector = np.split(vectors, 4, axis=1)
    assert np.allclose(np.einsum("ij,ij->i", ray, along_detector), 0)
    assert np.array_equal(along_slices, np.tile([1.0, 0, 0], (5, 1)))
    assert not center.any()
    row, column = 12, 30
    point = np.array([0, column - 23.5, row - 19.5])
    volume = aligned((40, 48, 16))
    volume[row, column] = 1
    with Team() as team:
        projected = CpuProjector(geometry, "linear", 16, team).forward(volume)[..., 0]
    lands = (projected * np.arange(48)).sum(1) / projected.sum(1) - 23.5
    assert along_detector @ point == pytest.approx(lands, abs=0.15)
    assert made._volume_geometry["GridRowCount"] == 48
    assert made._volume_geometry["GridColCount"] == 16
    assert made._volume_geometry["GridSliceCount"] == 40

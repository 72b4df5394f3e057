"""What does not fit into the memory is refused at once, with numbers; wrong counts are told as such."""

import tracemalloc

import numpy as np
import pytest

from etwidgets import engine, io, resources, simulation
from etwidgets.errors import MemoryLimitError, ParameterError, UnsafeFileError
from etwidgets.signals import RecStack, TomoStack

TILTS = np.linspace(-60, 60, 7)


@pytest.fixture
def stack():
    return TomoStack(np.random.default_rng(0).random((7, 20, 24), dtype=np.float32), TILTS)


@pytest.fixture
def little(monkeypatch):
    """A machine with 10 kB to spare."""
    monkeypatch.setattr(resources, "free_memory", lambda: 10_000)


def methods():
    extra = {"FISTA-TV": {"tv_weight": 1.0}, "DART": {"gray_levels": [0, 1]}}
    return [(name, extra.get(name, {})) for name in engine.ALGORITHMS]


@pytest.mark.parametrize(("method", "options"), methods())
@pytest.mark.parametrize("lazy", [False, True])
def test_a_volume_that_cannot_fit_is_refused_at_once(stack, monkeypatch, method, options, lazy):
    monkeypatch.setattr(resources, "free_memory", lambda: 8_000_000_000)
    given = stack.as_lazy() if lazy else stack
    tracemalloc.start()
    with pytest.raises(
        MemoryLimitError, match=r"needs about \d+(\.\d)? [GT]B, but only 8\.0 GB are free; bin or crop"
    ):
        given.reconstruct(method, iterations=2, thickness=5e6, show_progressbar=False, **options)
    allocated = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert allocated < 1e9  # of the 8 GB and more that the volume takes


@pytest.mark.parametrize("thickness", [0, -3, 2.5, np.nan, np.inf, "10", True, 1e12])
def test_a_thickness_that_is_none_is_told(stack, thickness):
    for work in (stack.reconstruct, stack.test_align):
        with pytest.raises(ParameterError, match="thickness, in pixels, must be an integer"):
            work(thickness=thickness)


@pytest.mark.parametrize("iterations", [0, -1, 1.5, np.nan, "5", 10**9])
def test_iterations_that_are_none_are_told(stack, iterations):
    with pytest.raises(ParameterError, match="iterations must be an integer"):
        stack.reconstruct("SIRT", iterations, show_progressbar=False)
    with pytest.raises(ParameterError, match="iterations must be an integer"):
        stack.recon_error(iterations=iterations)
    with pytest.raises(ParameterError, match="dart_iterations must be an integer"):
        stack.reconstruct("DART", dart_iterations=iterations, gray_levels=[0, 1], show_progressbar=False)


WORK = {
    "recon_error": lambda s: s.recon_error(iterations=1000),
    "test_align": lambda s: s.test_align(),
    "rebin": lambda s: s.rebin(scale=[1, 0.05, 0.05]),
    "filter": lambda s: s.filter("median"),
    "trans_stack": lambda s: s.trans_stack(yshift=1),
    "stack_register": lambda s: s.stack_register("StackReg"),
    "normalize": lambda s: s.normalize(),
    "invert": lambda s: s.invert(),
    "weight_stack": lambda s: s.weight_stack(),
    "rotate_volume": lambda _: RecStack(np.zeros((20, 20, 20))).rotate_volume((0, 0, 1)),
    "forward_project": lambda _: RecStack(np.zeros((20, 20, 20))).forward_project(TILTS),
    "iterate": lambda s: next(engine.iterate(s.data.transpose(2, 0, 1), engine.Geometry(TILTS, 20))),
    "back_project": lambda s: engine.back_project(s.data, engine.Geometry(TILTS, 20)),
    "estimate": lambda _: engine.estimate(engine.Geometry(TILTS, 20), n_slices=24),
    "catalyst": lambda _: simulation.catalyst(100),
    "cylinder": lambda _: simulation.cylinder(100),
    "needle": lambda _: simulation.needle((64, 64, 64)),
    "discs": lambda _: simulation.discs(TILTS, 64),
    "spectral_needle": lambda _: simulation.spectral_needle((16, 16, 16)),
    "misalign": lambda s: simulation.misalign(s.data),
    "add_noise": lambda s: simulation.add_noise(s.data),
}


@pytest.mark.parametrize("name", WORK)
@pytest.mark.usefixtures("little")
def test_whatever_allocates_asks_first(stack, name):
    with pytest.raises(MemoryLimitError, match=r"needs about [\d.]+ [kM]B, but only 10 kB are free; \w+"):
        WORK[name](stack)


def test_files_beyond_the_memory_are_not_read(tmp_path, stack, monkeypatch):
    single = stack.save(tmp_path / "a.mrc")  # 14 kB
    several = [TomoStack(stack.data[i : i + 1]).save(tmp_path / f"b{i}.tif") for i in range(7)]
    monkeypatch.setattr(resources, "free_memory", lambda: 10_000)
    monkeypatch.setattr("etwidgets.io.hdf5.free_memory", lambda: 10_000)
    with pytest.raises(UnsafeFileError, match="lazy=True"):
        io.load(single)
    with pytest.raises(MemoryLimitError, match=r"a series of 7 files like b0.tif needs about .* lazy=True"):
        io.load(several, tilts=TILTS)
    assert io.load(single, lazy=True).data.shape == stack.data.shape


def test_sizes_are_told_in_words():
    words = [resources.size_text(n) for n in (0, 2_000, 5e6, 4.77e10, 5.1e13)]
    assert words == ["0 MB", "2 kB", "5 MB", "47.7 GB", "51 TB"]

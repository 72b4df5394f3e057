"""The listings of the paper's section 10, with the corrections that today's HyperSpy needs.

What the paper prints and what runs: ``docs/differences-from-etspy.md``. The data are simulated, in files of
the paper's form, and what comes out is compared with the truth behind them.
"""

import contextlib

import hyperspy.api as hs
import numpy as np
import pytest

import etwidgets.api as etspy
from etwidgets import analysis, simulation, spectral

TILTS = np.linspace(0, 180, 37)


@pytest.fixture(scope="module")
def needle():
    return simulation.spectral_needle((40, 32, 32), TILTS, counts=50, jitter_px=1, seed=2)


@pytest.fixture(scope="module")
def edx(needle, tmp_path_factory):
    """Load EDX datasets; the listing's own words."""
    folder = tmp_path_factory.mktemp("edx")
    spectra = spectral.from_array(
        needle.all_counts(), TILTS, channel_kev=0.02, pixel_size_nm=3, elements=needle.elements
    )
    for number in range(len(TILTS)):
        spectra.inav[:, :, number].save(folder / f"EDX_SI_{number:02d}.hdf5", file_format="HSPY")
    with contextlib.chdir(folder):
        return hs.load("EDX_SI_*.hdf5", file_format="HSPY", stack=True)  # reader= is deprecated


@pytest.fixture(scope="module")
def aligned(edx):
    edx_sum = edx.sum(3).as_signal2D((0, 1))
    edx_sum = etspy.TomoStack(edx_sum, TILTS)  # the paper's si_sum is a slip
    edx_reg = edx_sum.stack_register("StackReg")
    return edx_reg.tilt_align("CoM")


def volumes(maps, aligned):
    """Align each map as the sum is, and reconstruct it."""
    found = {}
    for name, stack in maps.items():
        found[name] = aligned.align_other(stack).reconstruct(
            "SIRT", iterations=30, constrain=True, show_progressbar=False
        )
    return found


def alike(volume, truth):
    """Correlation; a registration leaves the place of the whole along x open."""
    shifted = (np.roll(volume.data, x, axis=0) for x in range(-3, 4))
    return max(np.corrcoef(each.ravel(), truth.ravel())[0, 1] for each in shifted)


def test_background_subtraction(edx, needle, aligned):
    lines = ["Si_Ka", "Ni_Ka", "Cr_Ka", "Pt_La"]
    bckg = [[1.2, 1.4, 3.2, 3.4], [4.5, 4.8, 11.9, 12.5], [4.5, 4.8, 11.9, 12.5], [4.5, 4.8, 11.9, 12.5]]
    maps = edx.get_lines_intensity(lines, background_windows=bckg)
    SiKa, NiKa, CrKa, PtLa = maps
    SiKa = etspy.TomoStack(SiKa, TILTS)
    NiKa = etspy.TomoStack(NiKa, TILTS)
    CrKa = etspy.TomoStack(CrKa, TILTS)
    PtLa = etspy.TomoStack(PtLa, TILTS)
    assert str(SiKa).endswith("dimensions: (37|40, 32)>")
    found = volumes({"Si": SiKa, "Ni": NiKa, "Cr": CrKa, "Pt": PtLa}, aligned)
    for element in ("Si", "Ni", "Cr"):
        assert alike(found[element], needle.truth[element]) > 0.9
    # 8 counts of Pt La in a spectrum of Pt are few
    assert alike(found["Pt"], needle.truth["Pt"]) > 0.8


@pytest.mark.slow  # HyperSpy's own decomposition takes its time
def test_nmf_decomposition(edx, needle):
    edx = edx.inav[:, :, ::3].deepcopy()  # every third tilt; HyperSpy's SVD of all takes half a minute
    edx.change_dtype("float32")  # HyperSpy refuses to decompose integers
    edx.decomposition(True, print_info=False)  # noqa: FBT003  (the paper's words)
    # "NMF", in capitals
    edx.decomposition(True, algorithm="NMF", output_dimension=4, print_info=False)  # noqa: FBT003
    loadings = edx.get_decomposition_loadings()
    factors = edx.get_decomposition_factors()
    stacks = [etspy.TomoStack(loadings.inav[k], TILTS[::3]) for k in range(4)]
    # which component is which is in its spectrum, not in its number
    spectra = {name: needle.spectra[name] for name in needle.elements}
    named = {}
    for k, stack in enumerate(stacks):
        fits = {name: np.corrcoef(factors.inav[k].data, each)[0, 1] for name, each in spectra.items()}
        named[max(fits, key=fits.get)] = stack
    assert set(named) == set(needle.elements)
    for element, stack in named.items():
        assert np.corrcoef(stack.data.ravel(), needle.maps[element][::3].ravel())[0, 1] > 0.95, element


def test_volumetric_ratio(needle, aligned, edx):
    found = volumes(spectral.decompose(_with_tilts(edx), 4).maps, aligned)
    for element, volume in found.items():
        assert alike(volume, needle.truth[element]) > 0.9, element
    Ni_rec, Cr_rec = found["Ni"], found["Cr"]
    pixel_size = Ni_rec.axes_manager[0].scale
    assert pixel_size == 3
    # the paper counts every voxel above 0, which noise decides; halfway is where the edge is
    Ni_binary, Cr_binary = Ni_rec.deepcopy(), Cr_rec.deepcopy()
    for binary in (Ni_binary, Cr_binary):
        (threshold,) = analysis.threshold_of(binary.data)
        binary.data = (binary.data >= threshold).astype(float)
    Ni_volume = pixel_size**3 * Ni_binary.data.sum()
    Cr_volume = pixel_size**3 * Cr_binary.data.sum()
    truth = needle.truth["Ni"].sum() / needle.truth["Cr"].sum()
    assert Ni_volume / Cr_volume == pytest.approx(truth, rel=0.05)
    assert Ni_volume == pytest.approx(27 * needle.truth["Ni"].sum(), rel=0.1)


def _with_tilts(edx):
    edx = edx.deepcopy()
    spectral.set_tilts(edx, TILTS)
    return edx

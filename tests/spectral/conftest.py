import pytest

from etwidgets import simulation, spectral


@pytest.fixture(scope="session")
def needle():
    return simulation.spectral_needle((32, 24, 24), tilts_deg=range(0, 180, 15), seed=3)


@pytest.fixture(scope="session")
def spectra(needle):
    return spectral.from_array(
        needle.all_counts(), needle.tilts_deg, channel_kev=0.02, pixel_size_nm=3, elements=needle.elements
    )

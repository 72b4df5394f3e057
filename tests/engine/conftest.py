"""Analytic phantoms, and ASTRA itself as the oracle."""

import astra
import numpy as np
import pytest


def chord_profile(radius, offset, size):
    """Projection of a unit disc, averaged over each detector pixel; ``offset`` from the center, pixels."""
    fine = (np.arange(40) - 19.5) / 40
    t = np.arange(size)[:, None] - (size - 1) / 2 + fine - offset
    return 2 * np.sqrt(np.clip(radius**2 - t**2, 0, None)).mean(1)


@pytest.fixture
def disc_sinogram():
    """Sinogram (T, Y) of a unit disc at (y, r) from the center."""

    def make(tilts_deg, size, radius, y=0.0, r=0.0):
        angles = np.deg2rad(tilts_deg)
        return np.array([chord_profile(radius, y * np.cos(a) - r * np.sin(a), size) for a in angles])

    return make


@pytest.fixture
def three_levels():
    """A 128 x 128 phantom of three gray levels with holes and inclusions."""

    def make(levels):
        z, y = np.mgrid[:128, :128] - 63.5
        image = np.full((128, 128), levels[0], np.float32)
        image[(y / 50) ** 2 + (z / 40) ** 2 < 1] = levels[1]
        image[(y - 15) ** 2 + (z + 8) ** 2 < 14**2] = levels[2]
        image[(y + 22) ** 2 + (z - 10) ** 2 < 9**2] = levels[2]
        image[(y + 10) ** 2 + (z + 20) ** 2 < 7**2] = levels[0]
        return image

    return make


@pytest.fixture
def astra_matrix():
    """ASTRA's projection matrix as a dense array, for small problems."""

    def make(angles_rad, n_y, n_z, model):
        projections = astra.create_proj_geom("parallel", 1.0, n_y, angles_rad)
        projector = astra.create_projector(model, projections, astra.create_vol_geom(n_z, n_y))
        identifier = astra.projector.matrix(projector)
        matrix = astra.matrix.get(identifier).toarray()
        astra.matrix.delete(identifier)
        astra.projector.delete(projector)
        return matrix

    return make


@pytest.fixture
def astra_objects(capsys):
    """How many data objects and algorithms ASTRA holds."""

    def count():
        capsys.readouterr()
        total = 0
        for manager in (astra.data2d, astra.algorithm, astra.projector):
            manager.info()
            lines = capsys.readouterr().out.splitlines()
            total += sum(line.split() != [] and line.split()[0].isdigit() for line in lines)
        return total

    return count

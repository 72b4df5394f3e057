"""Components: found, labeled by their peaks, and solved for everywhere."""

import numpy as np
import pytest

from etwidgets import spectral
from etwidgets.errors import ParameterError
from etwidgets.spectral import decomposition


@pytest.fixture(scope="module")
def found(spectra):
    return spectral.decompose(spectra, 4)


def test_components_bear_the_names_of_their_elements(needle, found):
    assert set(found.maps) == {"Si", "Cr", "Ni", "Pt"}
    for element, stack in found.maps.items():
        truth = needle.maps[element]
        assert np.corrcoef(stack.data.ravel(), truth.ravel())[0, 1] > 0.97, element
        # what little bremsstrahlung the components trade among each other
        assert stack.data.sum() == pytest.approx(truth.sum(), rel=0.15), element
        assert stack.data.min() >= 0
        assert np.corrcoef(found.spectra[element], needle.spectra[element])[0, 1] > 0.99


def test_the_scree_shows_how_many_there_are(found):
    assert found.scree[3] > 5 * found.scree[4]
    assert found.scree[4] < 3 * found.scree[7]


def test_loadings_are_solved_for_in_spectra_that_were_not_fitted(spectra, found, monkeypatch):
    monkeypatch.setattr(decomposition, "_MOST_FITTED", 600)
    fewer = spectral.decompose(spectra, 4)
    for label, stack in found.maps.items():
        assert np.corrcoef(stack.data.ravel(), fewer.maps[label].data.ravel())[0, 1] > 0.99


def test_the_solver_finds_the_non_negative_least_squares(found):
    from scipy.optimize import nnls

    random = np.random.default_rng(0)
    basis, data = random.uniform(0, 1, (4, 30)), random.normal(1, 1, (20, 30))
    solved = decomposition._not_negative(data, basis, data @ np.linalg.pinv(basis))
    expected = [nnls(basis.T, row)[0] for row in data]
    np.testing.assert_allclose(solved, expected, atol=1e-4)


def test_singular_vectors_explain_the_most(spectra, found):
    vectors = spectral.decompose(spectra, 4, method="svd")
    assert len(vectors.maps) == 4
    np.testing.assert_allclose(vectors.scree, found.scree)


def test_the_same_seed_gives_the_same_maps(spectra, found):
    again = spectral.decompose(spectra, 4)
    for label, stack in found.maps.items():
        np.testing.assert_array_equal(stack.data, again.maps[label].data)


@pytest.mark.parametrize(
    ("options", "words"), [({"components": 0}, "between 1 and 32"), ({"method": "ICA"}, "'ICA'")]
)
def test_what_cannot_be_done_is_refused(spectra, options, words):
    with pytest.raises(ParameterError, match=words):
        spectral.decompose(spectra, **options)

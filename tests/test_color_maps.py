"""Color maps: known colors, and lightness that only grows where it is said to."""

import matplotlib as mpl
import numpy as np
import pytest

from etwidgets.color_maps import COLOR_MAPS, PERCEPTUAL, color_map_labels, color_table
from etwidgets.errors import ParameterError


def test_tables_have_their_published_colors():
    assert color_table("Fire")[[0, 8, 120, 255]].tolist() == [
        [0, 0, 0], [0, 0, 61], [229, 57, 5], [255, 255, 255],
    ]  # fmt: skip
    assert color_table("ice")[[0, 48, 255]].tolist() == [[0, 156, 140], [19, 193, 209], [230, 0, 27]]
    assert color_table("Fire")[4].tolist() == [0, 0, 30]  # halfway between two points
    for name in ("viridis", "magma"):
        np.testing.assert_array_equal(
            color_table(name), mpl.colormaps[name](np.arange(256), bytes=True)[:, :3]
        )
    with pytest.raises(ParameterError, match="color_map 'fire' is not known"):
        color_table("fire")


@pytest.mark.parametrize("name", PERCEPTUAL)
def test_perceptual_maps_only_grow_brighter(name):
    linear = (color_table(name) / 255) ** 2.2
    luminance = linear @ (0.2126, 0.7152, 0.0722)
    assert np.all(np.diff(luminance) > -1e-3)
    assert luminance[-1] > luminance[0] + 0.5


def test_perceptual_maps_are_marked():
    labels = {name: label for label, name in color_map_labels()}
    assert list(labels) == list(COLOR_MAPS)
    assert {name for name, label in labels.items() if "perceptual" in label} == set(PERCEPTUAL)

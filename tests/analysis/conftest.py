import numpy as np
import pytest


def ball(shape, center, radius):
    """The part of each voxel that a ball covers, by 4 x 4 x 4 points in each voxel at its rim."""
    axes = [np.arange(n) - c for n, c in zip(shape, center, strict=True)]
    fine = (np.arange(4) - 1.5) / 4
    distance = np.sqrt(axes[0][:, None, None] ** 2 + axes[1][None, :, None] ** 2 + axes[2][None, None] ** 2)
    covered = (distance < radius).astype(np.float32)
    rim = np.argwhere(np.abs(distance - radius) < 1)
    points = np.stack(np.meshgrid(fine, fine, fine, indexing="ij"), -1).reshape(-1, 3)
    places = np.stack([axes[i][rim[:, i]] for i in range(3)], 1)
    inside = (((places[:, None] + points) ** 2).sum(-1) < radius**2).mean(1)
    covered[tuple(rim.T)] = inside
    return covered


def slab(shape, normal, start, stop):
    """What lies between two planes across a direction; linear over the voxel at the edge."""
    normal = np.asarray(normal, dtype=float) / np.linalg.norm(normal)
    grid = np.stack(np.meshgrid(*(np.arange(n) - (n - 1) / 2 for n in shape), indexing="ij"), -1)
    at = grid @ normal
    return (np.clip(at - start + 0.5, 0, 1) * np.clip(stop - at + 0.5, 0, 1)).astype(np.float32)


@pytest.fixture
def shapes():
    class Shapes:
        pass

    Shapes.ball, Shapes.slab = staticmethod(ball), staticmethod(slab)
    return Shapes

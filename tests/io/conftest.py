"""The bundled sample files, and MRC files of any kind made on the spot."""

import importlib.metadata
from pathlib import Path

import mrcfile
import numpy as np
import pytest


@pytest.fixture(scope="session")
def samples():
    """The folder of the etspy wheel's test data."""
    files = importlib.metadata.distribution("etspy").files
    return Path(str(next(f for f in files if f.name == "HAADF.mrc").locate())).parent


@pytest.fixture
def make_mrc(tmp_path):
    """Write an MRC file and return its path."""

    def make(data, name="series.mrc", pixel_nm=None, byte_order="<"):
        path = tmp_path / name
        with mrcfile.new(path, overwrite=True) as file:
            file.set_data(np.asarray(data))
            if pixel_nm:
                file.voxel_size = pixel_nm * 10
        if byte_order == ">":
            _swap(path, data.dtype)
        return path

    return make


def _swap(path, dtype):
    """Turn a little-endian MRC file into a big-endian one."""
    raw = path.read_bytes()
    header = np.frombuffer(raw[:1024], dtype=mrcfile.dtypes.HEADER_DTYPE)[0]
    swapped = header.astype(mrcfile.dtypes.HEADER_DTYPE.newbyteorder(">"))
    swapped["machst"] = (0x11, 0x11, 0, 0)
    swapped["map"], swapped["exttyp"] = header["map"], header["exttyp"]
    body = np.frombuffer(raw[1024:], dtype=dtype).astype(np.dtype(dtype).newbyteorder(">"))
    path.write_bytes(swapped.tobytes() + body.tobytes())


@pytest.fixture
def images():
    """(5, 8, 10) int16 without negative values."""
    return np.random.default_rng(0).integers(0, 1000, (5, 8, 10)).astype(np.int16)


TILTS = [-10.0, -5.0, 0.0, 5.0, 10.0]


@pytest.fixture
def tilts():
    return np.array(TILTS)

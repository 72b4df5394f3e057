"""The machine and what is installed on it, for bug reports and reports of sessions; imports none of it."""

from __future__ import annotations

import importlib.metadata
import os
import platform

from etwidgets.resources import total_memory

_PACKAGES = (
    "numpy", "scipy", "hyperspy", "rosettasciio", "astra-toolbox", "scikit-image", "pystackreg", "dask",
    "numba", "pandas", "h5py", "zarr", "mrcfile", "exspy", "scikit-learn", "ipywidgets", "anywidget",
    "ipympl", "ipyvolume", "voila", "jupyter-server", "notebook", "jupyterlab", "etspy",
)  # fmt: skip


def machine() -> list[str]:
    """Version, Python, operating system, processors and memory, one line each."""
    return [
        f"etwidgets {importlib.metadata.version('etwidgets')}",
        f"Python {platform.python_version()} on {platform.platform()}",
        f"{os.cpu_count()} processors, {total_memory() / 1e9:.0f} GB of memory",
    ]


def versions() -> dict[str, str | None]:
    """Name to version of the packages that matter; None for those that are not installed."""
    found: dict[str, str | None] = {}
    for name in _PACKAGES:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            found[name] = None
    return found

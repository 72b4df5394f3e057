"""Interactive electron tomography.

Names are imported on first use, so that ``import etwidgets`` is fast.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

try:
    from etwidgets._version import __version__
except ImportError:  # a source tree that was never built
    __version__ = "0.1.0.dev0"

if TYPE_CHECKING:
    from etwidgets import analysis, cluster, datasets, simulation, spectral
    from etwidgets.app import Workbench
    from etwidgets.io import load
    from etwidgets.session import Session, TomoStackModel
    from etwidgets.signals import RecStack, TomoStack

_HOMES = {
    "load": "etwidgets.io",
    "TomoStack": "etwidgets.signals",
    "RecStack": "etwidgets.signals",
    "TomoStackModel": "etwidgets.session",
    "Session": "etwidgets.session",
    "Workbench": "etwidgets.app",
}
_MODULES = ("analysis", "cluster", "datasets", "simulation", "spectral")

__all__ = [
    "RecStack",
    "Session",
    "TomoStack",
    "TomoStackModel",
    "Workbench",
    "__version__",
    "analysis",
    "cluster",
    "datasets",
    "load",
    "simulation",
    "spectral",
]


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return importlib.import_module(f"etwidgets.{name}")
    if name in _HOMES:
        return getattr(importlib.import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'etwidgets' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)

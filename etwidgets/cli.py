"""The command line: ``etwidgets app``, ``run`` and ``info``; decides nothing that a function could."""

from __future__ import annotations

import argparse
import importlib.metadata
import os
import platform
import sys
from typing import TYPE_CHECKING

import psutil

from etwidgets import __version__
from etwidgets.errors import EtwidgetsError
from etwidgets.samples import SAMPLES

if TYPE_CHECKING:
    from collections.abc import Sequence

_PACKAGES = (
    "numpy", "scipy", "hyperspy", "rosettasciio", "astra-toolbox", "scikit-image", "pystackreg", "dask",
    "numba", "pandas", "h5py", "zarr", "mrcfile", "exspy", "scikit-learn", "ipywidgets", "anywidget",
    "ipympl", "ipyvolume", "voila", "jupyter-server", "notebook", "jupyterlab", "etspy",
)  # fmt: skip
_LAST_PORT = 65535


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; returns the exit status: 0, 2 after an error (printed on one line), 130 after Ctrl-C."""
    parser = _parser()
    options = parser.parse_args(arguments)
    if options.command is None:
        parser.print_help()
        return 0
    try:
        if options.command == "app":
            from etwidgets.serve import serve

            serve(
                options.file,
                sample=options.sample,
                root=options.root,
                port=options.port,
                open_browser=not options.no_browser,
                theme=options.theme,
            )
        elif options.command == "run":
            from etwidgets.session import run_batch

            run_batch(
                options.steps,
                options.series,
                output=options.output,
                ending=options.ending,
                tell=lambda line: print(line, flush=True),  # noqa: T201  (a command speaks)
            )
        else:
            sys.stdout.write(report())
    except (EtwidgetsError, OSError, MemoryError) as error:
        from etwidgets.session import error_text

        sys.stderr.write(f"etwidgets: {' '.join(error_text(error).split())}\n")
        return 2
    except KeyboardInterrupt:
        sys.stderr.write("etwidgets: stopped\n")
        return 130
    return 0


def report() -> str:
    """The description of the environment for a bug report."""
    lines = [
        f"etwidgets {__version__}",
        f"Python {platform.python_version()} on {platform.platform()}",
        f"{os.cpu_count()} processors, {psutil.virtual_memory().total / 1e9:.0f} GB of memory",
    ]
    for name in _PACKAGES:
        try:
            lines.append(f"{name} {importlib.metadata.version(name)}")
        except importlib.metadata.PackageNotFoundError:
            lines.append(f"{name} is not installed")
    try:
        from etwidgets.engine import cuda_available

        lines.append(f"CUDA through ASTRA: {'yes' if cuda_available() else 'no'}")
    except EtwidgetsError as error:
        lines.append(f"CUDA through ASTRA: no ({error})")
    return "\n".join(lines) + "\n"


def _port(text: str) -> int:
    if not text.isdecimal() or int(text) > _LAST_PORT:
        raise argparse.ArgumentTypeError(f"a port is a number from 0 to {_LAST_PORT}, not {text}")
    return int(text)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="etwidgets", description="Interactive electron tomography.")
    parser.add_argument("--version", action="version", version=f"etwidgets {__version__}")
    commands = parser.add_subparsers(dest="command")
    app = commands.add_parser("app", help="open the workbench in the browser")
    app.add_argument("file", nargs="?", help="tilt series to open (.mrc, .dm3, .hspy, ...)")
    app.add_argument("--sample", choices=list(SAMPLES), help="open sample data instead")
    app.add_argument("--port", type=_port, default=0, help="0 to 65535; default: any free port")
    app.add_argument("--root", help="folder whose files the page may open; default: the folder of the file")
    app.add_argument("--no-browser", action="store_true", help="only print the address")
    app.add_argument("--theme", choices=["light", "dark"], default="light")
    run = commands.add_parser("run", help="apply the steps of a saved session to other series")
    run.add_argument("steps", help="session file saved in the History tab")
    run.add_argument(
        "series", nargs="*", default=[], help="tilt series; default: the one that the session opened"
    )
    run.add_argument("--output", default=".", help="folder for the results; default: the current folder")
    run.add_argument("--ending", choices=[".hspy", ".zspy", ".mrc", ".tif"], default=".hspy")
    commands.add_parser("info", help="print the environment for a bug report")
    return parser

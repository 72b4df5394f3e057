"""The command line: ``etwidgets app``, ``run``, ``live``, ``report``...; decides nothing a function could."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING, Any

from etwidgets import __version__
from etwidgets.environment import machine, versions
from etwidgets.errors import EtwidgetsError
from etwidgets.samples import SAMPLES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from etwidgets.live import LiveProjection

_LAST_PORT = 65535


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; returns the exit status: 0, 2 after an error (printed on one line), 130 after Ctrl-C."""
    parser = _parser()
    options = parser.parse_args(arguments)
    if options.command is None:
        parser.print_help()
        return 0
    try:
        _COMMANDS[options.command](options)
    except (EtwidgetsError, OSError, MemoryError) as error:
        from etwidgets.session import error_text

        sys.stderr.write(f"etwidgets: {' '.join(error_text(error).split())}\n")
        return 2
    except KeyboardInterrupt:
        sys.stderr.write("etwidgets: stopped\n")
        return 130
    return 0


def _app(options: argparse.Namespace) -> None:
    from etwidgets.serve import serve

    serve(
        options.file,
        sample=options.sample,
        root=options.root,
        port=options.port,
        open_browser=not options.no_browser,
        theme=options.theme,
        ipyvolume=options.ipyvolume,
        cluster=options.cluster,
    )


def _run(options: argparse.Namespace) -> None:
    from etwidgets.session import run_batch

    steps, *series = [None, *options.files] if options.auto else options.files
    run_batch(
        steps,
        series,
        output=options.output,
        ending=options.ending,
        report=options.report,
        channels=dict(options.channel),
        operations=options.operations,
        jobs=options.jobs,
        cluster=options.cluster,
        tell=_say,
    )


def _report(options: argparse.Namespace) -> None:
    from etwidgets.session import report_of

    _say(str(report_of(options.file, options.output)))


def _live(options: argparse.Namespace) -> None:
    from etwidgets.live import LiveRun, forecast

    def told(new: LiveProjection) -> None:
        misfit = f"misfit {new.predicted_misfit:.3f}" if new.predicted_misfit > 0 else "misfit  -   "
        count = len(run.live.projections)
        said = f"{count:4d}  {new.tilt_deg:+6.1f} deg  {misfit}  slices after {new.lag_s:.2f} s  {new.doubts}"
        _say(said.rstrip())

    run = LiveRun(options.folder, options.out, until=options.until, on_projection=told)
    _say(f"watching {run.place}; Ctrl-C writes what there is to {run.out}")
    try:
        run.run()
    finally:
        if run.live.projections:
            _say(forecast([each.told_misfit for each in run.live.projections]).sentence)
        for path in run.written:
            _say(f"written: {path}")


def _simulate_acquisition(options: argparse.Namespace) -> None:
    from pathlib import Path

    from etwidgets.live import simulate_acquisition

    stack, name = _source(options.source, options.size, options.tilts)
    simulate_acquisition(
        stack,
        Path(options.into),
        interval_s=options.interval,
        file_format=options.format,
        name=name,
        dose_symmetric=options.dose_symmetric,
        bad=options.bad,
        count=options.count,
        tell=_say,
    )


def _source(source: str, size: int, n_tilts: int) -> tuple[Any, str]:
    """The series of a file, a sample or a phantom, and a name for its files."""
    import numpy as np

    from etwidgets import TomoStack, load
    from etwidgets.samples import sample_named
    from etwidgets.simulation import SPECIMENS, ellipsoid_series

    if source in SAMPLES:
        opened = sample_named(source).load()
        return (opened[0] if isinstance(opened, tuple) else opened), source.split(maxsplit=1)[0]
    if source.removeprefix("phantom:") in SPECIMENS and source.startswith("phantom:"):
        kind = source.removeprefix("phantom:")
        tilts = np.linspace(-72, 72, n_tilts)
        made = ellipsoid_series(kind, shape_yx=(size, size), tilts_deg=tilts, axis_rotation_deg=0)
        return TomoStack(made.projections, tilts), kind
    return load(source), "series"


def _info(_options: argparse.Namespace) -> None:
    sys.stdout.write(environment_text())


def _say(line: str) -> None:
    print(line, flush=True)  # noqa: T201  (a command speaks)


_COMMANDS = {
    "app": _app,
    "run": _run,
    "live": _live,
    "simulate-acquisition": _simulate_acquisition,
    "report": _report,
    "info": _info,
}


def environment_text() -> str:
    """The description of the environment for a bug report."""
    lines = machine()
    lines += [
        f"{name} is not installed" if version is None else f"{name} {version}"
        for name, version in versions().items()
    ]
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


def _channel(text: str) -> tuple[str, str]:
    name, found, pattern = text.partition("=")
    if not (name and found and pattern):
        raise argparse.ArgumentTypeError(
            f"write a channel as NAME=FILE, such as Ni={{name}}_Ni.mrc, not {text}"
        )
    return name, pattern


def _add_run(commands: Any) -> None:
    run = commands.add_parser("run", help="apply the steps of a saved session to other series")
    run.add_argument(
        "files", nargs="+", metavar="FILE",
        help="session file saved in the History tab, then tilt series or patterns (default: the series that "
        "the session opened); with --auto, tilt series only",
    )  # fmt: skip
    run.add_argument("--auto", action="store_true", help="align and reconstruct each series automatically")
    run.add_argument("--output", default=".", help="folder for the results; default: the current folder")
    run.add_argument("--ending", choices=[".hspy", ".zspy", ".mrc", ".tif"], default=".hspy")
    run.add_argument(
        "--report", action="store_true", help="write a report of each series as well, and a table over all"
    )
    run.add_argument(
        "--channel", type=_channel, action="append", default=[], metavar="NAME=FILE",
        help="another signal of each series, such as Ni={name}_Ni.mrc; can be repeated",
    )  # fmt: skip
    run.add_argument(
        "--operations",
        action="append",
        default=[],
        metavar="FILE.py",
        help="Python file with your operations",
    )
    run.add_argument("--jobs", type=int, default=1, metavar="N", help="series at a time; default: 1")
    run.add_argument("--cluster", metavar="ADDRESS", help="a scheduler of dask.distributed")


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
    app.add_argument("--ipyvolume", action="store_true", help="offer ipyvolume as a second renderer")
    app.add_argument(
        "--cluster", metavar="ADDRESS", help="scheduler of dask.distributed that does the long work"
    )
    _add_run(commands)
    _add_live(commands)
    _add_simulated_microscope(commands)
    report = commands.add_parser("report", help="write a report of a saved session, or of a file")
    report.add_argument("file", help="session file saved in the History tab, tilt series, or volume")
    report.add_argument(
        "-o",
        "--output",
        help="page to write (.html), or .json; default: NAME_report.html in the current folder",
    )
    commands.add_parser("info", help="print the environment for a bug report")
    return parser


def _add_live(commands: Any) -> None:
    live = commands.add_parser(
        "live", help="align and reconstruct a series while it is acquired; Ctrl-C ends it"
    )
    live.add_argument("folder", help="folder in which projections arrive, or a SerialEM stack that grows")
    live.add_argument("--out", help="folder for the results, and to go on from; default: FOLDER_live")
    live.add_argument("--until", type=int, metavar="N", help="end by itself after so many projections")


def _add_simulated_microscope(commands: Any) -> None:
    simulated = commands.add_parser(
        "simulate-acquisition",
        help="write the projections of a series one after another, as a microscope does",
    )
    simulated.add_argument(
        "source",
        help=f"tilt series; or a sample ({', '.join(SAMPLES)}); or phantom:KIND, such as phantom:particles",
    )
    simulated.add_argument("--into", required=True, help="folder for the files")
    simulated.add_argument(
        "--interval", type=float, default=5.0, help="seconds from one projection to the next; default: 5"
    )
    simulated.add_argument(
        "--format",
        choices=["serialem", "tiff", "mrc-each", "emd-each"],
        default="serialem",
        help="a stack that grows with its mdoc (default), or one file per tilt",
    )
    simulated.add_argument("--dose-symmetric", action="store_true", help="from 0 degrees outwards")
    simulated.add_argument(
        "--bad",
        type=int,
        nargs="+",
        default=[],
        metavar="N",
        help="projections that come out blurred, from 1",
    )
    simulated.add_argument("--count", type=int, help="stop after so many")
    simulated.add_argument("--size", type=int, default=256, help="of a phantom, pixels; default: 256")
    simulated.add_argument("--tilts", type=int, default=73, help="of a phantom; default: 73")

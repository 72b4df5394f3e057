"""The command line: ``etwidgets app``, ``run``, ``report``, ``info``; decides nothing a function could."""

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


def _info(_options: argparse.Namespace) -> None:
    sys.stdout.write(environment_text())


def _say(line: str) -> None:
    print(line, flush=True)  # noqa: T201  (a command speaks)


_COMMANDS = {"app": _app, "run": _run, "report": _report, "info": _info}


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
    app.add_argument(
        "--cluster", metavar="ADDRESS", help="scheduler of dask.distributed that does the long work"
    )
    _add_run(commands)
    report = commands.add_parser("report", help="write a report of a saved session, or of a file")
    report.add_argument("file", help="session file saved in the History tab, tilt series, or volume")
    report.add_argument(
        "-o",
        "--output",
        help="page to write (.html), or .json; default: NAME_report.html in the current folder",
    )
    commands.add_parser("info", help="print the environment for a bug report")
    return parser

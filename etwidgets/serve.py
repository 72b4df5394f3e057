"""Serves the workbench as a page in the browser, on this machine only; knows Voila, no panel.

The server listens on the loopback address, every request needs a token, and no other files are served.
The file to open is passed to the kernel of the page in environment variables.
"""

from __future__ import annotations

import os
import secrets
import sys
import webbrowser
from pathlib import Path
from typing import TYPE_CHECKING

from etwidgets.errors import MissingDependencyError, ParameterError

if TYPE_CHECKING:
    from traitlets.config import Config

_PAGE = Path(__file__).parent / "page"
_ADDRESS = "127.0.0.1"
_LARGEST_MESSAGE = 1 << 30
# they come with ipyvolume and Voila
_UNUSED = ["bqplot", "jupyter-webrtc", "jupyterlab-datawidgets", "jupyterlab_pygments"]
_OF_IPYVOLUME = ["ipyvolume", "jupyter-threejs", "jupyter-vue", "jupyter-vuetify", "bqscales"]
# nbclient's own 4 s are too few on a busy machine: it then drops the output, and the page has no workbench
_OUTPUT_PATIENCE_S = 300


def serve(
    file: str | Path | None = None,
    *,
    sample: str | None = None,
    root: str | Path | None = None,
    port: int = 0,
    open_browser: bool = True,
    theme: str = "light",
    ipyvolume: bool = False,
    cluster: str | None = None,
) -> None:
    """Serve the page until Ctrl-C; prints one line with its address when it is ready.

    Parameters
    ----------
    file
        Tilt series to open.
    sample
        Name of a sample to open instead, such as ``"needle"``.
    root
        The folder whose files the page may open; default: the folder of ``file``, or the current folder.
    port
        0: any free port.
    open_browser
        Open the page in the browser.
    theme
        ``"light"`` or ``"dark"``.
    ipyvolume
        Load what ipyvolume needs, so that it can render volumes, too; each page then loads 0.8 MB more.
    cluster
        Address of a scheduler of ``dask.distributed``, whose workers do the long work.

    Raises
    ------
    ParameterError
        If the file or the folder does not exist, or the port is taken.
    MissingDependencyError
        If Voila is not installed.
    """
    settings = _environment(file, sample, root)
    try:
        from etwidgets.server.voila_server import Server
    except ImportError as error:
        raise MissingDependencyError("the page needs Voila: pip install 'etwidgets[app]'") from error
    chosen = {"ETWIDGETS_CLUSTER": cluster or "", "ETWIDGETS_IPYVOLUME": "1" if ipyvolume else ""}
    os.environ.update(settings | chosen)
    token = secrets.token_urlsafe(24)

    def ready(actual_port: int) -> None:
        address = f"http://{_ADDRESS}:{actual_port}/?token={token}"
        sys.stdout.write(f"etwidgets is ready: {address}\n")
        sys.stdout.flush()
        if open_browser:
            webbrowser.open(address)

    Server.clear_instance()
    server = Server.instance(config=_config(port, token, theme, ipyvolume=ipyvolume), ready=ready)
    try:
        server.initialize([str(_PAGE / "workbench.ipynb")])
        server.start()
    except OSError as error:
        raise ParameterError(f"port {port} cannot be used: {error}; omit --port for any free one") from error


def _environment(file: str | Path | None, sample: str | None, root: str | Path | None) -> dict[str, str]:
    path = None if file is None else Path(file).expanduser().resolve()
    if path is not None and not path.exists():
        raise ParameterError(f"there is no file {path}")
    folder = Path(root).expanduser().resolve() if root is not None else (path.parent if path else Path.cwd())
    if not folder.is_dir():
        raise ParameterError(f"there is no folder {folder}")
    if path is not None and not path.is_relative_to(folder):
        raise ParameterError(f"{path} is not under the folder {folder} that the page may read")
    known = os.environ.get("JUPYTER_PATH", "")
    return {
        "ETWIDGETS_FILE": "" if path is None else str(path),
        "ETWIDGETS_SAMPLE": sample or "",
        "ETWIDGETS_ROOT": str(folder),
        "JUPYTER_PATH": os.pathsep.join(filter(None, [str(_PAGE / "jupyter"), known])),
    }


def _config(port: int, token: str, theme: str, *, ipyvolume: bool = False) -> Config:
    from traitlets.config import Config

    from etwidgets.server.routes import bind

    config = Config()
    config.Voila.ip = _ADDRESS
    config.Voila.port = port
    config.Voila.token = token
    config.Voila.open_browser = False
    config.Voila.log_level = "ERROR"
    config.Voila.tornado_settings = {"websocket_max_message_size": _LARGEST_MESSAGE, "etwidgets_theme": theme}
    config.VoilaConfiguration.template = "etw"
    config.VoilaConfiguration.theme = theme
    config.VoilaConfiguration.extension_denylist = _UNUSED + ([] if ipyvolume else _OF_IPYVOLUME)
    config.VoilaConfiguration.multi_kernel_manager_class = "etwidgets.server.session_kernels.SessionKernels"
    config.VoilaExecutor.iopub_timeout = _OUTPUT_PATIENCE_S
    config.VoilaConfiguration.file_allowlist = []
    config.VoilaConfiguration.show_tracebacks = False
    config.VoilaConfiguration.prelaunch_hook = bind
    # a dead kernel is not restarted: a new one would have no state, and the page reports what happened
    config.KernelManager.autorestart = False
    return config

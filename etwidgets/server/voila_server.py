"""Voila's application, extended to report when it is ready; imported only when a page is served."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tornado.httpserver import HTTPServer
from tornado.ioloop import IOLoop
from tornado.iostream import StreamClosedError
from tornado.netutil import bind_sockets
from tornado.websocket import WebSocketClosedError
from voila.app import Voila
from voila.tornado.handler import TornadoVoilaHandler

from etwidgets.server.routes import PageHandler, routes

if TYPE_CHECKING:
    from asyncio import AbstractEventLoop
    from collections.abc import Callable


class Server(Voila):
    """Listens on one address and reports its port.

    Parameters
    ----------
    ready
        Called with the port once requests are answered.
    """

    name = "etwidgets"

    def __init__(self, ready: Callable[[int], None], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._ready = ready

    def init_settings(self) -> dict[str, Any]:
        """Compress what is sent; files of extensions have a hash in their names, and the browser keeps them.

        Voila applies its trait ``tornado_settings`` too late for the first of these.
        """
        kept = ["/voila/labextensions/"]
        return {**super().init_settings(), "compress_response": True, "static_immutable_cache": kept}

    def init_handlers(self) -> list[Any]:
        """Our addresses before those of Voila, and our page in place of its own."""
        theirs = super().init_handlers()
        return [*routes(), *(_with_our_page(handler) for handler in theirs)]

    def listen(self) -> None:
        """Answer requests until Ctrl-C or a signal; then stop all kernels."""
        sockets = bind_sockets(self.config.Voila.port, self.ip)
        port: int = sockets[0].getsockname()[1]
        self.port = port
        server = HTTPServer(self.app)
        server.add_sockets(sockets)
        self.ioloop = IOLoop.current()
        self.ioloop.asyncio_loop.set_exception_handler(_without_closed_pages)
        self.ioloop.add_callback(self.kernel_manager.warm)
        self.ioloop.add_callback(self.kernel_manager.watch)
        self.ioloop.add_callback(self._ready, port)
        try:
            self.ioloop.start()
        except KeyboardInterrupt:
            self.log.info("stopping")
        finally:
            server.stop()
            self.stop()


def _without_closed_pages(loop: AbstractEventLoop, context: dict[str, Any]) -> None:
    """A page that was closed while data were sent to it is not an error, and is not printed."""
    if not isinstance(context.get("exception"), WebSocketClosedError | StreamClosedError):
        loop.default_exception_handler(context)


def _with_our_page(handler: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple(PageHandler if part is TornadoVoilaHandler else part for part in handler)

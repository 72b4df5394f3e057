"""Keeps two kernels ready with all imports done, so that a page need not wait for them; knows no page.

Imported only when a page is served.
"""

from __future__ import annotations

import asyncio
from typing import Any

from jupyter_server.services.kernels.kernelmanager import AsyncMappingKernelManager

_QUIET = ["--log-level=ERROR"]  # ipykernel warns of TCP, which here does not leave the machine
_PATIENCE_S = 120.0
_LOOK_EVERY_S = 0.5
_IMPORTS = "import etwidgets.app"
_SPARES = 2  # a second page that is opened right after the first need not wait either


class WarmKernels(AsyncMappingKernelManager):
    """Starts kernels like its parent class, but starts the next ones in advance, one after the other."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._spares: list[asyncio.Task[str]] = []

    def warm(self) -> None:
        """Start to prepare kernels, unless enough are ready."""
        while len(self._spares) < _SPARES:
            before = self._spares[-1] if self._spares else None
            self._spares.append(asyncio.ensure_future(self._make_ready(before)))

    async def start_kernel(self, *, kernel_id: str | None = None, **kwargs: Any) -> str:
        """The kernel that is ready; a new one if none is ready or a specific one is requested."""
        spare = self._spares.pop(0) if kernel_id is None and self._spares else None
        if kernel_id is None:
            self.warm()
        ready = await self._take(spare)
        if ready is not None:
            return ready
        started: str = await super().start_kernel(kernel_id=kernel_id, extra_arguments=_QUIET, **kwargs)
        return started

    async def _take(self, spare: asyncio.Task[str] | None) -> str | None:
        if spare is None:
            return None
        try:
            kernel_id = await spare
        except Exception:  # whatever it was: the page gets an ordinary kernel, which tells what is wrong
            self.log.warning("no kernel could be prepared", exc_info=True)
            return None
        if kernel_id not in self or not await self.get_kernel(kernel_id).is_alive():
            return None
        return kernel_id

    async def _make_ready(self, before: asyncio.Task[str] | None) -> str:
        if before is not None:  # two at a time would make the first page wait longer
            await asyncio.wait({before})
        kernel_id: str = await super().start_kernel(extra_arguments=_QUIET)
        imports = asyncio.ensure_future(self._import_in(kernel_id))
        death = asyncio.ensure_future(self._wait_for_death(kernel_id))
        try:
            # a kernel that is killed meanwhile never answers what it was asked
            done, _ = await asyncio.wait({imports, death}, return_when=asyncio.FIRST_COMPLETED)
            if imports not in done:
                raise RuntimeError("the kernel died while it was being prepared")  # noqa: TRY301  (cleaned up below)
            imports.result()
        except Exception:
            await self.shutdown_kernel(kernel_id, now=True)
            raise
        finally:
            for task in (imports, death):
                task.cancel()
        return kernel_id

    async def _wait_for_death(self, kernel_id: str) -> None:
        while await self.get_kernel(kernel_id).is_alive():  # noqa: ASYNC110  (a process sets no event)
            await asyncio.sleep(_LOOK_EVERY_S)

    async def _import_in(self, kernel_id: str) -> None:
        client = self.get_kernel(kernel_id).client()
        client.start_channels()
        try:
            await client.wait_for_ready(timeout=_PATIENCE_S)
            await client.execute(_IMPORTS, silent=True, store_history=False, reply=True, timeout=_PATIENCE_S)
        finally:
            client.stop_channels()

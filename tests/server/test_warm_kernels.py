"""Which kernels are ready before a page asks: two, made one after the other; kernels are only names here."""

import asyncio

from etwidgets.server.warm_kernels import WarmKernels


class Pool(WarmKernels):
    """Kernels that are numbers; a hand decides when one is ready."""

    def __init__(self):
        super().__init__()
        self.begun, self.ready = [], {}

    async def _make_ready(self, before):
        if before is not None:
            await asyncio.wait({before})
        name = f"kernel {len(self.begun) + 1}"
        self.begun.append(name)
        await self.ready.setdefault(name, asyncio.Event()).wait()
        return name

    def let(self, name):
        self.ready.setdefault(name, asyncio.Event()).set()

    def __contains__(self, kernel_id):
        return kernel_id in self.begun

    def get_kernel(self, kernel_id):
        class Alive:
            async def is_alive(self):
                return True

        return Alive()


async def settle():
    for _ in range(10):
        await asyncio.sleep(0)


def test_the_second_kernel_is_begun_when_the_first_is_ready():
    async def run():
        pool = Pool()
        pool.warm()
        await settle()
        assert pool.begun == ["kernel 1"]
        pool.let("kernel 1")
        await settle()
        assert pool.begun == ["kernel 1", "kernel 2"]

    asyncio.run(run())


def test_two_pages_at_once_get_the_two_that_are_ready_and_the_pool_refills():
    async def run():
        pool = Pool()
        for number in range(1, 5):
            pool.let(f"kernel {number}")
        pool.warm()
        await settle()
        assert await pool.start_kernel() == "kernel 1"
        assert await pool.start_kernel() == "kernel 2"
        await settle()
        assert pool.begun == [f"kernel {number}" for number in range(1, 5)]

    asyncio.run(run())

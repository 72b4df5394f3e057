"""The next sensible tab is marked."""

import asyncio

from etwidgets.app import Workbench


def test_the_next_sensible_step_is_marked(warm, stack):
    bench = Workbench(runner=None)
    assert marked(bench) == ["data"]
    bench.close()
    bench = Workbench(stack)
    assert marked(bench) == ["register"]
    bench.close()


def marked(bench):
    return [name for name, tab in bench._tabs.items() if "•" in tab.description]


def test_in_a_notebook_a_step_runs_in_a_thread_and_arrives(warm, stack):
    async def work():
        bench = Workbench(stack)
        bench.panels["register"].controls["run"].click()
        assert bench.model.busy
        await bench.session.job
        after = [step.operation for step in bench.session.history], marked(bench)
        bench.close()
        return after

    assert asyncio.run(work()) == (["register"], ["axis"])

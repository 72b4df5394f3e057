"""Which kernel a page gets, and by which rule kernels without a page end; kernels are only names here."""

import asyncio
import time
from pathlib import Path

import pytest

from etwidgets import autosaved_sessions
from etwidgets.server import session_kernels
from etwidgets.server.session_kernels import RULE, Bound, SessionKernels
from etwidgets.server.warm_kernels import WarmKernels

NAMES = [letter * 16 for letter in "abcdef"]


class Kernels(SessionKernels):
    """Kernels that are names, each with what its session would say."""

    def __init__(self):
        super().__init__()
        self.said, self.dead, self.with_page, self.stopped = {}, set(), set(), []

    def add(self, name, since_s=0.0, page=False, **said):
        since = None if page else time.monotonic() - since_s
        self.sessions[name] = Bound(name, name, seen_at=0.0, without_page_since=since)
        self.said[name] = {"busy": "", "steps": 3, "kept": True, **said}
        if page:
            self.with_page.add(name)

    def has_page(self, bound):
        return bound.name in self.with_page or SessionKernels.has_page(self, bound)

    async def lives(self, bound):
        return bound.kernel_id in self and bound.kernel_id not in self.dead

    async def report(self, bound):
        return self.said[bound.name]

    async def shutdown_kernel(self, kernel_id, now=False, restart=False):
        self.stopped.append(kernel_id)

    def __contains__(self, kernel_id):
        return kernel_id in self.said and kernel_id not in self.stopped


@pytest.fixture
def kernels():
    return Kernels()


@pytest.fixture(autouse=True)
def memory_is_free(monkeypatch):
    class Free:
        percent = 20.0

    monkeypatch.setattr(session_kernels, "used_memory_percent", lambda: Free.percent)
    return Free


def ended(kernels):
    asyncio.run(kernels.end_unused())
    return kernels.stopped


def test_a_session_with_a_page_never_ends(kernels):
    kernels.add(NAMES[0], page=True)
    kernels.sessions[NAMES[0]].without_page_since = time.monotonic() - 10**6
    assert ended(kernels) == []
    assert kernels.sessions[NAMES[0]].without_page_since is None


def test_a_session_without_a_page_ends_after_half_an_hour(kernels):
    kernels.add(NAMES[0], since_s=29 * 60)
    kernels.add(NAMES[1], since_s=31 * 60)
    assert ended(kernels) == [NAMES[1]]
    assert "no page" in kernels.sessions[NAMES[1]].ended


def test_one_without_work_ends_after_a_minute(kernels):
    kernels.add(NAMES[0], since_s=50, steps=1)
    kernels.add(NAMES[1], since_s=70, steps=1)
    assert ended(kernels) == [NAMES[1]]


@pytest.mark.parametrize("said", [{"busy": "SIRT 34 of 100"}, {"kept": False}])
def test_one_that_works_or_is_not_saved_goes_on_however_long(kernels, said):
    kernels.add(NAMES[0], since_s=10**5, **said)
    assert ended(kernels) == []
    kernels.said[NAMES[0]] = {"busy": "", "steps": 3, "kept": True}
    assert ended(kernels) == [], "the half hour begins when the step is done"


def test_one_that_does_not_answer_is_not_ended(kernels):
    kernels.add(NAMES[0], since_s=10**4)
    kernels.said[NAMES[0]] = None
    assert ended(kernels) == []
    kernels.sessions[NAMES[0]].without_page_since -= 6 * 3600
    assert ended(kernels) == NAMES[:1], "but it is when it was silent for hours"


def test_of_more_than_three_the_oldest_end(kernels):
    for number, name in enumerate(NAMES[:5]):
        kernels.add(name, since_s=600 - 60 * number)
    assert ended(kernels) == NAMES[:2]


def test_where_memory_is_short_none_waits(kernels, memory_is_free):
    memory_is_free.percent = 90.0
    kernels.add(NAMES[0], since_s=90)
    kernels.add(NAMES[1], page=True)
    assert ended(kernels) == [NAMES[0]]


def test_a_page_that_is_being_loaded_counts(kernels):
    kernels.add(NAMES[0], since_s=10**4)
    kernels.sessions[NAMES[0]].seen_at = time.monotonic()
    assert ended(kernels) == []


def test_a_page_that_comes_while_the_kernel_is_asked_keeps_it(kernels):
    kernels.add(NAMES[0], since_s=10**4)

    async def report(bound):
        kernels.take(bound.name, "page")
        return {"busy": "", "steps": 3, "kept": True}

    kernels.report = report
    assert ended(kernels) == []


def test_the_rule_says_these_numbers():
    for words in ("30 minutes", "more than 3 sessions", "85 % full", "a minute"):
        assert words in RULE


def test_an_address_gets_the_living_kernel_of_its_session_and_a_new_one_after_its_death(kernels, monkeypatch):
    started = iter(NAMES[3:])

    async def start(_self, **_kwargs):
        name = next(started)
        await asyncio.sleep(0)
        kernels.said[name] = {}
        return name

    monkeypatch.setattr(WarmKernels, "start_kernel", start)
    monkeypatch.setattr(SessionKernels, "_process", lambda _self, _kernel_id: 1)
    name = NAMES[0]

    def asked():
        kernels.take(name, "page")
        return asyncio.run(kernels.start_kernel(env={"QUERY_STRING": f"token=t&session={name}"}))

    async def asked_twice():
        query = {"QUERY_STRING": f"session={name}"}
        return await asyncio.gather(kernels.start_kernel(env=query), kernels.start_kernel(env=query))

    kernels.take(name, "page")
    assert asyncio.run(asked_twice()) == [NAMES[3]] * 2, "a page that is loaded twice at once gets one kernel"
    assert [asked(), asked()] == [NAMES[3]] * 2
    kernels.dead.add(NAMES[3])
    assert [asked(), asked()] == [NAMES[4]] * 2
    assert asyncio.run(kernels.start_kernel(env={"QUERY_STRING": "session=../../etc"})) == NAMES[5]
    assert list(kernels.sessions) == [name]


def test_how_a_program_ended_is_told(kernels):
    bound = Bound(NAMES[0], "none")
    assert "has stopped." in asyncio.run(kernels.ending_text(bound))
    asyncio.run(kernels.end(bound, "You ended this session."))
    assert asyncio.run(kernels.ending_text(bound)) == "You ended this session."


def test_what_was_done_instead_of_a_session_that_could_not_be_continued_is_found(
    kernels, tmp_path, monkeypatch
):
    monkeypatch.setattr(autosaved_sessions, "state_folder", lambda: tmp_path)
    for name, process in ((NAMES[0], 0), (NAMES[1], 77), (NAMES[2], 0)):
        (tmp_path / name).mkdir()
        (tmp_path / name / autosaved_sessions.STEPS).write_text("{}")
        about = autosaved_sessions.About("needle.mrc", 2, 2, name, time.time(), process, started_at=1.0)
        autosaved_sessions.write_about(tmp_path / name, about)
    kernels.sessions[NAMES[0]] = Bound(NAMES[0], "dead", process=77)
    assert kernels.kept(kernels.sessions[NAMES[0]]).name == NAMES[1]
    assert asyncio.run(kernels.written_elsewhere(NAMES[0])) == NAMES[1]
    kernels.sessions[NAMES[2]] = Bound(NAMES[2], "dead")
    assert asyncio.run(kernels.written_elsewhere(NAMES[2])) is None


def test_the_cell_of_the_page_names_its_session():
    import nbformat

    from etwidgets.server.routes import bind

    class Handler:
        page = "1234"

        def __init__(self, name):
            self.name = name

        def get_argument(self, _name, _default):
            return self.name

    def cell(name):
        notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("page()")])
        return bind(Handler(name), notebook, "").cells[0].source

    assert f"session='{NAMES[0]}'" in cell(NAMES[0])
    assert cell("a'; import os") == "page()"
    assert autosaved_sessions.is_session_name(NAMES[0])


def test_the_documentation_states_the_rule():
    page = (Path(__file__).parents[2] / "docs" / "howto.md").read_text(encoding="utf-8")
    words = " ".join(page.split())
    for number in (
        "30 minutes",
        "more than 3 sessions",
        "85 % full",
        "after a minute",
        "5 GB",
        "ten newest",
        "30 days",
    ):
        assert number in words

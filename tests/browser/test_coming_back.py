"""Work is not lost: a page that is loaded again, a program that died, two pages on one session."""

import re

import pytest


@pytest.fixture(scope="module")
def own_server(serve):
    """Its kernels and its list of sessions are only of this module; in the end it is ended."""
    return serve("--sample", "needle")


@pytest.fixture
def in_mid_job(visit, own_server):
    """The needle, registered, with a long reconstruction under way."""
    page = visit.page
    visit.open_needle(own_server)
    visit.step("register")
    page.click(".etw-register-run")
    visit.wait_for_status("Register: PC")
    visit.step("reconstruct")
    page.select_option(".etw-reconstruct-method select", label="Simultaneous iterative reconstruction (SIRT)")
    page.fill(".etw-reconstruct-iterations input", "2000")
    page.press(".etw-reconstruct-iterations input", "Enter")
    page.click(".etw-reconstruct-run")
    page.wait_for_function("document.querySelector('.etw-status-left').innerText.includes('%')")
    return visit


def test_reloading_in_mid_job_comes_back_to_the_job_and_a_killed_program_to_its_steps(in_mid_job, own_server):
    visit, page, server, asked = in_mid_job, in_mid_job.page, own_server, []
    page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.accept()))
    address, process = page.url, server.at_work().pid
    page.reload()
    assert asked == ["beforeunload"]
    # the same program, its job under way, its ticks, its tab, and what was typed into it
    page.wait_for_function("document.querySelector('.etw-status-left')?.innerText.includes('%')")
    assert server.at_work().pid == process
    assert "SIRT, iterations 2000" in page.locator(".etw-status-words").inner_text()
    assert "✓" in page.locator(".etw-tab-register").inner_text()
    assert "etw-current" in page.locator(".etw-tab-reconstruct").get_attribute("class")
    assert page.input_value(".etw-reconstruct-iterations input") == "2000"
    visit.wait_for_panes("reconstruct", 1)
    visit.keep("reloaded")

    server.at_work().kill()
    page.wait_for_selector(".etw-banner", state="visible", timeout=5000)
    words = page.locator(".etw-banner").inner_text()
    assert "ended by the system (signal 9" in words
    assert "Saved: sample needle, 2 steps, the last one 'Register: PC" in words
    visit.keep("dead")
    page.click(".etw-banner button")
    visit.wait_for_status("Continue the session: done")
    assert "✓" in page.locator(".etw-tab-register").inner_text()
    assert "✓" not in page.locator(".etw-tab-reconstruct").inner_text()
    assert page.url == address
    assert server.at_work().pid != process


def test_a_session_is_used_by_one_page_its_list_leads_back_and_without_a_server_it_says_so(
    visit, chromium, own_server
):
    page = visit.page
    visit.open_needle(own_server)
    visit.step("clean")
    page.select_option(".etw-clean-tool select", "bin")
    page.click(".etw-clean-run")
    visit.wait_for_series("128 x 128")
    name = re.search(r"session=(\w+)", page.url).group(1)
    other = chromium.new_page(viewport={"width": 1280, "height": 720})
    other.goto(page.url)
    page.wait_for_url(f"**/sessions/{name}/moved", timeout=30_000)
    other.wait_for_function("document.querySelector('.etw-header')?.innerText.includes('128 x 128')")
    row = page.locator("li", has_text="sample needle").first
    assert "2 steps, the last one 'Bin: factor 2'" in row.inner_text()
    assert "open in another tab" in row.inner_text()
    assert page.evaluate("document.querySelector('li img').naturalWidth") > 0
    assert "30 minutes" in page.locator("main").inner_text()
    visit.keep("sessions")
    row.locator("a", has_text="Continue").click()
    visit.wait_for_series("128 x 128")
    other.wait_for_url(f"**/sessions/{name}/moved", timeout=30_000)
    other.close()

    assert visit.errors == []
    own_server.process.terminate()
    page.wait_for_selector(".etw-banner", state="visible", timeout=15_000)
    assert "server does not answer" in page.locator(".etw-banner").inner_text()
    visit.errors.clear()  # the browser complains of the server, too

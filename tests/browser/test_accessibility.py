"""Screen readers, keys and contrast on every tab in both themes, judged by axe-core and by names."""

import pytest
from axe_playwright_python.sync_playwright import Axe

TABS = "[...document.querySelectorAll('.etw-tab')].map((tab) => tab.className.match(/etw-tab-(\\w+)/)[1])"


@pytest.fixture(scope="module")
def axe():
    return Axe()


def findings(axe, page, tab, **options):
    """What is serious or worse, as rule and element."""
    found = axe.run(page, f".etw-panel-{tab}" if tab else None, {"resultTypes": ["violations"], **options})
    return [
        (tab, rule["id"], node["html"][:200])
        for rule in found.response["violations"]
        for node in rule["nodes"]
        if rule["impact"] in ("serious", "critical")
    ]


@pytest.mark.slow  # names and keys are tested below in seconds
def test_every_tab_in_both_themes_has_no_serious_finding(visit, server, axe):
    page = visit.page
    visit.make_small_volume(server)
    page.wait_for_selector(".etw-tabs[role='navigation']")
    page.evaluate("document.querySelector('.etw-header').append(document.createElement('button'))")
    assert [rule for _, rule, _ in findings(axe, page, "")] == ["button-name"]
    page.evaluate("document.querySelector('.etw-header').lastChild.remove()")
    assert findings(axe, page, "") == []
    names = page.evaluate(TABS)
    assert len(names) == 12
    found = []
    for name in names:
        visit.step(name)
        page.wait_for_function(
            "!document.querySelector('.etw-workbench .noUi-handle:not([aria-labelledby])')"
        )
        found += findings(axe, page, name)
    page.goto(page.url + "&theme=dark")
    visit.wait_for_series("64 x 64")
    assert page.evaluate("document.body.dataset.jpThemeLight") == "false"
    for name in names:
        visit.step(name)
        found += findings(axe, page, name, runOnly=["color-contrast"])
    visit.keep("dark")
    assert found == []


def test_controls_have_names_and_keys_reach_them(looking):
    page = looking.page
    looking.step("inspect")
    page.wait_for_selector(".etw-inspect-gamma .noUi-handle[aria-labelledby]")
    for role, name in [
        ("slider", "Tilt"),
        ("slider", "Gamma"),
        ("slider", "Contrast (%) lower end"),
        ("slider", "Contrast (%) upper end"),
        ("spinbutton", "Black at"),
        ("combobox", "Colors"),
        ("button", "Play"),
        ("button", "Keys"),
        ("navigation", "Tabs"),
    ]:
        assert page.get_by_role(role, name=name, exact=True).count() == 1, name
    images = page.locator(".etw-panel-inspect .etw-image canvas").get_attribute("aria-label")
    assert "Projection, " in images
    assert "of 77" in images
    assert page.locator(".etw-tab[tabindex='0']").all_inner_texts() == ["2  Inspect"]
    page.focus(".etw-tab-inspect")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_selector(".etw-tab-clean[aria-current='page']")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Enter")
    page.wait_for_selector(".etw-tab-inspect[aria-current='page'][tabindex='0']")
    assert page.locator("[aria-current='page']").count() == 1

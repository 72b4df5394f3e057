"""How the tests are shared out to two processors."""

import pytest


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    """A file stays together, for the sake of its fixtures; notebooks, which are long, go singly and first."""
    for item in items:
        alone = item.path.name == "test_notebooks.py"
        item.add_marker(pytest.mark.xdist_group(item.nodeid if alone else str(item.path)))
    items.sort(key=lambda item: item.path.name != "test_notebooks.py")

"""A session on the three blobs."""

import pytest

from etwidgets.session import InlineRunner, Session, TomoStackModel


@pytest.fixture
def session(stack):
    session = Session(TomoStackModel(stack, source="three blobs"), InlineRunner())
    yield session
    session.close()

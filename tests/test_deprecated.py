"""Names of the release before still work, and warn as HyperSpy's do."""

import numpy as np
import pytest
from hyperspy.exceptions import VisibleDeprecationWarning

from etwidgets import align, simulation, spectral
from etwidgets import session as sessions
from etwidgets.deprecated import renamed_keywords
from etwidgets.session import Display, Session, TomoStackModel
from etwidgets.session.jobs import error_text
from etwidgets.signals import RecStack, TomoStack

WARNS = pytest.warns(
    VisibleDeprecationWarning, match="is deprecated and will be removed in the next release; use"
)


@pytest.fixture
def session():
    images = np.arange(3 * 8 * 6, dtype=np.float32).reshape(3, 8, 6)
    session = Session(TomoStackModel(TomoStack(images, [-10, 0, 10])))
    yield session
    session.close()


def test_the_display_is_read_and_written_by_its_old_names():
    display = Display()
    with WARNS:
        display.colour_map = "viridis"
    with WARNS:
        display.channel_colours = {"series": "#112233"}
    assert (display.color_map, display.channel_colors) == ("viridis", {"series": "#112233"})
    with WARNS:
        assert display.colour_map == "viridis"
    with WARNS:
        assert display.colour_of("series", 0) == "#112233"
    with WARNS:
        display.centre(None, RecStack(np.zeros((4, 6, 8), np.float32)))  # codespell:ignore centre
    assert display.voxel == (2, 3, 4)


def test_a_session_is_kept_and_gone_back_to(session):
    session.apply("normalize")
    with WARNS:
        session.keep("normalized")
    with WARNS:
        assert [each.label for each in session.model.kept] == ["normalized"]
    session.undo()
    with WARNS:
        session.go_to_kept(0)
    assert len(session.history) == 1
    with WARNS:
        session.forget_kept(0)
    assert session.model.snapshots == ()
    with WARNS:
        assert session.lack("normalize") is None
    with WARNS:
        assert session.kept is False
    with WARNS:
        assert session.model.job.words == session.model.history[0].words == session.history[0].words


@pytest.mark.parametrize(
    ("module", "old", "new"),
    [
        (sessions, "COLOUR_MAPS", sessions.COLOR_MAPS),
        (sessions, "Kept", sessions.Snapshot),
        (sessions, "Latest", sessions.LatestOnly),
        (sessions, "in_words", error_text),
        (sessions, "size_in_words", sessions.size_text),
        (spectral, "snr_in_words", spectral.snr_warning),
    ],
)
def test_modules_know_their_old_names(module, old, new):
    with pytest.warns(VisibleDeprecationWarning, match=f"{module.__name__}.{old} is deprecated"):
        assert getattr(module, old) is new


def test_a_name_that_there_never_was_is_refused():
    with pytest.raises(AttributeError, match=r"module 'etwidgets.session' has no attribute 'Palettes'"):
        _ = sessions.Palettes


def test_keywords_are_taken_under_their_old_names(session, tmp_path):
    with WARNS:
        session.model.stack.save_movie(tmp_path / "a.gif", colour_map="viridis")
    session.model.stack.save_movie(tmp_path / "b.gif", color_map="viridis")
    assert (tmp_path / "a.gif").read_bytes() == (tmp_path / "b.gif").read_bytes()
    with WARNS:
        moved = simulation.cylinder(20, radius=3, centre=(5, 6))  # codespell:ignore centre
    assert np.array_equal(moved, simulation.cylinder(20, radius=3, center=(5, 6)))


def test_both_names_together_are_refused():
    @renamed_keywords(old="new")
    def function(*, new):
        return new

    with pytest.raises(TypeError, match=r"function\(\) got both old and new"):
        function(old=1, new=2)


def test_the_warning_points_at_the_line_that_uses_the_old_name():
    with pytest.warns(VisibleDeprecationWarning) as caught:
        _ = Display().colour_map
    assert caught[0].filename == __file__


def test_the_text_of_a_finding_has_its_old_name():
    finding = align.check_up(np.zeros((3, 8, 8)), np.array([0.0, 1.0, 2.0]))[0]
    with pytest.warns(VisibleDeprecationWarning, match=r"Finding\.words"):
        assert finding.words == finding.message != ""

"""``s.tilts`` and ``s.shifts`` are signals to compute with, and views of what the stack has."""

import hyperspy.api as hs
import numpy as np
import pytest

from etwidgets.errors import MissingTiltsError, ShapeError
from etwidgets.signals import TomoShifts, TomoStack, TomoTilts


@pytest.fixture
def moved(stack):
    stack.shifts = np.arange(18.0).reshape(9, 2)
    return stack


@pytest.mark.parametrize(
    ("operation", "same"),
    [
        (lambda s, a: (s.inav[:5], a[:5]), True),
        (lambda s, a: (s.inav[1:3] - s.inav[2:4], a[1:3] - a[2:4]), True),
        (lambda s, a: (s + 1, a + 1), True),
        (lambda s, a: (s * s, a * a), True),
        (lambda s, a: (abs(-s), abs(-a)), True),
        (lambda s, a: (s.deepcopy(), a), True),
        (lambda s, a: (s.diff(0), np.diff(a, axis=0)), True),
        (lambda s, a: (s.isig[0], a[:, 0]), False),
        (lambda s, a: (s.isig[0] + 1, a[:, 0] + 1), False),
        (lambda s, a: (s.mean(), a.mean(0)), False),
        (lambda s, a: (s.sum(axis=0), a.sum(0)), False),
        (lambda s, a: (s.sum(axis=1), a.sum(1)), False),
        (lambda s, a: (s.std().deepcopy(), a.std(0)), False),
        (lambda s, a: (s.inav[3], a[3]), False),
        (lambda s, a: (s.T, a.T), False),
        (lambda s, a: (s.swap_axes(0, 1).deepcopy(), a.T), False),
        (lambda s, a: (s.as_lazy(), a), False),
    ],
)
@pytest.mark.parametrize("what", ["tilts", "shifts"])
def test_what_is_computed_is_right_and_of_its_class_while_it_fits(moved, caplog, what, operation, same):
    signal = getattr(moved, what)
    result, expected = operation(signal, signal.data.copy())
    assert np.allclose(np.asarray(result.data).squeeze(), expected.squeeze())
    assert isinstance(result, hs.signals.BaseSignal)
    assert (type(result) is type(signal)) is same
    assert same or "ETW" not in result.metadata.Signal.signal_type
    assert "not understood" not in caplog.text


def test_one_column_of_the_shifts_is_no_longer_shifts(moved):
    assert moved.shifts.isig[:1].data.tolist() == moved.shifts_px[:, :1].tolist()
    assert not isinstance(moved.shifts.isig[:1], TomoShifts)


def test_they_are_views_and_what_is_computed_is_not(moved):
    moved.tilts.data[2] = 71
    assert moved.tilts_deg[2] == 71
    later = moved.tilts + 5
    later.data[:] = 0
    assert moved.tilts_deg[2] == 71
    moved.shifts += 1
    assert moved.shifts_px[0].tolist() == [1, 2]


def test_a_stack_without_tilts_says_so_and_does_not_raise(data):
    stack = TomoStack(data)
    assert not hasattr(stack, "tilts")
    assert getattr(stack, "tilts", None) is None
    assert hasattr(stack, "shifts")
    with pytest.raises(MissingTiltsError, match="set_tilts"):
        _ = stack.tilts
    with pytest.raises(MissingTiltsError, match="set_tilts"):
        stack.reconstruct()


def test_they_can_be_made_of_a_signal(tilts):
    signal = hs.signals.Signal1D(tilts[:, np.newaxis])
    made = TomoTilts(signal)
    assert str(made) == "<TomoTilts, title: Image tilt values, dimensions: (9|1)>"
    assert made.data.tolist() == signal.data.tolist()
    with pytest.raises(ShapeError, match="TomoShifts has 2"):
        TomoShifts(signal)


@pytest.mark.parametrize("given", [lambda t: t, lambda t: np.repeat(t[:, None], 3, 1)[..., None],
                                   lambda t: np.repeat(t[:, None], 3, 1)])  # fmt: skip
def test_frames_share_the_tilt_of_their_projection(tilts, given):
    stack = TomoStack(np.ones((9, 3, 6, 7)), given(tilts))
    assert stack.tilts_deg.tolist() == tilts.tolist()
    assert stack.inav[1].tilts_deg.tolist() == tilts.tolist()


def test_frames_of_different_tilts_are_refused_and_named(tilts):
    stack = TomoStack(np.ones((9, 3, 6, 7)), tilts)
    wrong = np.repeat(tilts[:, None], 3, 1)[..., None]
    wrong[4, 1] += 2
    with pytest.raises(ShapeError, match=r"projection\(s\) \[4\] differ between their frames"):
        stack.tilts = wrong
    for shape in ((3, 9, 1), (9, 3, 2), (9, 2, 1)):
        with pytest.raises(ShapeError, match="shape"):
            stack.tilts = np.ones(shape)
    with pytest.raises(ShapeError, match="differ between their frames"):
        stack.shifts = np.arange(54).reshape(9, 3, 2)
    assert stack.tilts_deg.tolist() == tilts.tolist()

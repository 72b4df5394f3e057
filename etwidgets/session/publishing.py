"""Writes what there is into the model that panels observe; changes no data."""

from __future__ import annotations

from typing import TYPE_CHECKING

from etwidgets.session.model import HistoryLine, Snapshot
from etwidgets.signals.extent import kept_part, left_out

if TYPE_CHECKING:
    from etwidgets.session.display import Display
    from etwidgets.session.history import State
    from etwidgets.session.messages import Messages
    from etwidgets.session.model import TomoStackModel
    from etwidgets.session.timeline import StoredSnapshot, Timeline


class Publisher:
    """Shows a timeline in the model.

    Parameters
    ----------
    model
        Written.
    display
        Kept within the data; of another series it begins anew.
    messages
        Lose what they offered for an earlier state.
    timeline
        Read.
    """

    def __init__(
        self, model: TomoStackModel, display: Display, messages: Messages, timeline: Timeline
    ) -> None:
        self._model, self._display, self._messages, self._timeline = model, display, messages, timeline
        self._opening = timeline.opening

    def publish(self) -> None:
        """Write all that changed; panels are called once for each trait, when all are written."""
        model, state = self._model, self._timeline.state
        opening = self._timeline.opening
        another, self._opening = opening is not self._opening, opening
        before = model.stack
        # panels hear first that it is another series, then what it is like, and in the end where to look
        with self._display.hold_trait_notifications(), model.hold_trait_notifications():
            self._messages.settle(another=another)
            if another:
                model.specimen += 1
                model.findings = ()
                self._display.begin_anew(state.stack, state.reconstruction)
            model.stack, model.reconstruction = state.stack, state.reconstruction
            model.stale, model.source, model.channels = state.stale, state.source, state.channels
            model.spectra, model.measurements = state.spectra, state.measurements
            model.assessments = state.assessments
            model.before = self._timeline.stack_before()
            self._publish_steps()
            self._publish_geometry(state)
            if not another and before is not None and state.stack is not None:
                self._display.follow_size(before, state.stack)
            self._display.keep_inside(state.stack, state.reconstruction)

    def _publish_steps(self) -> None:
        model, timeline = self._model, self._timeline
        steps, position = timeline.history.steps, timeline.history.position
        model.history = tuple(HistoryLine(s.label, s.seconds, i < position) for i, s in enumerate(steps))
        model.done_operations = frozenset(step.operation for step in timeline.of_series)
        model.can_undo, model.can_redo = position > 0, position < len(steps)
        model.memory_used = float(timeline.memory)
        model.snapshots = tuple(_shown(each) for each in timeline.snapshots)

    def _publish_geometry(self, state: State) -> None:
        model = self._model
        if state.stack is None:
            model.crop, model.excluded, model.axis_shift, model.axis_rotation = None, (), 0.0, 0.0
            return
        known = state.stack.metadata.Tomography
        model.crop, model.excluded = kept_part(state.stack), left_out(state.stack)
        model.axis_shift, model.axis_rotation = float(known.yshift), float(known.tiltaxis)


def _shown(stored: StoredSnapshot) -> Snapshot:
    state = stored.state
    return Snapshot(stored.label, *((None, None) if state is None else (state.stack, state.reconstruction)))

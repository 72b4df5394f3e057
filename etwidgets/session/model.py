"""The observable state that panels read; holds values and does no work.

Only a :class:`~etwidgets.session.Session` writes it. Panels observe it and redraw.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal

from traitlets import Bool, Float, HasTraits, Int, Tuple, Unicode

from etwidgets.deprecated import renamed_property
from etwidgets.session.traits import ByIdentity
from etwidgets.signals import RecStack, TomoStack

if TYPE_CHECKING:
    from collections.abc import Mapping

JobState = Literal["waiting", "running", "committed", "cancelled", "failed", "stale"]


@dataclass(frozen=True, eq=False)
class JobStatus:
    """One look at a job.

    Attributes
    ----------
    operation
        Name of the operation, as in ``OPERATIONS``.
    label
        What is being done, in words.
    state
        ``waiting``, ``running``, or how it ended: ``committed``, ``cancelled``, ``failed``, ``stale``.
    fraction
        How much is done, 0 to 1.
    message
        What the operation says of itself, or why it failed.
    seconds
        Time since it began.
    seconds_left
        Estimate of the time that is left; None where it is not known yet.
    can_finish
        Whether it can give what there is before it is done.
    """

    operation: str
    label: str
    state: JobState
    fraction: float = 0.0
    message: str = ""
    seconds: float = 0.0
    seconds_left: float | None = None
    can_finish: bool = False

    words = renamed_property("JobStatus.words", "label")

    @property
    def active(self) -> bool:
        """Whether it waits or runs."""
        return self.state in ("waiting", "running")


@dataclass(frozen=True)
class Cure:
    """What mends something: a button to press.

    Attributes
    ----------
    label
        On the button; a verb.
    operation, parameters
        The step that mends it, as ``session.apply`` takes it; empty: nothing is done, a panel is shown.
    panel
        Name of the panel in which it is mended; empty: the one that is shown.
    """

    label: str
    operation: str = ""
    parameters: Mapping[str, Any] = field(default_factory=dict)
    panel: str = ""


@dataclass(frozen=True, eq=False)
class Message:
    """One sentence for the user.

    Attributes
    ----------
    text
        What happened and what to do.
    level
        ``info``, ``warning`` or ``error``.
    details
        For a bug report: where it went wrong; empty where there is nothing more to say.
    when
        With the time zone of this machine.
    action
        The button that mends it; None where there is none.
    """

    text: str
    level: Literal["info", "warning", "error"] = "info"
    details: str = ""
    when: datetime = field(default_factory=lambda: datetime.now().astimezone())
    action: Cure | None = None


@dataclass(frozen=True)
class HistoryLine:
    """One step as the user reads it.

    Attributes
    ----------
    label
        What was done.
    seconds
        How long it took.
    done
        Whether it is in effect; a step that was undone is listed but is not.
    """

    label: str
    seconds: float
    done: bool

    words = renamed_property("HistoryLine.words", "label")


@dataclass(frozen=True, eq=False)
class Snapshot:
    """A result that was saved, to be compared with or restored.

    Attributes
    ----------
    label
        What was done last for it.
    stack, reconstruction
        What it holds; both None after a session was opened, until it is restored.
    """

    label: str
    stack: TomoStack | None
    reconstruction: RecStack | None


class TomoStackModel(HasTraits):
    """The state of one session.

    Parameters
    ----------
    stack
        The tilt series to begin with.
    source
        Where it comes from, in words.
    """

    specimen = Int(0)
    """Grows whenever another series comes into view: one was opened, or undo and redo went across an opening.
    Whoever shows something then forgets all that it knew; heard before every other change. Written by the
    session."""

    stack = ByIdentity(TomoStack)
    """The tilt series as it is now, or None. Written by the session."""

    before = ByIdentity(TomoStack)
    """The tilt series before the last step that changed it; None if there is none in memory. Written by the
    session."""

    reconstruction = ByIdentity(RecStack)
    """The volume, or None. Written by the session."""

    stale = Bool()
    """Whether the stack changed after the volume was reconstructed. Written by the session."""

    channels = Tuple()
    """:class:`~etwidgets.session.history.Channel` for every other signal of the series. Written by the
    session."""

    spectra = ByIdentity[Any](object)
    """Spectra ``(x, y, tilt | energy)`` of the series as they were loaded, or None. Written by the
    session."""

    crop = Tuple(allow_none=True, default_value=None)
    """Left, top, right and bottom of what is left of the images, in pixels as they were loaded, right and
    bottom not in it; None: all of it. Written by the session."""

    excluded = Tuple()
    """Indices of the projections that were removed, in the series as it was loaded. Written by the
    session."""

    axis_shift = Float(0.0)
    """Shift along y that brought the tilt axis to the middle, pixels. Written by the session."""

    axis_rotation = Float(0.0)
    """By how much the images were rotated to bring the tilt axis along x, degrees. Written by the session."""

    snapshots = Tuple()
    """:class:`Snapshot` for every result that was saved as one. Written by the session."""

    measurements = Tuple()
    """:class:`~etwidgets.session.measuring.Measurement` for everything that was measured, the newest last.
    Written by the session."""

    assessments = Tuple()
    """:class:`~etwidgets.session.trust.Assessment` for each subject that was assessed and is as it was then.
    Written by the session."""

    source = Unicode("")
    """Where the tilt series comes from: a file name or the name of a sample. Written by the session."""

    history = Tuple()
    """:class:`HistoryLine` for every step, the first one first. Written by the session."""

    done_operations = ByIdentity[frozenset[str]](frozenset, default=frozenset())
    """Names of the operations that are in effect. Written by the session."""

    can_undo = Bool()
    """Whether there is a step to undo. Written by the session."""

    can_redo = Bool()
    """Whether there is an undone step to do again. Written by the session."""

    job = ByIdentity(JobStatus)
    """The job that runs, or the last one that ended; None before the first. Written by the session."""

    busy = Bool()
    """Whether a job waits or runs. Written by the session."""

    preparing = Bool()
    """Whether the engine is being compiled, which is done once on a machine. Written by the session."""

    waiting = Int(0)
    """How many jobs wait for the one that runs. Written by the session."""

    message = ByIdentity(Message)
    """The last thing to tell the user. Written by the session."""

    messages = Tuple()
    """The last hundred of them, the newest last. Written by the session."""

    findings = Tuple()
    """:class:`~etwidgets.align.Finding` of the last check of the present series. Written by the session."""

    unsaved = Unicode("")
    """Why the steps are not being saved, in words; empty while they are. Written by the session."""

    results_note = Unicode("")
    """Why results are not kept on disk, in words; empty while they are. Written by the session."""

    memory_used = Float(0.0)
    """Bytes that the stacks and volumes of the history take. Written by the session."""

    kept = renamed_property("TomoStackModel.kept", "snapshots")

    def __init__(self, stack: TomoStack | None = None, source: str = "", **traits: Any) -> None:
        super().__init__(**traits)
        self.stack = stack
        self.source = source or ("a stack from this notebook" if stack is not None else "")

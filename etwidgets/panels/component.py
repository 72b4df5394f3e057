"""What panels and their parts are made of: named controls, wiring that can be undone, one guard for errors.

Knows no operation, no panel, and not who owns it. Everything that connects is put on one exit stack, so
that :meth:`Component.close` leaves no observer, no widget, no layout and no style behind.
"""

from __future__ import annotations

import logging
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

import ipywidgets as widgets

from etwidgets.errors import EtwidgetsError, ParameterError
from etwidgets.panels.style import style_sheet
from etwidgets.panels.tree import close_tree
from etwidgets.progress import Cancelled
from etwidgets.session import error_text
from etwidgets.views import Accessibility
from etwidgets.views.parts import with_plain_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from traitlets import HasTraits

    from etwidgets.session import LatestOnly, Session

_log = logging.getLogger(__name__)

_Part = TypeVar("_Part", bound="Component")

_SET = ("options", "min", "max", "value", "description", "disabled")
"""Traits of a control that belong to its state, in the order in which they are set."""


class Component:
    """Controls with their wiring; a panel is one, and so is each of its parts.

    A part is given values and callables, never its owner. The owner registers it with :meth:`add_part`:
    from then on it closes with its owner, is reset with it, and its controls are found among the owner's.

    Parameters
    ----------
    session
        Whose model is shown, and which is asked to do things.
    name
        Of the panel: the control ``run`` of the panel ``clean`` has the DOM class ``etw-clean-run``. A part
        has the name of its panel.

    Attributes
    ----------
    controls
        Every control by its name, those of its parts among them.
    """

    name: str
    """Short, for DOM classes."""

    title: ClassVar[str] = ""
    """As the user reads it; of those that are shown by themselves."""

    widget: Any = None
    """All of it, to be placed by the owner."""

    def __init__(self, session: Session, name: str) -> None:
        self.session, self.model, self.display, self.name = session, session.model, session.display, name
        self.controls: dict[str, widgets.Widget] = {}
        self._parts: list[Component] = []
        self._views: list[Any] = []
        self._initial: dict[str, dict[str, Any]] = {}  # state of the controls when they were made
        self._on_fresh: list[Callable[[], None]] = []
        self._quiet: list[None] = []  # one entry for each guard that is open; shared with the parts
        self._alone: widgets.Box | None = None
        self._undo = ExitStack()
        self._closed = False

    # -- parts and controls -------------------------------------------------------------------------

    def add(self, name: str, control: Any, *, keep: bool = False) -> Any:
        """Register a control under a name and give it its DOM class; returns it.

        With another series it goes back to its present state. ``keep`` is for one that does not depend on
        the series, such as a list of files.
        """
        self._claim(name, control)
        control.add_class(f"etw-{self.name}-{name}")
        if not keep:
            self._initial[name] = {
                trait: getattr(control, trait) for trait in _SET if control.has_trait(trait)
            }
        return control

    def add_part(self, part: _Part) -> _Part:
        """Register a part: it is closed and reset with this one and shares its controls; returns it.

        A part adds its controls while it is made, before it is registered.
        """
        for name, control in part.controls.items():
            self._claim(name, control)
        part.share_guard(self._quiet)
        self._parts.append(part)
        return part

    def _claim(self, name: str, control: widgets.Widget) -> None:
        if name in self.controls:
            raise ParameterError(f"the panel {self.name} has a control {name!r} already")
        self.controls[name] = control

    def share_guard(self, quiet: list[None]) -> None:
        """Use the owner's record of open :meth:`filling` guards, with all parts."""
        self._quiet = quiet
        for part in self._parts:
            part.share_guard(quiet)

    def add_view(self, view: Any) -> Any:
        """Have a view closed and cleared with this component; returns it."""
        self._views.append(view)
        return view

    @property
    def views(self) -> list[Any]:
        """Its views, and those of its parts."""
        return [*self._views, *(view for part in self._parts for view in part.views)]

    # -- wiring -------------------------------------------------------------------------------------

    @contextmanager
    def filling(self) -> Iterator[None]:
        """While controls are set here, no handler hears them; those of the parts and the owner included."""
        self._quiet.append(None)
        try:
            yield
        finally:
            self._quiet.pop()

    def listen(self, source: HasTraits, names: str | Iterable[str], handler: Callable[[], None]) -> None:
        """Call ``handler()`` when one of the traits changes; undone by :meth:`close`."""
        chosen = [names] if isinstance(names, str) else list(names)

        def call(_change: Any) -> None:
            if not (self._quiet and isinstance(source, widgets.Widget)):
                self.guard(handler)

        source.observe(call, chosen)
        self._undo.callback(source.unobserve, call, chosen)

    def on_change(self, name: str, handler: Callable[[], None]) -> None:
        """Call ``handler()`` when the value of a control changes."""
        self.listen(self.controls[name], "value", handler)

    def on_click(self, name: str, handler: Callable[[], Any]) -> None:
        """Call ``handler()`` when a button is clicked."""
        button = self.controls[name]

        def call(_button: Any) -> None:
            self.guard(handler)

        button.on_click(call)
        self._undo.callback(partial(button.on_click, call, remove=True))

    def on_event(self, connect: Callable[..., Any], handler: Callable[..., Any]) -> None:
        """Call ``handler`` with what a view reports, e.g. ``on_event(images.on_click, self._clicked)``."""
        disconnect = connect(lambda *what: self.guard(partial(handler, *what)))
        if disconnect is not None:
            self._undo.callback(disconnect)

    def bind(self, name: str, source: HasTraits, trait: str, control_trait: str = "value") -> None:
        """Keep a control and a trait equal, both ways. Set the control's range before.

        Raises
        ------
        ParameterError
            If the control cannot show the trait's value; it would stay wrong in silence.
        """
        control = self.controls[name]
        self._initial.pop(name, None)  # it follows its source
        setattr(control, control_trait, getattr(source, trait))
        if getattr(control, control_trait) != getattr(source, trait):
            raise ParameterError(
                f"{self.name}: the control {name!r} shows {getattr(control, control_trait)!r} for "
                f"{trait} = {getattr(source, trait)!r}; set its range first"
            )

        def to_control() -> None:
            setattr(control, control_trait, getattr(source, trait))

        def to_source() -> None:
            setattr(source, trait, getattr(control, control_trait))

        self.listen(source, trait, to_control)
        self.listen(control, control_trait, to_source)

    def preview(self, function: Callable[..., Any], show: Callable[[Any], None]) -> LatestOnly:
        """A preview whose newest request alone is worked on, in a thread; closed with this component.

        Parameters
        ----------
        function
            Works on its arguments only.
        show
            Is given the result, on the thread of the user interface.
        """
        job = self.session.latest(function, show)
        self.on_close(job.close)
        return job

    def guard(self, action: Callable[[], Any]) -> None:
        """Run an action; an error is logged with its traceback and shown to the user."""
        self.ran(action)

    def ran(self, action: Callable[[], Any]) -> bool:
        """Whether a guarded action finished."""
        try:
            action()
        except Cancelled:
            _log.info("%s: cancelled", self.name)
        except Exception as error:  # noqa: BLE001  (the border: a panel must not die)
            expected = isinstance(error, EtwidgetsError)
            _log.log(logging.INFO if expected else logging.ERROR, "panel %s", self.name, exc_info=error)
            self.session.tell(error_text(error), "error", error)
        else:
            return True
        return False

    # -- the beginning and the end ------------------------------------------------------------------

    def fresh(self) -> None:
        """Reset what the component knows beside its controls, as the model is now.

        Called once when the panel is built, and whenever another series comes into view; the controls have
        then the values that they were made with, the views are empty, and no handler hears a control.
        """

    def on_fresh(self, begin: Callable[[], None]) -> None:
        """Call ``begin()`` before :meth:`fresh`, for what has no component of its own."""
        self._on_fresh.append(begin)

    def reset(self) -> None:
        """Go back to the beginning with all parts: the controls, what the parts know, then the rest."""
        with self.filling():
            self.restore_controls()
            self.clear_views()
            self.begin()

    def restore_controls(self) -> None:
        """Give all controls their initial state."""
        for part in self._parts:
            part.restore_controls()
        for name, initial in self._initial.items():
            _put_back(self.controls[name], initial)

    def clear_views(self) -> None:
        """Empty all views."""
        for view in self.views:
            if hasattr(view, "clear"):
                view.clear()

    def begin(self) -> None:
        """Call :meth:`fresh` of the parts and of this component, each guarded."""
        for part in self._parts:
            part.begin()
        for begin in (*self._on_fresh, self.fresh):
            self.guard(begin)

    def on_close(self, undo: Callable[[], Any]) -> None:
        """Call ``undo()`` when the component is closed, after all that was wired later."""
        self._undo.callback(undo)

    def close(self) -> None:
        """Undo all wiring and close all widgets with their layouts and styles; twice is harmless."""
        if self._closed:
            return
        self._closed = True
        for part in self._parts:
            part.close()
        self._undo.close()
        for view in self._views:
            view.close()
        close_tree(*self._roots())

    def _roots(self) -> list[widgets.Widget]:
        """Widgets to be closed with all that they hold."""
        return [*self.controls.values(), *(box for box in (self.widget, self._alone) if box is not None)]

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        if self._alone is None:
            self._alone = widgets.VBox([style_sheet(), Accessibility(), self.widget]).add_class("etw-alone")
        return with_plain_text(self._alone._repr_mimebundle_(**kwargs), f"The panel {self.title}")


def _put_back(control: Any, initial: Mapping[str, Any]) -> None:
    """Give a control its initial state; its limits and its value are set together."""
    changed = {name: value for name, value in initial.items() if getattr(control, name) != value}
    if "options" in changed:
        control.options = changed.pop("options")  # which chooses another value
        changed |= {name: initial[name] for name in ("value",) if getattr(control, name) != initial[name]}
    with control.hold_sync(), control.hold_trait_notifications():
        for name, value in changed.items():
            setattr(control, name, value)

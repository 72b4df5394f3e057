"""What every panel is made of: named controls, wiring that can be undone, one guard for errors.

Knows no operation and no other panel. Everything that connects is put on one exit stack, so that
:meth:`Panel.close` leaves no observer, no widget, no layout and no style behind.
"""

from __future__ import annotations

import logging
from contextlib import ExitStack
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

import ipywidgets as widgets

from etwidgets.align import FixKind
from etwidgets.errors import EtwidgetsError, ParameterError
from etwidgets.panels.cures import NO_SERIES, CureStrip, TiltsPart
from etwidgets.panels.pieces import button
from etwidgets.panels.style import style_sheet
from etwidgets.panels.tree import close_tree
from etwidgets.progress import Cancelled
from etwidgets.session import Cure, in_words
from etwidgets.session.findings import cure_of
from etwidgets.views.parts import with_words

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from traitlets import HasTraits

    from etwidgets.session import Session

_log = logging.getLogger(__name__)

_SET = ("options", "min", "max", "value", "description", "disabled")
"""Traits of a control that say something, in the order in which they are set."""

COMMON_KEYS = (("z", "undo"), ("Shift-z", "redo"), ("[  ]", "the step before, the step after"))
"""Keys that every picture of every panel hears, and what they do."""


class Panel:
    """Pictures at the left, controls at the right, both of one step of the work.

    Parameters
    ----------
    session
        Whose model is shown, and which is asked to do things.

    Attributes
    ----------
    controls
        Every control by its name; the same name is in its DOM class ``etw-<panel>-<name>``.
    widget
        The whole panel.
    """

    name: ClassVar[str]
    """Short, for DOM classes."""

    title: ClassVar[str]
    """As the user reads it."""

    operations: ClassVar[frozenset[str]] = frozenset()
    """Names of the operations that make this step of the work done."""

    keys: ClassVar[tuple[tuple[str, str], ...]] = ()
    """Keys that its pictures hear beside the common ones, and what they do."""

    needs_stack: ClassVar[bool] = True
    needs_tilts: ClassVar[bool] = False

    def __init__(self, session: Session) -> None:
        self.session, self.model, self.display = session, session.model, session.display
        self.controls: dict[str, widgets.Widget] = {}
        self._first: dict[str, dict[str, Any]] = {}  # what the controls were like when they were made
        self._resetting = False
        self._undo = ExitStack()
        self._views: list[Any] = []
        self._draws: list[Callable[[], None]] = []
        self._parts: list[Callable[[], None]] = []
        self._shown, self._outdated, self._closed = True, False, False
        self.turn: Callable[[int], None] = lambda _by: None
        """Shows the panel so many places further; set by whoever places several."""
        self._shows: Callable[[str], None] | None = None
        self._remedy = widgets.VBox([]).add_class("etw-remedy")
        self.hint = widgets.HTML().add_class("etw-hint").add_class(f"etw-{self.name}-hint")
        pictures, form = self.build()
        self._place_remedy(pictures, form)
        self._pictures = widgets.VBox(pictures).add_class("etw-pictures")
        parts = [self._pictures]
        if form:
            parts.append(widgets.VBox(form).add_class("etw-form"))
        self.widget = (
            widgets.Box(parts).add_class("etw").add_class("etw-panel").add_class(f"etw-panel-{self.name}")
        )
        self._alone: widgets.Box | None = None
        self.listen(self.model, "specimen", self._begin_anew)
        self._begin()
        self.listen(self.model, ("busy", "stack", "reconstruction"), self.enable)
        self.enable()
        self.refresh()

    # -- for subclasses to write --------------------------------------------------------------------

    def build(self) -> tuple[list[widgets.Widget], list[widgets.Widget]]:
        """Make and wire the controls; return what goes into the pictures and into the form."""
        raise NotImplementedError

    def fresh(self) -> None:
        """Put what the panel knows beside its controls to its beginning, as the model is now.

        Called once after :meth:`build`, and whenever another series comes into view; the controls have then
        the values that they were made with, the views are empty, and nothing that a control does is heard.
        """

    def redraw(self) -> None:
        """Draw what the model holds now; called only while the panel is shown."""

    def enable(self) -> None:
        """Disable what cannot act now, and say why in the hint; a subclass may add to it."""
        reason = self.reason()
        self.hint.value = reason
        cure = self.way_out()
        leads = cure is not None and self.go is not None
        self.controls["way-out"].layout.display = "" if leads else "none"
        self.controls["way-out"].description = cure.label if cure is not None and leads else ""
        for name in ("run", "apply", "auto"):
            if name in self.controls:
                self.controls[name].disabled = bool(reason)

    def reason(self) -> str:
        """Why the panel cannot act now and what to do; empty if it can."""
        stack = self.model.stack
        if self.needs_stack and stack is None:
            return "Open a tilt series first (step Data)."
        if self.needs_tilts and stack is not None and not stack.has_tilts:
            return "The tilt series has no tilts; set them here, or give a file with them in the step Data."
        if self.model.busy:
            return "A step is running; wait for it or press Cancel."
        return ""

    def way_out(self) -> Cure | None:
        """The button that leads to where the reason is mended; None where there is none."""
        return NO_SERIES if self.needs_stack and self.model.stack is None else None

    @property
    def go(self) -> Callable[[str], None] | None:
        """Shows the panel of a name; set by whoever places several. None: the panel stands alone."""
        return self._shows

    @go.setter
    def go(self, go: Callable[[str], None] | None) -> None:
        self._shows = go
        self.enable()

    def mend(self, cure: Cure) -> None:
        """Do the step or show the panel that mends something."""
        if cure.operation:
            self.session.apply(cure.operation, **cure.parameters)
        if cure.panel and self.go is not None:
            self.go(cure.panel)

    def _place_remedy(self, pictures: list[widgets.Widget], form: list[widgets.Widget]) -> None:
        """Under the hint: a way out of it, and the field for the tilts in panels that need them."""
        self.add("way-out", button(""), keep=True)
        self.on_click("way-out", self._go_out)
        parts = [self.controls["way-out"]]
        if self.needs_tilts:
            self._tilts, self._turn_strip = TiltsPart(self), CureStrip(self, name="turn")
            parts += [self._tilts.widget, self._turn_strip.widget]
            self.listen(self.model, ("findings", "done_operations", "busy"), self._tell_vertical_axis)
            self._tell_vertical_axis()
        self._remedy.children = parts
        for parts in (pictures, form):
            if self.hint in parts:
                parts.insert(parts.index(self.hint) + 1, self._remedy)

    def _tell_vertical_axis(self) -> None:
        """Every step that needs the tilt axis along x says where it is not, until the images were turned."""
        found = [each for each in self.model.findings if each.fix is FixKind.TURN]
        if "turn" in (self.model.done_operations or ()):
            found = []
        self._turn_strip.show([(each.message, cure_of(each)) for each in found])

    def _go_out(self) -> None:
        cure = self.way_out()
        if cure is not None:
            self.mend(cure)

    # -- controls -----------------------------------------------------------------------------------

    def add(self, name: str, control: Any, *, keep: bool = False) -> Any:
        """Register a control under a name and give it its DOM class; returns it.

        With another series it goes back to what it is like now. ``keep`` is for one that says nothing of a
        series, such as a list of files.
        """
        if name in self.controls:
            raise ParameterError(f"the panel {self.name} has a control {name!r} already")
        control.add_class(f"etw-{self.name}-{name}")
        self.controls[name] = control
        if not keep:
            self._first[name] = {trait: getattr(control, trait) for trait in _SET if control.has_trait(trait)}
        return control

    def on_fresh(self, begin: Callable[[], None]) -> None:
        """Have a part of the panel put to its beginning before the panel is; see :meth:`fresh`."""
        self._parts.append(begin)

    def _begin_anew(self) -> None:
        """Another series: nothing may stay of the one before."""
        self._begin()
        self.enable()
        self.refresh()

    def _begin(self) -> None:
        self._resetting = True
        try:
            for name, first in self._first.items():
                _put_back(self.controls[name], first)
            self._clear_views()
            for begin in (*self._parts, self.fresh):
                self.guard(begin)
        finally:
            self._resetting = False

    def _clear_views(self) -> None:
        for view in self._views:
            if hasattr(view, "clear"):
                view.clear()

    def add_view(self, view: Any) -> Any:
        """Have a view closed with the panel, and the keys that all panels know heard there; returns it."""
        self._views.append(view)
        if hasattr(view, "on_key"):
            view.tell_keys([*self.keys, *COMMON_KEYS])
            self._undo.callback(view.on_key(lambda event: self.guard(lambda: self._common_key(event))))
        return view

    def _common_key(self, event: dict[str, Any]) -> None:
        key = event.get("key")
        if key == "z" and self.model.can_undo and not self.model.busy:
            self.session.undo()
        elif key == "Z" and self.model.can_redo and not self.model.busy:
            self.session.redo()
        elif key in ("[", "]"):
            self.turn(-1 if key == "[" else 1)

    # -- wiring -------------------------------------------------------------------------------------

    def listen(self, source: HasTraits, names: str | Iterable[str], handler: Callable[[], None]) -> None:
        """Call ``handler()`` when one of the traits changes; undone by :meth:`close`."""
        chosen = [names] if isinstance(names, str) else list(names)

        def call(_change: Any) -> None:
            if not (self._resetting and source in self.controls.values()):
                self.guard(handler)

        source.observe(call, chosen)
        self._undo.callback(source.unobserve, call, chosen)

    def refresh_on(self, source: HasTraits, names: str | Iterable[str]) -> None:
        """Redraw when one of the traits changes, or when the panel is shown again."""
        self.listen(source, names, self.refresh)

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

    def bind(self, name: str, source: HasTraits, trait: str, control_trait: str = "value") -> None:
        """Keep a control and a trait equal, both ways. Set the control's range before.

        Raises
        ------
        ParameterError
            If the control cannot show the trait's value; it would stay wrong in silence.
        """
        control = self.controls[name]
        self._first.pop(name, None)  # it follows its source
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

    def guard(self, action: Callable[[], Any]) -> None:
        """Run an action; an error is logged with its traceback and told to the user in words."""
        self._ran(action)

    def _ran(self, action: Callable[[], Any]) -> bool:
        """Whether a guarded action came to its end."""
        try:
            action()
        except Cancelled:
            _log.info("%s: cancelled", self.name)
        except Exception as error:  # noqa: BLE001  (the border: a panel must not die)
            expected = isinstance(error, EtwidgetsError)
            _log.log(logging.INFO if expected else logging.ERROR, "panel %s", self.name, exc_info=error)
            self.session.tell(in_words(error), "error", error)
        else:
            return True
        return False

    # -- shown or not -------------------------------------------------------------------------------

    @property
    def shown(self) -> bool:
        """Whether the panel is on the page; a hidden one does not draw. Set by whoever places it."""
        return self._shown

    @shown.setter
    def shown(self, shown: bool) -> None:
        self._shown = shown
        self.widget.layout.display = "" if shown else "none"
        if shown and self._outdated:
            self.refresh()

    def refresh(self) -> None:
        """Redraw now, or when the panel is shown again."""
        self._outdated = not self._shown
        if self._shown:
            if not self._ran(self.redraw):
                self._clear_views()  # better nothing than pictures of what was there before
            for draw in self._draws:
                self.guard(draw)

    def on_refresh(self, draw: Callable[[], None]) -> None:
        """Have a part of the panel drawn with it."""
        self._draws.append(draw)

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        if self._alone is None:
            self._alone = widgets.VBox([style_sheet(), self.widget]).add_class("etw-alone")
        return with_words(self._alone._repr_mimebundle_(**kwargs), f"The panel {self.title}")

    def close(self) -> None:
        """Undo all wiring and close all widgets with their layouts and styles; twice is harmless."""
        if self._closed:
            return
        self._closed = True
        self._undo.close()
        for view in self._views:
            view.close()
        close_tree(
            self.widget,
            self.hint,
            self._remedy,
            *self.controls.values(),
            *([self._alone] if self._alone else []),
        )


def _put_back(control: Any, first: Mapping[str, Any]) -> None:
    """Give a control the values that it had; its limits and its value are set together."""
    changed = {name: value for name, value in first.items() if getattr(control, name) != value}
    if "options" in changed:
        control.options = changed.pop("options")  # which chooses another value
        changed |= {name: first[name] for name in ("value",) if getattr(control, name) != first[name]}
    with control.hold_sync(), control.hold_trait_notifications():
        for name, value in changed.items():
            setattr(control, name, value)

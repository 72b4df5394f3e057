"""A tab of the page: pictures at the left, a form at the right, a hint and a way out of what is missing.

Knows no operation and no other panel; wiring, closing and reset come from :class:`Component`.
"""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any, ClassVar

import ipywidgets as widgets

from etwidgets.align import FixKind
from etwidgets.panels.component import Component
from etwidgets.panels.cures import NO_SERIES, NO_SERIES_REASON, CureStrip, TiltsPart, mend
from etwidgets.panels.pieces import button, text
from etwidgets.panels.tree import has_class
from etwidgets.session.findings import cure_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from traitlets import HasTraits

    from etwidgets.session import Cure, Session

COMMON_KEYS = (("z", "undo"), ("Shift-z", "redo"), ("[  ]", "previous tab, next tab"))
"""Keys that every picture of every panel hears, and what they do."""


class Panel(Component):
    """Pictures at the left, controls at the right, both of one tab.

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

    operations: ClassVar[frozenset[str]] = frozenset()
    """Names of the operations that tick this tab off."""

    keys: ClassVar[tuple[tuple[str, str], ...]] = ()
    """Keys that its pictures hear beside the common ones, and what they do."""

    promise: ClassVar[str] = ""
    """What will be seen here, said in place of the pictures while there is nothing to show."""

    needs_stack: ClassVar[bool] = True
    needs_tilts: ClassVar[bool] = False

    def __init__(self, session: Session) -> None:
        super().__init__(session, self.name)
        self._draws: list[Callable[[], None]] = []
        self._shown, self._outdated = True, False
        self.turn: Callable[[int], None] = lambda _by: None
        """Shows the panel so many places further; set by whoever places several."""
        self._shows: Callable[[str], None] | None = None
        self._remedy = widgets.VBox([]).add_class("etw-remedy")
        self.hint = widgets.HTML().add_class("etw-hint").add_class(f"etw-{self.name}-hint")
        pictures, form = self.build()
        self._place_remedy(pictures, form)
        self._hear_keys()
        self._share_tone()
        self._middle = widgets.VBox([*self._place_promise(), *pictures]).add_class("etw-pictures")
        parts = [self._middle]
        if form:
            parts.append(self._with_help(widgets.VBox(form).add_class("etw-form")))
        self.widget = (
            widgets.Box(parts).add_class("etw").add_class("etw-panel").add_class(f"etw-panel-{self.name}")
        )
        self.listen(self.model, "specimen", self._begin_anew)
        self.reset()
        self.listen(self.model, ("busy", "stack", "reconstruction"), self.enable)
        self.enable()
        self.refresh()

    # -- for subclasses to write --------------------------------------------------------------------

    def build(self) -> tuple[list[widgets.Widget], list[widgets.Widget]]:
        """Make and wire the controls; return what goes into the pictures and into the form."""
        raise NotImplementedError

    def redraw(self) -> None:
        """Draw what the model holds now; called only while the panel is shown."""

    def enable(self) -> None:
        """Disable what cannot act now, and say why in the hint; a subclass may add to it."""
        reason = self.reason()
        self.hint.value = reason
        cure = self.way_out()
        leads = cure is not None and self.go is not None
        nothing = bool(self.promise) and self.is_empty()
        (self._middle.add_class if nothing else self._middle.remove_class)("etw-nothing")
        for name, here in (("way-out", leads and not nothing), ("begin", leads and nothing)):
            self.controls[name].layout.display = "" if here else "none"
            self.controls[name].description = cure.label if cure is not None and here else ""
        for name in ("run", "apply", "auto"):
            if name in self.controls:
                self.controls[name].disabled = bool(reason)

    def reason(self) -> str:
        """Why the panel cannot act now and what to do; empty if it can."""
        stack = self.model.stack
        if self.needs_stack and stack is None:
            return NO_SERIES_REASON
        if self.needs_tilts and stack is not None and not stack.has_tilts:
            return "The tilt series has no tilts; set them here, or choose a file with tilts in tab Data."
        return self.busy_reason()

    def is_empty(self) -> bool:
        """Whether there is nothing to show yet, so that the promise stands in place of the pictures."""
        return self.needs_stack and self.model.stack is None

    def busy_reason(self) -> str:
        """Why the panel has to wait; empty if nothing runs."""
        return "Another operation is running; wait for it or press Cancel." if self.model.busy else ""

    # -- the way out of what is missing -------------------------------------------------------------

    def way_out(self) -> Cure | None:
        """The button that leads to where the reason is fixed; None where there is none."""
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
        """Run the operation or show the panel that fixes something."""
        mend(self.session, cure, self.go)

    def cure_strip(self, lines: int = 1, prefix: str = "fix") -> CureStrip:
        """Lines that say what is wrong, each with a button that fixes it; a part of this panel.

        Parameters
        ----------
        lines
            How many there can be.
        prefix
            Of the names of the buttons, before their numbers.
        """
        strip = CureStrip(self.session, self.name, self.mend, lambda: self.go is not None, lines, prefix)
        return self.add_part(strip)

    def _place_promise(self) -> list[widgets.Widget]:
        """What stands in the middle while there is nothing to show: what will come, and the button to it."""
        self.add("begin", button("", primary=True), keep=True)
        self.on_click("begin", self._go_out)
        if not self.promise:
            return []
        said = text(f"<p>{escape(self.promise)}</p>")
        return [widgets.VBox([said, self.controls["begin"]]).add_class("etw-empty")]

    def _with_help(self, form: widgets.VBox) -> widgets.VBox:
        """The form with its *i*, which shows the help of all its parts; it begins without."""
        if has_class(form, "etw-help"):
            self.add(
                "help", widgets.ToggleButton(description="i", tooltip="Show or hide help"), keep=True
            ).add_class("etw-help-button")
            self.on_change("help", lambda: self._show_help(form))
            form.children = (*form.children, self.controls["help"])
        return form

    def _show_help(self, form: widgets.VBox) -> None:
        (form.add_class if self.controls["help"].value else form.remove_class)("etw-helped")

    def _place_remedy(self, pictures: list[widgets.Widget], form: list[widgets.Widget]) -> None:
        """Under the hint: a way out of it, and the field for the tilts in panels that need them."""
        self.add("way-out", button(""), keep=True)
        self.on_click("way-out", self._go_out)
        parts = [self.controls["way-out"]]
        if self.needs_tilts:
            self._tilts = self.add_part(TiltsPart(self.session, self.name))
            self._turn_strip = self.cure_strip(prefix="turn")
            parts += [self._tilts.widget, self._turn_strip.widget]
            self.listen(self.model, ("findings", "done_operations", "busy"), self._show_vertical_axis)
            self._show_vertical_axis()
        self._remedy.children = parts
        for parts in (pictures, form):
            if self.hint in parts:
                parts.insert(parts.index(self.hint) + 1, self._remedy)

    def _show_vertical_axis(self) -> None:
        """Every tab that needs the tilt axis along x warns where it is not, until the images were turned."""
        found = [each for each in self.model.findings if each.fix is FixKind.TURN and each.quarter_turns % 2]
        if "turn" in (self.model.done_operations or ()):
            found = []
        self._turn_strip.show([(each.message, cure_of(each)) for each in found])

    def _go_out(self) -> None:
        cure = self.way_out()
        if cure is not None:
            self.mend(cure)

    # -- keys of the pictures -----------------------------------------------------------------------

    def _hear_keys(self) -> None:
        for view in self.views:
            if hasattr(view, "on_key"):
                view.tell_keys([*self.keys, *COMMON_KEYS])
                self.on_event(view.on_key, self._common_key)

    def _common_key(self, event: dict[str, Any]) -> None:
        key = event.get("key")
        if key == "z" and self.model.can_undo and not self.model.busy:
            self.session.undo()
        elif key == "Z" and self.model.can_redo and not self.model.busy:
            self.session.redo()
        elif key in ("[", "]"):
            self.turn(-1 if key == "[" else 1)

    def _share_tone(self) -> None:
        """All pictures have the gamma and the scale of the display; the browser applies them."""
        toned = [view for view in self.views if hasattr(view, "log_scale")]

        def share() -> None:
            for view in toned:
                view.gamma, view.log_scale = self.display.gamma, self.display.log_scale

        self.listen(self.display, ("gamma", "log_scale"), share)
        share()

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
            if not self.ran(self.redraw):
                self.clear_views()  # better nothing than pictures of what was there before
            for draw in self._draws:
                self.guard(draw)

    def refresh_on(self, source: HasTraits, names: str | Iterable[str]) -> None:
        """Redraw when one of the traits changes, or when the panel is shown again."""
        self.listen(source, names, self.refresh)

    def on_refresh(self, draw: Callable[[], None]) -> None:
        """Have a part of the panel drawn with it."""
        self._draws.append(draw)

    def _begin_anew(self) -> None:
        """Another series: nothing may stay of the one before."""
        self.reset()
        self.enable()
        self.refresh()

    def _roots(self) -> list[widgets.Widget]:
        return [*super()._roots(), self.hint, self._remedy]

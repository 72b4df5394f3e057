"""Markers of a tilt series: placed or found, followed, judged, and used to align; draws no picture itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import ipywidgets as widgets
import numpy as np

from etwidgets.panels.component import Component
from etwidgets.panels.pieces import button, control, heading, help_text, row, text
from etwidgets.session import error_text
from etwidgets.session.marker_previews import fitted_markers, followed_markers

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from etwidgets.align import MarkerFit, MarkerTracks
    from etwidgets.session import Session
    from etwidgets.signals import TomoStack

_LEAST = 3
_HALF_BOX_PX = 4.0  # of a marker whose size is not known yet
_HELP = """<p><b>Find markers</b>, or click small round features in one projection and press
<b>Follow</b>. Move the tilt slider: the boxes must stay on their features. Delete markers with a large
residual, and watch it fall. <b>Blue</b> seen, <b>orange</b> expected but not seen, <b>green</b>
selected.</p>"""


class MarkersPart(Component):
    """Buttons, the table of markers, and what they tell.

    Parameters
    ----------
    session
        As of every component.
    name
        Of the panel.
    show
        Makes the panel show the projection with the markers.
    """

    def __init__(self, session: Session, name: str, show: Callable[[], None]) -> None:
        super().__init__(session, name)
        self._show, self._said = show, text()
        self.add("find-markers", button("Find markers"))
        self.add("follow-markers", button("Follow"))
        self.add("clear-markers", button("Clear"))
        self.add("marker-count", control(widgets.BoundedIntText, "max markers", value=20, min=3, max=200))
        layout = widgets.Layout(width="auto", height="116px")
        self.add("markers", widgets.SelectMultiple(options=[], layout=layout)).add_class("etw-table")
        self.add("delete-worst", button("Delete worst"))
        self.add("delete-markers", button("Delete selected"))
        self.add("align-markers", button("Align by markers"))
        self._following = self.preview(followed_markers, self._followed)
        self._fitting = self.preview(fitted_markers, self._fitted)
        for each, act in (
            ("find-markers", self._find),
            ("follow-markers", self._follow),
            ("clear-markers", self._clear),
            ("delete-worst", self._delete_worst),
            ("delete-markers", self._delete_selected),
            ("align-markers", self._align),
        ):
            self.on_click(each, act)
        self.on_change("markers", self._changed)
        self.listen(self.model, ("stack", "busy"), self._look_again)
        self.fresh()
        controls = self.controls
        self.widget = widgets.VBox(
            [
                heading("Markers"),
                row(controls["find-markers"], controls["follow-markers"], controls["clear-markers"]),
                controls["marker-count"],
                self._said,
                controls["markers"],
                row(controls["delete-worst"], controls["delete-markers"]),
                controls["align-markers"],
                help_text(_HELP),
            ]
        )

    # -- what is shown ------------------------------------------------------------------------------

    def fresh(self) -> None:
        """There are no markers."""
        self._stack: Any = self.model.stack
        self._picked: list[NDArray[np.float64]] = []
        self._projection = 0
        self._tracks: MarkerTracks | None = None
        self._fit: MarkerFit | None = None
        self._working = ""
        with self.filling():
            self._fill()

    def boxes(self, projection: int) -> tuple[tuple[int, int, int, int, str], ...]:
        """Frames around the markers in a projection, for a pane."""
        places, chosen = self._places(projection), self.controls["markers"].value
        kinds = ["chosen" if k in chosen else "marker" for k in range(len(places))]
        if self._fit is not None:
            expected = self._fit.expected_px[:, projection]
            lost = np.isnan(places[:, 0]) & np.isfinite(expected[:, 0])
            places = np.where(lost[:, None], expected, places)
            kinds = ["suspect" if lost[k] and k not in chosen else kind for k, kind in enumerate(kinds)]
        half = self._half_box()
        return tuple(
            (round(x - half), round(y - half), round(x + half) + 1, round(y + half) + 1, kind)
            for (y, x), kind in zip(places, kinds, strict=True)
            if np.isfinite(y)
        )

    def curves(self, stack: TomoStack) -> dict[str, tuple[NDArray[Any], NDArray[Any]]]:
        """Residual over tilt: of all markers, and of the selected ones."""
        if self._fit is None:
            return {}
        order = np.argsort(stack.tilts_deg, kind="stable")
        tilts = stack.tilts_deg[order]
        curves = {"all markers": (tilts, self._fit.projection_residuals_px[order])}
        for k in self.controls["markers"].value[:4]:
            curves[f"marker {k + 1}"] = (tilts, self._fit.residuals_px[k, order])
        return curves

    def click(self, event: dict[str, Any], projection: int) -> None:
        """Select the marker under the pointer, or place one there."""
        place = np.array([event["y"], event["x"]], dtype=float)
        places = self._places(projection)
        distance = np.hypot(*(places - place).T)
        if len(places) and np.nanmin(np.append(distance, np.inf)) <= self._half_box() + 1:
            if self._tracks is not None:
                self.controls["markers"].value = (int(np.nanargmin(distance)),)
            return
        if self._tracks is None and self._picked and projection != self._projection:
            self.session.tell(
                f"The other markers are in projection {self._projection + 1}; place all in one.", "warning"
            )
            return
        self._picked = [*places[np.isfinite(places[:, 0])], place]
        self._projection, self._tracks, self._fit = projection, None, None
        self._changed()

    def _places(self, projection: int) -> NDArray[np.float64]:
        if self._tracks is not None:
            return self._tracks.positions_px[:, projection]
        here = self._picked if projection == self._projection else []
        return np.array(here, dtype=float).reshape(-1, 2)

    def _half_box(self) -> float:
        diameter = 0.0 if self._tracks is None else self._tracks.diameter_px
        return max(_HALF_BOX_PX, 0.6 * diameter)

    def _changed(self) -> None:
        """Fill the table, and have the picture drawn."""
        with self.filling():
            self._fill()
        self._show()

    def _fill(self) -> None:
        table, fit = self.controls["markers"], self._fit
        chosen = table.value
        lines = [] if fit is None or self._tracks is None else _lines(self._tracks, fit)
        if table.options != tuple(lines):
            table.options = lines
            table.value = tuple(k for k in chosen if k < len(lines))
        self._said.value = f"<p class='etw-quiet'>{self._sentence()}</p>"
        idle = not self._working and not self.model.busy
        ready = idle and self._stack is not None and self._stack.has_tilts
        enough = len(lines) - max(1, len(table.value)) >= _LEAST
        for name, can in (
            ("find-markers", ready),
            ("follow-markers", ready and len(self._picked) >= _LEAST and self._tracks is None),
            ("clear-markers", bool(self._picked or lines)),
            ("delete-worst", idle and enough),
            ("delete-markers", idle and enough and bool(table.value)),
            ("align-markers", ready and fit is not None),
        ):
            self.controls[name].disabled = not can

    def _sentence(self) -> str:
        if self._working:
            return self._working
        if self._fit is not None:
            fit = self._fit
            interval = fit.rotation_interval_deg
            sure = f" ± {interval:.2f}" if np.isfinite(interval) else ""
            bridged = f" {len(fit.bridged)} projections have no marker." if fit.bridged else ""
            return (
                f"{len(fit.used)} markers, positions good to {fit.error_px:.2f} px. Tilt-axis rotation to "
                f"apply: {fit.rotation_deg:+.2f}{sure}°.{bridged}"
            )
        if self._picked:
            left = max(0, _LEAST - len(self._picked))
            more = f"place {left} more or further ones" if left else "press Follow, or place more"
            return f"{len(self._picked)} markers in projection {self._projection + 1}: {more}."
        return "No markers yet."

    def _look_again(self) -> None:
        """Another state of the series has no markers; a job that ends frees the buttons."""
        if self.model.stack is not self._stack:
            self.fresh()
        else:
            with self.filling():
                self._fill()

    # -- finding, following, judging ----------------------------------------------------------------

    def _find(self) -> None:
        self._begin(None, None, "Finding and following markers …")

    def _follow(self) -> None:
        count = len(self._picked)
        self._begin(np.array(self._picked), self._projection, f"Following {count} markers …")

    def _begin(self, places: NDArray[np.float64] | None, projection: int | None, said: str) -> None:
        stack = self._stack
        self._working = said
        self._changed()
        count = self.controls["marker-count"].value
        self._following.submit(np.asarray(stack.data), stack.tilts_deg.copy(), places, projection, count)

    def _followed(self, found: tuple[MarkerTracks, MarkerFit] | Exception) -> None:
        self._working = ""
        if isinstance(found, Exception):
            self.session.tell(error_text(found), "error", found)
        elif found[0].seen.shape[1] == self._stack.data.shape[0]:
            self._tracks, self._fit = found
            self._picked = []
        self._changed()

    def _refit(self, tracks: MarkerTracks) -> None:
        """Judge the markers that are left: first without intervals, which is quick."""
        self._tracks, self._fit, self._working = tracks, None, "Fitting …"
        with self.filling():
            self.controls["markers"].value = ()
        self._fit_again(intervals=False)

    def _fit_again(self, *, intervals: bool) -> None:
        stack = self._stack
        self._fitting.submit(self._tracks, stack.tilts_deg.copy(), stack.data.shape, intervals)

    def _fitted(self, found: tuple[MarkerTracks, MarkerFit] | Exception) -> None:
        self._working = ""
        if isinstance(found, Exception):
            self.session.tell(error_text(found), "error", found)
        elif found[0] is self._tracks:
            self._fit = found[1]
            if np.isnan(self._fit.shift_interval_px):
                self._fit_again(intervals=True)
        self._changed()

    def _delete_worst(self) -> None:
        self._delete([self.controls["markers"].options[0][1]])

    def _delete_selected(self) -> None:
        self._delete(list(self.controls["markers"].value))

    def _delete(self, markers: list[int]) -> None:
        if self._tracks is not None:
            self._refit(self._tracks.select(np.delete(np.arange(len(self._tracks)), markers)))

    def _clear(self) -> None:
        self.fresh()
        self._show()

    def _align(self) -> None:
        if self._tracks is not None:
            tracks = np.round(self._tracks.positions_px, 2).tolist()
            places = [[[None if np.isnan(v) else v for v in place] for place in track] for track in tracks]
            self.session.apply("align_markers", markers=places)


def _lines(tracks: MarkerTracks, fit: MarkerFit) -> list[tuple[str, int]]:
    """One line for each marker, the worst first."""
    residuals = np.nan_to_num(fit.marker_residuals_px, nan=np.inf)
    worst = np.where(np.isin(np.arange(len(residuals)), fit.dropped), np.inf, residuals)
    lines = []
    for k in np.argsort(-worst, kind="stable"):
        what = "left out" if k in fit.dropped else f"{residuals[k]:.2f} px"
        seen = tracks.seen[k]
        lines.append((f"{k + 1:3d} {what:>9}  seen in {seen.sum()} of {len(seen)}", int(k)))
    return lines

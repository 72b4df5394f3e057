"""What a user sees of a panel and does to its pictures, without looking inside: for tests of panels."""

import re

import ipywidgets as widgets
import numpy as np

from etwidgets.views import BarView, CurveView, HistogramView, ImageView, SpectrumView, UploadView, VolumeView


def parts(widget):
    """The widget and all that are in it and not hidden, in the order of the page."""
    widget = getattr(widget, "widget", widget)
    if getattr(widget, "layout", None) is not None and widget.layout.display == "none":
        return
    yield widget
    for inner in getattr(widget, "children", ()):
        yield from parts(inner)


def view(panel, kind, index=0):
    """One of the views of a kind that are shown."""
    return [each for each in parts(panel) if isinstance(each, kind)][index]


def images(panel, index=0):
    """The images that an image view shows."""
    return view(panel, ImageView, index).snapshot()


def curves(panel, index=0):
    """The curves that a curve view shows: name to x and y."""
    return view(panel, CurveView, index).snapshot().curves


def bars(panel):
    """The bars of a bar view that is shown, from left to right."""
    return view(panel, BarView).snapshot()


def spectrum(panel, index=0):
    """What a spectrum view shows."""
    return view(panel, SpectrumView, index).snapshot()


def rendered(panel):
    """What is rendered in 3-D; None where that is hidden."""
    found = [each for each in parts(panel) if isinstance(each, VolumeView)]
    return found[0].snapshot() if found else None


def text(panel):
    """All that is written on the panel, without its marks of HTML."""
    written = [each.value for each in parts(panel) if isinstance(each, widgets.HTML | widgets.Label)]
    return re.sub(r"<[^>]*>", "", "\n".join(written)).replace("&nbsp;", " ")


def html(panel):
    """All that is written on the panel, as HTML."""
    return "\n".join(each.value for each in parts(panel) if isinstance(each, widgets.HTML | widgets.Label))


def click(panel, pane=0, x=0, y=0, *, shift=False, index=0):
    """Click on an image, in pixels of the image."""
    view(panel, ImageView, index).receive({"type": "click", "pane": pane, "x": x, "y": y, "shift": shift})


def drag(panel, kind, values, *, done=True, pane=0, index=0):
    """Drag the frame or the columns of an image to there."""
    content = {"type": "drag", "kind": kind, "values": list(values), "done": done, "pane": pane}
    view(panel, ImageView, index).receive(content)


def press(panel, key, *, shift=False, index=0):
    """Press a key over an image."""
    view(panel, ImageView, index).receive({"type": "key", "key": key, "shift": shift})


def histogram(panel):
    """The histogram that sets the contrast."""
    return view(panel, HistogramView)


def uploader(panel):
    """The place where files of the user's computer are chosen."""
    return view(panel, UploadView)


def differs(pane, image):
    """How far the bytes of a pane are at most from an image drawn within the pane's limits."""
    low, high = pane.limits
    expected = np.clip((np.asarray(image, float) - low) * 255 / (high - low), 0, 255)
    return np.abs(pane.image - expected).max()

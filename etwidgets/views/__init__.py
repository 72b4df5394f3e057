"""Arrays in, pixels out; a view has a display state of its own and knows no session and no signal."""

from etwidgets.picture_scale import contrast_limits
from etwidgets.views.accessibility import Accessibility
from etwidgets.views.bar_view import Bar, BarView
from etwidgets.views.curve_view import CurveView
from etwidgets.views.file_view import FileRow, FileView, RecentRow
from etwidgets.views.histogram_view import HistogramView
from etwidgets.views.image_view import ImageView
from etwidgets.views.page_watch import PageWatch
from etwidgets.views.panes import COLOR_MAPS, Inset, Paint, Pane, overlay, reduced, to_plane
from etwidgets.views.ray_view import RayView
from etwidgets.views.ray_volume import RayVolume, ray_volume
from etwidgets.views.snapshots import (
    ChannelSnapshot,
    CurvesSnapshot,
    HistogramSnapshot,
    PaneSnapshot,
    VolumeSnapshot,
)
from etwidgets.views.spectrum_view import SpectrumCurve, SpectrumSnapshot, SpectrumView, SpectrumWindow
from etwidgets.views.table_view import TableView
from etwidgets.views.upload_view import UploadView
from etwidgets.views.volume_channels import VolumeChannel
from etwidgets.views.volume_view import VolumeView

__all__ = [
    "COLOR_MAPS",
    "Accessibility",
    "Bar",
    "BarView",
    "ChannelSnapshot",
    "CurveView",
    "CurvesSnapshot",
    "FileRow",
    "FileView",
    "HistogramSnapshot",
    "HistogramView",
    "ImageView",
    "Inset",
    "PageWatch",
    "Paint",
    "Pane",
    "PaneSnapshot",
    "RayView",
    "RayVolume",
    "RecentRow",
    "SpectrumCurve",
    "SpectrumSnapshot",
    "SpectrumView",
    "SpectrumWindow",
    "TableView",
    "UploadView",
    "VolumeChannel",
    "VolumeSnapshot",
    "VolumeView",
    "contrast_limits",
    "overlay",
    "ray_volume",
    "reduced",
    "to_plane",
]

"""The tilt axis of a header: turned the right way, particles lie where they were put in, not mirrored."""

import mrcfile
import numpy as np
import pytest
import tifffile

from etwidgets import align, load
from etwidgets.errors import ParameterError
from etwidgets.panels import AxisPanel
from etwidgets.session import Session, TomoStackModel
from etwidgets.signals import TomoStack

TILTS = np.arange(-60.0, 61, 5)
SHAPE = (52, 68)
# x to the right, y up, z towards the viewer: no plane mirrors them into each other
BALLS = np.array([[17.0, -9.0, 8.0], [-14.0, 11.0, 5.0], [3.0, 2.0, -10.0]])
RADIUS = 4.0


def recorded(angle_deg):
    """``(T, Y, X)``, row 0 below as in IMOD: balls turned as a right-handed screw about the axis."""
    a = np.deg2rad(angle_deg)
    axis = np.array([-np.sin(a), np.cos(a), 0.0])  # from the vertical, counterclockwise
    y, x = (np.arange(n) - (n - 1) / 2 for n in SHAPE)
    images = np.zeros((len(TILTS), *SHAPE), np.float32)
    for i, tilt in enumerate(np.deg2rad(TILTS)):
        for ball in BALLS:
            along = axis * (axis @ ball)
            place = along + (ball - along) * np.cos(tilt) + np.cross(axis, ball) * np.sin(tilt)
            squared = (x - place[0]) ** 2 + ((y - place[1]) ** 2)[:, None]
            images[i] += 2 * np.sqrt(np.clip(RADIUS**2 - squared, 0, None))
    return images


def written(folder, angle_deg, ending, by_title=True):
    """A file as SerialEM writes it, with its mdoc."""
    images, path = recorded(angle_deg), folder / f"series{ending}"
    if ending == ".mrc":
        with mrcfile.new(path) as file:
            file.set_data(images)
    else:
        tifffile.imwrite(path, images[:, ::-1])  # the first row of a TIFF file is the uppermost
    title = f"[T =     Tilt axis angle = {angle_deg:.1f}, binning = 1  spot = 5  camera = 0]\n"
    rotation = (angle_deg + 90 + 180) % 360 - 180
    lines = [f"ImageSize = {SHAPE[1]} {SHAPE[0]}\n", title if by_title else ""]
    lines += [f"[ZValue = {i}]\nTiltAngle = {t}\nRotationAngle = {rotation}\n" for i, t in enumerate(TILTS)]
    (folder / f"series{ending}.mdoc").write_text("\n".join(lines))
    return path


def found_in(stack, places):
    """Where the center of mass of each ball is in the reconstruction, from where ``places`` expects it."""
    volume = np.clip(stack.reconstruct("SIRT", iterations=30, thickness=SHAPE[0]).data, 0, None)
    middle = (np.array(volume.shape) - 1) / 2
    index = np.stack(np.indices(volume.shape), axis=-1)
    offsets = []
    for x, y, r in places:
        from_ball = index - middle - (x, r, y)
        near = volume * (np.linalg.norm(from_ball, axis=-1) < RADIUS)
        assert near.sum() > 0.5 * 4 / 3 * np.pi * RADIUS**3  # a ball is there, as far as the wedge allows
        offsets.append((near[..., None] * from_ball).sum((0, 1, 2)) / near.sum())
    return np.array(offsets)


def rotated(xyz, angle_deg):
    """Clockwise on screen, where y runs down."""
    a = np.deg2rad(angle_deg)
    turn = np.array([[np.cos(a), -np.sin(a), 0], [np.sin(a), np.cos(a), 0], [0, 0, 1]])
    return xyz @ turn.T


@pytest.mark.parametrize(
    ("angle", "ending", "turns", "left"),
    [
        (-2.7, ".mrc", -1, 2.7),
        (177.3, ".mrc", 1, 2.7),
        (87.3, ".mrc", 2, 2.7),
        (-92.7, ".mrc", 0, 2.7),
        (-2.7, ".tif", 1, -2.7),
        (92.7, ".tif", 2, 2.7),
    ],
)
def test_turned_by_its_mdoc_a_series_gives_the_specimen(tmp_path, angle, ending, turns, left):
    stack = load(written(tmp_path, angle, ending))
    assert align.quarter_turns_for(stack.metadata.Tomography.tilt_axis_angle_deg) == turns
    session = Session(TomoStackModel(stack))
    if turns:
        session.apply("turn", quarter_turns=turns)
    lying = session.model.stack
    assert lying.data.shape[1:] == (SHAPE[::-1] if turns % 2 else SHAPE)
    assert np.array_equal(np.sort(lying.data, axis=None), np.sort(stack.data, axis=None))
    assert lying.header_rotation_deg == pytest.approx(left)
    session.apply("transform", angle=lying.header_rotation_deg, interpolation="cubic")
    assert session.model.stack.header_rotation_deg == 0
    # a rotation of the specimen: that of a TIFF file begins upside down, turned about x by 180 degrees
    specimen = BALLS * (1, 1, 1) if ending == ".mrc" else BALLS * (1, -1, -1)
    expected = rotated(specimen, 90 * turns + left)
    assert np.abs(found_in(session.model.stack, expected)).max() < 0.2
    while session.model.can_undo:
        session.undo()
    assert session.model.stack.metadata.Tomography.tilt_axis_angle_deg == pytest.approx(
        stack.metadata.Tomography.tilt_axis_angle_deg
    )


def test_turned_the_other_way_the_volume_is_mirrored(tmp_path):
    stack = load(written(tmp_path, 0.0, ".mrc")).turn(1)
    mirrored = rotated(BALLS * (1, 1, -1), 90)
    assert np.abs(found_in(stack, mirrored)).max() < 0.2


def test_angle_and_what_is_left_make_up_the_rotation():
    for angle in np.arange(-360.0, 361, 7.5):
        turns, left = align.quarter_turns_for(angle), align.remaining_rotation_deg(angle)
        assert turns in (-1, 0, 1, 2)
        assert -45 < left <= 45
        assert align.axis_angle_after(angle, 90 * turns + left) == pytest.approx(-90)
    with pytest.raises(ParameterError, match="finite number"):
        align.quarter_turns_for(float("nan"))


def test_rotation_angle_of_the_mdoc_is_90_more_than_its_title(tmp_path):
    stack = load(written(tmp_path, -2.7, ".mrc", by_title=False))
    assert stack.metadata.Tomography.tilt_axis_angle_deg == pytest.approx(-2.7)


@pytest.mark.parametrize("ending", [".mrc", ".tif", ".hspy"])
def test_the_axis_is_kept_by_a_saved_file(tmp_path, ending):
    stack = load(written(tmp_path, -2.7, ".mrc")).turn(-1).isig[:, 4:60]
    stack.save(tmp_path / f"turned{ending}")
    again = load(tmp_path / f"turned{ending}")
    assert again.header_rotation_deg == pytest.approx(2.7, abs=1e-3)
    assert np.array_equal(again.data, stack.data)


def test_another_signal_follows_a_turn_and_its_pixel_sizes(tmp_path):
    stack = load(written(tmp_path, -2.7, ".mrc"))
    stack.axes_manager["x"].scale, stack.axes_manager["y"].scale = 0.5, 0.25
    other = stack.deepcopy()
    turned = stack.turn(-1).trans_stack(yshift=2)
    assert np.array_equal(stack.turn(-1).align_other(other).data, stack.turn(-1).data)
    followed = turned.align_other(other)
    assert np.allclose(followed.data, turned.data, atol=1e-4)
    assert followed.header_rotation_deg == turned.header_rotation_deg == pytest.approx(2.7)
    assert followed.axes_manager["x"].scale == 0.25


@pytest.mark.parametrize("ending", [".tlt", ".TLT", ".RAWTLT"])
def test_an_ending_in_capitals_is_found(make_mrc, images, tilts, tmp_path, ending):
    path = make_mrc(images)
    path.with_suffix(ending).write_text("\n".join(map(str, tilts)))
    assert np.array_equal(load(path).tilts_deg, tilts)


def test_the_needle_whose_header_has_no_angle_and_the_series_of_serialem(samples):
    with_zero = load(samples / "HAADF.mrc")  # 0 in the record, and the axis lies along x
    assert not with_zero.metadata.Tomography.has_item("tilt_axis_angle_deg")
    assert with_zero.header_rotation_deg is None
    series = load([samples / "SerialEM_Multiframe_Test" / f"test_00{i}.mrc" for i in range(3)], lazy=True)
    assert series.metadata.Tomography.tilt_axis_angle_deg == -90
    assert series.header_rotation_deg == 0


def test_the_axis_tab_begins_with_the_rotation_of_the_header():
    stack = TomoStack(recorded(-92.7), TILTS)
    stack.metadata.Tomography.tilt_axis_angle_deg = -92.7
    panel = AxisPanel(Session(TomoStackModel(stack)))
    assert panel.controls["rotation"].value == pytest.approx(2.7)
    assert "2.70" in panel._found.value
    panel.controls["apply"].click()
    assert panel.model.stack.metadata.Tomography.tiltaxis == pytest.approx(2.7)
    assert panel.controls["rotation"].value == 0
    panel.close()

"""ETSpy's functions by their names there give what they say; the truth of each is known."""

import hyperspy.api as hs
import mrcfile
import numpy as np
import pytest

import etwidgets.api as etspy
from etwidgets import datasets, errors
from etwidgets.errors import MissingTiltsError, ParameterError, ShapeError, TiltCountError
from etwidgets.signals import RecStack, TomoStack

TILTS = np.arange(-8.0, 10, 4)


@pytest.fixture
def blob():
    """(5, 40, 44): the same Gaussian at row 19, column 24 in each projection."""
    y, x = np.mgrid[:40, :44]
    image = np.exp(-((y - 19) ** 2 + (x - 24) ** 2) / 18)
    return TomoStack(np.repeat(image[np.newaxis], 5, 0).astype(np.float32), TILTS)


@pytest.fixture
def samples():
    return datasets.locate("HAADF.mrc").parent


def center(image):
    y, x = np.indices(image.shape)
    return np.average(y, weights=image.clip(0)), np.average(x, weights=image.clip(0))


def test_the_catalyst_has_the_sizes_asked_for():
    model = etspy.simulation.create_catalyst_model(
        3, particle_density=200, support_density=50, volsize=(40, 44, 48), support_radius=12,
        size_interval=(2, 3), seed=4,
    )  # fmt: skip
    assert isinstance(model, RecStack)
    assert model.data.shape == (40, 44, 48)
    x, z, y = np.nonzero(model.data > 25)
    distance = np.sqrt((x - 19.5) ** 2 + (z - 21.5) ** 2 + (y - 23.5) ** 2)
    assert 12 < distance.max() < 12 + 3 + 1
    assert model.data.max() == pytest.approx(200)
    particles = (model.data > 125).sum()
    assert 3 * 4 / 3 * np.pi * 1.8**3 < particles < 3 * 4 / 3 * np.pi * 3.2**3
    with pytest.raises(ParameterError, match="smaller one first"):
        etspy.simulation.create_catalyst_model(1, volsize=(20, 20, 20), size_interval=(4, 2))
    with pytest.raises(ParameterError, match="size must be"):
        etspy.simulation.create_catalyst_model(1, volsize=(20, 20))


def test_the_cylinder_has_its_radius_and_lies_along_x():
    model = etspy.simulation.create_cylinder_model(radius=20, blur=False).data
    assert model.shape == (200, 200, 200)
    assert model.sum((1, 2)) == pytest.approx(np.full(200, np.pi * 20**2), rel=0.01)


@pytest.mark.slow  # 400 voxels a side
def test_the_other_cylinders_stand_where_etspy_puts_them():
    model = etspy.simulation.create_cylinder_model(add_others=True).data
    assert (model[100, 30, 30], model[200, 30, 30]) == (pytest.approx(10, abs=0.1), 0)
    assert (model[250, 370, 350], model[200, 370, 350]) == (pytest.approx(20, abs=0.1), 0)


def test_a_model_is_projected_at_the_tilts_asked_for():
    model = np.zeros((6, 16, 16), np.float32)
    model[:, 4, 9] = 7
    series = etspy.simulation.create_model_tilt_series(model, [0, 90], cuda=False)
    assert (series.data.shape, series.tilts_deg.tolist()) == ((2, 16, 6), [0, 90])
    assert series.data[0, 9, 3] == pytest.approx(7)
    assert np.argmax(series.data[1, :, 3]) == 11  # t = -r = 7.5 - 4 from the middle
    assert etspy.simulation.create_model_tilt_series(RecStack(model)).tilts_deg.tolist() == list(
        range(0, 180, 2)
    )


def test_a_misaligned_stack_says_by_how_much(blob):
    moved = etspy.simulation.misalign_stack(blob, -3, 3, tilt_shift=2, seed=1)
    assert not blob.shifts.data.any()
    for image, (dy, dx) in zip(moved.data, moved.shifts.data, strict=True):
        assert center(image) == pytest.approx((19 + 2 + dy, 24 + dx), abs=0.1)
    assert np.array_equal(moved.metadata.Simulation.shifts, moved.shifts.data)
    only_y = etspy.simulation.misalign_stack(blob, y_only=True).shifts.data
    assert not only_y[:, 1].any()
    assert only_y[:, 0].any()
    registered = moved.stack_register("StackReg")
    assert np.ptp(registered.shifts.data, axis=0).max() < 0.1
    with pytest.raises(ParameterError, match="interp_order"):
        etspy.simulation.misalign_stack(blob, interp_order=9)


def test_noise_is_added_to_stacks_and_to_arrays(blob):
    flat = TomoStack(np.full((5, 60, 60), 50.0), TILTS)
    noisy = etspy.simulation.add_noise(flat, "gaussian", 0.1, seed=1)
    assert isinstance(noisy, TomoStack)
    assert noisy.data.std() == pytest.approx(5, rel=0.03)
    for name in ("poissonian", "shot"):
        counted = etspy.simulation.add_noise(flat, name, 2)
        assert counted.data.mean() == pytest.approx(50, rel=0.01)
        assert counted.data.var() == pytest.approx(25, rel=0.05)
    assert etspy.simulation.add_noise(blob.data, "gaussian").shape == blob.data.shape
    with pytest.raises(ParameterError, match="pink"):
        etspy.simulation.add_noise(flat, "pink")


def test_serialem_files_of_frames_are_loaded_with_their_mdocs(samples):
    folder = samples / "SerialEM_Multiframe_Test"
    files = sorted(folder.glob("*.mrc"))
    stack, tilts = etspy.io.load_serialem_series(files, [file.with_suffix(".mdoc") for file in files])
    assert stack.data.shape == (3, 2, 1024, 1024)
    assert tilts == pytest.approx(np.repeat([[-5.00151], [-0.000488], [5.00054]], 2, 1))
    assert TomoStack(stack, tilts).tilts_deg == pytest.approx(tilts[:, 0])
    assert stack.axes_manager["x"].scale == pytest.approx(0.788)


def test_a_serialem_file_has_the_tilts_of_its_mdoc(tmp_path, blob):
    etspy.io.save(TomoStack(blob.data), tmp_path / "a.mrc")
    sections = [
        f"[ZValue = {i}]\nTiltAngle = {tilt}\nMagnification = 115000\n" for i, tilt in enumerate(TILTS)
    ]
    text = "PixelSpacing = 7.88\nVoltage = 300\nImageFile = a.mrc\nImageSize = 44 40\nDataMode = 1\n\n"
    (tmp_path / "other.mdoc").write_text(text + "\n".join(sections))
    stack = etspy.io.load_serialem(str(tmp_path / "a.mrc"), str(tmp_path / "other.mdoc"))
    assert isinstance(stack, TomoStack)
    assert stack.tilts_deg.tolist() == TILTS.tolist()
    assert stack.axes_manager["x"].scale == pytest.approx(0.788)
    assert stack.metadata.Acquisition_instrument.TEM.magnification == 115000
    stack.reconstruct(show_progressbar=False).save(tmp_path / "volume.hspy")
    with pytest.raises(errors.FileFormatError, match="reconstruction"):
        etspy.io.load_serialem(tmp_path / "volume.hspy", tmp_path / "other.mdoc")


def test_the_header_of_an_mrc_file(samples):
    header = etspy.io.parse_mrc_header(samples / "HAADF.mrc")
    assert [header[n] for n in ("nx", "ny", "nz", "mode", "nextra")] == [256, 256, 77, 1, 131072]
    assert header["ext_header"].size == 131072 // 2
    serialem = etspy.io.parse_mrc_header(str(samples / "SerialEM_MultiTilt_Test" / "test_000.mrc"))
    assert [serialem[n] for n in ("nint", "nreal", "imodStamp", "ext_type")] == [14, 61, 1146047817, "SERI"]
    assert serialem["cmap"] == "MAP "
    assert serialem["xlen"] / serialem["mx"] == pytest.approx(7.88)


def test_a_big_endian_header_is_read_alike(tmp_path):
    data = np.arange(24, dtype=np.int16).reshape(2, 3, 4)
    with mrcfile.new(tmp_path / "a.mrc", data) as file:
        file.voxel_size = 3.0
    raw = bytearray((tmp_path / "a.mrc").read_bytes())
    little = np.frombuffer(bytes(raw[:1024]), mrcfile.dtypes.HEADER_DTYPE, 1)
    raw[:1024] = little.astype(mrcfile.dtypes.HEADER_DTYPE.newbyteorder(">")).tobytes()
    raw[212:216] = bytes([0x11, 0x11, 0, 0])
    raw[1024:] = data.astype(">i2").tobytes()
    (tmp_path / "b.mrc").write_bytes(raw)
    ours, theirs = (etspy.io.parse_mrc_header(tmp_path / name) for name in ("a.mrc", "b.mrc"))
    for name in ("nx", "ny", "nz", "mode", "xlen", "amax", "nlabl", "nversion"):
        assert ours[name] == theirs[name], name
    assert ours["xlen"] == 12


def test_an_mdoc_file_says_microscope_and_tilts(samples):
    file = samples / "SerialEM_Multiframe_Test" / "test_001.mdoc"
    facts, tilt = etspy.io.parse_mdoc(file, series=True)
    known = ("PixelSpacing", "Voltage", "ImageFile", "Magnification", "SpotSize", "Defocus", "DataMode")
    assert [type(facts[name]) in (float, int, str) for name in known] == [True] * 7
    assert (facts["Voltage"], facts["Magnification"], facts["ImageFile"]) == (300, 115000, "test5.001.mrc")
    assert isinstance(tilt, float)
    _, tilts = etspy.io.parse_mdoc(str(file))
    assert tilts == pytest.approx([tilt, tilt])


def test_tilts_of_mrc_and_dm_files(samples):
    stack = datasets.get_needle_data()
    assert etspy.io.get_mrc_tilts(stack, samples / "HAADF.mrc").tolist() == list(range(-76, 78, 2))
    with pytest.raises(TiltCountError, match="77 tilts for 5"):
        etspy.io.get_mrc_tilts(stack.inav[:5], str(samples / "HAADF.mrc"))
    dm = hs.load(samples / "HAADF.dm3")
    assert etspy.io.get_dm_tilts(dm).tolist() == list(range(-90, 92, 2))
    with pytest.raises(MissingTiltsError, match="77 images"):
        etspy.io.get_dm_tilts(stack)


def test_tilts_beside_an_mrc_file_and_none(tmp_path, blob):
    etspy.io.save(TomoStack(blob.data), tmp_path / "a.mrc")
    assert etspy.io.get_mrc_tilts(blob, tmp_path / "a.mrc") is None
    (tmp_path / "a.rawtlt").write_text("\n".join(str(t) for t in TILTS))
    assert etspy.io.get_mrc_tilts(blob, tmp_path / "a.mrc").tolist() == TILTS.tolist()


def test_the_radial_mask_is_the_largest_circle_that_fits():
    mask = etspy.utils.get_radial_mask((100, 40))
    assert mask.shape == (100, 40)
    assert mask.sum() == pytest.approx(np.pi * 20**2, rel=0.02)
    assert mask[50, 20]
    off = etspy.utils.get_radial_mask((60, 60), (10, 30))  # x, y
    assert off[30, 10]
    assert off.sum() == pytest.approx(np.pi * 10**2, rel=0.05)
    with pytest.raises(ParameterError, match="outside"):
        etspy.utils.get_radial_mask((10, 10), (20, 5))


def test_frames_are_registered_and_averaged(blob):
    frames = etspy.simulation.misalign_stack(blob, -3, 3, seed=2).data
    frames = np.concatenate([blob.data[:1], frames])
    mean = etspy.utils.multiaverage(frames, *frames.shape)
    assert np.allclose(mean, blob.data[0], atol=0.01)
    assert not np.allclose(frames.mean(0), blob.data[0], atol=0.05)
    series = TomoStack(np.stack([frames, 2 * frames]), [10, 20])
    averaged = etspy.utils.register_serialem_stack(series, ncpus=2)
    assert averaged.tilts_deg.tolist() == [10, 20]
    assert np.allclose(averaged.data[1], 2 * blob.data[0], atol=0.02)
    with pytest.raises(ShapeError, match="frames"):
        etspy.utils.multiaverage(frames, 3, 40, 44)
    with pytest.raises(ShapeError, match="frames"):
        etspy.utils.register_serialem_stack(blob)
    with pytest.raises(ParameterError, match="ncpus"):
        etspy.utils.register_serialem_stack(series, 0)


@pytest.mark.parametrize("cutoff", [0.5, 0.2])
def test_the_filter_multiplies_a_wave_by_its_ramp(cutoff):
    frequency = 0.125
    wave = np.cos(2 * np.pi * frequency * np.arange(512))
    stack = TomoStack(np.tile(wave[:, np.newaxis], (2, 1, 3)), [0, 1])
    filtered = etspy.utils.filter_stack(stack, "ram-lak", cutoff)
    middle = filtered.data[0, 200:312, 1]
    assert middle == pytest.approx(2 * frequency * wave[200:312], abs=0.01)
    gone = etspy.utils.filter_stack(stack, "hanning", 0.1)
    assert np.abs(gone.data[0, 200:312]).max() < 0.02


def test_wrong_filters_are_refused(blob):
    with pytest.raises(ParameterError, match="wrong"):
        etspy.utils.filter_stack(blob, "wrong")
    with pytest.raises(ParameterError, match="cutoff"):
        etspy.utils.filter_stack(blob, cutoff=0.7)
    with pytest.raises(ShapeError, match="projections, y, x"):
        etspy.utils.filter_stack(TomoStack(np.ones((2, 2, 8, 8))))


def test_a_volume_is_turned_and_shifted_slice_by_slice():
    volume = np.zeros((3, 41, 41), np.float32)
    volume[:, 20, 30] = 1
    rec = RecStack(volume)
    moved = rec.trans_stack(xshift=-2, yshift=5, angle=90, interpolation="none")
    assert isinstance(moved, RecStack)
    assert np.argwhere(moved.data[1] > 0.5).tolist() == [[30 + 5, 20 - 2]]  # y towards z, then the shifts
    assert np.array_equal(rec.data, volume)
    with pytest.raises(ParameterError, match="cuda"):
        rec.rotate_volume([0, 0, 0], cuda=True)


def test_a_volume_is_rendered_by_the_widget_that_the_registry_names():
    data = np.zeros((8, 9, 10), np.float32)
    data[2:4] = 100
    view = RecStack(data).plot_3d(vmin_std=0, vmax_std=1, figsize=(4, 3), display=False)["ipywidgets"]
    drawn = view.snapshot().channels[0].voxels.transpose(2, 0, 1)
    assert drawn.min() == pytest.approx(data.mean())
    assert drawn.max() == pytest.approx(data.mean() + data.std())
    view.close()


def test_a_missing_extra_is_said(monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, "etwidgets.views.volume_gui", None)
    with pytest.raises(errors.MissingDependencyError, match="etwidgets\\[app\\]"):
        RecStack(np.zeros((4, 4, 4))).plot_3d()

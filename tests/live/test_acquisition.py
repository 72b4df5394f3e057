"""The simulated microscope, and the watcher that finds what it wrote: once each, when it is whole."""

import numpy as np
import pytest

from etwidgets.errors import MissingTiltsError, OutsideError
from etwidgets.io import load
from etwidgets.io.watching import Watcher
from etwidgets.live import acquisition_order, simulate_acquisition
from etwidgets.signals import TomoStack

TILTS = np.arange(-6.0, 7, 3)


@pytest.fixture(scope="module")
def stack():
    rng = np.random.default_rng(0)
    made = TomoStack(rng.integers(0, 5000, (len(TILTS), 24, 30)).astype("uint16"), TILTS)
    made.set_pixel_size(2.5)
    return made


def run(stack, folder, watcher, **options):
    """Acquire; the watcher looks whenever the microscope waits, which takes no time."""
    found = []

    def look(_seconds):
        found.extend(watcher.poll())

    simulate_acquisition(stack, folder, interval_s=1, sleep=look, **options)
    found.extend(watcher.poll())
    return found


@pytest.mark.parametrize("file_format", ["serialem", "tiff", "mrc-each", "emd-each"])
@pytest.mark.parametrize("dose_symmetric", [False, True])
def test_each_projection_is_found_whole_once_and_in_order(stack, tmp_path, file_format, dose_symmetric):
    watcher = Watcher(tmp_path, settle_s=0)  # half of a file stays as it is for as long as one likes
    found = run(stack, tmp_path, watcher, file_format=file_format, dose_symmetric=dose_symmetric)
    order = acquisition_order(TILTS, dose_symmetric=dose_symmetric)
    assert [each.tilt_deg for each in found] == TILTS[order].tolist()
    for each, index in zip(found, order, strict=True):
        assert np.array_equal(each.image, stack.data[index])
    assert len({each.key for each in found}) == len(TILTS)
    assert watcher.poll() == []
    if file_format == "serialem":
        assert found[0].pixel_size_nm == pytest.approx(2.5)
    again = Watcher(tmp_path, [each.key for each in found[:3]], settle_s=0)
    assert [each.key for each in again.poll()] == [each.key for each in found[3:]]
    assert np.array_equal(again.read(found[1].key).image, found[1].image)


def test_dose_symmetric_goes_outwards():
    assert TILTS[acquisition_order(TILTS, dose_symmetric=True)].tolist() == [0, 3, -3, 6, -6]


def test_what_was_acquired_is_a_series_that_opens(stack, tmp_path):
    (path,) = simulate_acquisition(stack, tmp_path, interval_s=0, sleep=lambda _s: None)
    opened = load(path)
    assert np.array_equal(opened.data, stack.data)
    assert opened.tilts_deg.tolist() == TILTS.tolist()


def test_a_half_written_file_waits_and_says_so(stack, tmp_path):
    whole = stack.select_projections([0]).save(tmp_path / "x_-6.0deg.mrc").read_bytes()
    folder = tmp_path / "watched"
    folder.mkdir()
    path = folder / "x_-6.0deg.mrc"
    path.write_bytes(whole[: len(whole) // 2])
    watcher = Watcher(folder, settle_s=0)
    assert watcher.poll() == []
    assert "truncated" in watcher.waiting[path.name]
    path.write_bytes(whole)
    assert [each.tilt_deg for each in watcher.poll()] == [-6.0]
    assert watcher.waiting == {}


def test_a_file_that_still_changes_waits(stack, tmp_path):
    stack.select_projections([0]).save(tmp_path / "x_+3.0deg.mrc")
    watcher = Watcher(tmp_path, settle_s=60)
    assert watcher.poll() == []
    assert watcher.waiting == {"x_+3.0deg.mrc": "it is being written"}


def test_a_file_without_a_tilt_says_what_it_needs(stack, tmp_path):
    stack.select_projections([0]).save(tmp_path / "image7.mrc")
    (tmp_path / "image7.rawtlt").unlink()
    watcher = Watcher(tmp_path, settle_s=0)
    assert watcher.poll() == []
    assert "its tilt is not known" in watcher.waiting["image7.mrc"]


def test_a_section_waits_for_its_mdoc(stack, tmp_path):
    simulate_acquisition(stack, tmp_path, interval_s=0, sleep=lambda _s: None)
    mdoc = tmp_path / "series.mrc.mdoc"
    text = mdoc.read_text()
    mdoc.write_text(text[: text.index("[ZValue = 3]") + 20])
    watcher = Watcher(tmp_path, settle_s=0)
    assert [each.tilt_deg for each in watcher.poll()] == [-6, -3, 0]
    mdoc.write_text(text)
    assert [each.tilt_deg for each in watcher.poll()] == [3, 6]


def test_a_bad_projection_is_blurred(stack, tmp_path):
    (path,) = simulate_acquisition(stack, tmp_path, interval_s=0, sleep=lambda _s: None, bad=[2], count=3)
    written = load(path).data.astype(float)
    assert len(written) == 3
    assert written[1].std() < 0.3 * written[0].std()
    assert np.array_equal(written[2], stack.data[2])


def test_what_cannot_be_acquired_is_refused(stack, tmp_path):
    with pytest.raises(OutsideError, match="from 1 to 5"):
        simulate_acquisition(stack, tmp_path, bad=[6])
    with pytest.raises(MissingTiltsError):
        simulate_acquisition(TomoStack(stack.data), tmp_path)
    simulate_acquisition(stack, tmp_path, interval_s=0, sleep=lambda _s: None)
    with pytest.raises(FileExistsError):
        simulate_acquisition(stack, tmp_path)

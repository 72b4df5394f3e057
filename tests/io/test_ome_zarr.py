"""OME-Zarr 0.5: what is written has known numbers; tensorstore, which shares no code with us, reads them."""

import json

import dask
import dask.array as da
import numpy as np
import pytest

import etwidgets as etw
from etwidgets.errors import DataError, EtwidgetsError, FileFormatError, ShapeError
from etwidgets.signals.ome_zarr_writing import halved


def volume_of(data, step=3.36):
    axes = [
        {"name": n, "size": s, "scale": step, "offset": o, "units": "nm", "navigate": n == "x"}
        for n, s, o in zip("xzy", data.shape, (0.0, -step * (data.shape[1] - 1) / 2, 5.0), strict=True)
    ]
    volume = etw.RecStack(data, axes=axes)
    volume.metadata.General.title = "catalyst"
    volume.metadata.set_item("Tomography.reconstruction", {"algorithm": "SIRT", "iterations": 20})
    return volume


@pytest.fixture
def numbers():
    return np.random.default_rng(0).normal(10, 3, (70, 20, 300)).astype(np.float32)


def header(path):
    return json.loads((path / "zarr.json").read_text(encoding="utf-8"))


def test_means_and_most_frequent_labels_of_eight_voxels_are_right():
    values = np.arange(8, dtype=np.float32).reshape(2, 2, 2)
    assert halved(values, labels=False).tolist() == [[[3.5]]]
    assert halved(values[:, :1, :1], labels=False).tolist() == [[[2.0]]]  # a side of one voxel stays
    ends = np.array([1, 3, 7], np.float32).reshape(1, 1, 3)
    assert halved(ends, labels=False).tolist() == [[[2.0, 7.0]]]
    labels = np.array([5, 5, 2, 2, 2, 0, 9, 9], np.uint16).reshape(2, 2, 2)
    assert halved(labels, labels=True).tolist() == [[[2]]]
    tie = np.array([4, 4, 4, 4, 1, 1, 1, 1], np.uint16).reshape(2, 2, 2)
    assert halved(tie, labels=True).tolist() == [[[1]]]


@pytest.mark.parametrize("lazy", [False, True])
def test_a_volume_comes_back_with_its_scale_and_origin(tmp_path, numbers, lazy):
    path = volume_of(numbers).save(tmp_path / "a.ome.zarr")
    again = etw.load(path, lazy=lazy)
    assert again._lazy is lazy
    assert np.array_equal(np.asarray(again.data), numbers)
    assert [(a.name, a.scale, a.units) for a in again.axes_manager._axes] == [(n, 3.36, "nm") for n in "xzy"]
    assert [a.offset for a in again.axes_manager._axes] == pytest.approx([0, -3.36 * 9.5, 5])
    assert again.metadata.General.title == "catalyst"
    assert again.metadata.Tomography.reconstruction.iterations == 20


def test_an_independent_reader_sees_the_same_numbers_at_every_level(tmp_path, numbers):
    tensorstore = pytest.importorskip("tensorstore")
    labels = (numbers > 12).astype(np.uint8)
    path = volume_of(numbers).save(tmp_path / "a.ome.zarr", labels={"dense": labels})
    for folder, finest, is_label in ((path, numbers, False), (path / "labels" / "dense", labels, True)):
        image = header(folder)["attributes"]["ome"]["multiscales"][0]
        expected = finest
        assert [level["path"] for level in image["datasets"]] == ["0", "1"]
        for level in image["datasets"]:
            store = {"driver": "file", "path": str(folder / level["path"])}
            seen = tensorstore.open({"driver": "zarr3", "kvstore": store}).result()
            assert seen.domain.labels == ("x", "z", "y")
            assert np.array_equal(seen.read().result(), expected)
            expected = halved(finest, labels=is_label)


def test_the_metadata_are_those_of_the_specification(tmp_path, numbers):
    labels = np.zeros(numbers.shape, np.int32)
    path = volume_of(numbers).save(tmp_path / "a.ome.zarr", labels={"dense": labels})
    ome = header(path)["attributes"]["ome"]
    image = ome["multiscales"][0]
    assert ome["version"] == "0.5"
    assert image["axes"] == [{"name": n, "type": "space", "unit": "nanometer"} for n in "xzy"]
    fine, coarse = (level["coordinateTransformations"] for level in image["datasets"])
    assert [move["type"] for move in fine] == [move["type"] for move in coarse] == ["scale", "translation"]
    assert fine[0]["scale"] == pytest.approx([3.36] * 3)
    assert coarse[0]["scale"] == pytest.approx([6.72] * 3)
    # the center of eight voxels lies half a voxel further
    assert np.subtract(coarse[1]["translation"], fine[1]["translation"]) == pytest.approx([1.68] * 3)
    assert header(path / "labels")["attributes"]["ome"] == {"version": "0.5", "labels": ["dense"]}
    assert header(path / "labels" / "dense")["attributes"]["ome"]["image-label"] == {
        "source": {"image": "../../"}
    }


def test_a_lazy_volume_is_written_block_by_block_each_computed_once(tmp_path):
    computed = []

    def block(values, block_info):
        place = block_info[None]["chunk-location"][0]
        computed.append(place)
        return values + place

    data = da.zeros((320, 4, 300), chunks=(32, 4, 300), dtype=np.float32).map_blocks(block, dtype=np.float32)
    with dask.config.set(scheduler="synchronous"):
        computed.clear()  # dask tries the function once
        path = volume_of(data).save(tmp_path / "a.ome.zarr")
    assert [set(computed[i : i + 2]) for i in range(0, 10, 2)] == [{i, i + 1} for i in range(0, 10, 2)]
    assert len(computed) == 10
    again = etw.load(path, lazy=True).data
    assert np.array_equal(again[::32, 0, 0].compute(), np.arange(10))


def test_a_label_image_of_its_own_comes_back(tmp_path):
    labels = np.random.default_rng(0).integers(0, 4, (5, 6, 7)).astype(np.uint16)
    path = volume_of(labels).save(tmp_path / "labels.ome.zarr", label_image=True)
    assert header(path)["attributes"]["ome"]["image-label"] == {}
    assert np.array_equal(etw.load(path).data, labels)


def test_what_is_no_volume_or_no_label_image_is_refused_and_leaves_nothing(tmp_path, numbers):
    with pytest.raises(ShapeError, match="volumes"):
        etw.TomoStack(numbers, np.arange(70.0)).save(tmp_path / "a.ome.zarr")
    with pytest.raises(DataError, match="whole numbers"):
        volume_of(numbers).save(tmp_path / "a.ome.zarr", label_image=True)
    with pytest.raises(EtwidgetsError, match="not a name"):
        volume_of(numbers).save(tmp_path / "a.ome.zarr", labels={"../b": np.zeros(numbers.shape, int)})
    assert not list(tmp_path.iterdir())


def _first(known):
    return known["attributes"]["ome"]["multiscales"][0]["datasets"][0]


def _changed(path, change):
    known = header(path)
    change(known)
    (path / "zarr.json").write_text(json.dumps(known), encoding="utf-8")


@pytest.mark.parametrize(
    ("where", "change", "said"),
    [
        (".", lambda h: h["attributes"]["ome"].update(version="0.4"), "version '0.4'"),
        (
            ".",
            lambda h: h["attributes"]["ome"]["multiscales"][0]["datasets"][0].update(path="../b"),
            "outside",
        ),
        ("0", lambda h: h["codecs"].append({"name": "sharding_indexed"}), "sharding_indexed"),
        ("0", lambda h: h["codecs"].append({"name": "numcodecs.pickle"}), "pickle"),
        ("0", lambda h: h.update(data_type="complex64"), "complex64"),
        ("0", lambda h: h["chunk_grid"]["configuration"].update(chunk_shape=[1 << 20] * 3), "cannot be"),
        ("0", lambda h: h.pop("shape"), "shape"),
    ],
)
def test_what_a_file_may_not_have_is_refused(tmp_path, numbers, where, change, said):
    path = volume_of(numbers[:4]).save(tmp_path / "a.ome.zarr")
    _changed(path / where, change)
    with pytest.raises(FileFormatError, match=said):
        etw.load(path)


def test_a_chunk_that_claims_more_than_it_may_hold_is_refused(tmp_path, numbers):
    from numcodecs import Blosc

    path = volume_of(numbers[:4]).save(tmp_path / "a.ome.zarr")
    chunk = next((path / "0" / "c").rglob("0"))
    chunk = chunk if chunk.is_file() else next(each for each in chunk.rglob("*") if each.is_file())
    chunk.write_bytes(Blosc().encode(np.zeros(1 << 24, np.uint8)))
    with pytest.raises(FileFormatError, match="cannot be read"):
        etw.load(path)

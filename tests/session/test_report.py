"""Reports: what is on the page and what must not be, doubts with known answers, methods and references."""

import hashlib
import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

from etwidgets import cli, engine, io
from etwidgets.align import AXIS_METHODS, METHODS
from etwidgets.analysis import MissingWedge, elongation_factor
from etwidgets.errors import FileFormatError, ParameterError
from etwidgets.progress import NullProgress
from etwidgets.session import Session, TomoStackModel, report_of, run_batch
from etwidgets.session.history import State
from etwidgets.session.report import Facts, free_target, from_json, page, pictures, to_json
from etwidgets.session.report.bibliography import ETSPY, ETSPY_PAPER, HYPERSPY, Citations, dois_in
from etwidgets.session.report.doubts import doubts_of
from etwidgets.session.report.facts import facts_of
from etwidgets.session.report.plain import worded
from etwidgets.signals import TomoStack
from etwidgets.simulation import ellipsoid_series

HOSTILE = "<img src=x onerror=alert(1)> & 'a'"
STEPS = [
    ("subtract_background", {"percentile": 4.5}),
    ("register", {"method": "PC", "upsample_factor": 12}),
    ("tilt_align", {"method": "CoM"}),
    ("reconstruct", {"method": "SIRT", "iterations": 17, "constrain": True}),
]
PROGRAMS = {HYPERSPY, ETSPY}


def series(moved=True):
    """25 projections of 40 x 40 of a needle, as recorded or aligned."""
    made = ellipsoid_series(
        "needle",
        shape_yx=(40, 40),
        tilts_deg=np.arange(-60, 61, 5.0),
        drift_px=6,
        jitter_px=2,
        jump_px=0,
        flicker=0,
    )
    stack = TomoStack(made.projections if moved else made.aligned, made.tilts_deg)
    stack.set_pixel_size(1.5)
    return stack


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A series in a file with a hostile name, its session, and its report."""
    folder = tmp_path_factory.mktemp("report")
    path = folder / f"{HOSTILE}.hspy"
    io.save(series(), path)
    session = Session()
    session.open(str(path))
    for name, parameters in STEPS:
        session.apply(name, **parameters)
    session.save(folder / "work.json")
    session.save_report(folder / "report.html")
    return folder


@pytest.fixture(scope="module")
def content(folder):
    return from_json((folder / "report.json").read_text(encoding="utf-8"))


@pytest.fixture(autouse=True)
def _quick(monkeypatch):
    """Pictures are drawn once, for the report in the folder."""
    monkeypatch.setattr(pictures, "_png", lambda _figure: "iVBOR")


class Tags(HTMLParser):
    """The tags of a page with their attributes."""

    def __init__(self, text):
        super().__init__()
        self.found = []
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.text += data


def said(doubts):
    return " ".join(each.text for each in doubts)


def test_every_step_and_parameter_is_on_the_page(folder):
    text = Tags((folder / "report.html").read_text(encoding="utf-8")).text
    for name, parameters in STEPS:
        assert name in text
        for key, value in parameters.items():
            shown = "yes" if value is True else value
            assert f"{key} = {shown}" in text
    assert HOSTILE in text


def test_the_page_loads_and_runs_nothing(folder):
    source = (folder / "report.html").read_text(encoding="utf-8")
    tags = Tags(source).found
    assert {tag for tag, _ in tags} <= {
        "html", "head", "meta", "title", "style", "body", "h1", "h2", "h3", "p", "ul", "ol", "li", "section",
        "strong", "figure", "figcaption", "img", "table", "thead", "tbody", "tr", "th", "td", "code", "pre",
        "a", "br",
    }  # fmt: skip
    images = [given for tag, given in tags if tag == "img"]
    assert len(images) == 5
    assert all(given["src"].startswith("data:image/png;base64,iVBOR") for given in images)
    assert not any(name.startswith("on") for _, given in tags for name in given)
    assert all(given["href"].startswith("https://doi.org/10.") for tag, given in tags if tag == "a")
    assert not re.search(r"url\(|@import|javascript:", source)


def test_json_gives_the_same_back(content):
    assert from_json(to_json(content)) == content
    assert page(from_json(to_json(content))) == page(content)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"format": "etwidgets-report", "version": 2}',
                                  '{"format": "etwidgets-report", "version": 1}'])  # fmt: skip
def test_what_is_no_report_is_refused(text):
    with pytest.raises(FileFormatError):
        from_json(text)


def test_methods_name_what_was_run_and_nothing_else(content):
    assert {each.doi for each in content.references if each.doi} == {
        *dois_in(METHODS["PC"].source), *dois_in(engine.algorithms()["SIRT"].source),
        "10.1016/j.jsb.2015.10.004", *PROGRAMS,
    }  # fmt: skip
    assert any("Radermacher" in each.text and not each.doi for each in content.references)
    for words in (
        "25 projections of 40 x 40 pixels", "from -60.0° to 60.0°", "pixel size of 1.5 nm",
        "phase correlation", "center-of-mass tracks", "(SIRT)", "in 17 iterations",
        "values of zero or more",
    ):  # fmt: skip
        assert words in content.methods
    for words in ("FBP", "markers", "StackReg", "refined"):
        assert words not in content.methods
    numbers = {int(n) for found in re.findall(r"\[([\d, ]+)\]", content.methods) for n in found.split(",")}
    assert numbers == set(range(1, len(content.references) + 1))
    for each in content.references:
        assert each.bibtex in content.bibtex
        assert each.doi in each.bibtex


def test_an_undone_reconstruction_is_not_in_the_methods(stack, tmp_path):
    session = Session(TomoStackModel(stack))
    session.apply("reconstruct", method="FBP")
    session.apply("reconstruct", method="SIRT", iterations=2)
    session.save_report(tmp_path / "a.json")
    found = from_json((tmp_path / "a.json").read_text(encoding="utf-8"))
    assert "in 2 iterations." in found.methods
    assert "filtered back projection" not in found.methods
    assert [step.operation for step in found.steps] == ["reconstruct", "reconstruct"]
    assert "error" in found.facts.check  # 20 px are too few to compare with reprojections
    assert "could not be compared" in said(found.doubts)


def test_an_unregistered_series_is_doubted_and_a_good_one_is_not(content):
    known = facts_of(State(series()), (), NullProgress())
    doubts = doubts_of(known)
    assert any("was not registered" in each.text and each.serious for each in doubts)
    assert "was not registered" not in said(content.doubts)
    assert "projections do not fit the others" in said(doubts)
    assert np.hypot(*known.check["errors_px"]) > 1 > np.hypot(*content.facts.check["errors_px"])
    assert "tilt axis was not looked for" in said(doubts)
    assert "tilt axis was not looked for" not in said(content.doubts)


def test_numbers_against_the_floor_are_those_of_the_check(content):
    check = content.facts.check
    assert len(check["misfits"]) == len(check["floor_misfits"]) == len(check["shifts_px"]) == 25
    assert content.facts.reconstruction["iterations"] == 17
    assert content.facts.reconstruction["shape"] == [40, 40, 40]


def test_files_have_their_digests(folder, content):
    (found,) = content.files
    data = (folder / f"{HOSTILE}.hspy").read_bytes()
    assert (found.n_bytes, found.sha256) == (len(data), hashlib.sha256(data).hexdigest())
    assert any(line.startswith("etwidgets ") for line in content.machine)
    assert content.packages["numpy"] == np.__version__


def facts(tilts, **given):
    known = {"n_projections": len(tilts), "frames": 1, "height_px": 100, "width_px": 100,
             "pixel_size_nm": 1.0, "registered": True, "axis_looked_for": True, "channels": []}  # fmt: skip
    made = {
        "algorithm": "SIRT",
        "iterations": 20,
        "shape": [100, 100, 100],
        "stale": False,
        "pixel_size_nm": 1.0,
    }
    return Facts(**{"series": known | {"tilts_deg": list(tilts)}, "reconstruction": made, **given})


def test_the_wedge_in_degrees_and_what_it_does():
    tilts = list(np.arange(-60.0, 61.0, 2.0))
    assert MissingWedge.of(tilts).width_deg == 60
    assert elongation_factor(tilts) == pytest.approx(1.55, abs=0.005)  # Radermacher 1988
    assert MissingWedge.of(np.arange(-90.0, 90.0, 2.0)).width_deg == 0
    assert elongation_factor(list(np.arange(-90.0, 90.0, 2.0))) == pytest.approx(1)
    assert "60° of 180°" in said(doubts_of(facts(tilts)))
    assert "about 1.55 times as long along the beam" in said(doubts_of(facts(tilts)))
    assert "wedge" not in said(doubts_of(facts(np.arange(-90.0, 90.0, 2.0))))


def test_nothing_is_doubted_where_there_is_nothing_to_doubt():
    good = facts(
        np.arange(-90.0, 90.0, 2.0),
        held_out={"reason": "SIRT, 20 iterations: held-out misfit 0.02."},
        resolution={"all": {"half_bit": "3.1 nm"}, "settings": {"algorithm": "SIRT", "iterations": 20}},
        alignment={"accepted": True, "rotation_interval_deg": [-0.1, 0.1], "shift_interval_px": [-0.2, 0.2]},
    )
    assert doubts_of(good) == ()
    series = good.series
    for change, words, serious in (
        ({"reconstruction": {**good.reconstruction, "stale": True}}, "older than the series", True),
        ({"reconstruction": {}}, "no volume yet", True),
        ({"series": {**series, "registered": False}}, "not registered", True),
        (
            {"alignment": {"accepted": True, "shift_interval_px": [-0.2, 0.2]}},
            "determine the rotation of",
            True,
        ),
        ({"resolution": {}}, "resolution was not measured", False),
        ({"held_out": {}}, "(20) was not checked", False),
        (
            {"series": {**series, "tilts_deg": list(np.arange(-90.0, 90.0, 10.0))}},
            "18 projections, 10.0°",
            False,
        ),
        (
            {"series": {**series, "tilts_deg": [*np.arange(-90.0, 0, 2.0), *np.arange(9.0, 90, 2.0)]}},
            "Gaps",
            False,
        ),
        (
            {"resolution": {**good.resolution, "settings": {"algorithm": "SIRT", "iterations": 9}}},
            "of SIRT, 9",
            True,
        ),
    ):
        found = doubts_of(replace(good, **change))
        assert [(words in each.text, each.serious) for each in found] == [(True, serious)]


def test_the_reason_and_the_resolution_are_shown(content):
    known = replace(
        content.facts,
        held_out={"reason": "<SIRT> was best", "iterations": [1, 2], "misfit": [0.5, 0.25]},
        resolution={
            "made_by": "SIRT; halves",
            "x": {"half_bit": "4.2 nm"},
            "blind_spots": ["Shared errors."],
        },
    )
    text = Tags(page(replace(content, facts=known))).text
    for words in ("<SIRT> was best", "0.25", "half-bit, along x", "4.2 nm", "Shared errors."):
        assert words in text
    assert "Not measured." in Tags(page(content)).text


def test_measurements_are_in_the_report(tmp_path):
    from etwidgets.session.measuring import Subject

    session = Session(TomoStackModel(series(moved=False)))
    session.apply("reconstruct", method="FBP")
    volume = session.model.reconstruction.data
    subject = Subject("series", volume, {"threshold": 0.5 * float(volume.max())})
    session.measure(subject)
    session.measure(subject, axis="z")
    session.measure(Subject("series", volume, {"threshold": 0.6 * float(volume.max())}))
    session.save_report(tmp_path / "a.html")
    found = from_json((tmp_path / "a.json").read_text(encoding="utf-8")).facts.measurements
    assert found[0]["total_volume"].startswith(f"{session.model.measurements[0].total.value:.0f} nm³ (")
    text = Tags((tmp_path / "a.html").read_text(encoding="utf-8")).text
    assert text.count(found[0]["total_volume"]) == 1
    for words in ("number of bodies", "volume (nm³)", "total volume", "length of a voxel (nm)"):
        assert words in text
    assert not re.search(r"n bodies|_nm|stale", text)
    source = (tmp_path / "a.html").read_text(encoding="utf-8")
    assert not re.search(r"<td>-?[1-9]\d*\.\d{4}", source)  # four digits are enough
    assert (worded(12345.678), worded(0.12345678), worded(2.0)) == ("12350", "0.1235", "2")
    assert len(found) == 2  # the first two are of the same volume, parted in the same way


def test_what_trust_measured_is_in_the_report(tmp_path):
    session = Session(TomoStackModel(series(moved=False)))
    session.apply("reconstruct", method="SIRT", iterations=1)
    for subject in ("convergence", "linearity"):
        session.assess(subject)
    session.save_report(tmp_path / "a.html")
    found = from_json((tmp_path / "a.json").read_text(encoding="utf-8"))
    text = Tags((tmp_path / "a.html").read_text(encoding="utf-8")).text
    assert found.facts.convergence["level"] == "bad"
    assert "was not checked against left-out" not in said(found.doubts)
    assert found.facts.convergence["sentence"] in said(found.doubts)
    assert found.facts.convergence["number"] in text
    measured = {each.subject: each.found for each in session.model.assessments}
    shown = text.split("Misfit of left-out projections")[1].split("Resolution")[0]
    assert len(found.facts.convergence["iterations"]) > 50 > shown.count("0.")
    assert found.facts.linearity["term_percent"] == pytest.approx(measured["linearity"].term_percent)
    assert measured["linearity"].advice in text


def test_no_file_is_replaced_and_the_ending_must_be_known(session, tmp_path):
    (tmp_path / "a.json").write_text("mine")
    with pytest.raises(FileExistsError, match=r"a\.json exists; .* as a-2\.html"):
        session.save_report(tmp_path / "a.html")
    assert (tmp_path / "a.json").read_text() == "mine"
    with pytest.raises(ParameterError, match=r"\.html"):
        session.save_report(tmp_path / "a.pdf")
    with pytest.raises(ParameterError, match="nothing to report on"):
        Session().save_report(tmp_path / "b.html")
    assert [path.name for path in tmp_path.iterdir()] == ["a.json"]
    (tmp_path / "a-2.html").write_text("mine")
    assert free_target(tmp_path / "a.html") == tmp_path / "a-3.html"
    assert free_target(tmp_path / "b.html") == tmp_path / "b.html"


def test_every_method_has_its_paper():
    records = [*engine.algorithms().values(), *METHODS.values(), *AXIS_METHODS.values()]
    for record in records:
        citations = Citations()
        assert citations.cite_source(record.source)
        for each in citations.references:
            if each.doi:
                assert "title = " in each.bibtex, each.doi
    assert dois_in("Gilbert (doi:10.1016/0022-5193(72)90180-4), and 10.1000/a.") == [
        "10.1016/0022-5193(72)90180-4", "10.1000/a",
    ]  # fmt: skip
    own = Citations()
    assert own.cite_source("Doe 2026, doi:10.1000/x1") == "[1]"
    assert "Doe 2026" in own.references[0].bibtex


def test_programs_are_cited_as_in_the_citation_file():
    known = (Path(__file__).parents[2] / "CITATION.cff").read_text(encoding="utf-8")
    citations = Citations()
    citations.cite(ETSPY_PAPER, ETSPY)
    for each in citations.references:
        title = re.search(r": ([^.]+)\.", each.text).group(1)
        assert title in known
    assert ETSPY in known


def test_the_command_reports_a_session_and_a_file(folder, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert cli.main(["report", str(folder / "work.json")]) == 0
    assert capsys.readouterr().out == "work_report.html\n"
    again = from_json(Path("work_report.json").read_text(encoding="utf-8"))
    first = from_json((folder / "report.json").read_text(encoding="utf-8"))
    assert again.facts == first.facts
    assert [each.title for each in again.pictures] == [each.title for each in first.pictures]
    session = Session()
    session.open_session(folder / "work.json")
    session.save_data("volume", tmp_path / "volume.hspy")
    assert report_of("volume.hspy", "volume.json") == Path("volume.json")
    volume = from_json(Path("volume.json").read_text(encoding="utf-8"))
    assert {"shift", "transform"} & {step.operation for step in volume.earlier}
    assert "in 17 iterations, with values of zero or more" in volume.methods
    assert "60° of 180°" in said(volume.doubts)
    assert cli.main(["report", "none.json"]) == 2


def test_a_batch_has_one_report_each_and_a_table(stack, tmp_path):
    io.save(stack, tmp_path / "a & b.hspy")
    session = Session()
    session.open(str(tmp_path / "a & b.hspy"))
    session.apply("reconstruct", method="FBP")
    steps = session.save(tmp_path / "work.json")
    output = tmp_path / "results"
    with pytest.raises(ParameterError, match="1 of 2 series failed"):
        run_batch(steps, [tmp_path / "a & b.hspy", tmp_path / "none.hspy"], output=output, report=True)
    rows = json.loads((output / "reports.json").read_text(encoding="utf-8"))
    assert [(row["series"], row.get("method")) for row in rows] == [("a & b", "FBP"), ("none", None)]
    assert "Failed" in rows[1]["gravest"]
    links = [given["href"] for tag, given in Tags((output / "reports.html").read_text()).found if tag == "a"]
    assert links == ["./a%20%26%20b_report.html"]
    assert (output / "a & b_report.html").is_file()
    made = (output / "a & b_report.html").stat().st_mtime_ns
    run_batch(steps, [tmp_path / "a & b.hspy"], output=output, report=True)  # is done, and not done again
    assert (output / "a & b_report.html").stat().st_mtime_ns == made

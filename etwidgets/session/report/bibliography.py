"""The papers and programs that a report can cite, by DOI; numbers them in the order of their use."""

from __future__ import annotations

import importlib.metadata
import re
from dataclasses import dataclass

from etwidgets.session.report.content import Reference

VERSION = importlib.metadata.version("etwidgets")
_DOI = re.compile(r"10\.\d{4,9}/[^\s;,]+")
_JOURNAL, _BOOK, _SOFTWARE = "article", "book", "software"

ETWIDGETS, ETSPY_PAPER, ETSPY = "etwidgets", "etspy-paper", "10.18434/mds2-3616"
HYPERSPY, ASTRA = "10.5281/zenodo.592838", "10.1364/OE.24.025129"
PROJECTION_MATCHING, REPROJECTION_CHECK = "10.1364/OE.27.036637", "10.1016/j.jsb.2015.10.004"
MARKERS = "10.1016/j.jsb.2016.07.011"
ELONGATION, HALF_BIT = "radermacher-1988", "10.1016/j.jsb.2005.05.009"
NMF, FUSED = "10.1002/env.3170050203", "10.1038/s41467-024-47558-0"


@dataclass(frozen=True)
class _Entry:
    """A paper, book or program; ``pages`` are as printed, ``where`` the journal or publisher."""

    kind: str
    key: str
    authors: str
    title: str
    where: str
    year: str
    volume: str = ""
    pages: str = ""


_ENTRIES: dict[str, _Entry] = {
    ETWIDGETS: _Entry(
        _SOFTWARE, "etwidgets", "{The etwidgets developers}",
        f"etwidgets: interactive electron tomography, version {VERSION}", "", "",
    ),
    ETSPY_PAPER: _Entry(
        "misc", "herzing_etspy_paper", "Herzing, Andrew A. and Taillon, Joshua A.",
        "ETSpy: A HyperSpy extension package for electron tomography data processing and "
        "reconstruction", "", "",
    ),
    ETSPY: _Entry(
        _SOFTWARE, "herzing_etspy", "Herzing, Andrew A.", "usnistgov/etspy: ETSpy package", "", "2024",
    ),
    HYPERSPY: _Entry(
        _SOFTWARE, "hyperspy", "de la Peña, Francisco and others",
        "HyperSpy: multi-dimensional data analysis", "Zenodo", "",
    ),
    ASTRA: _Entry(
        _JOURNAL, "vanaarle_2016",
        "van Aarle, Wim and Palenstijn, Willem Jan and Cant, Jeroen and Janssens, Eline and "
        "Bleichrodt, Folkert "
        "and Dabravolski, Andrei and De Beenhouwer, Jan and Batenburg, K. Joost and Sijbers, Jan",
        "Fast and flexible X-ray tomography using the ASTRA toolbox", "Optics Express", "2016", "24",
        "25129--25147",
    ),
    PROJECTION_MATCHING: _Entry(
        _JOURNAL, "odstrcil_2019",
        "Odstrčil, Michal and Holler, Mirko and Raabe, Jörg and Guizar-Sicairos, Manuel",
        "Alignment methods for nanotomography with deep subpixel accuracy", "Optics Express", "2019", "27",
        "36637--36652",
    ),
    REPROJECTION_CHECK: _Entry(
        _JOURNAL, "yan_2015",
        "Yan, Rui and Edwards, Thomas J. and Pankratz, Logan M. and Kuhn, Richard J. and Lanman, Jason K. "
        "and Liu, Jun and Jiang, Wen",
        "A fast cross-validation method for alignment of electron tomography images based on "
        "Beer-Lambert law",
        "Journal of Structural Biology", "2015", "192", "297--306",
    ),
    MARKERS: _Entry(
        _JOURNAL, "mastronarde_2017", "Mastronarde, David N. and Held, Susannah R.",
        "Automated tilt series alignment and tomographic reconstruction in IMOD",
        "Journal of Structural Biology", "2017", "197", "102--113",
    ),
    ELONGATION: _Entry(
        _JOURNAL, "radermacher_1988", "Radermacher, Michael",
        "Three-dimensional reconstruction of single particles from random and nonrandom tilt series",
        "Journal of Electron Microscopy Technique", "1988", "9", "359--394",
    ),
    HALF_BIT: _Entry(
        _JOURNAL, "vanheel_2005", "van Heel, Marin and Schatz, Michael",
        "Fourier shell correlation threshold criteria", "Journal of Structural Biology", "2005", "151",
        "250--262",
    ),
    NMF: _Entry(
        _JOURNAL, "paatero_1994", "Paatero, Pentti and Tapper, Unto",
        "Positive matrix factorization: a non-negative factor model with optimal utilization of "
        "error estimates "
        "of data values", "Environmetrics", "1994", "5", "111--126",
    ),
    FUSED: _Entry(
        _JOURNAL, "schwartz_2024", "Schwartz, Jonathan and others",
        "Imaging 3D chemistry at 1 nm resolution with fused multi-modal electron tomography",
        "Nature Communications", "2024", "15", "3555",
    ),
    "10.1137/1.9780898719277": _Entry(
        _BOOK, "kak_1988", "Kak, Avinash C. and Slaney, Malcolm",
        "Principles of computerized tomographic imaging", "IEEE Press", "1988",
    ),
    "10.1016/0022-5193(72)90180-4": _Entry(
        _JOURNAL, "gilbert_1972", "Gilbert, Peter",
        "Iterative methods for the three-dimensional reconstruction of an object from projections",
        "Journal of Theoretical Biology", "1972", "36", "105--117",
    ),
    "10.1016/0161-7346(84)90008-7": _Entry(
        _JOURNAL, "andersen_1984", "Andersen, Anders H. and Kak, Avinash C.",
        "Simultaneous algebraic reconstruction technique (SART): a superior implementation of the "
        "ART algorithm",
        "Ultrasonic Imaging", "1984", "6", "81--94",
    ),
    "10.1109/TMI.2014.2350962": _Entry(
        _JOURNAL, "kim_2015", "Kim, Donghwan and Ramani, Sathish and Fessler, Jeffrey A.",
        "Combining ordered subsets and momentum for accelerated X-ray CT image reconstruction",
        "IEEE Transactions on Medical Imaging", "2015", "34", "167--178",
    ),
    "10.6028/jres.049.044": _Entry(
        _JOURNAL, "hestenes_1952", "Hestenes, Magnus R. and Stiefel, Eduard",
        "Methods of conjugate gradients for solving linear systems",
        "Journal of Research of the National Bureau of Standards", "1952", "49", "409--436",
    ),
    "10.1137/080716542": _Entry(
        _JOURNAL, "beck_2009_fista", "Beck, Amir and Teboulle, Marc",
        "A fast iterative shrinkage-thresholding algorithm for linear inverse problems",
        "SIAM Journal on Imaging Sciences", "2009", "2", "183--202",
    ),
    "10.1109/TIP.2009.2028250": _Entry(
        _JOURNAL, "beck_2009_tv", "Beck, Amir and Teboulle, Marc",
        "Fast gradient-based algorithms for constrained total variation image denoising and "
        "deblurring problems",
        "IEEE Transactions on Image Processing", "2009", "18", "2419--2434",
    ),
    "10.1109/TIP.2011.2131661": _Entry(
        _JOURNAL, "batenburg_2011", "Batenburg, K. Joost and Sijbers, Jan",
        "DART: a practical reconstruction algorithm for discrete tomography",
        "IEEE Transactions on Image Processing", "2011", "20", "2542--2553",
    ),
    "10.1364/OL.33.000156": _Entry(
        _JOURNAL, "guizar_2008", "Guizar-Sicairos, Manuel and Thurman, Samuel T. and Fienup, James R.",
        "Efficient subpixel image registration algorithms", "Optics Letters", "2008", "33", "156--158",
    ),
    "10.1109/TASSP.1976.1162830": _Entry(
        _JOURNAL, "knapp_1976", "Knapp, Charles H. and Carter, G. Clifford",
        "The generalized correlation method for estimation of time delay",
        "IEEE Transactions on Acoustics, Speech, and Signal Processing", "1976", "24", "320--327",
    ),
    "10.1109/83.650848": _Entry(
        _JOURNAL, "thevenaz_1998", "Thévenaz, Philippe and Ruttimann, Urs E. and Unser, Michael",
        "A pyramid approach to subpixel registration based on intensity",
        "IEEE Transactions on Image Processing", "1998", "7", "27--41",
    ),
    "10.1186/s40679-015-0005-7": _Entry(
        _JOURNAL, "sanders_2015", "Sanders, Toby and Prange, Micah and Akatay, Cem and Binev, Peter",
        "Physically motivated global alignment method for electron tomography",
        "Advanced Structural and Chemical Imaging", "2015", "1", "4",
    ),
    "10.1038/nature10934": _Entry(
        _JOURNAL, "scott_2012", "Scott, M. C. and others",
        "Electron tomography at 2.4-ångström resolution", "Nature", "2012", "483", "444--447",
    ),
    "10.1016/j.yjsbx.2022.100068": _Entry(
        _JOURNAL, "zheng_2022", "Zheng, Shawn and others",
        "AreTomo: an integrated software package for automated marker-free, motion-corrected cryo-electron "
        "tomographic alignment and reconstruction", "Journal of Structural Biology: X", "2022", "6", "100068",
    ),
    "10.1016/j.jsb.2005.12.010": _Entry(
        _JOURNAL, "lawrence_2006",
        "Lawrence, Albert and Bouwer, James C. and Perkins, Guy and Ellisman, Mark H.",
        "Transform-based backprojection for volume reconstruction of large format electron "
        "microscope tilt series",
        "Journal of Structural Biology", "2006", "154", "144--167",
    ),
    "10.1002/cpa.3160190105": _Entry(
        _JOURNAL, "ludwig_1966", "Ludwig, Donald", "The Radon transform on Euclidean space",
        "Communications on Pure and Applied Mathematics", "1966", "19", "49--81",
    ),
    "10.1109/TPAMI.1986.4767851": _Entry(
        _JOURNAL, "canny_1986", "Canny, John", "A computational approach to edge detection",
        "IEEE Transactions on Pattern Analysis and Machine Intelligence", "1986", "8", "679--698",
    ),
    "10.1145/361237.361242": _Entry(
        _JOURNAL, "duda_1972", "Duda, Richard O. and Hart, Peter E.",
        "Use of the Hough transformation to detect lines and curves in pictures",
        "Communications of the ACM", "1972", "15", "11--15",
    ),
}  # fmt: skip


class Citations:
    """Gives references their numbers, in the order in which they are cited."""

    def __init__(self) -> None:
        self._cited: dict[str, Reference] = {}

    def cite(self, *names: str) -> str:
        """Numbers in brackets of references by DOI or, of what has none, by name."""
        for name in names:
            self._cited.setdefault(name, _reference(name, _ENTRIES.get(name), name))
        return self._bracket(names)

    def cite_source(self, source: str) -> str:
        """The same of all that the record of a method names as its source; empty if it names nothing."""
        dois = dois_in(source)
        if dois:
            for doi in dois:
                self._cited.setdefault(doi, _reference(doi, _ENTRIES.get(doi), source))
            return self._bracket(dois)
        if not source:
            return ""
        self._cited.setdefault(source, _reference(source, None, source))
        return self._bracket([source])

    @property
    def references(self) -> tuple[Reference, ...]:
        """In the order of their numbers."""
        return tuple(self._cited.values())

    def _bracket(self, names: tuple[str, ...] | list[str]) -> str:
        places = {name: number for number, name in enumerate(self._cited, 1)}
        return f"[{', '.join(str(number) for number in sorted({places[name] for name in names}))}]"


def dois_in(source: str) -> list[str]:
    """The DOIs in a text, in order; parentheses that belong to the sentence are not in them."""
    found = []
    for match in _DOI.findall(source):
        doi = match.rstrip(".")
        while doi.endswith(")") and doi.count(")") > doi.count("("):
            doi = doi[:-1].rstrip(".")
        found.append(doi)
    return list(dict.fromkeys(found))


def _reference(name: str, entry: _Entry | None, source: str) -> Reference:
    doi = name if name.startswith("10.") else ""
    if entry is None:  # of a method that was added: all that is known is its source
        key = re.sub(r"\W+", "_", name).strip("_").lower()[:40]
        return Reference(source, doi, _bibtex("misc", key, {"note": source, "doi": doi}))
    place = {_JOURNAL: "journal", _BOOK: "publisher"}.get(entry.kind, "organization")
    fields = {
        "author": entry.authors, "title": f"{{{entry.title}}}", place: entry.where, "year": entry.year,
        "volume": entry.volume, "pages": entry.pages, "doi": doi,
    }  # fmt: skip
    return Reference(_text(entry), doi, _bibtex(entry.kind, entry.key, fields))


def _text(entry: _Entry) -> str:
    people = [" ".join(reversed(each.split(", "))) for each in entry.authors.split(" and ")]
    authors = ", ".join(people).replace(", others", " et al.").strip("{}")
    where = f"{entry.where} {entry.volume}".strip()
    year = f"({entry.year})" if entry.year else ""
    ending = " ".join(part for part in (where, year, entry.pages.replace("--", "-")) if part)
    return f"{authors}: {entry.title}." + (f" {ending}." if ending else "")


def _bibtex(kind: str, key: str, fields: dict[str, str]) -> str:
    lines = [f"  {name} = {{{value}}}," for name, value in fields.items() if value]
    return "\n".join([f"@{kind}{{{key},", *lines, "}"])

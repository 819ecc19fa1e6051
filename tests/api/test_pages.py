"""The pages, read by a real browser: what the base says of a variant, in French and English."""

import shutil
import subprocess
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from api.pages import LANGUAGES, grouped, sentence
from api.pages.words import ATTRIBUTES, FLAGS, SENTENCES, WORDS
from cad.audit.verify import read_entries
from cad.demo.folder import mark_demo
from cad.query import BaseReader, find_variant, open_base
from cad.settings import Settings
from tests.api.asking import key_for
from tests.api.serving import served
from tests.queried import Queried, queried


@pytest.fixture(scope="module")
def cohort(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Queried]:
    with queried(tmp_path_factory.mktemp("pages"), seed=11) as found:
        mark_demo(found.warehouse.path)
        yield found


@pytest.fixture(scope="module")
def address(cohort: Queried) -> Iterator[str]:
    """Where `cad serve --demo` listens."""
    with served(cohort.warehouse.path, "--demo") as found:
        yield found


@pytest.fixture(scope="module")
def browser() -> str:
    """Chromium, without which the page is untested: `make system` installs it."""
    found = shutil.which("chromium") or shutil.which("chromium-browser")
    if found is None:
        pytest.fail("chromium is missing: make system")
    return found


class Page(HTMLParser):
    """A page's text by element, its languages, and what it loads."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.text: dict[str, list[str]] = {}
        self.language = ""
        self.loads: list[str] = []
        self.labels: set[str | None] = set()
        self.inputs: list[str | None] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = dict(attrs)
        if tag == "html":
            self.language = said["lang"] or ""
        if tag == "label":
            self.labels.add(said["for"])
        if tag == "input" and said.get("type") != "hidden":
            self.inputs.append(said.get("id"))
        for name in ("src", "href"):
            if name in said and tag != "a":
                self.loads.append(said[name] or "")
        if tag not in ("meta", "link", "input"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if data.strip():
            self.text.setdefault(self.open[-1], []).append(" ".join(data.split()))


def dump(browser: str, url: str, profile: Path) -> Page:
    """A page as the browser holds it once it is loaded."""
    options = "--headless --no-sandbox --disable-gpu --disable-background-networking --dump-dom"
    done = subprocess.run(
        [browser, *options.split(), f"--user-data-dir={profile}", url],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    return Page(done.stdout)


def test_browser_shows_a_variant(
    browser: str, address: str, cohort: Queried, tmp_path: Path
) -> None:
    name = "-".join(map(str, next(iter(cohort.scans["care"].variants))))
    with open_base(cohort.warehouse, "care") as base:
        answer = find_variant(BaseReader(cohort.warehouse, base), name)
    page = dump(browser, f"{address}/search?q=chr{name}&lang=fr", tmp_path / "profile")
    assert page.language == "fr"
    assert page.text["h1"] == [name]
    assert sentence(answer, "fr") in page.text["p"]
    assert page.loads == ["/style.css"]
    assert set(page.inputs) <= page.labels
    cells = page.text["td"]
    shown = len(answer["frequencies"]) * 10
    figures = [cells[at : at + 10] for at in range(0, shown, 10)]
    assert [[int(row[0]), int(row[1])] for row in figures] == [
        [row["ac"], row["an"]] for row in answer["frequencies"]
    ]
    assert read_entries(cohort.warehouse)[-1]["asked"] == {"variant": name}


@pytest.fixture(scope="module")
def pages(cohort: Queried) -> Iterator[TestClient]:
    app = create_app(Settings(warehouse=cohort.warehouse.path, demo=True))
    with TestClient(app, "http://localhost") as client:
        yield client


@pytest.mark.parametrize("language", LANGUAGES)
def test_home_and_errors_in_both_languages(pages: TestClient, language: str) -> None:
    words = WORDS[language]
    home = pages.get("/", params={"lang": language})
    page = Page(home.text)
    assert page.language == language
    assert page.text["h1"] == [words["holds"]]
    assert words["demo"] in page.text["p"]
    example = page.text["a"][-1]
    assert pages.get(f"/variants/{example}").status_code == 200
    wrong = pages.get("/variants/<script>alert(1)</script>", params={"lang": language})
    assert wrong.status_code == 400
    assert "<script" not in wrong.text
    assert Page(wrong.text).text["h1"] == [words["refused"]]


def test_french_comes_first_and_english_is_one_link_away(pages: TestClient) -> None:
    page = pages.get("/variants/22-5-A-C?stratum=all")
    assert Page(page.text).language == "fr"
    assert 'href="/variants/22-5-A-C?stratum=all&amp;lang=en"' in page.text


def test_a_value_with_commas_is_one_value() -> None:
    names = ("all", "indication=Cancers, rares", "indication=Cancers, rares,affected=1")
    found = grouped([{"stratum": name} for name in names])
    assert [(name, len(rows)) for name, rows in found] == [
        ("all", 1), ("indication", 1), ("indication,affected", 1),
    ]  # fmt: skip


def test_both_languages_say_the_same_things() -> None:
    for table in (WORDS, SENTENCES, ATTRIBUTES, FLAGS):
        assert set(table["fr"]) == set(table["en"])


@pytest.mark.parametrize(
    ("state", "row", "raw_only", "expected"),
    [
        ("seen", {"ac": 1234, "an": 5000, "n_het": 1000, "n_hom": 117}, False,
         "Seen: 1,234 of 5,000 known alleles, in 1,117 of the 2,500 persons who could have shown "
         "it."),
        ("callable_not_seen", {"ac": 0, "an": 5000}, True,
         "Not seen, while 2,500 persons (5,000 alleles) could have shown it. It appears only in "
         "genotypes that the thresholds of quality set apart."),
        ("not_callable", {"ac": 0, "an": 0}, False,
         "The position was assayed, but no allele is known: absence says nothing."),
        ("not_assayed", {"ac": 0, "an": 0}, False, "Not assayed: no assay covers the position."),
        ("seen", {"ac": None, "an": None}, False, "Seen in too few persons to be shown."),
    ],
)  # fmt: skip
def test_five_states(state: str, row: dict[str, int | None], raw_only: bool, expected: str) -> None:
    full = {"n_het": 0, "n_hom": 0, "n_hemi": 0, "persons": 2500, **row}
    answer = {"state": state, "raw_only": raw_only, "frequencies": [full]}
    assert sentence(answer, "en") == expected


def test_pages_pass_the_same_gate(cohort: Queried) -> None:
    app = create_app(Settings(warehouse=cohort.warehouse.path))
    with TestClient(app, "http://localhost") as client:
        assert client.get("/variants/22-5-A-C").status_code == 401
        steward = key_for(cohort.warehouse, "steward")
        refused = client.get("/variants/22-5-A-C", headers=steward)
        assert refused.status_code == 403
        assert "<table" not in refused.text

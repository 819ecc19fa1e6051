"""The validation page: self-contained, in two languages, accessible, without ids of persons."""

from datetime import date
from html.parser import HTMLParser
from pathlib import Path

import pytest

from cad.report import PROBLEMS_SHOWN, format_count, render_report
from cad.report.words import WORDS
from cad.validate import ValidationReport, validate_batch
from schemas.errors import BatchRefused
from schemas.reasons import REASONS
from schemas.receipt import AlleleCounts, FileReceipt, ReasonCount
from tests.batch_dir import good_batch

_VOID = {"meta", "br", "hr", "img", "input", "link"}

RECEIPT = FileReceipt(
    "a<b>.vcf",
    1_234_567,
    1_234_000,
    555,
    (ReasonCount("gt_index", 5, (8, 13)), ReasonCount("y_par", 7, (21,))),
    (ReasonCount("info_array_length", 3, (34,)),),
    AlleleCounts(1_300_000, 20, 9),
    1_300_029,
)


class Page(HTMLParser):
    """A page as a list of elements and text; unbalanced tags fail."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []
        self.feed(html)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in _VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if data.strip():
            self.text.append(data.strip())


def report(*problems: BatchRefused) -> ValidationReport:
    return ValidationReport("NIGHT-1", 3, problems, (RECEIPT,))


def test_sums_reasons_and_lines_are_told_in_both_languages() -> None:
    page = Page(render_report(report(), made_on=date(2026, 11, 20)))
    for code in ("gt_index", "y_par", "info_array_length"):
        assert page.text.count(code) == 2
        assert REASONS[code].fr in page.text
        assert REASONS[code].en in page.text
    assert page.text.count("8, 13") == 2
    for count in ("1,234,567", "1\u202f234\u202f567", "1,300,029", "1\u202f300\u202f029"):
        assert count in page.text
    assert page.text.count("12") == 2
    assert page.text.count("2026-11-20") == 2
    assert WORDS["fr"]["valid"] in page.text
    assert WORDS["en"]["valid"] in page.text


def test_french_stands_before_english() -> None:
    articles = [attrs for tag, attrs in Page(render_report(report())).elements if tag == "article"]
    assert [attrs["lang"] for attrs in articles] == ["fr", "en"]


def test_refusals_are_told() -> None:
    problem = BatchRefused("bgzf_truncated", "no closing <block>", "x.vcf.gz")
    page = Page(render_report(report(problem)))
    for text in (
        REASONS["bgzf_truncated"].fr,
        REASONS["bgzf_truncated"].en,
        WORDS["fr"]["refused"],
    ):
        assert text in page.text
    assert page.text.count("no closing <block>") == 2
    assert WORDS["fr"]["valid"] not in page.text


def test_many_refusals_are_cut_and_counted() -> None:
    problems = [
        BatchRefused("sample_unlisted", "no row", f"column {place}")
        for place in range(PROBLEMS_SHOWN + 1500)
    ]
    page = Page(render_report(report(*problems)))
    assert page.text.count("sample_unlisted") == 2 * PROBLEMS_SHOWN
    assert f"1,500 {WORDS['en']['more']}" in page.text


def test_without_manifest_or_files() -> None:
    problem = BatchRefused("manifest_missing", "there is no manifest.json", "x")
    page = Page(render_report(ValidationReport(None, 0, (problem,), ())))
    assert WORDS["fr"]["unreadable"] in page.text
    assert WORDS["en"]["no_file"] in page.text


def test_nothing_is_fetched_and_nothing_runs() -> None:
    page = Page(render_report(report()))
    assert not {"script", "link", "img", "iframe", "object"} & {tag for tag, _ in page.elements}
    html = render_report(report())
    assert "url(" not in html
    assert "@import" not in html
    assert "http" not in html
    assert "<b>.vcf" not in html


def test_page_is_accessible() -> None:
    page = Page(render_report(report(BatchRefused("file_missing", "x is not there"))))
    tags = [tag for tag, _ in page.elements]
    assert tags.count("h1") == tags.count("main") == tags.count("title") == 1
    assert tags.count("table") == tags.count("caption") == 8
    assert all(attrs.get("scope") in ("col", "row") for tag, attrs in page.elements if tag == "th")
    levels = [int(tag[1]) for tag in tags if tag in ("h1", "h2", "h3", "h4", "h5")]
    assert all(after - before <= 1 for before, after in zip(levels, levels[1:], strict=False))
    ids = [attrs["id"] for _, attrs in page.elements if "id" in attrs]
    assert len(set(ids)) == len(ids)
    named = [attrs["aria-labelledby"] for _, attrs in page.elements if "aria-labelledby" in attrs]
    targets = [(attrs.get("href") or "")[1:] for tag, attrs in page.elements if tag == "a"]
    assert set(named) | set(targets) <= set(ids)


def test_languages_have_the_same_words() -> None:
    assert WORDS["fr"].keys() == WORDS["en"].keys()


@pytest.mark.parametrize("broken", [False, True])
def test_no_person_or_sample_is_named(tmp_path: Path, broken: bool) -> None:
    batch = good_batch(tmp_path)
    batch.sheet("sample_id|person_id|sex", "SAMPLE-A|PERSON-A|XX", "SAMPLE-B|PERSON-A|XY")
    batch.manifest["files"][0]["samples"] = {"S1": "SAMPLE-A", "S2": "SAMPLE-B"}
    if not broken:
        batch.sheet("sample_id|person_id|sex", "SAMPLE-A|PERSON-A|XX", "SAMPLE-B|PERSON-B|XY")
    found = validate_batch(batch.write())
    assert found.is_valid is not broken
    html = render_report(found)
    assert "SAMPLE-" not in html
    assert "PERSON-" not in html


def test_counts_below_a_thousand_are_bare() -> None:
    assert (format_count(0, "fr"), format_count(999, "en")) == ("0", "999")

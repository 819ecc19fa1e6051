"""GLnexus' cases of joint calling: the allele counts of their expected calls, or the rule why not.

A joint VCF has one record for all that overlaps, and a genotype that does not fit into it becomes a
no-call; the base counts each variant at its own position. What differs is listed variant by variant
in joint_differences.txt, each under one of the rules here.
"""

from pathlib import Path

import pytest

from schemas.errors import BatchRefused
from tests.base.joint_cases import ASSEMBLY, Counts, JointCase
from tests.base.nights import Nights
from tests.twin import TwinBase
from tests.twin.tiny import key

pytestmark = pytest.mark.realdata

RULES = {
    "own key": "5.2: an allele counts at its own key, though overlapping alleles of the sample, or "
    "ones that a joint VCF dropped, leave no whole genotype for one record",
    "position": "5.3: alleles are known, or not, at the variant's position; what else a joint "
    "record spans does not matter, be it a gap or another's deletion",
    "depth": "5.4: raw counts ask for no depth",
    "any carrier": "5.6: each allele that is called stands in the base, however rare or uncertain, "
    "and wherever a target ends",
    "as called": "5.2: a genotype counts as it is called, not as its likelihoods revise it",
    "one allele": "5.3: a haploid genotype or a half-call knows one allele of two",
    "no reference": "5.2: without a reference alleles are trimmed, not aligned to the left",
}
"""Why the base counts otherwise than a joint VCF."""

# A line of the header misses its end in these, so the batch is refused as a platform would see it.
UNCLOSED = (
    "deepvariant",
    "deepvariant_norm",
    "dv_1000G_chr17_2517459",
    "dv_1000G_chr17_8375536",
    "dv_1000G_chr21_5583275",
)
CASES = 51
Differences = dict[str, tuple[Counts | None, Counts, str]]


def read_differences() -> dict[str, Differences]:
    """Expected, found and rule by case and variant."""
    found: dict[str, Differences] = {}
    case = ""
    text = Path(__file__).with_name("joint_differences.txt").read_text()
    for line in text.splitlines():
        if line.startswith("  "):
            variant, expected, ours, rule = line.split(maxsplit=3)
            found[case][variant] = (read_counts(expected), read_counts(ours) or (0, 0), rule)
        elif not line.startswith("#"):
            case = line
            found[case] = {}
    return found


def read_counts(text: str) -> Counts | None:
    """AC/AN; None for a dash."""
    if text == "-":
        return None
    ac, an = text.split("/")
    return int(ac), int(an)


@pytest.fixture(scope="module")
def cases(testdata: Path) -> dict[str, JointCase]:
    paths = sorted((testdata / "gvcf" / "glnexus_cases").glob("*.yml"))
    return {path.stem: JointCase.read(path) for path in paths}


def differing(case: JointCase, twin: TwinBase) -> Differences:
    """The variants whose raw counts are not those expected, without a rule."""
    expected = case.expected()
    rows = {
        str(variant): (row.ac_raw, row.an_raw)
        for (purpose, stratum, variant), row in twin.rows.items()
        if (purpose, stratum) == ("care", "all")
    }
    # Without a joint VCF a case speaks of the alleles it lists alone, with one of contigs it names.
    contigs = {key(text).contig for text in expected}
    asked = {text for text in rows if case.is_joint and key(text).contig in contigs}
    found: Differences = {}
    for text in expected.keys() | asked:
        wanted, (_, pos, _, _) = expected.get(text), key(text)
        # A variant that nobody carries is not in the base; its AN is known all the same.
        an = twin.an_at("care", "all", key(text).contig, pos, passing=False)
        ac, _ = rows.get(text, (0, an))
        ours: Counts = (ac, an if wanted is None or wanted[1] is not None else None)
        if ours != wanted:
            found[text] = (wanted, ours, "")
    return found


def test_counts_are_those_expected_or_a_rule_says_why(
    cases: dict[str, JointCase], tmp_path: Path
) -> None:
    assert len(cases) == CASES
    known = read_differences()
    assert {rule for one in known.values() for _, _, rule in one.values()} == RULES.keys()
    compared = 0
    for name, case in cases.items():
        with Nights(tmp_path / name / "warehouse", ASSEMBLY) as nights:
            nights.push_and_build(case.write(tmp_path / name / "batch"))
            twin = nights.check()
        explained = {
            text: (expected, ours, "") for text, (expected, ours, _) in known.pop(name, {}).items()
        }
        assert differing(case, twin) == explained, name
        compared += len(case.expected())
    assert not known
    assert compared > 130


@pytest.mark.parametrize("name", UNCLOSED)
def test_header_line_without_its_end_is_refused(
    name: str, cases: dict[str, JointCase], tmp_path: Path
) -> None:
    with (
        Nights(tmp_path / "warehouse", ASSEMBLY) as nights,
        pytest.raises(BatchRefused, match="header_malformed"),
    ):
        nights.push(cases[name].write(tmp_path / "batch", mended=False))

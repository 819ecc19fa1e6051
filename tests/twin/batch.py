"""A batch directory: manifest, sample sheet, consents and files (4), and who counts (5.1, 7)."""

import csv
import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.twin.alleles import Reference
from tests.twin.facts import Thresholds
from tests.twin.weights import Bed, TwinFile, read_bed, read_file

PURPOSES = ("care", "research", "industry")
ASSAYS = ("WGS", "WES", "panel")  # 5.1: in this order; RNA never
PILOTS = ("MULTISARC", "ACOMPLI", "MULTIPLI", "DEFIDIAG", "GLUCOGEN", "POPGEN")
COHORT_PURPOSES: Mapping[str, frozenset[str]] = {
    name: frozenset({"research", "industry"}) for name in PILOTS
}


@dataclass(frozen=True)
class Consent:
    """One line of consents.tsv."""

    person_id: str
    scope: str
    status: str
    signed_on: str


@dataclass
class Sample:
    """One row of samples.tsv, with its batch and the files that hold its column."""

    batch_id: str
    platform: str
    row: dict[str, str]
    files: list[TwinFile]

    def said(self, column: str, otherwise: str = "unknown") -> str:
        """Give a value of the sheet, or what a missing one stands for."""
        return self.row.get(column) or otherwise

    @property
    def sample_id(self) -> str:
        """Its id, unique within the batch."""
        return self.row["sample_id"]

    @property
    def person_id(self) -> str:
        """Whose it is."""
        return self.row["person_id"]

    @property
    def may_count(self) -> bool:
        """Germline, by an assay that counts: RNA and tumours never (5.1)."""
        return self.said("material", "germline") == "germline" and self.assay in ASSAYS

    @property
    def assay(self) -> str:
        """WGS where the sheet does not say."""
        return self.said("assay", "WGS")

    @property
    def rank(self) -> tuple[int, str, bytes, bytes]:
        """5.1: the greatest is counted: assay, latest collected_on, batch_id, sample_id."""
        return (
            -ASSAYS.index(self.assay),
            self.row.get("collected_on") or "",  # missing last
            self.batch_id.encode(),
            self.sample_id.encode(),
        )

    def files_for(self, contig: str) -> list[TwinFile]:
        """Give the files that speak of a contig for this sample.

        On M a mitochondrial file alone counts (4). Else those that reach the contig; where several
        do, the one with records there, for samples' contigs are disjoint (4).
        """
        found = [f for f in self.files if f.reaches(contig)]
        mito = [f for f in found if f.kind == "mitochondrial"]
        if mito:
            return mito
        if len(found) > 1:
            return [f for f in found if f.has_records_on(contig)] or found
        return found

    def weight(self, contig: str, p: int, ploidy: int, passing: bool) -> int:
        """Give w(sample, p) (5.3)."""
        files = self.files_for(contig)
        return max((f.weight(self.sample_id, contig, p, ploidy, passing) for f in files), default=0)

    def failing(self, contig: str, p: int, ploidy: int) -> frozenset[str]:
        """Name the criteria that fail where alleles are known and none passes."""
        files = self.files_for(contig)
        return frozenset().union(*(f.failing(self.sample_id, contig, p, ploidy) for f in files))


@dataclass
class TwinBatch:
    """A batch as read; ``withdrawn`` are the person ids whose columns are ignored."""

    batch_id: str
    platform: str
    assembly: str
    files: dict[str, TwinFile]
    samples: list[Sample]
    consents: list[Consent]
    withdrawn: frozenset[str]


def _read_table(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as lines:
        return list(csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE))


def _beds(
    folder: Path, entry: Mapping[str, Any], sheet: Iterable[dict[str, str]]
) -> dict[str, Bed]:
    """Give each sample's BED: the sheet's own, else the file's (4)."""
    paths = {
        row["sample_id"]: row.get("callable_bed") or entry.get("callable_bed") for row in sheet
    }
    read = {path: read_bed(folder / path) for path in set(paths.values()) if path}
    return {sample: read[path] for sample, path in paths.items() if path}


def read_batch(
    folder: Path,
    *,
    reference: Reference | None = None,
    withdrawn: Collection[str] = (),
    thresholds: Thresholds | None = None,
) -> TwinBatch:
    """Read a batch directory that the contract accepts."""
    manifest = json.loads((folder / "manifest.json").read_text())
    sheet = _read_table(folder / "samples.tsv")
    files = {
        entry["path"]: read_file(
            folder / entry["path"],
            kind=entry["kind"],
            callability=entry["callability"],
            assembly=manifest["assembly"],
            reference=reference,
            bed=_beds(folder, entry, sheet),
            contigs=entry.get("contigs"),
            samples=entry.get("samples"),
            ignored={row["sample_id"] for row in sheet if row["person_id"] in withdrawn},
            thresholds=thresholds,
        )
        for entry in manifest["files"]
    }
    samples = [
        Sample(
            manifest["batch_id"],
            manifest["platform"],
            row,
            [f for f in files.values() if row["sample_id"] in f.columns],
        )
        for row in sheet
        if row["person_id"] not in withdrawn
    ]
    path = folder / "consents.tsv"
    consents = [
        Consent(row["person_id"], row["scope"], row["status"], row.get("signed_on") or "")
        for row in (_read_table(path) if path.exists() else [])
    ]
    return TwinBatch(
        manifest["batch_id"],
        manifest["platform"],
        manifest["assembly"],
        files,
        samples,
        consents,
        frozenset(withdrawn),
    )


def counted_samples(batches: Iterable[TwinBatch], withdrawn: Collection[str]) -> list[Sample]:
    """Give the one counted sample of each person (5.1), by person id."""
    best: dict[str, Sample] = {}
    for sample in (s for batch in batches for s in batch.samples):
        if not sample.may_count or sample.person_id in withdrawn:
            continue
        rival = best.get(sample.person_id)
        if rival is None or sample.rank > rival.rank:
            best[sample.person_id] = sample
    return [best[person] for person in sorted(best)]


def consented(person_id: str, consents: Iterable[Consent]) -> frozenset[str]:
    """Give the purposes a person's consents allow (7)."""
    strictness = ("given", "opposed", "refused", "withdrawn")
    latest: dict[str, tuple[str, int]] = {}
    for consent in consents:
        if consent.person_id == person_id:
            said = (consent.signed_on, strictness.index(consent.status))  # 4: tie: stricter
            latest[consent.scope] = max(said, latest.get(consent.scope, said))
    status = {scope: strictness[n] for scope, (_, n) in latest.items()}
    allowed = {p for p in ("research", "industry") if status.get(p) == "given"}
    if status.get("care") not in ("refused", "withdrawn"):
        allowed.add("care")  # 7: holds unless refused or withdrawn
    return frozenset(allowed)


def purposes_of(
    sample: Sample,
    consents: Iterable[Consent],
    cohort_purposes: Mapping[str, Collection[str]],
) -> frozenset[str]:
    """Give consents and what the cohort allows, both (5.8); an unlisted cohort does not narrow."""
    cohort = sample.row.get("cohort") or ""
    return consented(sample.person_id, consents) & frozenset(cohort_purposes.get(cohort, PURPOSES))


def strata_of(sample: Sample) -> frozenset[str]:
    """Give the strata a person is in by the counted sample's row (5.8)."""
    is_founder = not (sample.row.get("father_id") or sample.row.get("mother_id"))
    values = {
        "sex": sample.said("sex"),
        "platform": sample.platform,
        "assay": sample.assay,
        "affected": sample.said("affected"),
        "founder": "1" if is_founder else "0",
        "indication": sample.said("indication"),
        "region": sample.said("region"),
        "cohort": sample.said("cohort"),
    }
    names = {f"{attribute}={value}" for attribute, value in values.items()}
    crossed = f"indication={values['indication']},affected={values['affected']}"
    return frozenset({"all", crossed, *names})

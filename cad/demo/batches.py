"""The plan of deliveries: which sample goes into which file of which batch on which night.

SEQOIA writes one VCF per family, AURAGEN joint files. Styles differ as callers do, by platform and
night; the counts must not.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from cad.demo.people import EXOME_LATER, REANALYSED, Person

NIGHTS = ("2026-03-02", "2026-03-03", "2026-03-04")


@dataclass(frozen=True)
class Style:
    """How a caller writes.

    ``chr_prefix``: ``chr22`` or ``22`` (and ``chrM`` or ``MT``). ``genotypes_only``: no FORMAT
    field but GT, as in phase 3 of the 1000 Genomes. ``ft``: FORMAT/FT present. ``haploid``: one
    allele on a man's X and on M, else two. ``split``: multi-allelic loci as biallelic records
    (``1/2`` becomes ``1/.`` and ``./1``). ``shift``: repeat indels as far right as they go, half
    way, or leftmost. ``pad``: a reference base too many behind indels. ``vaf``: FORMAT/AF on M,
    else AD alone.
    """

    chr_prefix: bool
    phased: bool = False
    genotypes_only: bool = False
    ft: bool = False
    haploid: bool = False
    split: bool = False
    shift: str = "none"
    pad: bool = False
    vaf: bool = False


@dataclass(frozen=True)
class Delivery:
    """One sample of one person in one batch. ``planned``: the night whose consents go with it."""

    person: int
    sample_id: str
    batch_id: str
    planned: int
    collected_on: str
    assay: str = "WGS"


@dataclass(frozen=True)
class FilePlan:
    """One VCF, or one call set cut into several files by contig (``parts``: name, contigs)."""

    parts: tuple[tuple[str, tuple[str, ...]], ...]
    deliveries: tuple[Delivery, ...]
    style: Style
    callability: str = "bed"
    column_names: tuple[str, ...] = ()
    """Columns other than the sample ids, which the manifest maps back."""
    joint: bool = False
    """A joint call set of many families; it holds records out of scope, too."""
    defects: bool = False
    """Whether two broken records are planted, to be set aside."""


@dataclass(frozen=True)
class BatchPlan:
    """One batch, pushed on night ``pushed``; ``planned`` is earlier where it was refused first."""

    batch_id: str
    platform: str
    planned: int
    pushed: int
    files: tuple[FilePlan, ...]

    @property
    def deliveries(self) -> list[Delivery]:
        """All samples of the batch, file by file."""
        return [delivery for file in self.files for delivery in file.deliveries]


def plan_batches(people: list[Person]) -> list[BatchPlan]:
    """All batches in the order of pushing; one was refused before (``pushed != planned``)."""
    plans: list[BatchPlan] = []
    for night in range(1, len(NIGHTS) + 1):
        here = [index for index, person in enumerate(people) if person.night == night]
        plans += _seqoia(people, night, [i for i in here if people[i].platform == "SEQOIA"])
        plans += _auragen(people, night, [i for i in here if people[i].platform == "AURAGEN"])
    return sorted(plans, key=lambda plan: (plan.pushed, plan.batch_id))


def second_samples(people: list[Person]) -> tuple[int, int]:
    """The person whose second genome supersedes the first, and the one whose exome does not."""
    first = _first_unrelated(people)
    return first + REANALYSED, first + EXOME_LATER


def _first_unrelated(people: list[Person]) -> int:
    return sum(person.family_id.startswith("F") for person in people)


def _deliveries(
    people: list[Person], batch_id: str, night: int, members: list[int]
) -> list[Delivery]:
    """First samples. A few patients of AURAGEN's without family have an exome, not a genome."""
    first = _first_unrelated(people)
    return [
        Delivery(
            person=index,
            sample_id=f"S{index + 1:05d}a",
            batch_id=batch_id,
            planned=night,
            collected_on=f"2025-{index % 9 + 1:02d}-{index % 27 + 1:02d}",
            assay="WES" if index >= first and (index - first) % 20 == 14 else "WGS",
        )
        for index in members
    ]


def _second(person: int, batch_id: str, assay: str) -> Delivery:
    """The later sample, on night 3, of a person sequenced on night 1."""
    return Delivery(person, f"S{person + 1:05d}b", batch_id, 3, "2026-02-10", assay)


def _seqoia(people: list[Person], night: int, members: list[int]) -> list[BatchPlan]:
    """One file a family. Night 2 has a second batch, refused then and pushed whole on night 3."""
    style = Style(
        chr_prefix=night != 2,
        phased=night == 2,
        haploid=True,
        split=True,
        shift="right",
        vaf=True,
    )
    families: dict[str, list[int]] = {}
    for index in members:
        families.setdefault(people[index].family_id, []).append(index)
    names = list(families)
    trios = [name for name in names if name.startswith("F")]
    late = [*trios[-2:], names[-1]] if night == 2 else []
    plans = []
    for number, chosen in ((1, [name for name in names if name not in late]), (2, late)):
        if not chosen:
            continue
        batch_id = f"SEQOIA-{NIGHTS[night - 1]}-{number:03d}"
        files = [
            _family_file(people, style, _deliveries(people, batch_id, night, families[name]))
            for name in chosen
        ]
        if night == 3:
            again = _second(second_samples(people)[0], batch_id, "WGS")
            files.append(_family_file(people, style, [again]))
        plans.append(BatchPlan(batch_id, "SEQOIA", night, night + (number == 2), tuple(files)))
    return plans


def _family_file(people: list[Person], style: Style, deliveries: list[Delivery]) -> FilePlan:
    """The VCF of one family; trios of the phased night name their columns by role."""
    roles = ("FATHER", "MOTHER", "PROBAND") if style.phased and len(deliveries) == 3 else ()
    name = f"{people[deliveries[0].person].family_id}.vcf.gz"
    return FilePlan(((name, ()),), tuple(deliveries), style, column_names=roles)


def _auragen(people: list[Person], night: int, members: list[int]) -> list[BatchPlan]:
    """Patients in one joint call set (cut by contig on night 3), the population in another."""
    style = Style(chr_prefix=night == 3, phased=night == 3, ft=night > 1, shift="half", pad=True)
    patients_id, cohort_id = (f"AURAGEN-{NIGHTS[night - 1]}-{number:03d}" for number in (1, 2))
    patients = _deliveries(people, patients_id, night, [i for i in members if people[i].is_patient])
    cohort = _deliveries(people, cohort_id, night, [i for i in members if not people[i].is_patient])
    parts: tuple[tuple[str, tuple[str, ...]], ...] = (("joint.vcf.gz", ()),)
    if night == 3:
        patients.append(_second(second_samples(people)[1], patients_id, "WES"))
        parts = (("joint.22.vcf.gz", ("22",)), ("joint.XM.vcf.gz", ("X", "M")))
    patient_file = FilePlan(parts, tuple(patients), style, joint=True, defects=night == 1)
    cohort_file = FilePlan((("popgen.vcf.gz", ()),), tuple(cohort), style, joint=True)
    if night == 1:
        bare = replace(style, genotypes_only=True)
        cohort_file = replace(cohort_file, style=bare, callability="sites")
    return [
        BatchPlan(patients_id, "AURAGEN", night, night, (patient_file,)),
        BatchPlan(cohort_id, "AURAGEN", night, night, (cohort_file,)),
    ]

"""Forty persons in families, with a gene whose variants' consequences their files tell.

Genotypes and depths are drawn; what files tell of a variant is laid down in `VARIANTS`.
"""

from dataclasses import dataclass
from pathlib import Path
from random import Random

from cad.annotation.load import add_annotation
from cad.build.run import build_base
from cad.push import push_batch
from cad.settings import Settings
from cad.warehouse import Warehouse
from tests.batch_dir import BatchDir

GENES = """\
##gff-version 3
22\tx\tgene\t20000100\t20000900\t.\t+\t.\tID=gene:ENSG1;Name=ONE;biotype=protein_coding
22\tx\tgene\t20001000\t20001900\t.\t+\t.\tID=gene:ENSG2;Name=TWO;biotype=protein_coding
X\tx\tgene\t70000000\t70000900\t.\t+\t.\tID=gene:ENSG3;Name=THREE;biotype=protein_coding
"""
TERMS = {
    "HIGH": "stop_gained",
    "MODERATE": "missense_variant",
    "LOW": "synonymous_variant",
}
HEADER = (
    "##fileformat=VCFv4.2\n##contig=<ID=chr22,length=50818468>\n##contig=<ID=chrX,length=156040895>\n"
    '##INFO=<ID=CSQ,Number=.,Type=String,Description="VEP. Format: '
    'Allele|Consequence|IMPACT|SYMBOL|Gene|Feature_type|Feature|BIOTYPE">\n'
    '##FORMAT=<ID=GT,Number=1,Type=String,Description="Genotype">\n'
    '##FORMAT=<ID=DP,Number=1,Type=Integer,Description="Depth">\n'
    '##FORMAT=<ID=GQ,Number=1,Type=Integer,Description="Quality">\n'
    "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT"
)


@dataclass(frozen=True)
class Site:
    """One variant, what it does to which gene, and how common it is."""

    contig: str
    pos: int
    impact: str
    symbol: str
    gene_id: str
    share: float
    score: float

    @property
    def key(self) -> tuple[str, int, str, str]:
        return self.contig, self.pos, "A", "G"

    @property
    def csq(self) -> str:
        term = TERMS[self.impact]
        return f"G|{term}|{self.impact}|{self.symbol}|{self.gene_id}|Transcript|T{self.gene_id}|x"


def _sites(rng: Random) -> tuple[Site, ...]:
    made = []
    for symbol, gene_id, contig, first in (
        ("ONE", "ENSG1", "22", 20_000_101), ("TWO", "ENSG2", "22", 20_001_001),
        ("THREE", "ENSG3", "X", 70_000_001),
    ):  # fmt: skip
        for at in range(24):
            impact = ("HIGH", "MODERATE", "LOW")[at % 3]
            share = (0.02, 0.05, 0.3)[rng.randrange(3)]
            made.append(Site(contig, first + 30 * at, impact, symbol, gene_id, share, rng.random()))
    return tuple(made)


SITES = _sites(Random(8))
PERSONS = [f"P{number:02}" for number in range(40)]
"""Those whose number is a multiple of 4 are children of the two after them."""
UNWILLING = frozenset(one for at, one in enumerate(PERSONS) if at % 7 == 1 or at % 11 == 4)
"""Children, fathers, mothers and others who give no consent to research."""


@dataclass(frozen=True)
class Planted:
    """The warehouse, and what its files say: genotype, depth and quality by person and site."""

    warehouse: Warehouse
    sheet: dict[str, dict[str, str]]
    cells: dict[tuple[str, int], tuple[tuple[int, ...], int]]

    def passes(self, person: str, at: int) -> bool:
        """Whether the genotype passes: depth 10, or 5 of one copy, with known alleles."""
        alleles, depth = self.cells[person, at]
        return bool(alleles) and depth >= (5 if len(alleles) == 1 else 10)

    def dosage(self, person: str, at: int) -> int:
        """Passing copies."""
        return sum(self.cells[person, at][0]) if self.passes(person, at) else 0


def plant(folder: Path, consenting: bool = False) -> Planted:
    """Write, push and build, all of them or only those who consent to research."""
    rng = Random(31)
    sheet = _sheet()
    cells = {
        (person, at): _cell(rng, person, site, sheet)
        for at, site in enumerate(SITES)
        for person in PERSONS
    }
    cells = _inherited(rng, sheet, cells)
    warehouse = Warehouse.create(folder / "w", "GRCh38", settings=Settings(threads=2))
    (folder / "genes.gff3").write_text(GENES)
    add_annotation(warehouse, "genes", folder / "genes.gff3", "1")
    scores = "".join(f"{s.contig}\t{s.pos}\tA\tG\t{s.score:.4f}\n" for s in SITES)
    (folder / "score.tsv").write_text(f"chrom\tpos\tref\talt\tscore\n{scores}")
    add_annotation(warehouse, "score", folder / "score.tsv", "1")
    for number in range(2):
        own = [one for at, one in enumerate(PERSONS) if at // 4 % 2 == number]
        own = [one for one in own if not (consenting and one in UNWILLING)]
        push_batch(warehouse, _batch(folder / f"b{number}", number, own, sheet, cells))
    build_base(warehouse)
    return Planted(warehouse, sheet, cells)


def _sheet() -> dict[str, dict[str, str]]:
    rows = {}
    for number, person in enumerate(PERSONS):
        first = number - number % 4
        child = number % 4 == 0
        rows[person] = {
            "sex": ("XX" if number % 8 else "XY")
            if child
            else ("XY", "XY", "XX", "XX")[number % 4],
            "family_id": f"F{first // 4}" if number % 4 < 3 else "",
            "father_id": PERSONS[first + 1] if child else "",
            "mother_id": PERSONS[first + 2] if child else "",
            "affected": "1" if child or number % 4 == 3 and number % 3 else "0",
        }
    return rows


def _cell(
    rng: Random, person: str, site: Site, sheet: dict[str, dict[str, str]]
) -> tuple[tuple[int, ...], int]:
    if rng.random() < 0.03:
        return (), 0
    copies = 1 if site.contig == "X" and sheet[person]["sex"] == "XY" else 2
    alleles = tuple(sorted(int(rng.random() < site.share) for _ in range(copies)))
    return alleles, 30 if rng.random() > 0.06 else 7


def _inherited(
    rng: Random,
    sheet: dict[str, dict[str, str]],
    cells: dict[tuple[str, int], tuple[tuple[int, ...], int]],
) -> dict[tuple[str, int], tuple[tuple[int, ...], int]]:
    """Let children have one allele of each parent's, now and then a new one."""
    for (person, at), (alleles, depth) in list(cells.items()):
        father, mother = sheet[person]["father_id"], sheet[person]["mother_id"]
        sources = [mother] if len(alleles) == 1 else [father, mother]
        if not father or not alleles or not all(cells[one, at][0] for one in sources):
            continue
        given = [rng.choice(cells[one, at][0]) for one in sources]
        if rng.random() < 0.04:
            given[0] = 1
        cells[person, at] = tuple(sorted(given)), depth
    return cells


def _batch(
    folder: Path,
    number: int,
    own: list[str],
    sheet: dict[str, dict[str, str]],
    cells: dict[tuple[str, int], tuple[tuple[int, ...], int]],
) -> Path:
    """A joint file of half of the persons; each family in one of them."""
    made = BatchDir(folder)
    made.manifest |= {"batch_id": f"B{number}", "platform": ("SEQOIA", "AURAGEN")[number]}
    made.put("all.bed", b"chr22\t20000000\t20003000\nchrX\t69999000\t70002000\n")
    lines = ["\t".join((HEADER, *own))]
    for at, site in enumerate(SITES):
        row = [_written(*cells[one, at]) for one in own]
        lines.append(
            "\t".join(
                (f"chr{site.contig}", str(site.pos), ".", "A", "G", ".", "PASS", f"CSQ={site.csq}",
                 "GT:DP:GQ", *row)
            )
        )  # fmt: skip
    data = ("\n".join(lines) + "\n").encode()
    made.add("joint.vcf", data, callability="bed", callable_bed="all.bed")
    names = ("sex", "family_id", "father_id", "mother_id", "affected")
    rows = ["|".join([one, one, *(sheet[one][name] for name in names)]) for one in own]
    made.sheet("|".join(("sample_id", "person_id", *names)), *rows)
    given = [f"{one}|research|given|2026-01-01" for one in own if one not in UNWILLING]
    made.sheet("person_id|scope|status|signed_on", *given, name="consents.tsv")
    return made.write()


def _written(alleles: tuple[int, ...], depth: int) -> str:
    if not alleles:
        return "./.:0:0"
    return f"{'/'.join(map(str, alleles))}:{depth}:50"

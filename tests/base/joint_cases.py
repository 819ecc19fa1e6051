"""GLnexus' cases of joint calling: gVCFs of a few samples, and the calls expected of a joint VCF.

A case becomes a batch. Contigs of the tests' own naming (A, B ...) become chromosomes that the case
does not use; header lines that a case cut short are closed, and tabs that end a line taken off.
"""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tests.batch_dir import BatchDir
from tests.twin.alleles import normalise

ASSEMBLY = "GRCh37"
Counts = tuple[int, int | None]
"""AC and AN; no AN where a case expects none."""
_FREE = ("20", "19", "18", "17")


@dataclass(frozen=True)
class JointCase:
    """A case as read."""

    name: str
    content: dict[str, Any]

    @classmethod
    def read(cls, path: Path) -> "JointCase":
        """Read a case."""
        return cls(path.stem, yaml.safe_load(path.read_text()))

    @property
    def inputs(self) -> list[list[str]]:
        """The gVCFs: the names of the columns, then data lines."""
        texts = [text for item in self.content["input"]["body"] for text in item.values()]
        return [[line for line in text.splitlines() if line.strip()] for text in texts]

    @property
    def header(self) -> list[str]:
        """The header lines, without contigs."""
        lines = self.content["input"]["header"].splitlines()
        return [line for line in lines if line and not line.startswith("##contig")]

    def contig(self, name: str) -> str:
        """The chromosome that stands for a contig of the case."""
        if name.startswith("chr") or name.isdigit():
            return name.removeprefix("chr")
        own = [line.split("\t")[0] for lines in self.inputs for line in lines[1:]]
        return _FREE[list(dict.fromkeys(own)).index(name)]

    def write(self, folder: Path, *, mended: bool = True) -> Path:
        """Write the batch."""
        made = BatchDir(folder)
        made.manifest |= {"assembly": ASSEMBLY, "batch_id": self.name}
        header = [_closed(line) for line in self.header] if mended else self.header
        rows = []
        for number, (columns, *lines) in enumerate(self.inputs):
            cells = [(line.rstrip("\t") if mended else line).split("\t", 1) for line in lines]
            data = [f"{self.contig(contig)}\t{rest}" for contig, rest in cells]
            text = [*header[:-1], f"{header[-1]}\t{columns}", *data]
            made.add(f"{number}.g.vcf", ("\n".join(text) + "\n").encode(), callability="blocks")
            rows += [f"{name}|{name}|unknown" for name in columns.split("\t")]
        made.sheet("sample_id|person_id|sex", *rows)
        return made.write()

    @property
    def is_joint(self) -> bool:
        """Whether a joint VCF is expected; else alleles of a region are, without calls."""
        return "truth_output_vcf" in self.content

    def expected(self) -> dict[str, Counts]:
        """AC and AN by variant, of the calls of a joint VCF, else of the alleles discovered."""
        found: dict[str, Counts] = {}
        for contig, pos, ref, alt, counts in (*self._called(), *self._discovered()):
            if set(alt) <= set("ACGT"):
                key = str(normalise(self.contig(contig), pos, ref, alt, None))
                # A record for an allele that found no room in another one repeats others.
                found[key] = max(counts, found.get(key, counts), key=lambda one: one[0])
        return found

    def _called(self) -> list[tuple[str, int, str, str, Counts]]:
        found = []
        texts = [
            text for item in self.content.get("truth_output_vcf", ()) for text in item.values()
        ]
        for line in "\n".join(texts).splitlines():
            if line.startswith("#") or not line.strip():
                continue
            contig, pos, _, ref, alts, _, _, _, _, *columns = line.split("\t")
            alleles = [a for cell in columns for a in re.split(r"[/|]", cell.split(":")[0])]
            an = sum(allele != "." for allele in alleles)
            for number, alt in enumerate(alts.split(","), 1):
                found.append((contig, int(pos), ref, alt, (alleles.count(str(number)), an)))
        return found

    def _discovered(self) -> list[tuple[str, int, str, str, Counts]]:
        if self.is_joint:
            return []
        alleles = self.content["truth_discovered_alleles"]
        places = [(str(a["range"]["ref"]), a["range"]["beg"], a["range"]["end"]) for a in alleles]
        refs = {place: a["dna"] for place, a in zip(places, alleles, strict=True) if a["is_ref"]}
        return [
            (place[0], place[1], refs[place], allele["dna"], (_copies(allele), None))
            for place, allele in zip(places, alleles, strict=True)
            if not allele["is_ref"]
        ]


def _copies(allele: dict[str, Any]) -> int:
    """Copies of an allele: heterozygotes and homozygotes in bands of quality."""
    return sum(het + 2 * hom for het, hom in allele["zygosity_by_GQ"])


def _closed(line: str) -> str:
    """A structured header line with its quote and bracket closed."""
    if "=<" not in line or line.endswith(">"):
        return line
    return f"{line}>" if line.endswith('"') else f'{line}">'

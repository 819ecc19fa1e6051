"""What the simulated variants do: genes side by side along 22, told as VEP tells it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from cad.demo.genome import SLICES
from cad.demo.notable import Key

GENE_BASES = 15_000
_TERMS = ("missense_variant", "synonymous_variant", "intron_variant")
_SHARES = (0.08, 0.12, 0.80)
_IMPACT = {
    "missense_variant": "MODERATE",
    "synonymous_variant": "LOW",
    "intron_variant": "MODIFIER",
    "stop_gained": "HIGH",
}
_CSQ = (
    '##INFO=<ID=CSQ,Number=.,Type=String,Description="Consequence annotations from Ensembl VEP. '
    'Format: Allele|Consequence|IMPACT|SYMBOL|Gene|Feature_type|Feature|BIOTYPE|ALLELE_NUM">'
)


def gene_at(pos: int) -> str:
    """The symbol of the gene at a position of 22."""
    return f"DEMO{(pos - SLICES[0].start) // GENE_BASES + 1:02d}"


def write_genes(path: Path) -> None:
    """Write a gene model: the genes of 22, one after the other until its slice ends."""
    piece = SLICES[0]
    lines = ["##gff-version 3"]
    for start in range(piece.start, piece.end, GENE_BASES):
        symbol, end = gene_at(start), min(start + GENE_BASES - 1, piece.end)
        names = f"ID=gene:{symbol};Name={symbol};biotype=protein_coding"
        lines.append(f"{piece.contig}\tdemo\tgene\t{start}\t{end}\t.\t+\t.\t{names}")
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def write_effects(
    path: Path, rng: np.random.Generator, keys: Sequence[Key], causal: Sequence[Key]
) -> dict[Key, tuple[str, str]]:
    """Write a sites VCF with what each variant of 22 does; causal ones stop one gene's protein.

    Returns:
        The gene and the impact on it, by variant.
    """
    made = {}
    of_22 = sorted({key for key in keys if key[0] == "22"}, key=lambda key: key[1:])
    lines = ["##fileformat=VCFv4.2", _CSQ, "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO"]
    for key in of_22:
        drawn = str(rng.choice(_TERMS, p=_SHARES))
        term = "stop_gained" if key in causal else drawn
        contig, pos, ref, alt = key
        gene = gene_at(causal[0][1] if key in causal else pos)
        made[key] = (gene, _IMPACT[term])
        entry = f"{alt}|{term}|{_IMPACT[term]}|{gene}|{gene}|Transcript|{gene}.1|protein_coding|1"
        lines.append("\t".join([contig, str(pos), ".", ref, alt, ".", ".", f"CSQ={entry}"]))
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return made

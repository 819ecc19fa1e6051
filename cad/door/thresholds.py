"""From when on genotypes contradict a sheet, and what was measured to put it there."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class DoorThresholds:
    """When there is enough to tell, and when it contradicts.

    Attributes:
        min_x_calls: SNVs of X outside the PARs, written as two alleles and passing, below which X
            tells nothing.
        xx_het_share: share of heterozygotes among them from which on there are two X: women have
            about 0.6; plink's ``--check-sex`` calls a woman below F = 0.2, a share of about 0.48,
            which close parents may halve.
        xy_het_share: share up to which there is one X: genotyping errors alone, some 0.02; plink
            calls a man above F = 0.8, a share of about 0.12.
        min_y_calls: homozygous or haploid SNVs of Y outside the PARs from which on there is a Y,
            where X tells nothing: above what misplaced reads of a woman yield.
        min_y_known: bases of Y known from which on a man shows SNVs: the closest Y, of the same
            lineage as the reference's, differs at about 7 per million.
        max_y_calls_without: SNVs of so much Y up to which there is no Y.
        min_tested: homozygous genotypes compared with the other's below which two genomes tell
            nothing of parenthood.
        min_opposite: opposite homozygotes below which nothing is said.
        max_opposite_share: their share up to which one may be the other's parent: the Ashkenazim
            trio of GIAB has 0.0000 and 0.0002, its parents with each other 0.134, and full sibs
            lack a common allele at a quarter of the genome: 0.034. A chromosome inherited from one
            parent alone stays below 0.012.
        min_shared: SNVs that two samples both carry, below which nothing is said of identity.
        min_windows: megabases these must lie in for two samples to be called one: within one place
            relatives, and rarely strangers, are alike (of 3.1 million pairs of the 1000 Genomes 352
            over half a megabase of 22, but none of 44 850 over three of 20).
        same_concordance: share of equal zygosity among them from which on two samples are one
            genome: duplicates with 5 % of calls lost and 1 % wrong have 0.98; parent and child 0.74
            in GIAB's trio and at most 0.944 over three megabases.
        same_containment: share of the smaller sample's SNVs that the larger carries, likewise:
            0.95 for those duplicates, 0.8 for parent and child, 0.65 for strangers.
        different_concordance: share of equal zygosity below which they are two genomes, which
            depends on no denominator: strangers have 0.67, parent and child 0.74, sibs 0.8.
    """

    min_x_calls: int = 50
    xx_het_share: float = 0.30
    xy_het_share: float = 0.10
    min_y_calls: int = 50
    min_y_known: int = 5_000_000
    max_y_calls_without: int = 1
    min_tested: int = 200
    min_opposite: int = 5
    max_opposite_share: float = 0.02
    min_shared: int = 100
    min_windows: int = 20
    same_concordance: float = 0.95
    same_containment: float = 0.85
    different_concordance: float = 0.85

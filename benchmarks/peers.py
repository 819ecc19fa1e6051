"""Commands of the peers that more than one task needs."""

from __future__ import annotations

from pathlib import Path

from benchmarks.measure import Command, run, step


def plink_import(vcf: Path, out: Path) -> Command:
    """Import a VCF into pgen, pvar and psam files of a name."""
    return ["plink2", "--vcf", vcf, "--make-pgen", "--out", out]


def plink_counts(prefix: Path, out: Path, *options: str | Path) -> Command:
    """Count alleles of an imported VCF."""
    columns = "cols=chrom,pos,ref,alt,altfreq,nobs"
    return ["plink2", "--pfile", prefix, *options, "--freq", "counts", columns, "--out", out]


def read_plink_counts(folder: Path, stem: str, out: Path) -> None:
    """Read the counts that plink2 left as ``<stem>.acount``, or ``<stem>.<category>.acount``."""
    tables = {path.name.split(".")[1]: path for path in sorted(folder.glob(f"{stem}.*.acount"))}
    whole = folder / f"{stem}.acount"
    if whole.exists():
        tables["all"] = whole
    run(step("plink_counts", out, *(f"{name}={path}" for name, path in tables.items())))


def write_groups(
    batch: Path, path: Path, header: str = "", column: str = "cohort", prefix: str = ""
) -> None:
    """Write who of a batch is in which cohort, or has which value of another column of the sheet.

    Two columns, as bcftools and plink2 read; plink2 takes numbers for measures, not for groups, so
    that these need a prefix.
    """
    rows = (batch / "samples.tsv").read_text(encoding="utf-8").splitlines()
    names, *cells = (row.split("\t") for row in rows)
    of = names.index(column)
    lines = [header] * bool(header) + [f"{row[0]}\t{prefix}{row[of]}" for row in cells]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")

"""Variants annotated from the sites of a source: CAD's loaded source against the source's VCF."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from benchmarks.folders import Data
from benchmarks.measure import cad, measure, run, step
from benchmarks.site_files import FIELDS, SiteFiles, write_site_files
from benchmarks.stores import make_empty
from benchmarks.task import Figures, Side, Task

_SIZES: Final = {
    "tiny": (600, 200),
    "small": (60_000, 20_000),
    "medium": (600_000, 200_000),
    "large": (3_000_000, 1_000_000),
}
"""Sites and variants, by the name of a size."""
_COLUMNS: Final = "+".join(name.lower() for name in FIELDS)


def _sides(data: Data, shared: Path) -> list[Side]:
    files = write_site_files(shared, *_SIZES[data.root.parent.name])
    store = shared / "store"
    make_empty(store)
    add = cad("annotation", "add", "gnomad", files.sites, "--version", "1", "-w", store, "-qq")
    loading, _ = measure(add)
    about = {"shared": float(files.shared), "loading": loading.cpu_s}
    return [
        _cad("cad, VCF", "out.vcf.gz", store, files, about),
        _cad("cad, BCF", "out.bcf", store, files, about),
        _peer("bcftools annotate, VCF", "out.vcf.gz", "z", files),
        _peer("bcftools annotate, BCF", "out.bcf", "b", files),
    ]


def _cad(name: str, out: str, store: Path, files: SiteFiles, about: Figures) -> Side:
    def figures(folder: Path, _printed: Sequence[str]) -> Figures:
        return {**about, "bytes": float((folder / out).stat().st_size)}

    options = ("--annotation", f"gnomad:{_COLUMNS}", "--no-figures", "-w", store, "-qq")
    return Side(
        name,
        "cad",
        commands=lambda folder: [cad("annotate", files.variants, "-o", folder / out, *options)],
        figures=figures,
        count=_counted(out, "CAD_gnomad_ac", "CAD_gnomad_an"),
    )


def _peer(name: str, out: str, kind: str, files: SiteFiles) -> Side:
    """Bcftools with the same fields, and an index too."""

    def figures(folder: Path, _printed: Sequence[str]) -> Figures:
        return {"bytes": float((folder / out).stat().st_size)}

    wanted = ",".join(f"INFO/{field}" for field in FIELDS)
    words = ("annotate", "-a", files.sites, "-c", wanted, f"-O{kind}", "-W", "-o")
    return Side(
        name,
        "bcftools (pysam)",
        commands=lambda folder: [step("bcftools", *words, folder / out, files.variants)],
        figures=figures,
        count=_counted(out, "AC", "AN"),
    )


def _counted(out: str, ac_key: str, an_key: str) -> Callable[[Path, Path], None]:
    def count(folder: Path, to: Path) -> None:
        run(step("site_counts", folder / out, to, ac_key, an_key))

    return count


TASK = Task("annotate", "variants annotated from the sites of a source", _sides)

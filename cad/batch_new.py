"""A batch directory from VCF files a platform has lying about: `cad batch new`.

Everything is made in a folder beside the one asked for, checked as a push would check it, and takes
its name last: what stands there is a whole batch, or nothing.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from loaders.bgzf import read_chunks
from loaders.header import Header, check_assembly, split_header
from loaders.intake.paths import file_sha256
from loaders.intake.plan import match_columns
from loaders.intake.read import read_batch
from loaders.pedigree import Relative, read_pedigree
from schemas.contigs import ASSEMBLIES, Assembly, canonical_contig, contig_length
from schemas.errors import BadQuestion, Conflict
from schemas.manifest import FORMAT, DeclaredCallability, DeclaredKind, Pipeline

_GVCF_ALLELES: Final = ("<NON_REF>", "<*>", "<X>")
_GVCF_LINES: Final = 100
"""A gVCF writes a block within its first records; so many are looked at."""
_UNSAID: Final = Pipeline("unknown", "unknown")


@dataclass(frozen=True)
class NewBatch:
    """What was made; `files` are paths in the directory."""

    directory: Path
    batch_id: str
    assembly: Assembly
    files: tuple[str, ...]
    samples: int

    def to_json(self) -> dict[str, Any]:
        """The document that `cad batch new` prints."""
        return {
            "batch_id": self.batch_id,
            "directory": str(self.directory),
            "assembly": self.assembly,
            "files": list(self.files),
            "samples": self.samples,
        }


@dataclass(frozen=True)
class _Source:
    """A VCF as found: its header, its data lines, and whether it holds gVCF blocks."""

    path: Path
    header: Header
    records: int
    has_blocks: bool


def new_batch(
    vcfs: Sequence[Path],
    *,
    platform: str,
    out: Path,
    ped: Path | None = None,
    kind: DeclaredKind = "germline",
    callability: DeclaredCallability | None = None,
    bed: Path | None = None,
    assembly: Assembly | None = None,
    batch_id: str | None = None,
    pipeline: Pipeline = _UNSAID,
) -> NewBatch:
    """Make a batch directory: manifest.json, samples.tsv, and the files, hard-linked or copied.

    A sample is its own person, named as its column. Columns beyond those of the pedigree are for
    the platform to fill in.

    Args:
        vcfs: the variant files.
        platform: who pushes.
        out: the directory to make; it must not exist, or be empty.
        ped: pedigree with sex, parents, family and affection of the samples.
        kind: of all files.
        callability: of all files; where None, `bed` if a BED is given, else for each file `blocks`
            if its first records are gVCF blocks, else `sites`.
        bed: what was looked at, for all files.
        assembly: where None, what the contig lengths of the headers say.
        batch_id: where None, the platform and the beginning of a checksum of the files.
        pipeline: what called the variants.

    Raises:
        Conflict: `output_exists`.
        BadQuestion: `request_malformed`, `assembly_unknown`, `pedigree_malformed`.
        BatchRefused: what the files or the names given would be refused for.
    """
    if not vcfs or (callability == "bed") > (bed is not None):
        raise BadQuestion("request_malformed", "a VCF is needed; callability bed needs a BED")
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise Conflict("output_exists", "the directory exists and is not empty", str(out))
    relatives = None if ped is None else read_pedigree(ped)
    sources = [_look_at(path) for path in vcfs]
    if assembly is None:
        assembly = _assembly_of(sources)
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".cad-batch-", dir=out.parent) as made:
        folder = Path(made) / "batch"
        folder.mkdir()
        files = _place_files(sources, bed, folder, kind, callability)
        manifest = {
            "format": FORMAT,
            "batch_id": _batch_id(platform, files) if batch_id is None else batch_id,
            "platform": platform,
            "assembly": assembly,
            "pipeline": asdict(pipeline),
            "files": files,
        }
        text = json.dumps(manifest, indent=2, ensure_ascii=False) + "\n"
        (folder / "manifest.json").write_text(text, encoding="utf-8")
        sheet = _sheet(sources, relatives)
        (folder / "samples.tsv").write_text("".join(sheet), encoding="utf-8")
        batch = read_batch(folder)
        match_columns(batch)
        folder.rename(out)
    paths = tuple(entry["path"] for entry in files)
    return NewBatch(out.resolve(), batch.manifest.batch_id, assembly, paths, len(batch.samples))


def _look_at(path: Path) -> _Source:
    header, rest, chunks = split_header(path, read_chunks(path))
    first = rest.split(b"\n", _GVCF_LINES)[:_GVCF_LINES]
    records, last = rest.count(b"\n"), rest[-1:]
    for chunk in chunks:
        if len(first) < _GVCF_LINES:
            first += chunk.split(b"\n", _GVCF_LINES)[:_GVCF_LINES]
        records += chunk.count(b"\n")
        last = chunk[-1:] or last
    if last not in (b"", b"\n"):
        records += 1
    return _Source(path, header, records, any(_is_block(line) for line in first))


def _is_block(line: bytes) -> bool:
    fields = line.split(b"\t", 5)
    return len(fields) > 5 and fields[4].decode(errors="replace") in _GVCF_ALLELES


def _callability(source: _Source, bed: Path | None) -> DeclaredCallability:
    if bed is not None:
        return "bed"
    return "blocks" if source.has_blocks else "sites"


def _assembly_of(sources: Sequence[_Source]) -> Assembly:
    """The one assembly whose lengths agree with all that the headers declare."""
    declared = {
        (contig, length)
        for source in sources
        for name, length in source.header.contigs.items()
        if length is not None and (contig := canonical_contig(name)) is not None
    }
    fitting = [
        assembly
        for assembly in ASSEMBLIES
        if all(contig_length(assembly, contig) == length for contig, length in declared)
    ]
    if len(fitting) == 1:
        return fitting[0]
    if not fitting:
        # The first contradiction makes the message, which names contig, file and both lengths.
        for source in sources:
            check_assembly(source.header, ASSEMBLIES[-1], source.path.name)
    raise BadQuestion("assembly_unknown", "the headers declare no contig length that tells it")


def _names(paths: Sequence[Path]) -> list[str]:
    """A path in the batch for each file: its name, in a numbered folder where that is taken."""
    names: list[str] = []
    for path in paths:
        name = path.name
        number = 2
        while name in names or name in ("manifest.json", "samples.tsv"):
            name = f"{number}/{path.name}"
            number += 1
        names.append(name)
    return names


def _place_files(
    sources: Sequence[_Source],
    bed: Path | None,
    folder: Path,
    kind: DeclaredKind,
    callability: DeclaredCallability | None,
) -> list[dict[str, Any]]:
    """Put the files into the folder; gives their entries in the manifest."""
    names = _names([source.path for source in sources] + ([] if bed is None else [bed]))
    entries = []
    for source, name in zip(sources, names, strict=False):
        _place(source.path, folder / name)
        entry = {
            "path": name,
            "sha256": file_sha256(folder / name),
            "kind": kind,
            "callability": callability or _callability(source, bed),
            "records": source.records,
        }
        if bed is not None:
            entry["callable_bed"] = names[-1]
        entries.append(entry)
    if bed is not None:
        _place(bed, folder / names[-1])
    return entries


def _place(source: Path, target: Path) -> None:
    """Give a file a second name, or copy it where that cannot be (another disk, no hard links)."""
    target.parent.mkdir(exist_ok=True)
    try:
        os.link(source.resolve(), target)
    except OSError:
        shutil.copyfile(source, target)


def _batch_id(platform: str, files: Sequence[dict[str, Any]]) -> str:
    digest = hashlib.sha256("".join(sorted(file["sha256"] for file in files)).encode())
    return f"{platform}-{digest.hexdigest()[:12]}"


def _sheet(sources: Sequence[_Source], relatives: dict[str, Relative] | None) -> list[str]:
    """Lines of samples.tsv: the header, then a sample a line, in the order of the columns."""
    header = ["sample_id", "person_id", "sex"]
    if relatives is not None:
        header += ["family_id", "father_id", "mother_id", "affected"]
    rows = [header]
    unknown = Relative(None, None, None, "unknown", "unknown")
    for sample in dict.fromkeys(name for source in sources for name in source.header.samples):
        one = (relatives or {}).get(sample, unknown)
        cells = [sample, sample, one.sex]
        if relatives is not None:
            parents = [one.family_id or "", one.father_id or "", one.mother_id or ""]
            cells += [*parents, one.affected]
        rows.append(cells)
    return ["\t".join(row) + "\n" for row in rows]

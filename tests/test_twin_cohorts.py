"""Random cohorts: that they are nasty enough, and what must hold of the twin's base on each."""

import hashlib
import json
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.twin import Key, TwinBase, TwinBatch, count_base, read_batch, read_reference
from tests.twin.cohorts import Cohort, Shape, random_batch_dirs

SHAPES = [
    Shape(),
    Shape(callabilities=("blocks",)),
    Shape(callabilities=("bed", "sites", "blocks"), has_set_aside=False, assembly="GRCh37"),
]


def read_all(cohort: Cohort, withdrawn: tuple[str, ...] = ()) -> list[TwinBatch]:
    """Read a cohort's batches against its reference."""
    reference = read_reference(cohort.reference)
    return [read_batch(b, reference=reference, withdrawn=withdrawn) for b in cohort.batches]


def test_a_seed_repeats_its_cohort(tmp_path: Path) -> None:
    def digests(folder: Path) -> dict[str, str]:
        random_batch_dirs(7, folder, Shape(is_compressed=True))
        files = sorted(p for p in folder.rglob("*") if p.is_file())
        return {
            str(p.relative_to(folder)): hashlib.sha256(p.read_bytes()).hexdigest() for p in files
        }

    assert digests(tmp_path / "a") == digests(tmp_path / "b")


def test_cohorts_hold_what_goes_wrong_in_real_files(tmp_path: Path) -> None:
    reasons: Counter[str] = Counter()
    text, suffixes, entries = "", set(), []
    for seed in range(24):
        cohort = random_batch_dirs(seed, tmp_path / str(seed), SHAPES[seed % 2])
        for folder, batch in zip(cohort.batches, read_all(cohort), strict=True):
            entries += json.loads((folder / "manifest.json").read_text())["files"]
            for path, file in batch.files.items():
                reasons.update(file.receipt.set_aside + file.receipt.warnings)
                suffixes.add(Path(path).suffix)
                if path.endswith(".vcf"):
                    text += (folder / path).read_text()
    assert {
        "gt_index", "ploidy", "ref_alphabet", "ref_mismatch", "pos_beyond_contig",
        "malformed_field", "end_before_pos", "contig_not_counted", "symbolic", "y_par",
        "alt_malformed", "allele_symbolic", "allele_malformed", "info_array_length",
        "format_array_length", "no_reference",
    } <= set(reasons)  # fmt: skip
    assert suffixes == {".vcf", ".gz"}
    for sign in ("*", "./1", "0|1", "<NON_REF>", "RefCall", "chrM", "MT", "GQX", "DPI", "LEN"):
        assert sign in text, sign
    assert {"samples", "contigs", "records", "callable_bed"} <= {key for e in entries for key in e}
    assert {e["kind"] for e in entries} == {"germline", "mitochondrial"}


def check_sums(base: TwinBase) -> None:
    """5.6: a row's parts sum to its AC, AC <= AN, and a dimension's strata sum to ``all``."""
    for (_, _, key), row in base.rows.items():
        per_hom = 1 if key.contig == "M" else 2
        assert row.ac == row.n_het + per_hom * row.n_hom + row.n_hemi
        assert row.ac <= row.an <= row.an_raw
        assert row.ac <= row.ac_raw <= row.an_raw
        assert row.persons <= row.an <= 2 * row.persons
    sums: dict[tuple[str, Key], dict[str, Counter[str]]] = {}
    for (purpose, stratum, key), row in base.rows.items():
        dimension = ",".join(part.partition("=")[0] for part in stratum.split(","))
        of_key = sums.setdefault((purpose, key), {})
        of_key.setdefault(dimension, Counter()).update(vars(row))
    for of_key in sums.values():
        assert len(of_key) == 10  # all, eight attributes, one conjunction
        assert all(figures == of_key["all"] for figures in of_key.values())


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32), st.sampled_from(SHAPES))
def test_base_of_any_cohort_adds_up(
    tmp_path_factory: pytest.TempPathFactory, seed: int, shape: Shape
) -> None:
    cohort = random_batch_dirs(seed, tmp_path_factory.mktemp("c"), shape)
    batches = read_all(cohort)
    base = count_base(batches, cohort.assembly)
    check_sums(base)
    for receipt in (file.receipt for batch in batches for file in batch.files.values()):
        aside = sum(receipt.set_aside.values())
        assert receipt.records == receipt.loaded + receipt.reference + aside
    assert count_base(batches[::-1], cohort.assembly).rows == base.rows


@pytest.mark.parametrize("seed", range(4))
def test_withdrawn_person_is_as_if_never_counted(tmp_path: Path, seed: int) -> None:
    cohort = random_batch_dirs(seed, tmp_path)
    whole, gone = read_all(cohort), read_all(cohort, withdrawn=("P1",))
    without = count_base(whole, cohort.assembly, withdrawn=("P1",)).rows
    assert count_base(gone, cohort.assembly).rows == without
    asides = [[f.receipt.set_aside for f in b.files.values()] for b in (*whole, *gone)]
    assert asides[: len(whole)] == asides[len(whole) :]

"""The kernels are compiled once: no way of reading has them compiled for other types of arrays."""

import importlib
import pkgutil
from pathlib import Path
from typing import Any

import numpy as np

import loaders.kernel
from loaders.jobs import Column, Runs
from loaders.kernel.numbers import hash_of
from loaders.reference import import_reference
from loaders.warm import warm
from schemas.known import FULL
from tests.loaders.reading import read_text, text_of


def called_by_python() -> dict[str, Any]:
    """The compiled kernels that Python calls, by name."""
    found = {}
    for module in pkgutil.iter_modules(loaders.kernel.__path__, "loaders.kernel."):
        for name, value in vars(importlib.import_module(module.name)).items():
            options = getattr(value, "targetoptions", None)
            if options is not None and not options.get("no_cpython_wrapper"):
                found[name] = value
    return found


def test_warm_compiles_all_that_any_file_needs(tmp_path: Path) -> None:
    warm()
    before = {name: len(kernel.signatures) for name, kernel in called_by_python().items()}
    assert {"parse_lines", "skip_lines", "sweep", "gather_calls"} <= set(before)
    fasta = tmp_path / "ref.fa"
    fasta.write_text(">22\nACGT\n")
    import_reference(fasta, "GRCh38", tmp_path / "reference")
    runs = Runs(np.array([1], np.int32), np.array([9], np.int32), np.array([FULL], np.uint8))
    columns = tuple(Column(name, n, {"22": runs}) for n, name in enumerate("STU"))
    lines = [
        "chr22 2 C CC PASS AC=1 GT:AD:DP:GQ 0/1:3,4:5:6 0/1:3,4:5:6.5 1/1:3,4:5:6",
        "chr22 3 G . . END=8 GT:MIN_DP:LEN 0/0:5:3 0/0:7:5 0/0:7:5",
        "chr22 4 T A,<DEL>,* . . GT 1|0 0|1 3",
        "chrUn 4 T A . . GT 1|0 0|1 2",
        "chrM 4 T A . . GT:AF 1:.5 0:0 1:1",
    ]
    for callability in ("bed", "sites", "blocks"):
        read_text(
            tmp_path,
            text_of(*lines, samples="STU"),
            columns=columns,
            callability=callability,
            reference=tmp_path / "reference",
            margin=1,
            window_records=5,
        )
    assert {name: len(kernel.signatures) for name, kernel in called_by_python().items()} == before


def test_hash_is_that_of_the_kernels(tmp_path: Path) -> None:
    """INFO keys of every length are found by their hash; those that differ in one byte are not."""
    keys = ["K" * length + "x" for length in range(40)] + ["ÀÉ" * 9]
    assert len({hash_of(key.encode()) for key in keys}) == len(keys)
    head = [f'##INFO=<ID={key},Number=A,Type=Integer,Description="">' for key in keys]
    lines = [f"chr22 {n} A G PASS {key}=1,2 GT 0/1" for n, key in enumerate(keys, start=1)]
    lines += [f"chr22 90 A G PASS {key[:-1]}y=1,2 GT 0/1" for key in keys]
    found = read_text(tmp_path, text_of(*lines, head=head))
    (warning,) = found.result.receipt.warnings
    assert (warning.reason, warning.records) == ("info_array_length", len(keys))

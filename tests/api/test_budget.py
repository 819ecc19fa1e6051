"""The daily budget: what it counts, over restarts and several processes."""

from pathlib import Path

import numpy as np
import pytest

from api.budget import Budget
from cad.access.clients import Identity
from cad.gate import Caller
from cad.variant_numbers import number_of, numbers_of
from loaders.sites.alleles import Written, normalise
from schemas.errors import LimitReached

CURIOUS = Identity(Caller("curious", "clinician"), daily_variants=3)


def test_two_processes_share_a_budget(tmp_path: Path) -> None:
    first, second = Budget(tmp_path, 100), Budget(tmp_path, 100)
    first.spend(CURIOUS, [1, 2])
    second.spend(CURIOUS, [2, 3])
    for each in (first, second):
        each.spend(CURIOUS, [1, 2, 3])
        with pytest.raises(LimitReached):
            each.spend(CURIOUS, [4])
    [file] = (tmp_path / "service").iterdir()
    assert np.fromfile(file, np.uint64).tolist() == [1, 2, 3]


def test_a_writer_killed_halfway_costs_nobody_anything(tmp_path: Path) -> None:
    Budget(tmp_path, 100).spend(CURIOUS, [1])
    [file] = (tmp_path / "service").iterdir()
    file.write_bytes(file.read_bytes() + b"abc")
    Budget(tmp_path, 100).spend(CURIOUS, [2, 3])
    assert np.fromfile(file, np.uint64).tolist() == [1, 2, 3]


def test_refused_as_a_whole(tmp_path: Path) -> None:
    budget = Budget(tmp_path, 100)
    with pytest.raises(LimitReached):
        budget.spend(CURIOUS, [1, 2, 3, 4])
    budget.spend(CURIOUS, [5, 6, 7])


def test_others_spend_nothing(tmp_path: Path) -> None:
    Budget(tmp_path, 1).spend(Identity(Caller("seqoia", "platform")), range(9))
    assert not (tmp_path / "service").exists()


def test_a_file_and_a_question_give_a_variant_one_number() -> None:
    longer = {2: (b"CAG", b"C"), 3: (b"ac", b"aT"), 4: (b"A", b"<DEL>")}
    written = Written(
        np.array([100, 100, 200, 300, 400]),
        np.array([ord("A"), ord("a"), 0, 0, 0], np.uint8),
        np.array([ord("G"), ord("t"), 0, 0, 0], np.uint8),
        longer,
    )
    found = numbers_of("22", normalise(written, "22", "GRCh38", None))
    variants = ["22-100-A-G", "22-100-A-T", "22-200-CAG-C", "22-301-C-T"]
    assert sorted(found.tolist()) == sorted(map(number_of, variants))

"""The audit log: whatever is altered, missing or moved is found; nobody stays after withdrawal."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from threading import Thread

import pytest
from sqlalchemy import delete, select

from cad.audit import AuditLog, Entry, open_log, verify_log
from cad.audit.log import FOLDER
from cad.audit.persons import person_tokens
from cad.audit.verify import read_entries
from cad.build.run import build_base
from cad.push import push_batch
from cad.registry.access_tables import audit_chain, person_key
from cad.registry.engine import reading, writing
from cad.warehouse import Warehouse
from cad.withdraw import withdraw
from tests.cad.test_withdraw import every_byte
from tests.cli import cad_json
from tests.pushed import family

Lines = list[bytes]


def entry(number: int = 0, **more: object) -> Entry:
    return Entry("r", "researcher", "frequencies", "research", {"n": number}, **more)  # type: ignore[arg-type]


def fill(warehouse: Warehouse, entries: int) -> Path:
    with open_log(warehouse) as log:
        for number in range(entries):
            log.enter(entry(number))
    return log.path


def test_entries_come_back_as_they_were_entered(warehouse: Warehouse) -> None:
    fill(warehouse, 3)
    fill(warehouse, 2)
    found = read_entries(warehouse)
    assert [one["asked"]["n"] for one in found] == [0, 1, 2, 0, 1]
    assert found[0] | {"who": "r", "role": "researcher", "purpose": "research"} == found[0]
    report = verify_log(warehouse)
    assert (report.faults, report.chains, report.entries, report.unsealed) == ((), 2, 7, 0)


def alter(lines: Lines) -> Lines:
    return [*lines[:2], lines[2].replace(b'"n":1}', b'"n":9}'), *lines[3:]]


def alter_and_hash_anew(lines: Lines) -> Lines:
    from cad.audit.entry import sealed_line  # noqa: PLC0415

    document = json.loads(lines[-1]) | {"rows": 12}
    del document["hash"]
    return [*lines[:-1], sealed_line(document)[0]]


ATTACKS: dict[str, Callable[[Lines], Lines]] = {
    "altered": alter,
    "altered, with a hash that fits": alter_and_hash_anew,
    "missing in the middle": lambda lines: [*lines[:2], *lines[3:]],
    "missing at the end": lambda lines: lines[:-1],
    "missing at the beginning": lambda lines: lines[1:],
    "two exchanged": lambda lines: [lines[0], lines[2], lines[1], *lines[3:]],
    "one twice": lambda lines: [*lines[:2], lines[1], *lines[2:]],
    "emptied": lambda lines: [],
    "no JSON": lambda lines: [*lines[:2], b"{\n", *lines[3:]],
    "cut within a line": lambda lines: [*lines[:-1], lines[-1][:-9]],
}


@pytest.mark.parametrize("attack", ATTACKS)
def test_tampering_is_found(sqlite_warehouse: Warehouse, attack: str) -> None:
    path = fill(sqlite_warehouse, 4)
    before = path.read_bytes()
    after = b"".join(ATTACKS[attack](before.splitlines(keepends=True)))
    assert after != before
    path.chmod(0o640)
    path.write_bytes(after)
    report = verify_log(sqlite_warehouse)
    assert report.faults
    assert {fault.chain for fault in report.faults} == {path.stem}


def test_every_single_bit_counts(sqlite_warehouse: Warehouse) -> None:
    path = fill(sqlite_warehouse, 1)
    data = bytearray(path.read_bytes())
    for place in range(0, len(data), 7):
        data[place] ^= 1
        path.write_bytes(data)
        assert verify_log(sqlite_warehouse).faults, place
        data[place] ^= 1
    path.write_bytes(data)
    assert not verify_log(sqlite_warehouse).faults


def test_a_chain_that_is_gone_is_found_with_and_without_its_row(
    sqlite_warehouse: Warehouse,
) -> None:
    first = fill(sqlite_warehouse, 2)
    second = fill(sqlite_warehouse, 1)
    data = first.read_bytes()
    first.unlink()
    assert {fault.chain for fault in verify_log(sqlite_warehouse).faults} == {first.stem}
    with writing(sqlite_warehouse.engine) as connection:
        connection.execute(delete(audit_chain).where(audit_chain.c.chain_id == first.stem))
    faults = verify_log(sqlite_warehouse).faults
    assert [fault.chain for fault in faults] == [first.stem]
    assert second.stem in faults[0].problem
    first.write_bytes(data)
    assert verify_log(sqlite_warehouse).faults


def test_a_chain_that_nobody_opened_is_found(sqlite_warehouse: Warehouse) -> None:
    path = fill(sqlite_warehouse, 1)
    (path.parent / f"{'0' * 32}.jsonl").write_bytes(path.read_bytes())
    (fault,) = verify_log(sqlite_warehouse).faults
    assert (fault.chain, fault.entry) == ("0" * 32, None)


def test_what_a_dying_process_left_is_no_fault(sqlite_warehouse: Warehouse) -> None:
    log = AuditLog(sqlite_warehouse, group_seconds=3600)
    log.enter(entry())
    log.flush()
    log.enter(entry(1))
    report = verify_log(sqlite_warehouse)
    assert (report.faults, report.entries, report.unsealed) == ((), 3, 1)
    with log.path.open("ab") as file:
        file.write(b'{"half a li')
    assert not verify_log(sqlite_warehouse).faults
    lines = log.path.read_bytes().splitlines(keepends=True)
    # What is not sealed proves nothing of its end; what is sealed may not be cut.
    log.path.write_bytes(b"".join(lines[:2]))
    assert not verify_log(sqlite_warehouse).faults
    log.path.write_bytes(b"".join(lines[:1]))
    assert verify_log(sqlite_warehouse).faults


def test_an_entry_is_in_the_file_once_enter_returns(sqlite_warehouse: Warehouse) -> None:
    with open_log(sqlite_warehouse) as log:
        log.enter(entry(7))
        assert b'"n":7' in log.path.read_bytes()


def test_threads_share_a_chain(sqlite_warehouse: Warehouse) -> None:
    log = AuditLog(sqlite_warehouse, group_seconds=0.001)
    threads = [
        Thread(target=lambda start=start: [log.enter(entry(start + n)) for n in range(50)])
        for start in range(0, 400, 50)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    log.close()
    assert sorted(one["asked"]["n"] for one in read_entries(sqlite_warehouse)) == list(range(400))
    report = verify_log(sqlite_warehouse)
    assert (report.faults, report.unsealed) == ((), 0)


def test_a_log_that_cannot_be_written_keeps_the_answer_in(sqlite_warehouse: Warehouse) -> None:
    with open_log(sqlite_warehouse) as log:
        full = os.open("/dev/full", os.O_WRONLY)
        kept, log._file = log._file, full
        with pytest.raises(OSError, match="No space"):
            log.enter(entry())
        log._file = kept
        os.close(full)
    assert not verify_log(sqlite_warehouse).faults


def test_persons_are_hashes_until_they_withdraw(warehouse: Warehouse, tmp_path: Path) -> None:
    push_batch(warehouse, family(tmp_path / "batch").path)
    build_base(warehouse)
    tokens = person_tokens(warehouse, ["P-MOTHER", "P-CHILD", "P-NOBODY"])
    assert set(tokens) == {"P-MOTHER", "P-CHILD"}
    assert person_tokens(warehouse, ["P-MOTHER"])["P-MOTHER"] == tokens["P-MOTHER"]
    with open_log(warehouse) as log:
        log.enter(entry(persons=tuple(tokens.values())))
    withdraw(warehouse, "P-MOTHER")
    # Asking again brings back neither the key nor the id.
    assert person_tokens(warehouse, ["P-MOTHER"]) == {}
    build_base(warehouse)
    with reading(warehouse.engine) as connection:
        assert set(connection.scalars(select(person_key.c.person_id))) == {"P-CHILD"}
    assert not verify_log(warehouse).faults
    assert tokens["P-MOTHER"].encode() in log.path.read_bytes()


def test_no_byte_of_the_log_names_a_person(tmp_path: Path) -> None:
    folder = tmp_path / "warehouse"
    made = family(tmp_path / "batch").path
    with Warehouse.create(folder, "GRCh38") as warehouse:
        push_batch(warehouse, made)
        build_base(warehouse)
    where = ("-w", folder)
    cad_json("variant", "22-100-A-G", "--excluding-family", "F1", *where)
    cad_json("sql", "-c", "SELECT 'P-MOTHER' AS MOTHER FROM samples WHERE person_id <> 'P-MOTHER'",
             *where)  # fmt: skip
    cad_json("receipt", "NIGHT-1", *where)
    shown = cad_json("audit", "show", *where)
    assert [one["what"] for one in shown] == ["frequencies", "sql", "batches"]
    assert shown[1]["asked"] == {"views": ["samples"], "columns": ["person_id"]}
    cad_json("withdraw", "P-MOTHER", *where)
    cad_json("build", *where)
    assert b"MOTHER" not in every_byte(folder)
    assert cad_json("audit", "verify", *where)["intact"]
    assert b"F1" not in every_byte(folder / FOLDER)


def test_the_command_fails_where_the_log_was_tampered_with(tmp_path: Path) -> None:
    with Warehouse.create(tmp_path / "w", "GRCh38") as warehouse:
        path = fill(warehouse, 2)
    path.write_bytes(path.read_bytes().replace(b"researcher", b"steward"))
    document = cad_json("audit", "verify", "-w", tmp_path / "w", code=1)
    assert (document["intact"], document["faults"][0]["entry"]) == (False, 2)

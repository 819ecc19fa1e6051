"""The service under questions: ``...steps.serve_load WAREHOUSE KEYS OUT NIGHT SECONDS RECORDS``.

Starts `cad serve` on the warehouse, with its gate, budget and audit log, and asks as a clinician:
one variant after the other on one connection; 10 000 in one POST; a VCF of so many records, sent
up, annotated and fetched; eight connections at once for so many seconds, while the batch NIGHT is
pushed and a build runs. Prints one JSON object: times in microseconds (`p50_us`, `p99_us`, and
those of eight connections while others write, `busy_p50_us`, `busy_p99_us`), `bulk_s`; CPU of the
service alone (`cpu_us`, `bulk_cpu_s`, `annotate_cpu_us`); and how many requests of the eight were
answered and were not (`requests`, `errors`).
"""

from __future__ import annotations

import gzip
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from random import Random
from threading import Thread
from time import perf_counter, perf_counter_ns
from typing import Any, Final

import pysam

from benchmarks.counts_file import Key
from benchmarks.lookups import read_keys, write_found
from benchmarks.measure import cad, run
from benchmarks.serving import Connection, Server, served
from benchmarks.stores import build, push
from benchmarks.vcf_files import CONTIG, LENGTH

_BULK: Final = 10_000
_ROUNDS: Final = 3
_CONNECTIONS: Final = 8
_QUERY: Final = "?stratum=all&annotation=none"


def main(folder: str, keys_file: str, out: str, night: str, seconds: str, records: str) -> None:
    """Ask, print the times, write what was found."""
    warehouse, keys = Path(folder), read_keys(Path(keys_file))
    made = run(
        [*cad("client", "create", "load", "--role", "clinician", "-w", warehouse),
         "--daily-variants", "1000000000", "--format", "json", "-qq"]
    )  # fmt: skip
    key = json.loads(made)["key"]
    with served(warehouse) as server:
        connection = Connection(server.port, key)
        found, report = _one_by_one(server, connection, keys)
        write_found(Path(out), keys, found)
        report |= _bulk(server, connection, keys)
        sites = _write_sites(Path(out).with_suffix(".vcf.gz"), int(records))
        # The service has closed a connection that said nothing for so long.
        report |= _annotate(server, Connection(server.port, key), sites, int(records))
        report |= _busy(server.port, key, keys, float(seconds), warehouse, Path(night))
    sys.stdout.write(json.dumps(report))


def _one_by_one(
    server: Server, connection: Connection, keys: Sequence[Key]
) -> tuple[list[tuple[int, int]], dict[str, float]]:
    found = []
    for key in keys:
        row = json.loads(connection.expect(200, "GET", _path(key)))["frequencies"][0]
        found.append((row["ac"], row["an"]))
    began = server.cpu_s()
    times = [_timed(connection, key) for _ in range(_ROUNDS) for key in keys]
    used = (server.cpu_s() - began) / len(times) * 1e6
    return found, {"p50_us": _at(times, 0.5), "p99_us": _at(times, 0.99), "cpu_us": used}


def _bulk(server: Server, connection: Connection, keys: Sequence[Key]) -> dict[str, float]:
    """Seconds for one POST, the best of some; on the clock and of CPU."""
    names = [_name(keys[at % len(keys)]) for at in range(_BULK)]
    body = json.dumps({"variants": names}).encode()
    taken, used = [], []
    for _ in range(_ROUNDS):
        began, cpu = perf_counter(), server.cpu_s()
        answer = connection.expect(200, "POST", "/v1/variants", body)
        taken.append(perf_counter() - began)
        used.append(server.cpu_s() - cpu)
        if len(json.loads(answer)["variants"]) != _BULK:
            raise RuntimeError(answer[:500].decode())
    return {"bulk_s": min(taken), "bulk_cpu_s": min(used)}


def _annotate(
    server: Server, connection: Connection, sites: bytes, records: int
) -> dict[str, float]:
    """CPU of the service by record of a VCF that is sent up, annotated and fetched."""
    began = server.cpu_s()
    job = json.loads(connection.expect(202, "POST", "/v1/annotate", sites))["job"]
    while json.loads(connection.expect(200, "GET", f"/v1/annotate/{job}"))["state"] == "running":
        pass
    answer = connection.expect(200, "GET", f"/v1/annotate/{job}/vcf")
    used = server.cpu_s() - began
    lines = gzip.decompress(answer).splitlines()
    if sum(not line.startswith(b"#") for line in lines) != records:
        raise RuntimeError("the annotated file has another number of records")
    return {"annotate_cpu_us": used / records * 1e6}


def _write_sites(path: Path, records: int) -> bytes:
    """The bytes of a bgzipped VCF of substitutions at random positions, in order."""
    choice = Random(1)
    header = (
        '##fileformat=VCFv4.2\n##FORMAT=<ID=GT,Number=1,Type=String,Description="Genotype">\n'
        "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\tS\n"
    )
    places = sorted(choice.sample(range(60_001, LENGTH), records))
    bases = (choice.sample("ACGT", 2) for _ in places)
    lines = (
        f"chr{CONTIG}\t{pos}\t.\t{ref}\t{alt}\t50\tPASS\t.\tGT\t0/1\n"
        for pos, (ref, alt) in zip(places, bases, strict=True)
    )
    with pysam.BGZFile(str(path), "wb", None) as file:
        file.write("".join([header, *lines]).encode())
    return path.read_bytes()


def _busy(
    port: int, key: str, keys: Sequence[Key], seconds: float, warehouse: Path, night: Path
) -> dict[str, float]:
    """Eight connections at once, while a batch is pushed and built."""
    times: list[float] = []
    errors: list[str] = []
    ends = perf_counter() + seconds

    def ask(number: int) -> None:
        try:
            connection, at = Connection(port, key), number
            while perf_counter() < ends:
                times.append(_timed(connection, keys[at % len(keys)]))
                at += _CONNECTIONS
        except (OSError, RuntimeError, ValueError) as error:
            errors.append(str(error))

    threads = [Thread(target=ask, args=(number,)) for number in range(_CONNECTIONS)]
    for thread in threads:
        thread.start()
    run(push(warehouse, night))
    run(build(warehouse))
    for thread in threads:
        thread.join()
    for error in errors:
        sys.stderr.write(f"{error}\n")
    return {
        "busy_p50_us": _at(times, 0.5),
        "busy_p99_us": _at(times, 0.99),
        "requests": float(len(times)),
        "errors": float(len(errors)),
    }


def _timed(connection: Connection, key: Key) -> float:
    began = perf_counter_ns()
    connection.expect(200, "GET", _path(key))
    return (perf_counter_ns() - began) / 1000


def _name(key: Key) -> str:
    pos, ref, alt = key
    return f"{CONTIG}-{pos}-{ref}-{alt}"


def _path(key: Key) -> str:
    return f"/v1/variants/{_name(key)}{_QUERY}"


def _at(times: Sequence[float], share: float) -> float:
    ordered: list[Any] = sorted(times)
    return float(ordered[min(int(len(ordered) * share), len(ordered) - 1)])


if __name__ == "__main__":
    main(*sys.argv[1:])

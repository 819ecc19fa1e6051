"""The 5 731 published phenopackets in a warehouse, against a recount straight from their JSON."""

import gzip
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from cad.annotation.load import add_annotation
from cad.build.run import build_base
from cad.clinical.default_hpo import default_file
from cad.clinical.push import push_clinical
from cad.clinical.receipt import DeliveryReceipt
from cad.push import push_batch
from cad.registry.documents import OF_DOCUMENT
from cad.registry.engine import reading
from cad.settings import Settings
from cad.sql_access import SqlAccess, open_sql
from cad.status import read_status
from cad.warehouse import Warehouse
from tests.batch_dir import BatchDir

pytestmark = pytest.mark.realdata

Packet = dict[str, Any]
FILE = "clinical/phenopackets.ndjson.gz"


@dataclass(frozen=True)
class Loaded:
    """A warehouse with all packets, and with somebody who carries each of their SNVs on chr9."""

    warehouse: Warehouse
    receipt: DeliveryReceipt
    packets: list[Packet]
    carried: set[tuple[int, str, str]]
    access: SqlAccess

    def ask(self, query: str) -> list[tuple[Any, ...]]:
        return [tuple(row.values()) for row in self.access.ask(query).rows.to_pylist()]


def findings(packet: Packet) -> Iterator[Packet]:
    for one in packet.get("interpretations", ()):
        yield from one.get("diagnosis", {}).get("genomicInterpretations", ())


def descriptor(finding: Packet) -> Packet:
    found: Packet = finding.get("variantInterpretation", {}).get("variationDescriptor", {})
    return found


def snvs(packets: list[Packet]) -> set[tuple[int, str, str]]:
    """SNVs on chromosome 9: written as they are stored, whatever the reference."""
    records = (
        descriptor(one).get("vcfRecord", {}) for packet in packets for one in findings(packet)
    )
    return {
        (int(one["pos"]), one["ref"], one["alt"])
        for one in records
        if one.get("chrom") == "chr9" and len(one["ref"]) == len(one["alt"]) == 1
    }


def carrier(path: Path, variants: set[tuple[int, str, str]]) -> Path:
    """A batch of one person who is heterozygous for some variants."""
    made = BatchDir(path)
    header = (
        "##fileformat=VCFv4.2\n##contig=<ID=chr9,length=138394717>\n"
        '##FORMAT=<ID=GT,Number=1,Type=String,Description="Genotype">\n'
        "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\tS1\n"
    )
    lines = [f"chr9\t{pos}\t.\t{ref}\t{alt}\t.\tPASS\t.\tGT\t0/1\n" for pos, ref, alt in variants]
    lines.sort(key=lambda line: int(line.split("\t")[1]))
    made.add("one.vcf", (header + "".join(lines)).encode())
    made.sheet("sample_id|person_id|sex", "S1|CARRIER|XX")
    return made.write()


@pytest.fixture(scope="module")
def loaded(testdata: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Loaded]:
    folder = tmp_path_factory.mktemp("packets")
    data = (testdata / FILE).read_bytes()
    (folder / "in").mkdir()
    (folder / "in" / "all.ndjson.gz").write_bytes(data)
    packets = [json.loads(line)["phenopacket"] for line in gzip.decompress(data).splitlines()]
    carried = snvs(packets)
    with Warehouse.create(folder / "w", "GRCh38", settings=Settings(threads=2)) as warehouse:
        path, version = default_file()
        add_annotation(warehouse, "hpo", path, version)
        receipt = push_clinical(warehouse, folder / "in", person_from="packet-id")
        push_batch(warehouse, carrier(folder / "batch", carried))
        build_base(warehouse)
        with open_sql(warehouse) as access:
            yield Loaded(warehouse, receipt, packets, carried, access)


def test_nothing_is_lost(loaded: Loaded) -> None:
    packets = loaded.packets
    features = [one for packet in packets for one in packet.get("phenotypicFeatures", ())]
    diseases = [one for packet in packets for one in packet.get("diseases", ())]
    judged = [one for packet in packets for one in findings(packet)]
    [entry] = loaded.receipt.to_json()["documents"]
    assert entry["records"] == entry["kept"] + sum(one["records"] for one in entry["set_aside"])
    expected = {
        "person": 5731,
        "phenotype": len(features),
        "phenotype_excluded": sum(one.get("excluded", False) for one in features),
        "phenotype_onset": sum("onset" in one for one in features),
        "disease": len(diseases),
        "disease_excluded": sum(one.get("excluded", False) for one in diseases),
        "disease_onset": sum("onset" in one for one in diseases),
        "interpretation": len(judged),
        "interpretation_keyed": sum(
            set(descriptor(one).get("vcfRecord", {}).get("alt", "-")) <= set("ACGT")
            for one in judged
        ),
    }
    assert entry["rows"] == {name: count for name, count in expected.items() if count}
    assert (loaded.receipt.persons, loaded.receipt.persons_without_sample) == (5731, 5731)
    told = Counter(
        (one["type"]["id"], one.get("excluded", False))
        for packet in packets
        for one in packet.get("phenotypicFeatures", ())
    )
    query = "SELECT code, excluded, count(*) FROM phenotypes GROUP BY ALL"
    assert {(code, out): count for code, out, count in loaded.ask(query)} == told
    query = "SELECT person_id, count(*) FROM phenotypes GROUP BY ALL"
    own = {one["id"]: len(one.get("phenotypicFeatures", ())) for one in packets}
    assert dict(loaded.ask(query)) == {person: count for person, count in own.items() if count}


def test_genes_and_diseases_count_as_the_documents_do(loaded: Loaded) -> None:
    genes: Counter[Any] = Counter()
    for packet in loaded.packets:
        genes.update(
            {descriptor(one).get("geneContext", {}).get("symbol") for one in findings(packet)}
        )
    query = "SELECT gene_symbol, count(DISTINCT person_id) FROM interpretations GROUP BY ALL"
    assert dict(loaded.ask(query)) == dict(genes)
    diseases = Counter(
        code
        for packet in loaded.packets
        for code in {one["term"]["id"] for one in packet.get("diseases", ())}
    )
    query = "SELECT code, count(DISTINCT person_id) FROM diseases GROUP BY ALL"
    assert dict(loaded.ask(query)) == dict(diseases)
    # Each judgement is of a disease that the same document names, or of none it names.
    query = "SELECT count(*) FROM interpretations WHERE disease_code IS NULL"
    missing = sum(
        "disease" not in one["diagnosis"] for packet in loaded.packets
        for one in packet.get("interpretations", ()) for _ in findings({"interpretations": [one]})
    )  # fmt: skip
    assert loaded.ask(query) == [(missing,)]


def test_terms_newer_than_the_release_are_kept_and_told(loaded: Loaded, testdata: Path) -> None:
    ontology = testdata / "clinical" / "hpo_2025-01-16" / "hp.obo.gz"
    known = set()
    for line in gzip.decompress(ontology.read_bytes()).decode().splitlines():
        tag, _, value = line.partition(": ")
        if tag in ("id", "alt_id"):
            known.add(value)
    told = Counter(
        one["type"]["id"] for packet in loaded.packets
        for one in packet.get("phenotypicFeatures", ())
    )  # fmt: skip
    newer = {code: count for code, count in told.items() if code not in known}
    assert newer
    [entry] = loaded.receipt.to_json()["documents"]
    flags = {one["reason"]: one["records"] for one in entry["flags"]}
    assert flags["term_newer"] == sum(newer.values())
    assert flags["variant_not_keyed"] == 1
    status = read_status(loaded.warehouse).to_json()["clinical"]
    assert status["hpo"]["terms_newer"] == sorted(newer)
    query = """
        SELECT DISTINCT term FROM phenotypes
        WHERE code NOT IN (SELECT hpo_id FROM annotation_hpo_id)
    """
    assert {term for (term,) in loaded.ask(query)} == set(newer)


def test_their_variants_join_the_calls_of_a_warehouse(loaded: Loaded) -> None:
    expected = Counter(
        (int(record["pos"]), record["alt"])
        for packet in loaded.packets
        for one in findings(packet)
        if (record := descriptor(one).get("vcfRecord", {})).get("chrom") == "chr9"
        and (int(record["pos"]), record["ref"], record["alt"]) in loaded.carried
    )
    assert sum(expected.values()) > 500
    query = """
        SELECT pos, i.alt, count(*) FROM interpretations AS i
        JOIN calls AS c USING (contig, pos, ref, alt) JOIN samples AS s USING (sample)
        WHERE s.person_id = 'CARRIER' GROUP BY ALL
    """
    found = {(pos, alt): count for pos, alt, count in loaded.ask(query)}
    assert found == expected


def test_every_row_belongs_to_a_live_document(loaded: Loaded) -> None:
    with reading(loaded.warehouse.engine) as connection:
        for table in OF_DOCUMENT.values():
            rows = connection.execute(table.select().limit(50)).mappings().all()
            assert all(row["document_no"] and row["removed_at"] is None for row in rows)

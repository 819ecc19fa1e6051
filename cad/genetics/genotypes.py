"""A MatrixTable of the lake's files: variants by persons, every genotype known or missing.

A genotype is known where all of a person's copies are known and pass: a carrier's from `calls`,
anybody else's reference from the callable rows and tracks, as AN is counted. Another alternate
allele at the same position counts as reference, as after Hail's `split_multi`. Where a man has one
copy he is coded as homozygous, which is what Hail's methods expect.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import hail as hl
import pyarrow as pa
import pyarrow.parquet as pq
from pyspark.sql import DataFrame

from cad.base_hail import int_table, make_lake_views, make_tables, make_track_views
from cad.build.statements import statement
from cad.genetics.people import Participant, People
from cad.genetics.places import WITH_X
from cad.hail_session import HailSession
from schemas.contigs import CONTIGS, Assembly, RegionClass, stretches, vcf_contig
from schemas.known import PLOIDY, SEXES

_TWO: Final = (2, 2, 2, 2)


@dataclass(frozen=True)
class Study:
    """What an analysis works on.

    Attributes:
        session: Hail's.
        people: who takes part.
        assembly: the warehouse's.
        parameters: of the analysis, by name.
        numbers: `phenotype` and covariates by name, then by sample; who has none is absent.
        genes: symbol, contig, first and last position, of those to be tested.
    """

    session: HailSession
    people: People
    assembly: Assembly
    parameters: dict[str, Any]
    numbers: Mapping[str, Mapping[int, float]] = field(default_factory=dict)
    genes: Sequence[tuple[str, str, int, int]] = ()

    @property
    def participants(self) -> tuple[Participant, ...]:
        """Who takes part, in the order of the matrix's columns."""
        return self.people.participants

    def matrix(self, contigs: tuple[str, ...], *, two_copies: bool = False) -> Any:
        """The genotypes on some contigs: rows by locus and alleles, columns by `s`.

        Args:
            contigs: of the autosomes and X.
            two_copies: read every genotype as of two copies, whatever the sex: what X tells of it.
        """
        whole = ("X",) if two_copies else WITH_X
        matrix = self.kept(
            ("genotypes", whole), lambda: self.unwritten_matrix(whole, two_copies=two_copies)
        )
        names = hl.literal({vcf_contig(self.assembly, contig) for contig in contigs})
        return matrix.filter_rows(names.contains(matrix.locus.contig))

    def kept(self, what: tuple[object, ...], make: Callable[[], Any]) -> Any:
        """A matrix of these participants' rows, made once in a session for all its analyses."""
        sources = self.people.sources
        files = (str(file.path) for table in sources.files.values() for file in table)
        persons = ((one.sample, one.sex, one.founder) for one in self.participants)
        key = (what, str(sources.lake.folder), frozenset(files), tuple(persons))
        if key not in self.session.made:
            path = hl.utils.new_temp_file("kept", "mt")
            make().write(path)
            self.session.made[key] = path
        return hl.read_matrix_table(self.session.made[key])

    def unwritten_matrix(self, contigs: tuple[str, ...], *, two_copies: bool = False) -> Any:
        """Likewise, worked out anew each time it is read."""
        table = hl.Table.from_spark(self._rows(contigs))
        table = table.annotate_globals(
            sets=[self._set_of(one) for one in self.participants],
            sexes=[SEXES.index(one.sex) for one in self.participants],
            copies=[list(_TWO if two_copies else PLOIDY[region]) for region in RegionClass],
            cols=[hl.Struct(s=str(one.sample)) for one in self.participants],
        )
        names = {contig: vcf_contig(self.assembly, contig) for contig in CONTIGS}
        table = table.annotate(
            locus=hl.locus(hl.literal(names)[table.contig], table.pos, self.assembly),
            alleles=[table.ref, table.alt],
        ).key_by("locus", "alleles")
        table = table.filter(table.carriers.any(lambda one: _is_called(table, one)))
        table = table.select(entries=_entries(table, len(self.participants)))
        table = table.select_globals("cols")
        return table._unlocalize_entries("entries", "cols", ["s"])

    def _rows(self, contigs: tuple[str, ...]) -> DataFrame:
        spark, sources = self.session.spark, self.people.sources
        make_lake_views(spark, sources)
        for view in ("calls", "known", "tracks"):
            own = spark.table(view)
            own.where(own["contig"].isin(list(contigs))).createOrReplaceTempView(view)
        make_tables(spark, self.session.folder, self._tables())
        make_track_views(spark)
        return spark.sql(statement("spark_genotypes"))

    def _tables(self) -> dict[str, pa.Table]:
        sets = self._sets()
        return {
            "participants": int_table(
                ("sample", "place"),
                [(one.sample, place) for place, one in enumerate(self.participants)],
            ),
            "track_sets": int_table(
                ("set_no", "track"),
                [(number, track) for tracks, number in sets.items() for track in tracks],
            ),
            "regions": int_table(
                ("contig", "from_pos", "to_pos", "region"),
                [
                    (contig, part.start, part.end, int(part.region_class))
                    for contig in CONTIGS
                    for part in stretches(self.assembly, contig)
                ],
            ),
        }

    def _sets(self) -> dict[tuple[int, ...], int]:
        found = dict.fromkeys(self.people.track_sets.values())
        return {tracks: number for number, tracks in enumerate(found)}

    def _set_of(self, one: Participant) -> int:
        return self._sets().get(self.people.track_sets.get(one.sample, ()), -1)


def _is_called(table: Any, carrier: Any) -> Any:
    """Whether a carrier has the allele at the ploidy of their own, passing or not."""
    copies = table.copies[table.region][table.sexes[carrier.place]]
    bits = hl.case().when(copies == 2, 0b00_11_11).when(copies == 1, 0b11_00_00).default(0)
    return hl.bit_and(carrier.dosage, bits) > 0


def _entries(table: Any, columns: int) -> Any:
    """The entries of a row: genotype, and what the caller said of those who carry the allele."""
    sources = (
        hl.dict(table.carriers.map(lambda one: (one.place, one))),
        hl.dict(
            hl.or_else(table.exceptions, _none("place")).map(lambda one: (one.place, one.code))
        ),
        hl.dict(hl.or_else(table.tracks, _none("set_no")).map(lambda one: (one.set_no, one.code))),
    )

    def entry(place: Any, carriers: Any, exceptions: Any, tracks: Any) -> Any:
        carrier = carriers.get(place)
        code = exceptions.get(place, tracks.get(table.sets[place], 0))
        copies = table.copies[table.region][table.sexes[place]]
        return hl.struct(
            GT=_genotype(code, hl.or_else(carrier.dosage, 0), copies),
            DP=carrier.dp,
            GQ=carrier.gq,
            AD=hl.or_missing(
                hl.is_defined(carrier.ad_ref) & hl.is_defined(carrier.ad_alt),
                [carrier.ad_ref, carrier.ad_alt],
            ),
        )

    # Bound, so that each is made once a row and not once an entry.
    return hl.bind(lambda *own: hl.range(columns).map(lambda place: entry(place, *own)), *sources)


def _none(name: str) -> Any:
    return hl.empty_array(hl.tstruct(**{name: hl.tint32, "code": hl.tint32}))


def _genotype(code: Any, dosage: Any, copies: Any) -> Any:
    """The diploid genotype of packed codes (`schemas.known`), missing where not all is known."""
    known = hl.if_else(copies == 2, hl.bit_and(code, 3), hl.bit_and(hl.bit_rshift(code, 4), 1))
    alleles = hl.if_else(
        copies == 2, hl.bit_and(dosage, 3), 2 * hl.bit_and(hl.bit_rshift(dosage, 4), 1)
    )
    return hl.or_missing(
        (copies > 0) & (known == copies), hl.unphased_diploid_gt_index_call(alleles)
    )


def contig_and_pos(matrix: Any, assembly: Assembly) -> dict[str, Any]:
    """Expressions of a variant's key as the lake writes it."""
    plain = {vcf_contig(assembly, contig): contig for contig in CONTIGS}
    return {
        "contig": hl.literal(plain)[matrix.locus.contig],
        "pos": matrix.locus.position,
        "ref": matrix.alleles[0],
        "alt": matrix.alleles[1],
    }


def to_arrow(table: Any, schema: pa.Schema, order: tuple[str, ...]) -> pa.Table:
    """A Hail table's rows under a schema of ours, sorted."""
    folder = Path(hl.utils.new_temp_file("found", "parquet").removeprefix("file://"))
    table.key_by().select(*schema.names).to_spark(flatten=False).write.parquet(folder.as_uri())
    parts = [pq.ParquetFile(path).read() for path in sorted(folder.glob("*.parquet"))]
    cast = [part.select(schema.names).cast(schema) for part in parts]
    found = pa.concat_tables([schema.empty_table(), *cast])
    return found.sort_by([(name, "ascending") for name in order])

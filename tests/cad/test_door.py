"""What the genotypes of a batch say against its sheet: all that is planted, and nothing else."""

from pathlib import Path

import pytest
from sqlalchemy import func, select

from cad.build.run import build_base
from cad.compact import compact
from cad.corrections import update_samples
from cad.push import push_batch
from cad.receipt import Receipt
from cad.registry.engine import reading
from cad.registry.tables import finding, fingerprint, fingerprint_band
from cad.status import read_status
from cad.warehouse import Warehouse
from cad.withdraw import withdraw
from schemas.contigs import CONTIGS
from schemas.errors import BatchRefused
from tests.batch_dir import BatchDir, vcf
from tests.cli import cad, cad_json
from tests.genomes import Alleles, Tube, World, push_dir
from tests.pushed import assert_swept_clean, batch_ids, every_value

Found = dict[str, tuple[int, ...]]

DOOR = {
    "sex_discordant",
    "parent_discordant",
    "same_genome_two_persons",
    "two_genomes_one_person",
}


def found(receipt: Receipt) -> Found:
    """The lines of samples.tsv by finding."""
    return {one.reason: one.examples for one in receipt.warnings if one.reason in DOOR}


def status(warehouse: Warehouse) -> set[tuple[str, str, int]]:
    """What `cad status` says: kind, batch, samples."""
    document = read_status(warehouse).to_json()
    return {(one["kind"], one["batch_id"], one["samples"]) for one in document["findings"]}


@pytest.fixture(scope="module")
def world() -> World:
    return World()


@pytest.fixture(scope="module")
def father(world: World) -> Alleles:
    return world.founder("XY")


@pytest.fixture(scope="module")
def mother(world: World) -> Alleles:
    return world.founder("XX")


@pytest.fixture(scope="module")
def child(world: World, father: Alleles, mother: Alleles) -> Alleles:
    return world.child(father, mother, "XY")


@pytest.fixture(scope="module")
def sister(world: World, father: Alleles, mother: Alleles) -> Alleles:
    return world.child(father, mother, "XX")


@pytest.fixture(scope="module")
def stranger(world: World) -> Alleles:
    return world.founder("XY")


@pytest.fixture
def trio(father: Alleles, mother: Alleles, child: Alleles) -> list[Tube]:
    return [
        Tube("f", "F", "XY", father),
        Tube("m", "M", "XX", mother),
        Tube("c", "C", "XY", child, father_id="F", mother_id="M"),
    ]


def table(folder: Path, *rows: str) -> Path:
    path = folder / "fix.tsv"
    path.write_text("".join("\t".join(row.split(" ")) + "\n" for row in rows))
    return path


class TestSilence:
    def test_a_true_family_makes_no_finding(
        self, warehouse: Warehouse, tmp_path: Path, world: World, trio: list[Tube], sister: Alleles
    ) -> None:
        family = [*trio, Tube("s", "S", "XX", sister, father_id="F", mother_id="M")]
        receipt = push_batch(warehouse, push_dir(tmp_path / "N1", world, family), strict=True)
        assert found(receipt) == {}
        assert status(warehouse) == set()
        with reading(warehouse.engine) as connection:
            rows = connection.execute(select(fingerprint.c.sample_no, fingerprint.c.sex)).all()
            assert dict(rows) == {1: "XY", 2: "XX", 3: "XY", 4: "XX"}
            assert connection.scalar(select(func.count()).select_from(fingerprint_band)) == 4 * 16
        assert_swept_clean(warehouse)

    def test_too_little_to_tell_says_nothing(
        self, sqlite_warehouse: Warehouse, tmp_path: Path, world: World, father: Alleles,
        mother: Alleles, child: Alleles,
    ) -> None:  # fmt: skip
        wrong = [
            Tube("f", "F", "XX", father),
            Tube("m", "M", "XY", mother),
            Tube("c", "C", "XX", child, father_id="M", mother_id="F"),
            Tube("d", "D", "XX", child),
        ]
        few = push_dir(tmp_path / "N1", world, wrong, every=25, contigs=CONTIGS[:23])
        assert found(push_batch(sqlite_warehouse, few)) == {}
        panel = [Tube("f", "F2", "XX", father, assay="panel")]
        assert found(push_batch(sqlite_warehouse, push_dir(tmp_path / "N2", world, panel))) == {}

    def test_other_materials_are_not_looked_at(
        self, sqlite_warehouse: Warehouse, tmp_path: Path, world: World, father: Alleles,
        stranger: Alleles,
    ) -> None:  # fmt: skip
        tubes = [
            Tube("n", "F", "XY", father),
            Tube("t", "F", "XY", stranger, material="tumour"),
            Tube("r", "F", "XY", stranger, assay="RNA"),
        ]
        receipt = push_batch(sqlite_warehouse, push_dir(tmp_path / "N1", world, tubes))
        assert found(receipt) == {}
        with reading(sqlite_warehouse.engine) as connection:
            assert list(connection.scalars(select(fingerprint.c.sample_no))) == [1]


class TestSex:
    def test_declared_sex_that_x_contradicts(
        self, warehouse: Warehouse, tmp_path: Path, world: World, father: Alleles, mother: Alleles
    ) -> None:
        tubes = [
            Tube("f", "F", "XX", father),
            Tube("m", "M", "XY", mother),
            Tube("o", "O", "other", world.founder("XX")),
            Tube("u", "U", "unknown", world.founder("XY")),
            Tube("w", "W", "XX", world.founder("XX")),
        ]
        receipt = push_batch(warehouse, push_dir(tmp_path / "N1", world, tubes))
        assert found(receipt) == {"sex_discordant": (2, 3)}
        assert status(warehouse) == {("sex_discordant", "N1", 2)}

    @pytest.mark.parametrize(
        ("sex", "is_y_looked_at", "expected"),
        [("XX", True, {"sex_discordant": (2,)}), ("XY", True, {}), ("XX", False, {})],
    )
    def test_y_tells_where_x_is_written_haploid(
        self, sqlite_warehouse: Warehouse, tmp_path: Path, world: World, father: Alleles, sex: str,
        is_y_looked_at: bool, expected: Found,
    ) -> None:  # fmt: skip
        contigs = ["1", "2", "X", "Y"] if is_y_looked_at else ["1", "2", "X"]
        tube = Tube("f", "F", sex, father, is_haploid=True)
        batch = push_dir(tmp_path / "N1", world, [tube], contigs=contigs)
        assert found(push_batch(sqlite_warehouse, batch)) == expected

    @pytest.mark.parametrize(("span", "expected"), [
        ((0, 57_000_000), {"sex_discordant": (2,)}), ((3_000_000, 7_000_000), {}),
    ])  # fmt: skip
    def test_much_of_y_without_an_snv_is_no_y(
        self, sqlite_warehouse: Warehouse, tmp_path: Path, world: World, mother: Alleles,
        span: tuple[int, int], expected: Found,
    ) -> None:  # fmt: skip
        tubes = [Tube("m", "M", "XY", mother)]
        batch = push_dir(
            tmp_path / "N1", world, tubes, contigs=["1", "2", "3", "4", "Y"], bed={"Y": span}
        )
        assert found(push_batch(sqlite_warehouse, batch)) == expected


class TestParents:
    def test_a_wrong_father_in_the_batch(
        self, warehouse: Warehouse, tmp_path: Path, world: World, trio: list[Tube],
        stranger: Alleles,
    ) -> None:  # fmt: skip
        wrong = [Tube("f", "F", "XY", stranger), *trio[1:]]
        receipt = push_batch(warehouse, push_dir(tmp_path / "N1", world, wrong))
        assert found(receipt) == {"parent_discordant": (4,)}
        assert status(warehouse) == {("parent_discordant", "N1", 1)}

    @pytest.mark.parametrize("is_compacted", [False, True])
    @pytest.mark.parametrize("is_right", [False, True])
    def test_a_parent_who_came_before(
        self, sqlite_warehouse: Warehouse, tmp_path: Path, world: World, trio: list[Tube],
        stranger: Alleles, is_compacted: bool, is_right: bool,
    ) -> None:  # fmt: skip
        first = trio[0] if is_right else Tube("f", "F", "XY", stranger)
        push_batch(sqlite_warehouse, push_dir(tmp_path / "N1", world, [first, trio[1]]))
        if is_compacted:
            assert compact(sqlite_warehouse).samples == 2
        receipt = push_batch(sqlite_warehouse, push_dir(tmp_path / "N2", world, [trio[2]]))
        assert found(receipt) == ({} if is_right else {"parent_discordant": (2,)})

    @pytest.mark.parametrize("is_right", [False, True])
    def test_a_parent_who_comes_after_the_child(
        self, sqlite_warehouse: Warehouse, tmp_path: Path, world: World, trio: list[Tube],
        stranger: Alleles, is_right: bool,
    ) -> None:  # fmt: skip
        push_batch(sqlite_warehouse, push_dir(tmp_path / "N1", world, [trio[2]]))
        late = trio[0] if is_right else Tube("f", "F", "XY", stranger)
        receipt = push_batch(sqlite_warehouse, push_dir(tmp_path / "N2", world, [trio[1], late]))
        assert found(receipt) == ({} if is_right else {"parent_discordant": (3,)})

    def test_a_sister_is_no_mother(
        self, sqlite_warehouse: Warehouse, tmp_path: Path, world: World, trio: list[Tube],
        sister: Alleles,
    ) -> None:  # fmt: skip
        family = [trio[0], Tube("m", "M", "XX", sister), trio[2]]
        receipt = push_batch(sqlite_warehouse, push_dir(tmp_path / "N1", world, family))
        assert found(receipt) == {"parent_discordant": (4,)}

    @pytest.mark.parametrize("callability", ["bed", "sites"])
    def test_what_was_not_looked_at_in_the_parent_is_no_contradiction(
        self, sqlite_warehouse: Warehouse, tmp_path: Path, world: World, trio: list[Tube],
        stranger: Alleles, callability: str,
    ) -> None:  # fmt: skip
        parent = [Tube("f", "F", "XY", stranger)]
        elsewhere = push_dir(
            tmp_path / "N1", world, parent, contigs=["1", "2"], callability=callability
        )
        push_batch(sqlite_warehouse, elsewhere)
        rest = push_dir(tmp_path / "N2", world, trio[1:], contigs=["3", "4", "5", "6", "7", "8"])
        assert found(push_batch(sqlite_warehouse, rest)) == {}

    def test_a_site_list_compares_where_both_have_a_record(
        self, sqlite_warehouse: Warehouse, tmp_path: Path, world: World, trio: list[Tube],
        stranger: Alleles,
    ) -> None:  # fmt: skip
        joint = push_dir(tmp_path / "N1", world, trio, callability="sites")
        assert found(push_batch(sqlite_warehouse, joint)) == {}
        wrong = [Tube("f", "F2", "XY", stranger), Tube("c", "C", "XY", trio[2].genome,
                 father_id="F2", mother_id="M")]  # fmt: skip
        alone = push_dir(tmp_path / "N2", world, wrong, callability="sites")
        assert found(push_batch(sqlite_warehouse, alone)) == {"parent_discordant": (3,)}


class TestIdentity:
    def test_one_genome_under_two_pseudonyms_in_one_batch(
        self, warehouse: Warehouse, tmp_path: Path, world: World, father: Alleles
    ) -> None:
        tubes = [
            Tube("a", "A", "XY", father, seed=1),
            Tube("z", "Z", "XY", world.founder("XY")),
            Tube("b", "B", "XY", father, seed=2),
        ]
        receipt = push_batch(warehouse, push_dir(tmp_path / "N1", world, tubes))
        assert found(receipt) == {"same_genome_two_persons": (2, 4)}
        assert status(warehouse) == {("same_genome_two_persons", "N1", 2)}

    def test_one_genome_under_the_pseudonyms_of_two_platforms(
        self, warehouse: Warehouse, tmp_path: Path, world: World, trio: list[Tube], father: Alleles
    ) -> None:
        push_batch(warehouse, push_dir(tmp_path / "N1", world, trio))
        again = [Tube("x", "SECRET", "XY", father, seed=7, lost=0.04)]
        batch = push_dir(tmp_path / "N2", world, again, platform="AURAGEN")
        receipt = push_batch(warehouse, batch)
        assert found(receipt) == {"same_genome_two_persons": (2,)}
        assert status(warehouse) == {("same_genome_two_persons", "N2", 1)}
        # Nothing tells the one platform whom the other knows.
        text = str(receipt.to_json())
        assert "'F'" not in text
        assert "N1" not in text

    @pytest.mark.parametrize("said_by", ["first", "second", "a third"])
    def test_declared_twins_are_no_finding(
        self, sqlite_warehouse: Warehouse, tmp_path: Path, world: World, father: Alleles,
        said_by: str,
    ) -> None:  # fmt: skip
        twins = {"first": ("B", ""), "second": ("", "A"), "a third": ("T", "T")}[said_by]
        one = Tube("a", "A", "XY", father, twin_of=twins[0], seed=1)
        other = Tube("b", "B", "XY", father, twin_of=twins[1], seed=2)
        both = push_dir(tmp_path / "N1", world, [one, other])
        assert found(push_batch(sqlite_warehouse, both)) == {}
        push_batch(sqlite_warehouse, push_dir(tmp_path / "N1b", world, [one]))
        after = push_batch(sqlite_warehouse, push_dir(tmp_path / "N2", world, [other]))
        assert found(after) == {}

    def test_two_genomes_under_one_pseudonym(
        self, warehouse: Warehouse, tmp_path: Path, world: World, father: Alleles,
        stranger: Alleles,
    ) -> None:  # fmt: skip
        first, second = Tube("a", "P", "XY", father), Tube("b", "P", "XY", stranger)
        push_batch(warehouse, push_dir(tmp_path / "N1", world, [first]))
        receipt = push_batch(warehouse, push_dir(tmp_path / "N2", world, [second]))
        assert found(receipt) == {"two_genomes_one_person": (2,)}
        both = [Tube("c", "Q", "XY", father, seed=5), Tube("d", "Q", "XY", stranger, seed=5)]
        receipt = push_batch(warehouse, push_dir(tmp_path / "N3", world, both))
        assert found(receipt)["two_genomes_one_person"] == (2, 3)

    def test_a_brother_s_tube_is_another_genome(
        self, sqlite_warehouse: Warehouse, tmp_path: Path, world: World, father: Alleles,
        mother: Alleles, child: Alleles,
    ) -> None:  # fmt: skip
        brother = world.child(father, mother, "XY")
        push_batch(
            sqlite_warehouse, push_dir(tmp_path / "N1", world, [Tube("a", "P", "XY", child)])
        )
        other = [Tube("b", "P", "XY", brother)]
        receipt = push_batch(sqlite_warehouse, push_dir(tmp_path / "N2", world, other))
        assert found(receipt) == {"two_genomes_one_person": (2,)}

    def test_a_second_sample_of_the_person_is_no_finding(
        self, sqlite_warehouse: Warehouse, tmp_path: Path, world: World, father: Alleles
    ) -> None:
        for number in range(3):
            tubes = [Tube(f"s{number}", "P", "XY", father, seed=number, lost=0.05)]
            batch = push_dir(tmp_path / f"N{number}", world, tubes)
            assert found(push_batch(sqlite_warehouse, batch, strict=True)) == {}

    @pytest.mark.parametrize("is_compacted", [False, True])
    def test_an_exome_and_a_genome_are_compared_at_their_genotypes(
        self, sqlite_warehouse: Warehouse, tmp_path: Path, is_compacted: bool
    ) -> None:
        wide = World(seed=5, autosomal=30_800)
        right, wrong = wide.founder("XX"), wide.founder("XX")
        genomes = [Tube("g", "P", "XX", right), Tube("h", "Q", "XX", wrong)]
        push_batch(sqlite_warehouse, push_dir(tmp_path / "N1", wide, genomes))
        if is_compacted:
            compact(sqlite_warehouse)
        exomes = [
            Tube("e", "P", "XX", right, assay="WES", seed=2),
            Tube("x", "Q", "XX", right, assay="WES", seed=3),
        ]
        batch = push_dir(tmp_path / "N2", wide, exomes, every=40)
        # Of the sketches hardly an entry is at a place where both reach.
        assert found(push_batch(sqlite_warehouse, batch)) == {
            "two_genomes_one_person": (3,), "same_genome_two_persons": (2, 3),
        }  # fmt: skip


class TestStrict:
    def test_a_finding_refuses_a_strict_push_and_leaves_nothing(
        self, warehouse: Warehouse, tmp_path: Path, world: World, trio: list[Tube], father: Alleles
    ) -> None:
        push_batch(warehouse, push_dir(tmp_path / "N1", world, trio))
        before = every_value(warehouse).split("\nsession:")[0]
        for name, tube, reason in (
            ("N2", Tube("x", "X", "XY", father, seed=3), "same_genome_two_persons"),
            ("N3", Tube("y", "Y", "XX", world.founder("XY")), "sex_discordant"),
            ("N4", Tube("z", "Z", "XY", world.founder("XY"), father_id="F"), "parent_discordant"),
            ("N5", Tube("w", "C", "XY", world.founder("XY")), "two_genomes_one_person"),
        ):
            batch = push_dir(tmp_path / name, world, [tube])
            with pytest.raises(BatchRefused) as caught:
                push_batch(warehouse, batch, strict=True)
            assert (caught.value.reason, caught.value.where) == (reason, "samples.tsv")
        assert batch_ids(warehouse) == ["N1"]
        after = every_value(warehouse).split("\nsession:")[0]
        assert after.replace("head:", "").count("\n") == before.replace("head:", "").count("\n")
        assert_swept_clean(warehouse)


class TestLater:
    def test_replacing_a_batch_exchanges_its_fingerprints(
        self, warehouse: Warehouse, tmp_path: Path, world: World, trio: list[Tube], father: Alleles,
        stranger: Alleles,
    ) -> None:  # fmt: skip
        push_batch(warehouse, push_dir(tmp_path / "old" / "N1", world, trio))
        # The same genome under another name, and another genome under the same one: against the
        # batch that goes this is no finding.
        swapped = [Tube("f", "G", "XY", father), Tube("m", "F", "XY", stranger)]
        receipt = push_batch(
            warehouse, push_dir(tmp_path / "new" / "N1", world, swapped), replace=True
        )
        assert found(receipt) == {}
        with reading(warehouse.engine) as connection:
            assert sorted(connection.scalars(select(fingerprint.c.sample_no))) == [4, 5]
            numbers = select(fingerprint_band.c.sample_no).distinct()
            assert sorted(connection.scalars(numbers)) == [4, 5]

    def test_a_finding_ends_with_the_batch_it_was_made_of(
        self, sqlite_warehouse: Warehouse, tmp_path: Path, world: World, trio: list[Tube],
        father: Alleles,
    ) -> None:  # fmt: skip
        push_batch(sqlite_warehouse, push_dir(tmp_path / "old" / "N1", world, trio))
        again = [Tube("x", "X", "XY", father, seed=3)]
        push_batch(sqlite_warehouse, push_dir(tmp_path / "N2", world, again))
        assert status(sqlite_warehouse) == {("same_genome_two_persons", "N2", 1)}
        only = push_dir(tmp_path / "new" / "N1", world, trio[1:2])
        push_batch(sqlite_warehouse, only, replace=True)
        assert status(sqlite_warehouse) == set()

    def test_a_correction_settles_what_it_puts_right(
        self, warehouse: Warehouse, tmp_path: Path, world: World, trio: list[Tube],
        stranger: Alleles, father: Alleles,
    ) -> None:  # fmt: skip
        wrong = [
            Tube("f", "F", "XX", stranger),
            Tube("m", "M", "XX", trio[1].genome),
            trio[2],
            Tube("t", "T", "XX", trio[1].genome, seed=9),
        ]
        push_batch(warehouse, push_dir(tmp_path / "N1", world, wrong))
        assert status(warehouse) == {
            ("sex_discordant", "N1", 1),
            ("parent_discordant", "N1", 1),
            ("same_genome_two_persons", "N1", 2),
        }
        update_samples(warehouse, table(tmp_path, "person_id sex", "F XY"))
        update_samples(warehouse, table(tmp_path, "person_id indication", "C cardio"))
        assert {kind for kind, _, _ in status(warehouse)} == {
            "parent_discordant", "same_genome_two_persons",
        }  # fmt: skip
        update_samples(warehouse, table(tmp_path, "person_id father_id twin_of", "C . .", "T . M"))
        assert status(warehouse) == set()

    def test_a_correction_that_contradicts_the_genotypes_is_a_finding(
        self, warehouse: Warehouse, tmp_path: Path, world: World, trio: list[Tube]
    ) -> None:
        push_batch(warehouse, push_dir(tmp_path / "N1", world, trio))
        for sex, expected in (("XX", {("sex_discordant", "N1", 1)}), ("unknown", set())):
            update_samples(warehouse, table(tmp_path, "person_id sex", f"F {sex}"))
            assert status(warehouse) == expected

    def test_nothing_is_left_of_a_person_who_withdraws(
        self, warehouse: Warehouse, tmp_path: Path, world: World, trio: list[Tube], father: Alleles
    ) -> None:
        tubes = [*trio, Tube("x", "X", "XY", father, seed=3)]
        push_batch(warehouse, push_dir(tmp_path / "N1", world, tubes))
        build_base(warehouse)
        withdraw(warehouse, "F")
        assert status(warehouse) == set()
        build_base(warehouse)
        with reading(warehouse.engine) as connection:
            assert connection.execute(select(finding)).all() == []
            assert sorted(connection.scalars(select(fingerprint.c.sample_no))) == [2, 3, 4]
        # Whoever has the genome now is not compared with somebody gone.
        late = [Tube("y", "Y", "XY", father, seed=4)]
        receipt = push_batch(warehouse, push_dir(tmp_path / "N2", world, late))
        assert found(receipt) == {"same_genome_two_persons": (2,)}
        withdraw(warehouse, "X")
        last = [Tube("v", "V", "XX", world.founder("XX"))]
        assert found(push_batch(warehouse, push_dir(tmp_path / "N3", world, last))) == {}

    def test_an_unchanged_push_gives_the_first_receipt_with_its_findings(
        self, sqlite_warehouse: Warehouse, tmp_path: Path, world: World, father: Alleles
    ) -> None:
        batch = push_dir(tmp_path / "N1", world, [Tube("f", "F", "XX", father)])
        first, second = push_batch(sqlite_warehouse, batch), push_batch(sqlite_warehouse, batch)
        assert (first.status, second.status) == ("accepted", "unchanged")
        assert found(first) == found(second) == {"sex_discordant": (2,)}


def test_a_batch_without_any_snv_has_no_fingerprint(
    sqlite_warehouse: Warehouse, tmp_path: Path
) -> None:
    made = BatchDir(tmp_path / "b")
    made.add("one.vcf", vcf("S", lines=("chr22 100 . AT A . PASS . GT 0/1",)))
    made.sheet("sample_id|person_id|sex", "S|P-1|XX")
    made.write()
    assert push_batch(sqlite_warehouse, made.path).status == "accepted"


class TestCommandLine:
    def test_status_and_a_strict_push_tell_of_findings(
        self, sqlite_warehouse: Warehouse, tmp_path: Path, world: World, father: Alleles
    ) -> None:
        folder = sqlite_warehouse.path
        batch = push_dir(tmp_path / "N1", world, [Tube("f", "F-SECRET", "XX", father)])
        error = cad_json("push", batch, "--strict", "-w", folder, code=1)
        assert (error["error"], error["reason"]) == ("BatchRefused", "sex_discordant")
        receipt = cad_json("push", batch, "-w", folder)
        assert receipt["warnings"] == [{"reason": "sex_discordant", "records": 1, "examples": [2]}]
        found = [{"kind": "sex_discordant", "batch_id": "N1", "samples": 1}]
        assert cad_json("status", "-w", folder)["findings"] == found
        shown = cad("status", "-w", folder).stdout
        assert "contradict the declared sex" in shown
        assert "F-SECRET" not in shown + str(error)

"""The typed client against a service of its own, and the notebook that shows it."""

from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

import cad.docs
from api.client import Client, RefusedError
from cad.push import push_batch
from cad.query import BaseReader, find_region, find_variant, open_base
from cad.settings import Settings
from cad.warehouse import Warehouse
from tests.api.asking import key_for
from tests.api.serving import served
from tests.pushed import batch_ids, contents, family
from tests.queried import built

NOTEBOOK = Path(cad.docs.__file__).parent / "notebooks" / "service.ipynb"


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warehouse]:
    folder = tmp_path_factory.mktemp("client")
    with built(folder / "w", [family(folder / "batch").path], None) as made:
        yield made


@pytest.fixture(scope="module")
def address(warehouse: Warehouse) -> Iterator[str]:
    with served(warehouse.path) as found:
        yield found


def shown(warehouse: Warehouse, role: str) -> str:
    return key_for(warehouse, role)["authorization"].partition(" ")[2]


def test_answers_are_those_of_the_base(warehouse: Warehouse, address: str) -> None:
    with (
        open_base(warehouse, "care") as base,
        Client(address, shown(warehouse, "clinician")) as client,
    ):
        reader = BaseReader(warehouse, base)
        expected = find_variant(reader, "22-100-A-G")
        answer = client.variant("22-100-A-G").model_dump(mode="json", exclude={"citation"})
        assert {name: answer[name] for name in ("state", "frequencies", "flags")} == {
            name: expected[name] for name in ("state", "frequencies", "flags")
        }
        told = [one["variant"] for one in find_region(reader, "22:1-1000")["variants"]]
        assert [one.variant for one in client.region("22:1-1000")] == told
        many = client.variants(told).variants
        assert [one.variant for one in many] == told
        assert client.carriers("22-100-A-G")["carriers"] == 2
        assert client.subset("22:1-1000", ["sex=XX"])["persons"] == 2
        assert client.status().commit == base.pinned_no
        with pytest.raises(RefusedError, match="variant_malformed") as refused:
            client.variant("x")
        assert refused.value.problem.status == 400
    with Client(address) as nobody, pytest.raises(RefusedError, match="credentials_missing"):
        nobody.variant("22-100-A-G")


def test_batch_is_sent_and_pushed(warehouse: Warehouse, address: str, tmp_path: Path) -> None:
    batch = family(tmp_path / "SENT", "SENT").path
    with Client(address, shown(warehouse, "platform")) as client:
        receipt = client.push(batch)
        assert client.push(batch)["status"] == "unchanged"
    with Warehouse.create(tmp_path / "twin", "GRCh38", settings=Settings(threads=2)) as twin:
        push_batch(twin, family(tmp_path / "first").path)
        expected = push_batch(twin, batch).to_json()
        assert contents(warehouse) == contents(twin)
    assert {**receipt, "commit": 0} == {**expected, "commit": 0}
    assert batch_ids(warehouse) == ["NIGHT-1", "SENT"]


def test_notebook_runs(warehouse: Warehouse, address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CAD_URL", address)
    monkeypatch.setenv("CAD_KEY", shown(warehouse, "clinician"))
    monkeypatch.setenv("CAD_REGION", "22:1-1000")
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    NotebookClient(notebook, timeout=120, kernel_name="python3").execute()
    printed = str([cell.get("outputs") for cell in notebook.cells])
    assert "22-100-A-G" in printed
    assert "variant_malformed" in printed
    assert all(not cell.get("outputs") for cell in nbformat.read(NOTEBOOK, as_version=4).cells)

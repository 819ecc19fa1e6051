"""AN by position over HTTP: what the query says, checked against the published schema."""

from pathlib import Path

from fastapi.testclient import TestClient

from api.app import create_app
from api.models import DepthAnswer
from cad.query import BaseReader, open_base
from cad.query.depth_runs import find_depth
from cad.settings import Settings
from tests.api.asking import key_for
from tests.pushed import family
from tests.queried import built


def test_depth_of_a_region(tmp_path: Path) -> None:
    with built(tmp_path / "warehouse", [family(tmp_path / "batch").path], None) as warehouse:
        app = create_app(Settings(warehouse=warehouse.path, threads=2))
        with open_base(warehouse, "care") as base:
            expected = find_depth(BaseReader(warehouse, base), "22:90-210", ["all", "sex=XX"])
        key = key_for(warehouse, "clinician")
        with TestClient(app, base_url="http://localhost", headers=key) as client:
            answer = client.get("/v1/depth/22:90-210?stratum=sex=XX&stratum=all")
            assert (answer.status_code, answer.json()) == (200, expected)
            DepthAnswer.model_validate(answer.json())
            refused = client.get("/v1/depth/22:1-1000001")
            assert (refused.status_code, refused.json()["reason"]) == (400, "region_malformed")

"""Every route of the OpenAPI description under generated requests, with a key and without."""

from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.python.asgi import ASGIClient, get_client, shutdown_lifespans
from schemathesis.specs.openapi.checks import response_schema_conformance

from api.app import create_app
from cad.settings import Settings
from cad.warehouse import Warehouse
from tests.api.asking import key_for
from tests.pushed import family
from tests.queried import built

CHECKS = [not_a_server_error, response_schema_conformance]
ROLES = ("clinician", "platform", "researcher")
BOUNDED = settings(
    max_examples=20,
    deadline=None,
    database=None,
    derandomize=True,
    phases=(Phase.explicit, Phase.generate),
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warehouse]:
    folder = tmp_path_factory.mktemp("openapi")
    with built(folder / "w", [family(folder / "batch").path], None) as made:
        yield made


@pytest.fixture(scope="module")
def keys(warehouse: Warehouse) -> dict[str, dict[str, str]]:
    return {role: key_for(warehouse, role) for role in ROLES}


@pytest.fixture(scope="module")
def service(warehouse: Warehouse) -> Iterator[tuple[ASGIClient, list[Any]]]:
    """The started application, and the operations of the description that it gives."""
    app = create_app(
        Settings(
            warehouse=warehouse.path,
            requests_per_minute=1_000_000,
            failures_per_minute=1_000_000,
        )
    )
    # A client that stays, or each request would start the application anew.
    with get_client(app) as client:
        key = key_for(warehouse, "clinician")
        schema = schemathesis.openapi.from_asgi("/openapi.json", app, headers=key)
        yield client, [found.ok() for found in schema.get_all_operations()]
    shutdown_lifespans()


def test_every_route_keeps_its_word(
    service: tuple[ASGIClient, list[Any]], keys: dict[str, dict[str, str]]
) -> None:
    client, operations = service
    assert len(operations) > 20
    for operation in operations:
        _try(client, operation, keys)


def _try(client: ASGIClient, operation: Any, keys: dict[str, dict[str, str]]) -> None:
    @BOUNDED
    @given(case=operation.as_strategy())
    def requests(case: schemathesis.Case) -> None:
        for key in keys.values():
            response = case.call(headers=key, session=client)
            case.validate_response(response, checks=CHECKS)
            if response.status_code >= 400 and case.method != "HEAD":
                kind = response.headers["content-type"][0]
                assert kind == "application/problem+json", (case, response.status_code)
        nobody = case.call(headers={}, session=client)
        expected = (200, 400) if operation.path == "/v1/status" else (400, 401)
        assert nobody.status_code in expected, (case, nobody.status_code)

    requests()

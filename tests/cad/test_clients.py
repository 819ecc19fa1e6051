"""Keys of clients: shown once, kept as a hash, scoped, expiring, revocable; on both registries."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import update

from cad.access.clients import clients, create_client, identity_of_key, revoke_client
from cad.gate import Caller
from cad.registry.access_tables import client
from cad.registry.engine import writing
from cad.warehouse import Warehouse
from schemas.errors import BadQuestion, NotFound
from tests.cli import cad_json
from tests.pushed import every_value


def test_key_stands_for_its_client(warehouse: Warehouse) -> None:
    row, key = create_client(
        warehouse, "lab", "researcher", purposes=["research"], projects=["P1"], daily_variants=7
    )
    identity = identity_of_key(warehouse, key)
    assert identity is not None
    assert identity.caller == Caller(
        "lab", "researcher", None, frozenset({"P1"}), frozenset({"research"})
    )
    assert identity.daily_variants == 7
    assert row in clients(warehouse)
    assert len(key) > 40
    assert key not in every_value(warehouse)
    for wrong in (key[:-1], key + "x", key.upper(), "", "cadk_"):
        assert identity_of_key(warehouse, wrong) is None


def test_expired_and_revoked_keys_hold_no_more(warehouse: Warehouse) -> None:
    keys = [create_client(warehouse, "chu", "clinician")[1] for _ in range(3)]
    other = create_client(warehouse, "1", "clinician")[1]
    past = datetime.now(UTC) - timedelta(seconds=1)
    with writing(warehouse.engine) as connection:
        connection.execute(update(client).where(client.c.client_no == 1).values(expires_at=past))
    assert [identity_of_key(warehouse, key) is None for key in keys] == [True, False, False]
    assert revoke_client(warehouse, "2") == 1
    assert [identity_of_key(warehouse, key) is None for key in keys] == [True, True, False]
    assert revoke_client(warehouse, "2") == 0
    # A name goes before a number.
    assert revoke_client(warehouse, "1") == 1
    assert identity_of_key(warehouse, other) is None
    assert revoke_client(warehouse, "chu") == 2
    assert all(identity_of_key(warehouse, key) is None for key in keys)
    with pytest.raises(NotFound, match="client_unknown"):
        revoke_client(warehouse, "9")


@pytest.mark.parametrize(
    ("role", "scope", "reason"),
    [
        ("operator", {}, "client_scope"),
        ("admin", {}, "client_scope"),
        ("platform", {}, "client_scope"),
        ("clinician", {"platform": "SEQOIA"}, "client_scope"),
        ("industry", {"projects": ["P1"]}, "client_scope"),
        ("clinician", {"purposes": ["fun"]}, "purpose_unknown"),
    ],
)
def test_scope_that_does_not_go_together(
    sqlite_warehouse: Warehouse, role: str, scope: dict[str, object], reason: str
) -> None:
    with pytest.raises(BadQuestion, match=reason):
        create_client(sqlite_warehouse, "x", role, **scope)  # type: ignore[arg-type]
    assert clients(sqlite_warehouse) == []


def test_command(sqlite_warehouse: Warehouse) -> None:
    where = ("-w", sqlite_warehouse.path)
    assert cad_json("client", "list", *where) == []
    made = cad_json(
        "client", "create", "chu-lille", "--role", "clinician", "--days", "30",
        "--daily-variants", "50", *where,
    )  # fmt: skip
    (listed,) = cad_json("client", "list", *where)
    assert listed == {name: value for name, value in made.items() if name != "key"}
    lasts = datetime.fromisoformat(made["expires_at"]) - datetime.fromisoformat(made["created_at"])
    assert abs(lasts - timedelta(days=30)) < timedelta(minutes=1)
    assert identity_of_key(sqlite_warehouse, made["key"]) is not None
    assert cad_json("client", "revoke", "chu-lille", *where) == {
        "client": "chu-lille", "revoked": 1,
    }  # fmt: skip
    assert identity_of_key(sqlite_warehouse, made["key"]) is None
    refused = cad_json("client", "create", "x", "--role", "platform", *where, code=1)
    assert refused["reason"] == "client_scope"

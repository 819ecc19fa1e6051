"""Settings come from the environment; what a warehouse was made with never changes."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from cad.settings import Settings, WarehouseConfig
from cad.warehouse import Warehouse
from loaders.jobs import Thresholds


def test_each_field_is_read_from_its_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {
        "CAD_WAREHOUSE": "/srv/national",
        "CAD_REGISTRY_URL": "postgresql://cad:secret@db/cad",
        "CAD_KEY_FILE": "/keys/national",
        "CAD_THREADS": "7",
        "CAD_MEMORY_LIMIT": "2GiB",
        "CAD_SESSION_SECONDS": "60",
        "CAD_LEASE_SECONDS": "61",
        "CAD_BUSY_SECONDS": "62",
        "CAD_PARALLEL_BYTES": "1MiB",
        "CAD_INIT__SMALL_COUNT": "11",
        "CAD_INIT__THRESHOLDS__MIN_GQ": "30",
        "CAD_INIT__CONJUNCTIONS": '[["sex", "affected"]]',
    }.items():
        monkeypatch.setenv(name, value)

    settings = Settings()

    assert settings.warehouse == Path("/srv/national")
    assert settings.registry_url is not None
    assert settings.registry_url.get_secret_value() == "postgresql://cad:secret@db/cad"
    assert settings.key_file == Path("/keys/national")
    assert (settings.threads, settings.workers) == (7, 7)
    assert settings.memory_limit == 2 * 1024**3
    assert (settings.session_seconds, settings.lease_seconds, settings.busy_seconds) == (60, 61, 62)
    assert settings.parallel_bytes == 1024**2
    assert settings.init == WarehouseConfig(
        small_count=11, thresholds=Thresholds(min_gq=30), conjunctions=(("sex", "affected"),)
    )


def test_password_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CAD_REGISTRY_URL", "postgresql://cad:secret@db/cad")
    assert "secret" not in repr(Settings())


def test_nonsense_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CAD_THREADS", "0")
    with pytest.raises(ValidationError, match="threads"):
        Settings()


@pytest.mark.parametrize("conjunctions", ['[["sex", "height"]]', "[[]]"])
def test_strata_of_nothing_known_are_refused(
    monkeypatch: pytest.MonkeyPatch, conjunctions: str
) -> None:
    monkeypatch.setenv("CAD_INIT__CONJUNCTIONS", conjunctions)
    with pytest.raises(ValidationError, match="conjunctions"):
        Settings()


@pytest.mark.parametrize("model", [Settings, WarehouseConfig])
def test_each_field_is_described(model: type[Settings] | type[WarehouseConfig]) -> None:
    bare = [name for name, field in model.model_fields.items() if not field.description]
    assert bare == []


def test_defaults_are_those_of_the_specification() -> None:
    config = WarehouseConfig()
    assert config.small_count == 5
    assert config.conjunctions == (("indication", "affected"),)
    assert config.thresholds == Thresholds(
        min_gq=20,
        min_dp=10,
        min_dp_haploid=5,
        min_allele_balance=0.2,
        min_dp_mitochondrial=100,
        min_vaf=0.10,
        homoplasmic_vaf=0.95,
    )


def test_config_survives_the_registry_and_later_settings(
    tmp_path: Path, registry_url: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    made_with = WarehouseConfig(
        small_count=11,
        thresholds=Thresholds(min_gq=30),
        conjunctions=(("sex", "affected"), ("cohort",)),
    )
    path = tmp_path / "w"
    settings = Settings(init=made_with)
    Warehouse.create(path, "GRCh37", registry_url=registry_url, settings=settings).close()

    monkeypatch.setenv("CAD_INIT__SMALL_COUNT", "99")
    with Warehouse.open(path) as warehouse:
        assert warehouse.settings.init.small_count == 99
        assert warehouse.config == made_with

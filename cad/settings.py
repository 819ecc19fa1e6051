"""Settings: read once from the environment (prefix ``CAD_``) and passed down.

`Settings` holds what an operator may change from run to run. `WarehouseConfig` holds what a
warehouse was made with and keeps for life, because figures counted under other rules cannot be
added to those it
has; it is taken from `Settings.init` when the warehouse is made, and from the registry ever after.
"""

from __future__ import annotations

import os
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ByteSize, ConfigDict, Field, SecretStr
from pydantic_settings import SettingsConfigDict

from cad.service_settings import ServiceSettings
from loaders.jobs import Thresholds

Attribute = Literal[
    "sex", "platform", "assay", "affected", "founder", "indication", "region", "cohort", "pipeline"
]
"""What tells persons apart; each but the last makes strata in every warehouse (DESIGN 5.8)."""
RULES_VERSION: Final = 1
"""Version of the counting rules (DESIGN 5) as this code applies them; `folded` rows carry it."""


class WarehouseConfig(BaseModel):
    """What is fixed when a warehouse is made, and named in every release."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    thresholds: Thresholds = Field(
        default=Thresholds(),
        description="When a genotype passes (after gnomAD's adj filter): quality, depth, allele "
        "balance, and the depth and allele fractions of the mitochondrion.",
    )
    small_count: int = Field(
        default=5,
        ge=1,
        description="Outside care, figures of 1 to small_count - 1 carriers are hidden in every "
        "stratum but `all`.",
    )
    conjunctions: tuple[Annotated[tuple[Attribute, ...], Field(min_length=1)], ...] = Field(
        default=(("indication", "affected"),),
        description="Combinations of attributes that are strata too, beside each single attribute; "
        "`pipeline` may be named here, alone as well. Flags compare platforms and pipelines within "
        "regions where `platform,region` and `pipeline,region` are declared.",
    )
    rules_version: int = Field(
        default=RULES_VERSION, ge=1, description="Version of the counting rules the base follows."
    )

    def to_row(self) -> dict[str, Any]:
        """The columns of the registry's warehouse row."""
        return {
            "thresholds": asdict(self.thresholds),
            "small_count": self.small_count,
            "conjunctions": [list(attributes) for attributes in self.conjunctions],
            "rules_version": self.rules_version,
        }


class Settings(ServiceSettings):
    """Everything an operator can set; each field is read from ``CAD_<FIELD>``."""

    model_config = SettingsConfigDict(
        env_prefix="CAD_", env_nested_delimiter="__", frozen=True, extra="ignore"
    )

    warehouse: Path | None = Field(
        default=None, description="Directory of the warehouse, where `-w` names none."
    )
    registry_url: SecretStr | None = Field(
        default=None,
        description="Registry's URL with its password. `init` makes the registry there; later "
        "commands use it in place of the URL kept in the warehouse, which has no password. "
        "PostgreSQL's own PGPASSWORD and password file work too.",
    )
    key_file: Path | None = Field(
        default=None,
        description="File of the key under which withdrawn persons are remembered; beside the "
        "warehouse where unset.",
    )
    threads: int | None = Field(
        default=None,
        ge=1,
        description="Processes and threads to work with; one per core where unset.",
    )
    memory_limit: ByteSize = Field(
        default=ByteSize(4 * 1024**3),
        description="Memory a build or query may use, with its unit (`4GiB`).",
    )
    session_seconds: int = Field(
        default=300,
        ge=3,
        description="A writer not heard of for so many seconds is taken for dead, and what it "
        "wrote is swept.",
    )
    lease_seconds: int = Field(
        default=300,
        ge=3,
        description="A reader not heard of for so many seconds keeps no removed files alive.",
    )
    busy_seconds: int = Field(
        default=120,
        ge=1,
        description="How long a writer waits for its turn at the registry before it gives up.",
    )
    parallel_bytes: ByteSize = Field(
        default=ByteSize(8 * 1024**2),
        description="A batch of fewer bytes is read in the pushing process: starting others takes "
        "longer.",
    )
    added_share: float = Field(
        default=0.2,
        ge=0,
        description="A build writes what it adds to a bin of the base beside it, until that comes "
        "to more than this share of its bytes; then, and where persons leave, it writes the bin "
        "anew. 0 has every build write bins anew.",
    )
    cache_bytes: ByteSize | None = Field(
        default=None,
        description="Where the lake lies in an object store: copies on this machine that come to "
        "more are deleted by the sweep, those unused the longest first and none used within a day. "
        "All are kept where unset.",
    )
    sql_seconds: int = Field(
        default=60, ge=1, description="How long one SQL question may take before it is stopped."
    )
    sql_rows: int = Field(
        default=100_000, ge=1, description="Rows that one SQL question may return; the rest is cut."
    )
    spark_master: str | None = Field(
        default=None,
        description="Where Hail's Spark runs: `spark://HOST:PORT` of a standalone cluster, `yarn`; "
        "the cores of this machine where unset.",
    )
    spark_host: str = Field(
        default="127.0.0.1",
        description="Address at which a cluster's workers reach this process; loopback unless set.",
    )
    spark_driver_memory: ByteSize = Field(
        default=ByteSize(4 * 1024**3),
        description="Heap of the Java process beside this one, which is all of Spark where no "
        "master is set.",
    )
    spark_executor_memory: ByteSize = Field(
        default=ByteSize(4 * 1024**3), description="Heap of each of a cluster's executors."
    )
    spark_folder: Path | None = Field(
        default=None,
        description="Folder for what Spark and Hail write on their way, emptied at the end; with "
        "a cluster one that all workers share. The system's temporary folder where unset.",
    )
    spark_log: Path | None = Field(
        default=None,
        description="File that the log of Spark and Hail is added to; it is not kept where unset.",
    )
    spark_ui: bool = Field(default=False, description="Whether Spark shows its web pages.")
    spark_conf: dict[str, str] = Field(
        default={},
        description="Further properties of Spark, by name; these go before what CAD sets itself.",
    )
    init: WarehouseConfig = Field(
        default=WarehouseConfig(),
        description="What the next warehouse is made with, for instance `CAD_INIT__SMALL_COUNT=10` "
        "or `CAD_INIT__THRESHOLDS__MIN_GQ=30`; without effect on one that exists.",
    )

    @property
    def workers(self) -> int:
        """Processes and threads to work with."""
        return self.threads or os.cpu_count() or 1

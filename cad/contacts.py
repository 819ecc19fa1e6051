"""Messages about a variant, relayed to the platforms whose carriers agreed to be contacted again.

Who asks learns neither who carries it, nor how many, nor whether anybody does. A platform learns
that carriers of its own agreed, and finds them among its own files.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, insert, select, update

from cad.leases import pin
from cad.query.lake_point import read_point
from cad.query.parse import Variant, parse_variant
from cad.registry.access_tables import contact
from cad.registry.engine import reading, registry_now, writing
from cad.registry.samples import desired_samples
from cad.warehouse import Warehouse
from schemas.contigs import RegionClass, region_class
from schemas.errors import BadQuestion
from schemas.known import PLOIDY, SEXES, passing

log = logging.getLogger(__name__)

MAX_CHARACTERS: Final = 4_000
_SCOPE: Final = "recontact"


@dataclass(frozen=True)
class Message:
    """A message that a platform is to relay to its carriers of a variant."""

    number: int
    platform: str
    variant: str
    message: str
    asked_by: str
    asked_at: datetime
    read_at: datetime | None

    def to_json(self) -> dict[str, Any]:
        """The entry that `cad contact --list` prints."""
        return {
            "number": self.number,
            "platform": self.platform,
            "variant": self.variant,
            "message": self.message,
            "asked_by": self.asked_by,
            "asked_at": self.asked_at.isoformat(),
            "read_at": self.read_at and self.read_at.isoformat(),
        }


def relay_message(warehouse: Warehouse, text: str, message: str, asked_by: str) -> Variant:
    """Leave a message for each platform with a carrier who agreed; returns the variant as read.

    Raises:
        BadQuestion: `contact_malformed`; those of `cad.query.parse_variant`.
        Unavailable: `lake_file_damaged`, `registry_unusable`.
    """
    variant = parse_variant(text, warehouse.assembly, warehouse.reference)
    said = message.strip()
    if not 0 < len(said) <= MAX_CHARACTERS:
        detail = f"expected 1 to {MAX_CHARACTERS} characters"
        raise BadQuestion("contact_malformed", detail)
    with pin(warehouse) as commit_no, reading(warehouse.engine) as connection:
        platforms = _platforms(connection, warehouse, commit_no, variant)
    with writing(warehouse.engine) as connection:
        now = registry_now(connection)
        rows = [
            {"platform": platform, "variant": str(variant), "message": said}
            | {"asked_by": asked_by, "asked_at": now}
            for platform in sorted(platforms)
        ]
        if rows:
            connection.execute(insert(contact), rows)
    # Not even the log tells whether anybody was found.
    log.info("a message about %s was left to be relayed", variant)
    return variant


def read_messages(warehouse: Warehouse, platform: str) -> list[Message]:
    """A platform's messages, the latest first; those unread are marked as read now.

    Raises:
        Unavailable: `registry_unusable`.
    """
    own = contact.c.platform == platform
    query = select(contact).where(own).order_by(contact.c.contact_no.desc())
    with writing(warehouse.engine) as connection:
        rows = list(connection.execute(query).mappings())
        unread = update(contact).where(own, contact.c.read_at.is_(None))
        connection.execute(unread.values(read_at=registry_now(connection)))
    return [Message(row["contact_no"], *(row[name] for name in list(row)[1:])) for row in rows]


def _platforms(
    connection: Connection, warehouse: Warehouse, commit_no: int, variant: Variant
) -> set[str]:
    """Platforms with a sample that passes as a carrier's, of a person who agreed."""
    samples = [
        one
        for one in desired_samples(connection, commit_no)
        if one.material == "germline" and one.consents.get(_SCOPE) == "given"
    ]
    numbers = {one.sample_no for one in samples}
    dosage = read_point(connection, warehouse.lake, variant, numbers).dosage if numbers else {}
    region = region_class(warehouse.assembly, variant.contig, variant.pos)
    # A dosage of M lies in the two-copy bits, whatever its ploidy (`schemas.known`).
    copies = (2,) * len(SEXES) if region is RegionClass.MITOCHONDRIAL else PLOIDY[region]
    return {
        one.platform
        for one in samples
        if passing(dosage.get(one.sample_no, 0), copies[SEXES.index(one.sex)])
    }

"""Questions about the base: how often is a variant seen, in how many who could have shown it.

`open_base` pins a base for one reader, `BaseService` for a service that answers many; on what they
give, `find_variant` and `find_region` answer as DESIGN 6 and 8 say.
"""

from cad.query.answer import find_region, find_region_from, find_variant
from cad.query.base import Base, Place, Stratum, open_base
from cad.query.gene import find_gene
from cad.query.many import find_variants
from cad.query.parse import Region, Variant, parse_region, parse_variant
from cad.query.reader import BaseReader
from cad.query.service import BaseService

__all__ = [
    "Base",
    "BaseReader",
    "BaseService",
    "Place",
    "Region",
    "Stratum",
    "Variant",
    "find_gene",
    "find_region",
    "find_region_from",
    "find_variant",
    "find_variants",
    "open_base",
    "parse_region",
    "parse_variant",
]

"""What may be told outside care: which figures of small groups are hidden (DESIGN 7).

`Layout` reads which strata add up to which, `conceal` decides what is hidden so that nothing of it
can be worked out from what is shown. `docs/guides/disclosure.md` tells the rules and why.
"""

from cad.disclosure.conceal import Hidden, conceal
from cad.disclosure.layout import Layout
from cad.disclosure.tables import Carried, Counts

__all__ = ["Carried", "Counts", "Hidden", "Layout", "conceal"]

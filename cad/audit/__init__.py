"""The audit log: who read what, for which purpose, when, of which state, and how much of it.

`open_log` gives a process its log, `verify_log` tells whether any of them was tampered with.
"""

from cad.audit.entry import Entry
from cad.audit.log import AuditLog, open_log
from cad.audit.verify import verify_log

__all__ = ["AuditLog", "Entry", "open_log", "verify_log"]

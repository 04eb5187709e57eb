"""The hash-chained audit log: `record` what was done, `verify` that nobody changed it since."""

from shared.kit.audit.models import AuditEntry, AuditHead
from shared.kit.audit.service import Actor, System, record
from shared.kit.audit.titles import describe
from shared.kit.audit.verify import Fault, Head, Verification, head, verify

__all__ = [
    "Actor",
    "AuditEntry",
    "AuditHead",
    "Fault",
    "Head",
    "System",
    "Verification",
    "describe",
    "head",
    "record",
    "verify",
]

"""Pages of the audit log for auditors; `audit` itself is written to by `staff` and must not know it."""

from shared.kit.auditors.elsewhere import Elsewhere
from shared.kit.auditors.module import auditors

__all__ = ["Elsewhere", "auditors"]

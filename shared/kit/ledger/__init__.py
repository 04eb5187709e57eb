"""The event ledger staff can read: who told whom what, and since when it holds there. No personal data."""

from shared.kit.ledger.module import ledger

__all__ = ["ledger"]

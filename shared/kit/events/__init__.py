"""From a committed change to everybody who must know: outbox, log, relay, projector, quarantine."""

from shared.kit.events.outbox import emit

__all__ = ["emit"]

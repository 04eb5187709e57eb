"""How much the streams may hold, in one place.

A stream that is full takes no more (`discard: new`) and drops nothing: the relay keeps what it could not
publish in its database and tells the lag, services work on, and after the limit was raised here and
provisioned everything follows in order. Without limits a full disc stops the bus for everybody at once.
"""

from dataclasses import dataclass

GIB = 1024**3
STORE = 1024 * GIB
"""What the server believes it may promise to streams: it refuses limits that do not fit, and guesses 75 % of
the disc that is free at its start. The limits below are the true bound; it cannot be changed by a reload."""


@dataclass(frozen=True)
class Limits:
    """Bytes on the disc. An event takes about 1 KiB: 700 bytes of state, envelope, headers, index."""

    events: int = 8 * GIB
    """Of one organisation: five million members once, and some years of changes at 1,000 a day."""
    commands: int = GIB
    """For one organisation: a lookup or an order each, far fewer than events."""

    def everybodys_events(self, organisations: int) -> int:
        """The hub's copy must never be full before an organisation's own stream is."""
        return self.events * max(1, organisations) * 5 // 4

    def everybodys_commands(self, organisations: int) -> int:
        """What the hub says to all of them."""
        return self.commands * max(1, organisations)

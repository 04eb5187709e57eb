"""What every module builder of a service gets."""

import asyncio
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from shared.kit.bus import Bus
from shared.kit.calendar import KeptRows
from shared.kit.db import Database
from shared.kit.pii import CryptoProfile, FieldCipher, derive_key
from shared.kit.settings import Settings
from shared.kit.working import WorkingFiles


@dataclass(frozen=True)
class Kit:
    """One service's settings, database, bus and field cipher."""

    settings: Settings
    database: Database
    bus: Bus
    cipher: FieldCipher
    working: WorkingFiles
    written: KeptRows = field(default_factory=KeptRows)
    stopping: asyncio.Event = field(default_factory=asyncio.Event)
    """set when the process is told to end: open streams end then"""

    @property
    def profile(self) -> CryptoProfile:
        """The family of algorithms for new values."""
        return CryptoProfile(self.settings.crypto_profile)

    def key(self, purpose: str) -> bytes:
        """A sub key of the service's master secret for one purpose, for example `cookies`."""
        return derive_key(self.settings.secret("secret_key").encode(), purpose, self.profile)


def make_kit(settings: Settings) -> Kit:
    """The kit of a service; nothing is connected yet."""
    root = settings.working_root or Path(tempfile.gettempdir())
    return Kit(
        settings=settings,
        database=Database(settings),
        bus=Bus.of(settings),
        cipher=FieldCipher(settings.secret("secret_key").encode(), CryptoProfile(settings.crypto_profile)),
        working=WorkingFiles(root, settings.service),
    )

"""Ends a random process with SIGKILL, starts it again as the watch of `quntuan up` does, takes the time."""

import random
import time
from collections import Counter
from dataclasses import dataclass, field

from deploy.local.suite import Suite

BACK_IN = 30.0
PAUSE = (0.15, 0.9)
"""Seconds between two kills, drawn evenly."""


@dataclass
class Killer:
    """Kills on the main thread (children must be started there) while clients work on others."""

    suite: Suite
    chance: random.Random
    kills: Counter[str] = field(default_factory=Counter)
    slowest: float = 0.0
    """seconds from the last kill until every service said ready"""

    @property
    def targets(self) -> list[str]:
        """PostgreSQL and NATS are hit as often as a service, not as often as all of them."""
        return ["postgres", "nats", *(package.code for package in self.suite.packages)]

    def strike(self) -> None:
        """One kill; it is started again after a moment, and others may be hit before it is ready."""
        name = self.chance.choice(self.targets)
        self.kills[name] += 1
        if name == "postgres":
            self.suite.postgres.kill()
            time.sleep(self.chance.uniform(0, 0.2))
            self.suite.postgres.start()
        elif name == "nats":
            self.suite.bus.server.kill()
            time.sleep(self.chance.uniform(0, 0.2))
            self.suite.bus.server.start()
        else:
            self.suite.services[name].kill()
            time.sleep(self.chance.uniform(0, 0.2))
            self.suite.start_service(name)
        self.suite.record()
        time.sleep(self.chance.uniform(*PAUSE))

    def all_back(self) -> list[str]:
        """Wait until each service says ready by itself; who does not in time, with its own words."""
        began, late = time.monotonic(), []
        for package in self.suite.packages:
            while why := self.suite.readiness(package.code):
                if time.monotonic() - began > BACK_IN:
                    late.append(f"{package.code} not ready {BACK_IN:.0f} s after the last kill: {why}")
                    break
                time.sleep(0.1)
            self.slowest = max(self.slowest, time.monotonic() - began)
        return late

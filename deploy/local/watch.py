"""Keep the suite running: a child that dies is shown and started again."""

import signal
import time
from collections import defaultdict
from types import FrameType
from typing import NoReturn

from deploy.local.suite import Suite
from shared.kit.testing.process import Child, ServerError

PATIENCE = 5
"""Restarts of one child within a minute; after that one every ten seconds."""
ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def end_on_signals() -> None:
    """SIGTERM and a closed terminal end this process as Ctrl-C does: KeyboardInterrupt."""
    for sign in ENDING:
        signal.signal(sign, _interrupt)


def ignore_signals() -> None:
    """While stopping: a second, impatient Ctrl-C must not leave anything behind."""
    for sign in ENDING:
        signal.signal(sign, signal.SIG_IGN)


def _interrupt(_sign: int, _frame: FrameType | None) -> NoReturn:
    raise KeyboardInterrupt


class Watch:
    """Looks after the children of a suite."""

    def __init__(self, suite: Suite) -> None:
        self.suite = suite
        self._deaths: dict[str, list[float]] = defaultdict(list)

    def run(self) -> NoReturn:
        """Until KeyboardInterrupt."""
        while True:
            time.sleep(0.3)
            for child in self.suite.children():
                if not child.alive():
                    self._again(child)

    def _again(self, child: Child) -> None:
        """Show the end of its log and start it again, not faster than makes sense."""
        now = time.monotonic()
        deaths = [moment for moment in self._deaths[child.name] if moment > now - 60]
        if len(deaths) >= PATIENCE and now - deaths[-1] < 10:
            return
        self._deaths[child.name] = [*deaths, now]
        code = child.process.returncode
        self.suite.say(
            f"{child.name} 意外退出(代码 {code}),正在重启 / ended with code {code}, starting again"
        )
        self.suite.say(child.tail(15))
        try:
            self._start(child)
        except ServerError as error:
            self.suite.say(str(error))

    def _start(self, child: Child) -> None:
        if child is self.suite.postgres.child:
            self.suite.postgres.start()
        elif child is self.suite.bus.server.child:
            self.suite.bus.server.start()
        else:
            self.suite.start_service(child.name)
        self.suite.record()

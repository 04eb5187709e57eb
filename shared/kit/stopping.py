"""Telling open streams that the process stops: they end by themselves, before the server cuts them off.

The server's own shutdown waits for open answers first and runs the lifespan's end only afterwards, so that
a stream that waits for the lifespan would never end. We listen to the same signals and hand them on.
"""

import asyncio
import contextlib
import signal
import threading
from collections.abc import Iterator
from types import FrameType


@contextlib.contextmanager
def set_by_signals(stopping: asyncio.Event) -> Iterator[None]:
    """Set `stopping` when the process is told to end, and let whoever listened before us listen too.

    Only where a server listens to signals: in tests and jobs nothing is changed.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    loop = asyncio.get_running_loop()
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    listened = {n: h for n, h in before.items() if callable(h) and h is not signal.default_int_handler}

    def handed_on(number: int, frame: FrameType | None) -> None:
        loop.call_soon_threadsafe(stopping.set)
        listened[signal.Signals(number)](number, frame)

    for number in listened:
        signal.signal(number, handed_on)
    try:
        yield
    finally:
        for number, handler in listened.items():
            signal.signal(number, handler)

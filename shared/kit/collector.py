"""The garbage collector of a process that lives long or makes millions of objects."""

import gc

from shared.kit.pii import readings


def settle_collector() -> None:
    """What is loaded now stays for ever and is walked no more; what comes is looked at in lots of 2,000.

    The dictionaries of readings are 190,000 objects: loaded later, each full collection walks them and
    stops all pages. Lots of 20,000 stopped them for 40 ms; the oldest are looked at as seldom as with those.
    """
    readings.load()
    gc.collect()
    gc.freeze()
    gc.set_threshold(2_000, 20, 200)

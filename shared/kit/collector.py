"""The garbage collector of a process that lives long or makes millions of objects."""

import gc


def settle_collector() -> None:
    """What is loaded now stays for ever and is walked no more; what comes is looked at in larger lots."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)

"""`make bench`: generate, load, measure, print one table; `python -m deploy.bench lookups` takes some.

SIZE=city for five million persons; small without it. The suite it starts is its own (QUNTUAN_BENCH_HOME).
"""

import os
import sys
import time
from collections.abc import Sequence

from deploy.bench.machine import description
from deploy.bench.registry import MEASURES, Measure
from deploy.bench.stage import SIZES, Stage, staged
from deploy.bench.table import Row, markdown
from shared.kit.collector import settle_collector


def main(wanted: Sequence[str]) -> int:
    """1 when something could not be measured; a missed goal is a word in the table, no failure."""
    size = SIZES.get(os.environ.get("SIZE") or "small")
    if size is None or not set(wanted) <= MEASURES.keys():
        print(f"SIZE: {', '.join(SIZES)}; measures: {', '.join(MEASURES)}", file=sys.stderr)
        return 2
    chosen = {
        name: measure for name, measure in MEASURES.items() if name in {"startup", *(wanted or MEASURES)}
    }
    settle_collector()  # as the services and the commands have it
    with staged(size) as stage:
        rows, failed = run(stage, chosen)
    print(f"\n{description(size)}\n\n{markdown(rows)}")
    return 1 if failed else 0


def run(stage: Stage, measures: dict[str, Measure]) -> tuple[list[Row], list[str]]:
    """All rows, and the measures that broke off: what they gave until then stays in the table."""
    rows, failed = list[Row](), list[str]()
    for name, measure in measures.items():
        began = time.perf_counter()
        try:
            for row in measure(stage):
                rows.append(row)
                print("  " + "  ".join(cell for cell in row.cells() if cell), file=sys.stderr)
        except Exception as error:  # noqa: BLE001 - one broken measure must not cost the others' figures
            failed.append(name)
            rows.append(Row(f"{name}: NOT MEASURED ({type(error).__name__})", float("nan"), ""))
            print(f"{name}: {error!r}", file=sys.stderr)
        print(f"{name}: {time.perf_counter() - began:.0f} s", file=sys.stderr)
    return rows, failed


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""What `make bench` measures, in the order of the table. A new measure is one file and one line here."""

from collections.abc import Callable, Iterable

from deploy.bench import (
    arrivals,
    bookings,
    everybody,
    finding,
    identity,
    imports,
    ingest,
    latency,
    lookups,
    pages,
    rebuild,
    startup,
    weeks,
)
from deploy.bench.stage import Stage
from deploy.bench.table import Row

Measure = Callable[[Stage], Iterable[Row]]

MEASURES: dict[str, Measure] = {
    "startup": startup.rows,  # first: it starts the services the others ask
    "lookups": lookups.rows,
    "arrivals": arrivals.rows,
    "pages": pages.rows,
    "latency": latency.rows,
    "identity": identity.rows,
    "everybody": everybody.rows,
    "bookings": bookings.rows,
    "weeks": weeks.rows,
    "finding": finding.rows,
    "ingest": ingest.rows,
    "imports": imports.rows,
    "rebuild": rebuild.rows,
}

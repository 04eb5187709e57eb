"""What Prometheus sees of the event machinery; every figure by service."""

from collections.abc import Iterable

from prometheus_client import Counter, Gauge

outbox = Gauge("quntuan_outbox_rows", "Events written, not yet numbered", ["service"])
unpublished = Gauge("quntuan_relay_unpublished", "Events numbered, not yet on the bus", ["service"])
published = Counter("quntuan_relay_published_total", "Events put on the bus", ["service"])
bus_lost = Counter("quntuan_relay_bus_lost_total", "Times the bus had lost events", ["service"])
bus_ahead = Counter("quntuan_relay_bus_ahead_total", "Times the bus knew more than our database", ["service"])
applied = Counter("quntuan_projector_applied_total", "Events applied", ["service"])
repeated = Counter("quntuan_projector_repeated_total", "Events with a number already seen", ["service"])
pending = Gauge("quntuan_projector_pending", "Messages in the stream not yet applied", ["service"])
applied_at = Gauge("quntuan_projector_applied_at", "Unix time of the last applied batch", ["service"])
gaps = Gauge("quntuan_projector_gaps", "Open gaps in owners' numbers", ["service"])
quarantined = Counter("quntuan_quarantined_total", "Messages put aside", ["service"])
quarantine = Gauge("quntuan_quarantine_open", "Messages put aside and not settled", ["service"])
crashes = Counter("quntuan_task_crashes_total", "Crashes of background tasks", ["service", "task"])
answered = Counter("quntuan_rpc_answered_total", "Requests answered", ["service", "name", "outcome"])


def from_zero(service: str, tasks: Iterable[str]) -> None:
    """Show what seldom counts before it does: of a series that begins at one an alarm sees no increase."""
    for counter in (bus_lost, bus_ahead, quarantined):
        counter.labels(service)
    for task in tasks:
        crashes.labels(service, task)

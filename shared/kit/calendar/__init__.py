"""Days, opening hours and week grids: pure tools over dates and minutes."""

from shared.kit.calendar.kept import HERE, KeptRows, Look, Written, just_written, quarter
from shared.kit.calendar.openings import (
    STEP,
    Span,
    first_fit,
    free_in,
    is_open,
    open_spans,
    span_on,
    weekly_lines,
    written,
)
from shared.kit.calendar.week import (
    Begin,
    Entry,
    GridDay,
    GridRow,
    Slot,
    day_slots,
    grid_days,
    monday_of,
    use_of,
)
from shared.kit.calendar.workdays import DayKind, day_kind

__all__ = [
    "HERE",
    "STEP",
    "Begin",
    "DayKind",
    "Entry",
    "GridDay",
    "GridRow",
    "KeptRows",
    "Look",
    "Slot",
    "Span",
    "Written",
    "day_kind",
    "day_slots",
    "first_fit",
    "free_in",
    "grid_days",
    "is_open",
    "just_written",
    "monday_of",
    "open_spans",
    "quarter",
    "span_on",
    "use_of",
    "weekly_lines",
    "written",
]

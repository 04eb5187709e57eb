"""JSON logs with trace ids (W3C trace context); personal data never goes in."""

import json
import logging
import secrets
import sys
import traceback
from contextvars import ContextVar
from datetime import UTC, datetime

QUOTES_NO_DATA = (ImportError, AttributeError, NameError, OSError)
_trace: ContextVar[str | None] = ContextVar("quntuan_traceparent", default=None)
_STANDARD = set(vars(logging.makeLogRecord({})))


def current_traceparent() -> str | None:
    """The W3C traceparent of the work going on, if any."""
    return _trace.get()


def begin_trace(incoming: str | None = None) -> str:
    """Continue `incoming` with a new span, or begin a trace; returns the traceparent now current."""
    parts = (incoming or "").split("-")
    known = len(parts) == 4 and len(parts[1]) == 32 and all(c in "0123456789abcdef" for c in parts[1])
    trace_id = parts[1] if known else secrets.token_hex(16)
    value = f"00-{trace_id}-{secrets.token_hex(8)}-01"
    _trace.set(value)
    return value


def failure(error: BaseException | None) -> str:
    """Frames and kinds of an exception and its causes. Texts of others may quote a row: they stay out."""
    parts: list[str] = []
    while error is not None:
        state = getattr(getattr(error, "orig", None), "sqlstate", "") or ""
        said = f": {error}" if isinstance(error, QUOTES_NO_DATA) else f" {state}".rstrip()
        parts.append("".join(traceback.format_tb(error.__traceback__)) + type(error).__name__ + said)
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return "\ncaused by\n".join(parts)


class JsonFormatter(logging.Formatter):
    """One JSON object a line: time, level, logger, message, trace and the `extra` fields."""

    def __init__(self, service: str) -> None:
        super().__init__()
        self.service = service

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "service": self.service,
            "logger": record.name,
            "message": record.getMessage(),
        }
        if trace := current_traceparent():
            line["trace"] = trace.split("-")[1]
        line.update(
            {k: v for k, v in vars(record).items() if k not in _STANDARD and k not in ("message", "asctime")}
        )
        if record.exc_info:
            line["error"] = failure(record.exc_info[1])
        return json.dumps(line, ensure_ascii=False, default=str)


def set_up_logging(service: str, level: str) -> None:
    """Everything to standard output, one JSON object a line; access lines come from our own middleware."""
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(JsonFormatter(service))
    logging.basicConfig(level=level, handlers=[handler], force=True)
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access", "faststream"):
        logging.getLogger(name).handlers.clear()
        logging.getLogger(name).propagate = True
    logging.getLogger("uvicorn.access").disabled = True
    # one line for every time the bus is asked for its health says nothing
    logging.getLogger("httpx").setLevel(logging.WARNING)

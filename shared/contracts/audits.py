"""The ends of the audit logs, kept by another service: what was cut off a log is found by them."""

from pydantic import AwareDatetime, BaseModel, Field

from shared.contracts.event import Event, event


class SealedEnd(BaseModel):
    """A chain's newest number and keyed hash at an instant; says nothing of what the log holds."""

    seq: int = Field(ge=1)
    hash: str = Field(pattern=r"^[0-9a-f]{64}$")
    at: AwareDatetime


class AuditEnd(Event, SealedEnd):
    """The present end of the publisher's own audit log."""


@event(
    "audit.sealed.v1", owner="organisation", title="审计日志末尾存证", says="请平台代存本组织审计日志的末尾"
)
class AuditSealed(AuditEnd):
    """An organisation's log ends here; the hub keeps it."""


@event(
    "audit.anchored.v1",
    owner="hub",
    title="平台审计日志末尾存证",
    says="请收件组织代存平台审计日志的末尾",
    addressed=True,
)
class AuditAnchored(AuditEnd):
    """The hub's log ends here; the addressed organisation keeps it."""

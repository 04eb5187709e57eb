"""Who looked at whom, told to the organisation whose record was shown."""

from uuid import UUID

from pydantic import AwareDatetime

from shared.contracts.event import Event, event


@event(
    "lookup.recorded.v1",
    owner="hub",
    title="查询留痕",
    says="有一人的资料在平台被打开，告知所属组织",
    addressed=True,
)
class LookupRecorded(Event):
    """A person's details were opened at the hub: by whom, for which purpose (PIPL articles 44, 54)."""

    lookup_id: UUID
    member_id: UUID
    at: AwareDatetime
    staff_name: str
    staff_office: str
    purpose: str
    purpose_title: str

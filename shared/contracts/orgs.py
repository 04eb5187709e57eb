"""How an organisation makes itself known."""

from pydantic import BaseModel, Field

from shared.contracts.event import Event, event

NAMES = "orgs.names"


class UnitKind(BaseModel):
    """A kind of unit in the organisation's tree and the kinds that may stand below it."""

    code: str
    title: str
    children: tuple[str, ...] = ()


@event("org.announced.v1", owner="organisation", title="组织登记", says="登记本组织的名称和所用模块")
class OrgAnnounced(Event):
    """Sent at every start: name, badge and terms. The hub learns of an organisation from this alone."""

    code: str
    name: str
    short_name: str
    letter: str = Field(max_length=2, description="the character on the badge")
    palette: str = Field(description="name of a colour set of the shared look, for example blue")
    person_term: str = Field(description="what a person on the roll is called, for example 会员")
    base_url: str
    capabilities: tuple[str, ...] = ()
    unit_kinds: tuple[UnitKind, ...] = ()


class NamesRequest(BaseModel):
    """What the organisations are called: asked of the hub."""


class NamesAnswer(BaseModel):
    """Short names by code, of those that announced themselves."""

    names: dict[str, str]

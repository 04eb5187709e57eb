"""The rules an organisation decides for itself about the people on its roll."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Literal, Protocol
from uuid import UUID

from sqlalchemy import MetaData
from sqlalchemy.ext.asyncio import AsyncSession

from shared.contracts.members import Standing
from shared.kit.pii import Identity


@dataclass(frozen=True)
class MemberKind:
    """A kind of affiliation. Relations that are no membership (a contact) are not `counted`.

    `needs_consent`: shown at the hub only when the person agreed (PIPL article 23); otherwise it is shown
    unless the person refused.
    """

    code: str
    title: str
    counted: bool = True
    needs_consent: bool = False
    standings: Mapping[Standing, str] = field(default_factory=dict)
    """how staff call a standing of this kind where the policy's own word does not fit"""


@dataclass(frozen=True)
class OwnField:
    """A fact only this organisation stores, in its own one-to-one table, as forms and imports know it."""

    code: str
    title: str
    kind: Literal["text", "date", "flag", "choice"] = "text"
    choices: Mapping[str, str] = field(default_factory=dict)
    aliases: tuple[str, ...] = ()
    """column titles under which offices send it"""
    past: bool = False
    """a day that has been, as that of a beginning"""
    numbered: bool = False
    """a number of the organisation's own, checked by its policy, that may look like a person's"""


@dataclass(frozen=True)
class Entry:
    """One person as asked for by a form, the API or a roster line, already read, normalised and valid."""

    name: str
    unit_id: UUID
    kind: str
    sex: Literal["f", "m"] | None = None
    birth: date | None = None
    identity: Identity | None = None
    phone: str | None = None
    card_no: str | None = None
    post: str | None = None
    joined_on: date | None = None
    consent: bool | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)
    kind_given: bool = True
    """false when the kind was not written but taken as the usual one: then it replaces no known kind"""
    months: frozenset[str] = frozenset()
    """fields whose date was written to the month: it stands as the 1st, unless the day is known already"""


class MembershipPolicy(Protocol):
    """What differs between organisations: kinds, facts, who may join, what stands once."""

    kinds: tuple[MemberKind, ...]
    own_fields: tuple[OwnField, ...]
    standings: Mapping[Standing, str]
    """the standings a person may have here and how staff call them; always with `active` and `left`"""
    metadata: tuple[MetaData, ...]
    """where the own tables are, so that the service declares them with the common ones"""
    leave_reasons: tuple[str, ...]
    """what staff choose from when an affiliation ends"""

    def kind_of(self, text: str, facts: Mapping[str, Any]) -> str | None:
        """The kind's code for the words of a roster (may be empty); None when the words are not known."""

    def check(self, entry: Entry, on: date) -> None:
        """Raise Refused (kit.errors) with a Chinese reason when the person may not join that day."""

    def doubts(self, entry: Entry, on: date) -> Sequence[str]:
        """What contradicts a rule in a record of the past: the person comes onto the roll as `pending`."""

    def age_limit(self, on: date) -> int | None:
        """The age at which staff must look at a person without a post (never ends anything by itself)."""

    def exclusive_key(self, entry: Entry, identity_token: UUID | None, member_id: UUID) -> str | None:
        """What may stand only once among those on the roll; None for no restriction."""

    async def store(self, session: AsyncSession, facts: Sequence[tuple[UUID, Mapping[str, Any]]]) -> None:
        """Write the own facts of these members (insert or replace), set-based."""

    async def load(self, session: AsyncSession, member_ids: Sequence[UUID]) -> dict[UUID, dict[str, Any]]:
        """The own facts of these members; members without any are absent."""

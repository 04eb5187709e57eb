"""The digest in SQL over the hub's columns is the contract's digest of what was told."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from services.hub.persons import store
from services.hub.persons.incoming import affiliation_id, newest
from services.hub.recount import digests
from shared.contracts.digests import FIELDS, FORM, bucket, digest
from shared.contracts.members import MemberState
from shared.contracts.units import UnitChanged
from tests.hub.conftest import Hub
from tests.hub.telling import received, state, withdrawn

WORDS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=12)
MAYBE = st.none() | WORDS
STATES = st.fixed_dictionaries(
    {
        "former_names": st.lists(WORDS, max_size=3).map(tuple),
        "district": MAYBE,
        "post": MAYBE,
        "unit_names": st.lists(WORDS, max_size=3).map(tuple),
        "joined_on": st.none() | st.dates(),
        "birth_year": st.none() | st.integers(1900, 2020),
        "counted": st.booleans(),
        "version": st.integers(1, 2**62),
    }
)


@settings(
    max_examples=60,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],  # a failing example is small enough as it is
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(STATES, st.integers(0, 10**15))
async def test_sql_and_python_agree(hub: Hub, values: dict[str, Any], moment: int) -> None:
    told = state(
        "王小明", identity="51990119900101001X", birth="1990-01-01", phone="12012345678", member=uuid4()
    )
    told = told.model_copy(update=values)
    at = datetime(2000, 1, 1, tzinfo=UTC) + timedelta(microseconds=moment)
    event = received("union", told)
    event = replace(event, envelope=event.envelope.model_copy(update={"time": at}))
    async with hub.database.transaction() as session:
        await store.save_affiliations(session, newest([event]))
        id_ = affiliation_id("union", told.member_id)
        row = (await digests.of_ids(session, [id_]))[id_]
        assert row.digest == digest(told, at)
        part = values["district"] or ""
        buckets = await digests.by_bucket(session, "union", [part])
        assert str(bucket(told.member_id)) in buckets[part]


async def test_a_tombstone_agrees_too(hub: Hub) -> None:
    person = state("王小明")
    gone = withdrawn(person)
    await hub.tell("union", person, gone)
    at = received("union", gone, 2).envelope.time
    async with hub.database.transaction() as session:
        assert await digests.by_district(session) == {"union": {"": (1, digest(gone, at))}}


async def test_every_column_counts(hub: Hub) -> None:
    """A column the digest does not cover could be corrupted unseen; ids and home are no content."""
    await hub.tell(
        "union", state("王小明", identity="51990119900101001X", birth="1990-01-01", phone="12012345678")
    )
    async with hub.database.transaction() as session:
        (columns,) = (await session.execute(text("select * from affiliation"))).mappings()
        covered = {*FIELDS, "member_id", "version", "told_at", "withdrawn", "shown"}
        assert set(columns) - covered == {"id", "org"}


def test_the_form_is_raised_with_the_fields() -> None:
    """Whoever adds a field to a state changes the digest: raise FORM, then this list."""
    assert FORM == 1
    assert sorted(MemberState.model_fields) == [
        "birth_year", "card_mask", "counted", "district", "former_names", "identity_last4", "identity_mask",
        "joined_on", "kind", "kind_title", "left_on", "member_id", "name", "phone_last4", "phone_mask", "post",
        "sex", "standing", "standing_title", "tokens", "unit_id", "unit_names", "unit_path", "version",
    ]  # fmt: skip
    assert sorted(UnitChanged.model_fields) == [
        "district", "kind", "kind_title", "names", "parent_id", "path", "status", "unit_id", "version",
    ]  # fmt: skip

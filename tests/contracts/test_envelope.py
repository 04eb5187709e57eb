"""The envelope: round trip, subjects, strictness about who speaks."""

from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from shared.contracts.event import CATALOGUE, Envelope, Event, bus_subject, event, rpc_subject
from shared.contracts.members import MemberWithdrawn
from shared.kit import clock


def an_envelope(**changes: object) -> Envelope:
    member = uuid4()
    values: dict[str, object] = {
        "id": uuid4(),
        "source": "union",
        "type": "member.withdrawn.v1",
        "time": clock.now(),
        "subject": str(member),
        "sequence": 7,
        "data": {"member_id": str(member), "version": 3},
    }
    return Envelope.model_validate(values | changes)


def test_round_trip_opens_the_registered_class() -> None:
    envelope = an_envelope()
    again = Envelope.model_validate_json(envelope.model_dump_json())
    assert again == envelope
    opened = again.open()
    assert isinstance(opened, MemberWithdrawn)
    assert opened.version == 3


def test_subjects_name_source_and_addressee() -> None:
    assert an_envelope().bus_subject == "quntuan.union.member.withdrawn.v1"
    assert bus_subject("hub", "lookup.recorded.v1", "league") == "quntuan.hub.to.league.lookup.recorded.v1"
    assert rpc_subject("league", "token") == "quntuan.rpc.league.token"


@pytest.mark.parametrize(
    "bad",
    [
        {"source": "Union"},
        {"source": "union.x"},
        {"type": "member"},
        {"sequence": 0},
        {"specversion": "0.3"},
        {"to": "a b"},
    ],
)
def test_malformed_envelopes_are_refused(bad: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        an_envelope(**bad)


@given(st.text(max_size=40))
def test_a_source_can_never_add_a_subject_token(source: str) -> None:
    try:
        envelope = an_envelope(source=source)
    except ValidationError:
        return
    assert envelope.bus_subject.count(".") == 4


def test_a_type_is_registered_once() -> None:
    with pytest.raises(ValueError, match="already taken"):

        @event("member.withdrawn.v1", owner="organisation", title="again", says="again")
        class Again(Event):
            pass

    assert CATALOGUE["member.withdrawn.v1"] is MemberWithdrawn


def test_unknown_fields_are_ignored_so_that_payloads_can_grow() -> None:
    envelope = an_envelope(data={"member_id": str(uuid4()), "version": 1, "a_later_field": True})
    assert isinstance(envelope.open(), MemberWithdrawn)

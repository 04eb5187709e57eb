"""People on the roll: front door of the module."""

from shared.org.members.admitting import admit_many
from shared.org.members.changes import FieldChange, difference
from shared.org.members.changing import change, change_many, foreseen
from shared.org.members.erasing import erase_many
from shared.org.members.filling import phone_of
from shared.org.members.history import TAKEN_BACK
from shared.org.members.kinds import kind_of, standing_title
from shared.org.members.matching import Match, find_same
from shared.org.members.models import Member, MemberChange, MemberTold
from shared.org.members.module import members
from shared.org.members.reading import GIVE_ONE, NOBODY_KNOWN, field_titles, read_entry
from shared.org.members.service import leave_many, move_many, set_consent, step_many
from shared.org.members.state import state_of
from shared.org.members.told import Word
from shared.org.members.told import write as remember_told

__all__ = [
    "GIVE_ONE",
    "NOBODY_KNOWN",
    "TAKEN_BACK",
    "FieldChange",
    "Match",
    "Member",
    "MemberChange",
    "MemberTold",
    "Word",
    "admit_many",
    "change",
    "change_many",
    "difference",
    "erase_many",
    "field_titles",
    "find_same",
    "foreseen",
    "kind_of",
    "leave_many",
    "members",
    "move_many",
    "phone_of",
    "read_entry",
    "remember_told",
    "set_consent",
    "standing_title",
    "state_of",
    "step_many",
]

"""Composition root of the hub: read this first."""

from services.hub.directory import directory, known_codes, organisations
from services.hub.home import home
from services.hub.lookup import lookup
from services.hub.persons import follow, lock, persons
from services.hub.quality import quality
from services.hub.recount import recount
from services.hub.review import review
from services.hub.rounds import SIDE, rounds
from services.hub.venues import venues
from shared.contracts.audits import AuditAnchored, AuditSealed
from shared.joint.rounds import other_rounds
from shared.kit.audit.titles import describe_words
from shared.kit.auditors import Elsewhere, auditors
from shared.kit.context import make_kit
from shared.kit.events.engine import Inbox
from shared.kit.ledger import ledger
from shared.kit.ops import ops
from shared.kit.service import Service
from shared.kit.settings import Settings
from shared.kit.staff.module import staff
from shared.kit.web import Brand


def build(settings: Settings) -> Service:
    """The hub: what belongs to no organisation alone."""
    kit = make_kit(settings)
    return Service(
        kit,
        Brand(code="hub", name="大群团协同平台", subtitle=settings.city, letter="", palette="red"),
        (
            home(),
            lookup(kit),
            directory(kit, lock, follow),  # before persons: units are known before the people in them
            persons(kit),
            review(),
            quality(),
            recount(kit),
            venues(kit),
            rounds(kit),
            other_rounds(kit, SIDE),
            ops(kit),
            ledger(kit),
            staff(kit),
            auditors(kit, Elsewhere(AuditAnchored, AuditSealed, known_codes)),
        ),
        inbox=Inbox.of_hub(),
        others=organisations,
    )


describe_words(
    {
        "lookup": "查询",
        "person": "本人",
        "affiliation": "身份记录",
        "verdict": "判断",
        "quarantine": "隔离的消息",
        "recount": "对账",
        "booking_request": "场地申请",
        "round": "轮次",
    }
)

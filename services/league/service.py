"""Composition root of the youth league's service: read this first."""

from services.league.membership import LeagueMembership
from services.league.profile import PROFILE
from shared.kit.service import Service
from shared.kit.settings import Settings
from shared.org.service import org_service


def build(settings: Settings) -> Service:
    """Common modules with this organisation's profile and policy."""
    return org_service(settings, PROFILE, LeagueMembership())

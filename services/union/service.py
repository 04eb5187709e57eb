"""Composition root of the trade union's service: read this first."""

from services.union.membership import UnionMembership
from services.union.profile import PROFILE
from shared.kit.service import Service
from shared.kit.settings import Settings
from shared.org.service import org_service


def build(settings: Settings) -> Service:
    """Common modules with this organisation's profile and policy."""
    return org_service(settings, PROFILE, UnionMembership())

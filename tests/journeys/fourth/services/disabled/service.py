"""Composition root of the fourth organisation's service."""

from services.disabled.membership import DisabledMembership
from services.disabled.profile import PROFILE

from shared.kit.service import Service
from shared.kit.settings import Settings
from shared.org.service import org_service


def build(settings: Settings) -> Service:
    """Common modules with this organisation's profile and policy."""
    return org_service(settings, PROFILE, DisabledMembership())

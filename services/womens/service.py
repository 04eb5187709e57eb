"""Composition root of the women's federation's service: read this first."""

from services.womens.membership import WomensMembership
from services.womens.profile import PROFILE
from shared.kit.service import Service
from shared.kit.settings import Settings
from shared.org.service import org_service


def build(settings: Settings) -> Service:
    """Common modules with this organisation's profile and policy."""
    return org_service(settings, PROFILE, WomensMembership())

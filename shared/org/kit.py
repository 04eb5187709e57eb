"""What every module builder of an organisation gets."""

from dataclasses import dataclass

from shared.kit.context import Kit
from shared.kit.pii import CryptoProfile, Tokens
from shared.org.policy import MembershipPolicy
from shared.org.profile import OrgProfile


@dataclass(frozen=True)
class OrgKit:
    """The service's kit with the organisation's profile, policy and matching tokens."""

    kit: Kit
    profile: OrgProfile
    policy: MembershipPolicy
    tokens: Tokens

    @property
    def name(self) -> str:
        """The organisation's full name with the city's."""
        return self.profile.name.format(city=self.kit.settings.city)

    @property
    def synthetic(self) -> bool:
        """Whether synthetic people are accepted (demo and tests)."""
        return self.kit.settings.synthetic


def make_org_kit(kit: Kit, profile: OrgProfile, policy: MembershipPolicy) -> OrgKit:
    """The matching key is shared by the organisations; the profile of algorithms must be the same in all."""
    tokens = Tokens(kit.settings.secret("match_key").encode(), CryptoProfile(kit.settings.crypto_profile))
    return OrgKit(kit=kit, profile=profile, policy=policy, tokens=tokens)

"""From rows to what is shown: badges, age bands, facet counts by organisation."""

from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any, Literal

from services.hub.directory import Known
from services.hub.lookup.rules import age_band
from services.hub.lookup.schemas import Accuracy, AsOf, Badge, Counts, FacetCounts, Facets, Found, Parts
from shared.kit import clock

Bits = Mapping[str, int]


def found(row: Mapping[str, Any], orgs: Iterable[Known], bits: Bits) -> Found:
    """One row of a result."""
    return Found(
        id=row["id"],
        name=row["name"],
        spoken=row["spoken"],
        sex=row["sex"],
        age_band=age_band(row["birth_year"], clock.today().year),
        phone_mask=row["phone_mask"],
        identity_mask=row["identity_mask"],
        district=row["district"],
        unit=row["unit"],
        role=row["role"],
        records=row["size"],
        standing=row["standing"],
        standing_title=row["standing_title"],
        badges=[_badge(row, org.code, bits) for org in orgs],
    )


def _badge(row: Mapping[str, Any], org: str, bits: Bits) -> Badge:
    mask = 1 << bits[org] if org in bits else 0
    if row["active"] & mask:
        return badge(org, "in")
    return badge(org, "out" if row["past"] & mask else "none")


@cache
def badge(org: str, state: Literal["in", "out", "none"]) -> Badge:
    """One of a few that every page shows again and again."""
    return Badge(org=org, state=state)


def facet_counts(facets: Facets, bits: Bits) -> FacetCounts:
    """Counts by organisation code instead of bit."""
    unseen = 0 if facets.total.accuracy is Accuracy.EXACT else None
    least = Counts(**_counts(facets.least, bits, 0))
    return FacetCounts(**_counts(facets, bits, unseen), least=least)


def _counts(parts: Parts, bits: Bits, unseen: int | None) -> dict[str, Any]:
    return {
        "orgs": {org: parts.bits.get(bit, unseen) for org, bit in bits.items()},
        "many": parts.many,
        "districts": parts.districts,
        "standings": parts.standings,
    }


def as_of(orgs: Iterable[Known]) -> list[AsOf]:
    """How old each organisation's data is."""
    return [
        AsOf(org=o.code, name=o.short_name, event_at=o.event_at, state=o.state, lag_seconds=o.lag)
        for o in orgs
    ]

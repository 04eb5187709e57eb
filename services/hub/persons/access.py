"""Who may judge whether records are one person."""

from typing import Annotated

from fastapi import Depends

from shared.kit.staff import Staff, require

DECIDE = "persons.decide"
Steward = Annotated[Staff, Depends(require(DECIDE))]

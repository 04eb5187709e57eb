"""Tables of the synthetic city: names, rates, units."""

import json
from functools import cache
from pathlib import Path
from typing import Any


@cache
def table(name: str) -> Any:
    """One JSON file of this folder, by its name without ending."""
    return json.loads((Path(__file__).parent / f"{name}.json").read_text(encoding="utf-8"))

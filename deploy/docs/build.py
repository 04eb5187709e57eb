"""Which documents are generated and where they go."""

from pathlib import Path

from deploy.docs.events import events_markdown
from deploy.docs.schemas import schema_files

ROOT = Path(__file__).parents[2]


def generated() -> dict[Path, str]:
    """Every generated file with the text it must have."""
    schemas = {ROOT / "shared/contracts/schemas" / name: text for name, text in schema_files().items()}
    return {ROOT / "docs/EVENTS.md": events_markdown(), **schemas}


def write_or_check(*, check: bool) -> int:
    """Write what changed, or only name it and return 1."""
    stale = [p for p, text in generated().items() if not p.exists() or p.read_text(encoding="utf-8") != text]
    for path in stale:
        print(("stale: " if check else "wrote: ") + str(path.relative_to(ROOT)))
        if not check:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(generated()[path], encoding="utf-8")
    if check and stale:
        print("run `make docs` and commit the result")
    return 1 if check and stale else 0

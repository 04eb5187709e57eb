"""Checks audit files handed over by services; needs Python only: `python3 check_evidence.py FILE [FILE ...]`.

Each file must be whole and its chain without a break. Several services' files check each other: the ends one
kept of another's log must be in that one's file. The printed SHA-256 must be the one of the entry
`audit.handed_over` that the service's own log has of this file.
"""

import hashlib
import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path


@dataclass
class Checked:
    """One file: the hashes of its entries by number, what it kept of others, what is wrong."""

    service: str = ""
    upto: str = ""
    sha256: str = ""
    hashes: dict[int, str] = field(default_factory=dict)
    kept: list[tuple[str, int, str, str]] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)


def check(path: Path) -> Checked:
    """Read one file."""
    out, told = Checked(), None
    digest = hashlib.sha256()
    with path.open("rb") as file:
        for number, raw in enumerate(file, 1):
            digest.update(raw)
            try:
                line = json.loads(raw)
                told = _take(out, line) or told
            except (ValueError, KeyError, TypeError):
                out.faults.append(f"line {number} cannot be read")
    if told != (len(out.hashes), len(out.kept)):
        out.faults.append(f"the file is not whole: {len(out.hashes)} entries, {len(out.kept)} ends")
    out.sha256 = digest.hexdigest()
    return out


def _take(out: Checked, line: dict[str, object]) -> tuple[int, int] | None:
    if "evidence" in line:
        out.service, out.upto = str(line["service"]), str(line["upto"])
    elif "entry" in line:
        _entry(out, line["entry"], str(line["hash"]))  # type: ignore[arg-type]
    elif "kept" in line:
        kept: dict[str, str] = line["kept"]  # type: ignore[assignment]
        out.kept.append((kept["source"], int(kept["seq"]), kept["hash"], kept["at"]))
    else:
        return int(str(line["entries"])), int(str(line["kept_ends"]))
    return None


def _entry(out: Checked, entry: dict[str, object], hashed: str) -> None:
    seq = int(str(entry["seq"]))
    if out.hashes:
        last = max(out.hashes)
        if seq != last + 1:
            out.faults.append(f"entry {last + 1} is missing")
        elif entry["prev_hash"] != out.hashes[last]:
            out.faults.append(f"entry {seq} does not follow the one before")
    out.hashes[seq] = hashed


def compare(files: list[Checked]) -> Iterator[str]:
    """What one kept of another and is not so there; ends of days a file does not hold say nothing."""
    by_service = {file.service: file for file in files if file.hashes}
    for keeper in files:
        for source, seq, hashed, at in keeper.kept:
            other = by_service.get(source)
            if other is None or seq < min(other.hashes):
                continue
            if seq in other.hashes and other.hashes[seq] != hashed:
                yield f"{source}: entry {seq} is not the one whose end {keeper.service} kept"
            elif seq not in other.hashes and _instant(at) < _instant(other.upto):
                yield f"{source}: {keeper.service} kept the end at entry {seq}, which is not in the file"


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text)


def main(paths: list[str]) -> int:
    """Print what was found; 1 when something is wrong."""
    files = [check(Path(path)) for path in paths]
    faults = [f"{path}: {fault}" for path, file in zip(paths, files, strict=True) for fault in file.faults]
    faults += compare(files)
    lines = [
        f"{p}: {f.service}, {len(f.hashes)} entries, sha256 {f.sha256}"
        for p, f in zip(paths, files, strict=True)
    ]
    sys.stdout.write("\n".join([*lines, *faults, "NOT SOUND" if faults else "sound"]) + "\n")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

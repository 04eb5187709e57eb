"""Checks audit files handed over by services; needs Python only: `python3 check_evidence.py FILE [FILE ...]`.

Each file must be whole and its chain without a break. Several services' files check each other: the ends one
kept of another's log must be in that one's file. The printed SHA-256 must be the one of the entry
`audit.handed_over` that the service's own log has of this file, and the printed time the one asked for.
"""

import hashlib
import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

OPEN = 1900
"""the year in which a period without a first day begins"""


@dataclass
class Checked:
    """One file: service and period, its entries' hashes by number, what it kept of others, its faults."""

    service: str = ""
    since: datetime | None = None
    upto: datetime | None = None
    sha256: str = ""
    hashes: dict[int, str] = field(default_factory=dict)
    kept: list[tuple[str, int, str, datetime]] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)

    @property
    def from_the_first(self) -> bool:
        """Whether it says to hold everything from the first entry on."""
        return self.since is not None and self.since.year <= OPEN

    def period(self) -> str:
        """For people to read."""
        begin = "the beginning" if self.from_the_first else f"{self.since}"
        return f"from {begin} up to {self.upto}"


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
    if not out.service or out.since is None or out.upto is None:
        out.faults.append("the file does not say whose it is and of which time")
    if out.from_the_first and min(out.hashes, default=1) != 1:
        out.faults.append(f"entries before {min(out.hashes)} are missing")
    if told != (len(out.hashes), len(out.kept)):
        out.faults.append(f"the file is not whole: {len(out.hashes)} entries, {len(out.kept)} ends")
    out.sha256 = digest.hexdigest()
    return out


def _take(out: Checked, line: dict[str, object]) -> tuple[int, int] | None:
    if "evidence" in line:
        out.since, out.upto = _instant(line["since"]), _instant(line["upto"])
        out.service = str(line["service"])
    elif "entry" in line:
        _entry(out, line["entry"], str(line["hash"]))  # type: ignore[arg-type]
    elif "kept" in line:
        kept: dict[str, str] = line["kept"]  # type: ignore[assignment]
        out.kept.append((kept["source"], int(kept["seq"]), kept["hash"], _instant(kept["at"])))
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
    """What one kept of another and is not so there; ends of times a file does not hold say nothing."""
    for keeper in files:
        for other in files:
            ends = [(seq, hashed, at) for source, seq, hashed, at in keeper.kept if source == other.service]
            for seq, hashed, at in ends:
                if seq in other.hashes:
                    if other.hashes[seq] != hashed:
                        yield f"{other.service}: entry {seq} is not the one whose end {keeper.service} kept"
                elif _held(other, at) and seq != _before(other, ends):
                    said = f"{keeper.service} kept the end at entry {seq}, which is not in the file"
                    yield f"{other.service}: {said}"


def _held(file: Checked, at: datetime) -> bool:
    return file.since is not None and file.upto is not None and file.since <= at < file.upto


def _before(file: Checked, ends: list[tuple[int, str, datetime]]) -> int:
    """The last entry before the file's time: others are told this end until the first of that time."""
    if file.from_the_first:
        return 0
    if file.hashes:
        return min(file.hashes) - 1
    return min(seq for seq, _, at in ends if _held(file, at))


def _instant(text: object) -> datetime:
    found = datetime.fromisoformat(str(text))
    if found.tzinfo is None:
        raise ValueError(text)
    return found


def main(paths: list[str]) -> int:
    """Print what was found; 1 when something is wrong."""
    files = [check(Path(path)) for path in paths]
    faults = [f"{path}: {fault}" for path, file in zip(paths, files, strict=True) for fault in file.faults]
    faults += compare(files)
    lines = [
        f"{p}: {f.service} {f.period()}, {len(f.hashes)} entries, sha256 {f.sha256}"
        for p, f in zip(paths, files, strict=True)
    ]
    sys.stdout.write("\n".join([*lines, *faults, "NOT SOUND" if faults else "sound"]) + "\n")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

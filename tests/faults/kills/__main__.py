"""`python -m tests.faults.kills --kills 60 --operations 20000`: one run, its figures, exit code 1 on any complaint."""

import argparse
import secrets
import sys
import tempfile
from pathlib import Path

from tests.faults.kills.harness import Plan, run


def main() -> int:
    """Says the seed first, so that a failing run can be tried again."""
    parser = argparse.ArgumentParser(prog="faults")
    parser.add_argument("--kills", type=int, default=500)
    parser.add_argument("--operations", type=int, default=200_000)
    parser.add_argument("--seed", type=int, default=secrets.randbelow(10**6))
    chosen = parser.parse_args()
    print(f"seed {chosen.seed}", flush=True)
    with tempfile.TemporaryDirectory(prefix="quntuan-faults-") as name:
        Path(name).chmod(0o711)
        result = run(Path(name) / "suite", Plan(chosen.seed, chosen.kills, chosen.operations))
    print(result)
    return 1 if result.verdict.complaints else 0


if __name__ == "__main__":
    sys.exit(main())

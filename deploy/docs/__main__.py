"""`python -m deploy.docs [--check]`: write the generated documents, or fail when one is stale."""

import sys

from deploy.docs.build import write_or_check

sys.exit(write_or_check(check="--check" in sys.argv[1:]))

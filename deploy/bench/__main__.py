"""`python -m deploy.bench latency|lookups`, beside a running `quntuan up`; it adds synthetic people."""

import sys

from deploy.bench import latency, lookups
from deploy.commands.common import chosen_ports, packages
from deploy.local.environment import address
from deploy.local.packages import organisations

found = packages()
ports = chosen_ports(found)
hub = address(ports, "hub")
if sys.argv[1:] == ["latency"]:
    print(latency.measure(address(ports, organisations(found)[0]), hub))
elif sys.argv[1:] == ["lookups"]:
    print(lookups.measure(hub))
else:
    sys.exit(__doc__)

"""`python -m deploy.bench latency|lookups|bookings`, beside a running `quntuan up`; it adds rows."""

import sys

from deploy.bench import bookings, latency, lookups
from deploy.commands.common import chosen_ports, packages, suite
from deploy.local.environment import address, owner_url
from deploy.local.packages import organisations

found = packages()
ports = chosen_ports(found)
hub = address(ports, "hub")
if sys.argv[1:] == ["latency"]:
    print(latency.measure(address(ports, organisations(found)[0]), hub))
elif sys.argv[1:] == ["lookups"]:
    print(lookups.measure(hub))
elif sys.argv[1:] == ["bookings"]:
    running = suite(print)
    owner = owner_url("union", running.home, running.postgres)
    for line in bookings.measure(address(ports, "union"), hub, owner):
        print(line)
else:
    sys.exit(__doc__)

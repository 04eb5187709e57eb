"""x."""
from shared.kit.module import Module
from services.hub.db import HubBase
from services.hub.recount import models  # noqa
def recount(kit): return Module(name="recount", title="对账", metadata=(HubBase.metadata,))

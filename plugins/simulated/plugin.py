"""The entry point of the simulated PBX."""

from __future__ import annotations

from telgw_plugins.simulated.link import SimulatedLink
from telgw_plugins.simulated.options import SimulatedOptions

from telgw.core.ports import LinkPlugin

SIMULATED = LinkPlugin("simulated", SimulatedOptions, SimulatedLink)

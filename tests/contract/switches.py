"""The links under contract: each entry builds a switch (tests.world.Switch), that is a link with the PBX behind it.

A driver joins by one line here. Its builder gets the context of the gateway, and the options of the simulated PBX that is to be at the far
end: a driver of a real protocol is built as a chain, with the simulated PBX behind a server that speaks the protocol.
"""

from __future__ import annotations

from tests.world import SimulatedSwitch, SwitchBuilder

SWITCHES: dict[str, SwitchBuilder] = {
    "simulated": SimulatedSwitch,
}

"""`telgw authorised`: the devices that need no administrator any more, and how to have one authenticate again."""

from __future__ import annotations

from telgw.app.cli.command import Parser
from telgw.app.cli.web import Web, accepted, add_url, print_json


def main(arguments: list[str]) -> int:
    """List the authorised devices, or revoke one."""
    parser = Parser("authorised", "List the devices that have authenticated, or have one authenticate again at its next first session.")
    parser.add_argument("action", choices=("list", "revoke"), nargs="?", default="list")
    parser.add_argument("device", nargs="?", help="which one is revoked")
    add_url(parser)
    options = parser.parse_args(arguments)
    if (options.action == "revoke") != (options.device is not None):
        parser.error("revoke needs a device" if options.device is None else "list takes no device")
    web = Web(options.url)
    if options.action == "revoke":
        value = accepted(*web.request("DELETE", "authorised-devices", options.device))
        text = f"{options.device} is revoked"
    else:
        value = web.get("authorised-devices")
        text = "\n".join(map(str, value)) or "no device is authorised"
    if options.json:
        print_json(value)
    else:
        print(text)
    return 0

"""The outcome of a request: accepted (with a result), or exactly one of nine errors.

Every client protocol maps this closed set to its own; every link maps what its PBX says into it. The names are those of the
TelServices document ("Result", "Error"), because it is the smallest set that says *who* refused: the gateway (`reject`,
`noOpenSession`, `noCall`, ...), the PBX (`pbxReject`), or nobody (`pbxTimeout`).
"""

from __future__ import annotations

from enum import Enum


class ErrorCode(Enum):
    """Why a request was not done."""

    PBX_LINK_OUT_OF_SERVICE = "pbxlinkOutOfService"
    PBX_REJECT = "pbxReject"
    PBX_TIMEOUT = "pbxTimeout"
    NO_CALL = "noCall"
    NO_OPEN_SESSION = "noOpenSession"
    SESSION_LIMIT_EXCEEDED = "sessionLimitExceeded"
    REJECT = "reject"
    INVALID_CREDENTIALS = "invalidCredentials"
    RESOURCE_ERROR = "resourceError"


class ServiceError(Exception):
    """A request was refused: `code` goes to the client, `reason` to the log and to the operator."""

    def __init__(self, code: ErrorCode, reason: str = "") -> None:
        super().__init__(f"{code.value}: {reason}" if reason else code.value)
        self.code = code
        self.reason = reason

"""Every limit of the gateway that is not a setting, each with its reason.

A limit exists so that one peer cannot take what belongs to all. None of them is near what a correct peer needs.
"""

from __future__ import annotations

#: Bytes of one TelServices request. The largest honest one uploads a private directory: 50,000 entries of ~20 bytes would still fit,
#: and web servers of the same age refuse bodies above 1 MiB by default (nginx).
MAX_REQUEST_BYTES = 1024 * 1024
#: Depth of elements: the deepest request of the document (updateUserDirectory) has 6.
MAX_XML_DEPTH = 16
#: Elements of one request: 1 MiB of directory entries, each of six elements, stays below.
MAX_XML_ELEMENTS = 60_000
#: Characters of one text: names, numbers, extra data. Correlator data of PBXs is 32 to 128 bytes (CSTA: 32).
MAX_TEXT_LENGTH = 4096

#: Bytes of an HTTP head (request line and headers together): what Apache and Node allow.
MAX_HTTP_HEAD_BYTES = 16 * 1024
#: Headers of one HTTP request: Apache's default.
MAX_HTTP_HEADERS = 100

#: Devices of a set that are listed one by one (snapshots of the simulator, status pages). The numbering plan of the largest
#: single PBX in our reach has five digits.
MAX_LISTED_DEVICES = 100_000

#: Calls that a device may take part in at once, as the model sees it: more come only from a PBX that has lost its mind.
MAX_CALLS_PER_DEVICE = 64
#: Ended calls that a link remembers so that late or doubled events of them do not raise the dead.
MAX_DEAD_CALLS = 4096
#: Seconds that an ended call is remembered: events of one PBX arrive out of order by fractions of a second; call identifiers
#: of two bytes come round after hours.
DEAD_CALL_SECONDS = 5.0

#: Changes that a session keeps for long polls between two polls of the same client.
REPLAY_WINDOW = 32
#: Long polls that one session may have waiting, all clients together.
MAX_WAITING_POLLS = 20_000
#: Seconds that a long poll may ask to wait: proxies cut idle connections after 60 to 300 seconds.
MAX_POLL_SECONDS = 300.0
#: Clients of one session: a device is followed by a handful of programs; a thousand is a storm.
MAX_CLIENTS_PER_SESSION = 1000

#: Monitors and snapshots asked of a PBX at once while a link comes back: enough to fill a round trip, few enough for a small PBX.
RESYNC_WINDOW = 50

#: Bytes of payload of one UDP datagram over IPv4.
MAX_DATAGRAM_BYTES = 65_507

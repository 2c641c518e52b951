"""Fuzz the TelServices codec: whatever the bytes, it gives a value or blames the peer, and chunks do not matter.

    python tools/fuzz_telservices.py tests/fuzz/corpus/telservices [options of libFuzzer, such as -max_total_time=600]

Needs atheris (`pip install atheris`, CPython on Linux or macOS). `check` alone needs nothing and is what the tests run on the corpus.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable
from typing import Any

from telgw.wire.errors import RemoteProtocolError
from telgw.wire.telservices.codec import (
    RequestReader,
    decode_event,
    decode_request,
    decode_return,
    encode_event,
    encode_request,
    encode_return,
)

#: Bytes of one input: two of the largest examples of the document.
MAX_INPUT = 16 * 1024

CODECS: tuple[tuple[Callable[[bytes], Any], Callable[[Any], bytes]], ...] = (
    (decode_request, encode_request),
    (decode_return, encode_return),
    (decode_event, encode_event),
)


def check(data: bytes) -> int:
    """Raise whatever is wrong with what the codec makes of `data`; tell how many kinds of message it can be read as."""
    values = 0
    for decode, encode in CODECS:
        try:
            value = decode(data)
        except RemoteProtocolError:
            continue
        values += 1
        if decode(encode(value)) != value:
            raise AssertionError(f"{value!r} is not read as it was written")
    whole = _read([data])
    for size in (1, 7, max(1, len(data) // 2)):
        chunks = [data[start : start + size] for start in range(0, len(data), size)]
        if _read(chunks) != whole:
            raise AssertionError(f"in chunks of {size} bytes: {_read(chunks)!r}, not {whole!r}")
    return values


def _read(chunks: list[bytes]) -> Any:
    reader = RequestReader(end_of_pdu=b"##")
    for chunk in chunks:
        try:
            request = reader.receive_data(chunk)
        except RemoteProtocolError:
            return "refused"
        if request is not None:
            return request
    return "incomplete"


def main() -> None:
    """Fuzz until stopped, or until something is found."""
    try:
        atheris = importlib.import_module("atheris")
    except ImportError:
        sys.exit("fuzz_telservices: atheris is not installed (pip install atheris)")

    def one_input(data: bytes) -> None:
        check(data)

    atheris.instrument_all()
    atheris.Setup([*sys.argv, f"-max_len={MAX_INPUT}"], one_input)
    atheris.Fuzz()


if __name__ == "__main__":
    main()

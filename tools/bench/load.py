"""The load: many requests at once from one process, on bare sockets, since every microsecond here is taken from the figures.

Run as a process of its own: `python -m tools.bench.load KIND PORT COUNT` prints one line of JSON.
"""

from __future__ import annotations

import json
import resource
import select
import socket
import sys
import time
from collections.abc import Callable, Iterator

IN_FLIGHT = 64


def request(service: str, *values: tuple[str, object]) -> bytes:
    """A TelServices request."""
    body = "".join(f"<{name}>{value}</{name}>" for name, value in values)
    return f"<TelServiceRequest><{service}>{body}</{service}></TelServiceRequest>".encode()


QUERY = request("queryForward", ("deviceNumber", "1101"))


def raise_limits() -> None:
    """As many open files as the system lets us have."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def ask(port: int, data: bytes) -> bytes:
    """One request, one answer."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as sock:
        sock.sendall(data)
        answer = b""
        while more := sock.recv(65536):
            answer += more
    return answer


def connections(port: int, lanes: list[Iterator[bytes]], idle: Callable[[], None] | None = None) -> tuple[int, float]:
    """Every lane sends its requests one after the other, each on a connection of its own; (requests, seconds)."""
    poll = select.epoll()
    sockets: dict[int, tuple[socket.socket, Iterator[bytes], bytes]] = {}
    done = 0
    address = ("127.0.0.1", port)

    def begin(lane: Iterator[bytes]) -> bool:
        data = next(lane, None)
        if data is None:
            return False
        sock = socket.socket()
        sock.connect(address)
        sock.send(data)
        sock.setblocking(False)
        sockets[sock.fileno()] = (sock, lane, b"")
        poll.register(sock.fileno(), select.EPOLLIN)
        return True

    started = time.perf_counter()
    for lane in lanes:
        begin(lane)
    while sockets:
        for fd, _ in poll.poll(5):
            sock, lane, answer = sockets[fd]
            more = sock.recv(4096)
            if more:
                if b"<error>" in more:
                    raise RuntimeError(f"refused: {more!r}")
                sockets[fd] = (sock, lane, answer + more)
                continue
            if not answer:
                raise RuntimeError("no answer")
            done += 1
            del sockets[fd]
            poll.unregister(fd)
            sock.close()
            begin(lane)
        if idle is not None:
            idle()
    return done, time.perf_counter() - started


def repeat(data: bytes, count: int) -> Iterator[bytes]:
    """The same request again and again."""
    for _ in range(count):
        yield data


def tcp(port: int, count: int) -> dict[str, float]:
    """queryForward, one connection per request, 64 in flight."""
    done, seconds = connections(port, [repeat(QUERY, count // IN_FLIGHT) for _ in range(IN_FLIGHT)])
    return {"rate": done / seconds}


def http(port: int, count: int) -> dict[str, float]:
    """queryForward over HTTP keep-alive, 64 connections."""
    data = b"POST / HTTP/1.1\r\nHost: telgw\r\nContent-Type: text/xml\r\nContent-Length: %d\r\n\r\n" % len(QUERY) + QUERY
    poll = select.epoll()
    sockets = {}
    started = time.perf_counter()
    for _ in range(IN_FLIGHT):
        sock = socket.create_connection(("127.0.0.1", port))
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.send(data)
        sockets[sock.fileno()] = sock
        poll.register(sock.fileno(), select.EPOLLIN)
    done = 0
    while done < count:
        for fd, _ in poll.poll(5):
            answer = sockets[fd].recv(8192)
            if b"200 OK" not in answer or b"<forwards/>" not in answer:
                raise RuntimeError(f"refused: {answer!r}")
            done += 1
            sockets[fd].send(data)
    seconds = time.perf_counter() - started
    for sock in sockets.values():
        sock.close()
    return {"rate": done / seconds}


def calls(port: int, count: int) -> dict[str, float]:
    """makeCall + dropCall on 64 pairs of phones, two UDP subscribers (all callers, all called): every event must arrive."""
    receivers = []
    for _ in range(2):
        receiver = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        receiver.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 64 << 20)
        receiver.bind(("127.0.0.1", 0))
        receiver.setblocking(False)
        receivers.append(receiver)
    pairs = [(str(1101 + 2 * index), str(1102 + 2 * index)) for index in range(IN_FLIGHT)]
    for pair in pairs:
        for device, receiver in zip(pair, receivers, strict=True):
            ask(port, request("openSession", ("deviceNumber", device), ("eventUDPPort", receiver.getsockname()[1])))
    received = [0]

    def read() -> None:
        for receiver in receivers:
            try:
                while True:
                    receiver.recv(4096)
                    received[0] += 1
            except BlockingIOError:
                pass

    def lane(caller: str, called: str, rounds: int) -> Iterator[bytes]:
        make = request("makeCall", ("deviceNumber", caller), ("calledDeviceNumber", called))
        drop = request("dropCall", ("deviceNumber", caller))
        for _ in range(rounds):
            yield make
            yield drop

    rounds = count // 2 // len(pairs)
    done, seconds = connections(port, [lane(*pair, rounds) for pair in pairs], read)
    expected = rounds * len(pairs) * 6
    until = time.perf_counter() + 5
    while received[0] < expected and time.perf_counter() < until:
        read()
    for pair in pairs:
        for device in pair:
            ask(port, request("closeSession", ("deviceNumber", device)))
    return {"rate": done / seconds, "events": received[0], "lost": expected - received[0]}


def polls(port: int, count: int) -> dict[str, float]:
    """`count` long polls wait for one device; one event wakes them all: seconds until the last answer."""
    raise_limits()
    ask(port, request("openSession", ("deviceNumber", "1101")))
    body = request("snapshot", ("deviceNumber", "1101"), ("resultOnEvent", "<timeout>60</timeout>%b"))
    first = http_ask(port, body % b"")
    seq = first.split(b"<snapshotSeq>")[1].split(b"</snapshotSeq>")[0]
    waiting = body % (b"<snapshotSeq>" + seq + b"</snapshotSeq>")
    data = b"POST / HTTP/1.1\r\nHost: telgw\r\nContent-Length: %d\r\n\r\n" % len(waiting) + waiting
    poll = select.epoll()
    sockets = {}
    for _ in range(count):
        sock = socket.create_connection(("127.0.0.1", port), timeout=10)
        sock.sendall(data)
        sock.setblocking(False)
        sockets[sock.fileno()] = sock
        poll.register(sock.fileno(), select.EPOLLIN)
    http_ask(port, request("queryForward", ("deviceNumber", "1101")))  # answered after all polls were read
    time.sleep(0.5)
    if poll.poll(0):
        raise RuntimeError("a poll was answered before anything happened")
    started = time.perf_counter()
    ask(port, request("doNotDisturb", ("deviceNumber", "1101"), ("state", "<on/>")))
    done = 0
    while done < count:
        for fd, _ in poll.poll(10):
            if b"<on/>" not in sockets[fd].recv(8192):
                raise RuntimeError("a poll was answered without the event")
            poll.unregister(fd)
            done += 1
    seconds = time.perf_counter() - started
    for sock in sockets.values():
        sock.close()
    ask(port, request("doNotDisturb", ("deviceNumber", "1101"), ("state", "<off/>")))
    ask(port, request("closeSession", ("deviceNumber", "1101")))
    return {"seconds": seconds}


def http_ask(port: int, body: bytes) -> bytes:
    """One request over HTTP, on a connection that closes."""
    head = b"POST / HTTP/1.1\r\nHost: telgw\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % len(body)
    return ask(port, head + body)


def sessions(port: int, count: int) -> dict[str, float]:
    """Open sessions of devices 10000, 10001, ... up to `count` of them."""
    lanes = [
        (request("openSession", ("deviceNumber", 10000 + number), ("eventUDPPort", 20001)) for number in range(lane, count, IN_FLIGHT))
        for lane in range(IN_FLIGHT)
    ]
    done, seconds = connections(port, lanes)
    return {"rate": done / seconds}


KINDS = {"tcp": tcp, "http": http, "calls": calls, "polls": polls, "sessions": sessions}

if __name__ == "__main__":
    kind, port_text, count_text = sys.argv[1:4]
    print(json.dumps(KINDS[kind](int(port_text), int(count_text))))

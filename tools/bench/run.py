"""All benchmarks: `make bench`. Prints one table: figure, floor of the same run, ratio, what is demanded.

Medians of alternating runs: floor, figure, floor, figure, ... so that a slow minute of the machine hits both.
"""

from __future__ import annotations

import argparse
import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
RUNS = 5


class Row(NamedTuple):
    """One line of the table."""

    what: str
    figure: str
    floor: str
    ratio: str
    demanded: str
    met: bool


def measure(module: str, *arguments: object) -> dict[str, float]:
    """Run a benchmark process and read its line of JSON."""
    done = subprocess.run(
        [sys.executable, "-m", f"tools.bench.{module}", *map(str, arguments)], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise SystemExit(f"{module} {arguments} failed:\n{done.stdout}{done.stderr}")
    value: dict[str, float] = json.loads(done.stdout.strip().splitlines()[-1])
    return value


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port: int = sock.getsockname()[1]
        return port


def wait_for(port: int) -> None:
    """Wait until somebody listens."""
    until = time.monotonic() + 20
    while time.monotonic() < until:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            time.sleep(0.02)
    raise SystemExit(f"nobody listens on port {port}")


@contextmanager
def floor() -> Iterator[int]:
    """The floor server."""
    port = free_port()
    process = subprocess.Popen([sys.executable, "-m", "tools.bench.floor", str(port)], cwd=ROOT)
    try:
        wait_for(port)
        yield port
    finally:
        process.kill()
        process.wait()


@contextmanager
def gateway(devices: str = "1101-1228") -> Iterator[tuple[int, int]]:
    """A gateway on the simulated PBX: (port, process id)."""
    port = free_port()
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder, "telgw.yaml")
        config.write_text(
            f'{{telservices: {{listen: "127.0.0.1:{port}"}}, web: {{listen: none}}, logs: {{level: warning}},'
            f' links: {{pbx: {{driver: simulated, devices: ["{devices}"]}}}}}}'
        )
        process = subprocess.Popen(
            [sys.executable, "-m", "telgw.app.cli.main", "run", "-c", str(config)], cwd=ROOT, stdout=subprocess.PIPE, text=True
        )
        assert process.stdout is not None
        while "ready" not in (line := process.stdout.readline()):
            if not line:
                raise SystemExit("the gateway did not start")
        try:
            yield port, process.pid
        finally:
            process.terminate()
            process.wait()


def resident(pid: int) -> int:
    """Resident memory of a process in bytes."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def cpu_seconds(pid: int) -> float:
    """CPU time of a process so far."""
    values = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(values[11]) + int(values[12])) / os.sysconf("SC_CLK_TCK")


def requests() -> Iterator[Row]:
    """The request figures, alternating with the floor."""
    floors: list[float] = []
    tcp: list[float] = []
    http: list[float] = []
    calls: list[float] = []
    lost = 0.0
    with floor() as floor_port, gateway() as (port, _):
        for port_of in (floor_port, port):
            measure("load", "tcp", port_of, 4096)
        for _ in range(RUNS):
            floors.append(measure("load", "tcp", floor_port, 16384)["rate"])
            tcp.append(measure("load", "tcp", port, 16384)["rate"])
            http.append(measure("load", "http", port, 30000)["rate"])
            figures = measure("load", "calls", port, 16384)
            calls.append(figures["rate"])
            lost += figures["lost"]
    base, one, keep, call = map(statistics.median, (floors, tcp, http, calls))
    yield ratio_row("queryForward, one TCP connection per request, 64 in flight", one, base, 0.75, "floor")
    yield ratio_row(f"makeCall + dropCall, two UDP subscribers ({lost:.0f} events lost)", call, base, 0.35, "floor", lost == 0)
    yield ratio_row("queryForward over HTTP keep-alive", keep, one, 1.5, "the TCP figure")


def ratio_row(what: str, figure: float, base: float, demanded: float, of: str, also: bool = True) -> Row:
    """A figure in requests per second."""
    ratio = figure / base
    return Row(what, f"{figure:,.0f}/s", f"{base:,.0f}/s", f"{ratio:.2f}", f">= {demanded} x {of}", ratio >= demanded and also)


def events() -> Iterator[Row]:
    """PBX facts to datagrams."""
    few: list[float] = []
    many: list[float] = []
    rates: list[float] = []
    for _ in range(RUNS):
        figures = measure("facts", "sustained", 100, 60000)
        rates.append(figures["rate"])
        few.append(figures["cpu_per_event"])
        many.append(measure("facts", "sustained", 10000, 60000)["cpu_per_event"])
    rate = statistics.median(rates)
    yield Row("PBX fact to UDP datagram, sustained", f"{rate:,.0f}/s", "", "", ">= 15,000/s", rate >= 15000)
    delays = [measure("facts", "latency", 100, 10000) for _ in range(3)]
    p99 = statistics.median(delay["p99"] for delay in delays) * 1000
    middle = statistics.median(delay["median"] for delay in delays) * 1000
    yield Row("the same at 2,000 events/s: p99 (median)", f"{p99:.2f} ms ({middle:.2f} ms)", "", "", "< 5 ms", p99 < 5)
    ratio = statistics.median(many) / statistics.median(few)
    yield Row(
        "cost per event, 10,000 devices against 100",
        f"{statistics.median(many) * 1e6:.1f} us",
        f"{statistics.median(few) * 1e6:.1f} us",
        f"{ratio:.2f}",
        "<= 1.3",
        ratio <= 1.3,
    )


def memory() -> Iterator[Row]:
    """Memory of a session."""
    with gateway("10000-29999") as (port, pid):
        measure("load", "sessions", port, 1000)
        before = resident(pid)
        measure("load", "sessions", port, 10000)
        each = (resident(pid) - before) / 9000
    yield Row("memory of one more session, 1,000 to 10,000", f"{each / 1024:.2f} KiB", "", "", "<= 6 KiB", each <= 6 * 1024)


def polls() -> Iterator[Row]:
    """Long polls woken by one event."""
    few: list[float] = []
    many: list[float] = []
    with gateway() as (port, _):
        for _ in range(RUNS):
            few.append(measure("load", "polls", port, 500)["seconds"])
            many.append(measure("load", "polls", port, 5000)["seconds"])
    small, large = statistics.median(few), statistics.median(many)
    yield Row("5,000 waiting polls woken by one event", f"{large:.3f} s", "", "", "< 1 s", large < 1)
    ratio = large / small / 10
    yield Row(
        "the same per poll, 5,000 against 500", f"{large / 5:.3f} ms", f"{small * 2:.3f} ms", f"{ratio:.2f}", "<= 1 (linear)", ratio <= 1.15
    )


def start() -> Iterator[Row]:
    """CPU time until the demo is ready."""
    seconds = []
    for _ in range(RUNS):
        with gateway() as (_, pid):
            seconds.append(cpu_seconds(pid))
    figure = statistics.median(seconds)
    yield Row("start of the demo until ready", f"{figure:.2f} s CPU", "", "", "< 1 s", figure < 1)


GROUPS = {"requests": requests, "events": events, "memory": memory, "polls": polls, "start": start}


def print_table(rows: list[Row], markdown: bool) -> None:
    """The table, aligned, or as Markdown."""
    head = ("figure of", "measured", "against", "ratio", "demanded", "met")
    lines = [head, *((*row[:-1], "yes" if row.met else "NO") for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(head))]
    for index, line in enumerate(lines):
        text = " | ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True))
        print(f"| {text} |" if markdown else text)
        if markdown and index == 0:
            print("|" + "|".join("-" * (width + 2) for width in widths) + "|")


def main() -> int:
    """Run what is asked for."""
    parser = argparse.ArgumentParser(description="Benchmarks of telgw")
    parser.add_argument("groups", nargs="*", choices=[*GROUPS, []], help="which ones (default: all)")
    parser.add_argument("--markdown", action="store_true", help="print the table as Markdown")
    options = parser.parse_args()
    rows: list[Row] = []
    for name in options.groups or GROUPS:
        print(f"measuring {name} ...", file=sys.stderr, flush=True)
        rows += GROUPS[name]()
    print_table(rows, options.markdown)
    return 0


if __name__ == "__main__":
    sys.exit(main())

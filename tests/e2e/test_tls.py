"""TelServices over TLS: raw and HTTP, bad peers, and a certificate that is exchanged while everything runs."""

from __future__ import annotations

import datetime
import os
import signal
import socket
import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from tests.e2e.clients import HOST, Http, connect, http_request, logged, read_to_end, seq_of, service, until
from tests.e2e.gateway import STANDARD, Gateway, error

QUERY = service("queryForward", deviceNumber="1101")
NO_FORWARDS = "<TelServiceReturn><result><forwards/></result></TelServiceReturn>"
TEXT = """
telservices:
  listen: 127.0.0.1:@PORT@
  idle_timeout: 400ms
  tls: {listen: "127.0.0.1:@SPARE@", certificate: cert.pem, key: key.pem}
web: {listen: "127.0.0.1:@WEB@"}
links: {pbx: {driver: simulated, devices: ["1101-1130"]}}
"""


def make_certificate(folder: Path, name: str) -> bytes:
    """A new self-signed certificate and its key, as cert.pem and key.pem; returns the certificate as it is seen on the wire."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now = datetime.datetime.now(datetime.UTC)
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(subject).public_key(key.public_key())
    builder = builder.serial_number(x509.random_serial_number()).not_valid_before(now - datetime.timedelta(days=1))
    certificate = builder.not_valid_after(now + datetime.timedelta(days=30)).sign(key, hashes.SHA256())
    (folder / "cert.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    unencrypted = serialization.NoEncryption()
    (folder / "key.pem").write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, unencrypted))
    return certificate.public_bytes(serialization.Encoding.DER)


def secure(port: int, version: ssl.TLSVersion | None = None) -> ssl.SSLSocket:
    """A TLS connection to whoever is there."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    if version is not None:
        context.minimum_version = context.maximum_version = version
    return context.wrap_socket(connect(port))


def seen(gateway: Gateway) -> bytes | None:
    """The certificate that the gateway shows now."""
    with secure(gateway.spare) as sock:
        return sock.getpeercert(binary_form=True)


def reload(gateway: Gateway) -> None:
    assert gateway.process is not None
    os.kill(gateway.process.pid, signal.SIGHUP)


@pytest.fixture(scope="module", params=["epoll", "asyncio"])
def gateway(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    folder = tmp_path_factory.mktemp("tls")
    make_certificate(folder, "first")
    with Gateway(folder, TEXT, reactor=request.param) as running:
        yield running


def test_given_tls_when_raw_xml_is_sent_then_it_is_answered_and_closed(gateway: Gateway) -> None:
    for _ in range(5):
        with secure(gateway.spare) as sock:
            sock.sendall(QUERY)
            assert read_to_end(sock).decode() == NO_FORWARDS
    with secure(gateway.spare) as sock:
        sock.sendall(b"<oops>" + b"x" * 2_000_000)
        assert read_to_end(sock).decode() == error("reject")


def test_given_tls_when_http_is_spoken_then_the_connection_is_kept_and_polls_wait(gateway: Gateway) -> None:
    client = Http(gateway.spare, sock=secure(gateway.spare))
    assert client.ask("openSession", deviceNumber="1101").answer() == STANDARD
    client.poll("1101", 1)
    until(lambda: gateway.status()["waiting_polls"] == 1)
    assert gateway.ask("doNotDisturb", deviceNumber="1101", state="<on/>") == STANDARD
    assert seq_of(client.answer()) == 2
    client.send(http_request(QUERY) * 500)
    for _ in range(500):
        assert client.answer() == NO_FORWARDS
    client.poll("1101", 2)
    until(lambda: gateway.status()["waiting_polls"] == 1)
    client.close()
    until(lambda: gateway.status()["waiting_polls"] == 0)
    gateway.ask("doNotDisturb", deviceNumber="1101", state="<off/>")
    gateway.ask("closeSession", deviceNumber="1101")


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_given_old_tls_or_no_tls_when_it_is_tried_then_it_fails_and_nobody_else_is_harmed(gateway: Gateway) -> None:
    for version in (ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1):
        with pytest.raises((ssl.SSLError, OSError)):
            secure(gateway.spare, version).close()
    for garbage in (QUERY, http_request(QUERY), b"\x16\x03\x01\xff\xff" + b"x" * 1000):
        with connect(gateway.spare) as sock:
            sock.sendall(garbage)
            assert b"TelService" not in read_to_end(sock)
    until(lambda: gateway.status()["connections"] == 0)
    with secure(gateway.spare, ssl.TLSVersion.TLSv1_2) as sock:
        sock.sendall(QUERY)
        assert read_to_end(sock).decode() == NO_FORWARDS


def test_given_a_client_that_stops_in_the_handshake_when_the_idle_time_is_over_then_it_is_cut(gateway: Gateway) -> None:
    for start in (b"", b"\x16\x03\x01\x02\x00\x01"):
        with connect(gateway.spare) as sock:
            sock.sendall(start)
            sock.settimeout(4)
            assert read_to_end(sock) == b""


def test_given_a_request_that_stops_when_the_idle_time_is_over_then_it_is_rejected(gateway: Gateway) -> None:
    with secure(gateway.spare) as sock:
        sock.sendall(QUERY[:20])
        assert read_to_end(sock).decode() == error("reject")


def test_given_a_new_certificate_when_the_daemon_is_told_then_new_connections_see_it_and_old_ones_go_on(gateway: Gateway) -> None:
    first = seen(gateway)
    client = Http(gateway.spare, sock=secure(gateway.spare))
    assert client.ask("queryForward", deviceNumber="1101").answer() == NO_FORWARDS
    second = make_certificate(gateway.folder, "second")
    assert seen(gateway) == first != second
    reload(gateway)
    until(lambda: seen(gateway) == second)
    assert client.ask("queryForward", deviceNumber="1101").answer() == NO_FORWARDS
    client.close()


def test_given_a_certificate_that_is_none_when_the_daemon_is_told_then_it_keeps_the_old_one_and_says_why(gateway: Gateway) -> None:
    first = seen(gateway)
    whole = (gateway.folder / "cert.pem").read_bytes(), (gateway.folder / "key.pem").read_bytes()
    for number, spoil in enumerate(("no certificate", "another key")):
        if spoil == "no certificate":
            (gateway.folder / "cert.pem").write_text("nothing")
        else:
            make_certificate(gateway.folder, "third")
            (gateway.folder / "cert.pem").write_bytes(whole[0])
        reload(gateway)
        until(lambda number=number: gateway.log.read_text().count('"configuration_kept"') > number)
        (gateway.folder / "cert.pem").write_bytes(whole[0])
        assert seen(gateway) == first
    assert "cert.pem" in logged(gateway, "configuration_kept")["fault"]
    (gateway.folder / "key.pem").write_bytes(whole[1])
    with secure(gateway.spare) as sock:
        sock.sendall(QUERY)
        assert read_to_end(sock).decode() == NO_FORWARDS


def test_given_a_port_that_is_taken_when_tls_is_to_move_there_then_everything_stays(gateway: Gateway) -> None:
    with socket.socket() as taken:
        taken.bind((HOST, 0))
        taken.listen()
        kept = gateway.config.read_text()
        before = gateway.log.read_text().count('"configuration_kept"')
        gateway.config.write_text(kept.replace(str(gateway.spare), str(taken.getsockname()[1])))
        reload(gateway)
        until(lambda: gateway.log.read_text().count('"configuration_kept"') > before)
        gateway.config.write_text(kept)
    assert seen(gateway)
    assert gateway.raw(QUERY) == NO_FORWARDS

"""The configuration: its defaults, what the checks find, and that files, documentation and defaults agree."""

from __future__ import annotations

import importlib.util
import re
import shutil
import subprocess
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from telgw.app import config as configuration
from telgw.app import sections
from telgw.app.checks import overlap
from telgw.app.config import ConfigError, load, parse, render
from telgw.app.options import option_fields
from telgw.app.plugins import BrokenPlugin
from telgw.app.sections import Config, EventDeviceNumber, LinkSection, LogFormat, LogLevel
from telgw.base.address import Address
from telgw.base.numbers import DeviceSet
from telgw.base.period import Period
from telgw.base.secrets import Secret
from telgw.core.ports import LinkPlugin

ROOT = Path(__file__).parents[3]


@dataclass(frozen=True)
class Options:
    """The keys of a driver for tests."""

    address: Address | None = field(default=None, metadata={"doc": "an address"})
    password: Secret = field(default=Secret(""), metadata={"doc": "a password"})
    timers: int = field(default=1, metadata={"doc": "how many"})

    def __post_init__(self) -> None:
        if self.timers < 0:
            raise ValueError("timers must not be negative")


def build(context: object, options: object) -> Any:
    raise AssertionError("nothing is built here")


PLUGINS: dict[str, LinkPlugin | BrokenPlugin] = {
    "fake": LinkPlugin("fake", Options, build),
    "simulated": LinkPlugin("simulated", Options, build),
    "broken": BrokenPlugin("broken", "cannot be imported: ImportError: no"),
}
LINKS = 'links: {pbx: {driver: fake, devices: ["1101"]}}\n'


def read(text: str, folder: Path = Path("/conf")) -> Config:
    return parse(text, folder, "f.yaml", PLUGINS)


def faults(text: str, folder: Path = Path("/conf")) -> list[tuple[int, str, str]]:
    with pytest.raises(ConfigError) as caught:
        read(text, folder)
    return [(fault.line, fault.path, fault.message) for fault in caught.value.faults]


def test_defaults_are_those_of_the_contract() -> None:
    config = read(LINKS)
    telservices, sessions = config.telservices, config.sessions
    assert telservices.listen == (Address("127.0.0.1", 20000),)
    assert telservices.tls is None
    assert telservices.end_of_pdu == b""
    assert telservices.make_call_url is True
    assert telservices.allowed_origins == ()
    assert [telservices.idle_timeout, telservices.request_timeout, telservices.keep_alive_timeout] == [10.0, 30.0, 60.0]
    assert (telservices.max_connections, telservices.max_connections_per_address) == (10_000, 8192)
    assert telservices.max_request_size == 1024 * 1024
    assert (telservices.event_rate, telservices.event_queue) == (50_000, 10_000)
    assert telservices.device_number_in_events is EventDeviceNumber.ALL
    assert telservices.call_reference is False
    assert telservices.restricted_session_events is True
    assert config.web.listen == Address("127.0.0.1", 8080)
    assert sessions.limit == 0
    assert sessions.authentication.administrator is None
    assert sessions.authentication.by_administrator is False
    assert sessions.qualify_call_may_answer is True
    assert sessions.first_other_party is False
    assert sessions.waiting_polls_per_address == 10_000
    assert config.links == {"pbx": LinkSection("fake", DeviceSet(["1101"]), Period(10), Period(600), Options())}
    assert (config.logs.level, config.logs.format) == (LogLevel.INFO, LogFormat.AUTO)
    assert config.state.state_directory == Path("/conf/var")


def test_every_key_of_the_contract_is_read() -> None:
    config = read("""
telservices:
  listen: [127.0.0.1:20000, "[::1]:20001"]
  end_of_pdu: "\\n"
  make_call_url: false
  allowed_origins: [https://crm.example.org, "*"]
web: {listen: none}
sessions:
  limit: 30
  authentication:
    administrator: {user_id: admin, password: 0123}
    by_administrator: true
  qualify_call_may_answer: false
links:
  pbx: {driver: fake, devices: [1101-1130, 0123], request_timeout: 500ms, address: 127.0.0.1:5000, password: secret}
  other: {driver: fake, devices: "2*", resync_interval: 0}
logs: {level: debug, format: json}
state: {state_directory: /var/lib/telgw}
""")
    assert config.telservices.listen == (Address("127.0.0.1", 20000), Address("::1", 20001))
    assert config.telservices.end_of_pdu == b"\n"
    assert config.telservices.allowed_origins == ("https://crm.example.org", "*")
    assert config.web.listen is None
    assert config.sessions.authentication.administrator == sections.Administrator("admin", Secret("0123"))
    assert config.links["pbx"].options == Options(Address("127.0.0.1", 5000), Secret("secret"))
    assert config.links["pbx"].request_timeout == 0.5
    assert "0123" in config.links["pbx"].devices
    assert "2999" in config.links["other"].devices
    assert config.state.state_directory == Path("/var/lib/telgw")


@pytest.mark.parametrize("text", ["", "# nothing\n", "---\n", "{}", "~"])
def test_a_file_without_a_word_is_the_demo(text: str) -> None:
    config = read(text)
    assert config.links == {"pbx": LinkSection("simulated", DeviceSet(["1101-1130"]), options=Options())}
    assert config == read(configuration.DEMO)


def test_without_a_file_the_demo_runs_where_it_is_started(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    config = load(None, PLUGINS)
    assert config == read("", tmp_path)
    assert config.source is None
    assert config.state.state_directory == tmp_path / "var"


def test_relative_paths_are_relative_to_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "conf").mkdir()
    (tmp_path / "conf" / "telgw.yaml").write_text(LINKS)
    monkeypatch.chdir(tmp_path)
    config = load("conf/telgw.yaml", PLUGINS)
    assert config.source == Path("conf/telgw.yaml")
    assert config.state.state_directory == tmp_path / "conf" / "var"
    assert config == read(LINKS, tmp_path / "conf")


def test_sections_that_say_nothing_are_sections_of_defaults() -> None:
    assert read("telservices:\nsessions: {authentication: }\nlogs: {}\n" + LINKS) == read(LINKS)


@pytest.mark.parametrize(
    ("text", "line", "path", "message"),
    [
        ("logs:\nweb: {}", 1, "links", f"no link: nothing to control; a demo is {configuration.DEMO}"),
        ("logs:\nlinks: {}", 2, "links", f"no link: nothing to control; a demo is {configuration.DEMO}"),
        ("links: [pbx]", 1, "links", "expected keys with values, got a list"),
        ("links:\n  pbx: fake", 2, "links.pbx", "expected keys with values, got a single value"),
        (LINKS + "telservice: {}", 2, "telservice", "unknown key; did you mean 'telservices'?"),
        (LINKS + "csta: {}", 2, "csta", "unknown key; did you mean 'state'?"),
        (LINKS + "options: {}", 2, "options", "unknown key; did you mean 'sessions'?"),
        (LINKS + "source: x", 2, "source", "unknown key; known here: links, logs, sessions, state, telservices, web"),
        (
            "links:\n  pbx:\n    driver: fak\n    devices: 1\n    unknown: 1",
            3,
            "links.pbx.driver",
            "unknown driver 'fak'; installed: fake, simulated, broken; did you mean 'fake'?",
        ),
        (
            "links:\n  pbx:\n    driver: broken\n    devices: 1\n    unknown: 1",
            3,
            "links.pbx.driver",
            "the driver 'broken' cannot be imported: ImportError: no",
        ),
        (
            "links:\n  pbx:\n    driver: fake",
            2,
            "links.pbx.devices",
            "required: a list of numbers (1101), ranges (1101-1130) and prefixes (2*)",
        ),
        (
            "links:\n  pbx:\n    driver: fake\n    devices: []",
            4,
            "links.pbx.devices",
            "must not be empty: a list of numbers (1101), ranges (1101-1130) and prefixes (2*)",
        ),
        ("links:\n  pbx:\n    devices: 1", 2, "links.pbx.driver", "required: a text"),
        ("links:\n  pbx:\n    driver: [a]\n    devices: 1", 3, "links.pbx.driver", "expected a text, got a list"),
        ("links:\n  pbx:\n    driver: ''\n    devices: 1", 3, "links.pbx.driver", "must not be empty: a text"),
        (
            "links:\n  pbx:\n    driver: fake\n    devices: 1\n    request_timeout: soon",
            5,
            "links.pbx.request_timeout",
            "expected a length of time such as 10s, got 'soon'",
        ),
        ("links:\n  pbx:\n    driver: fake\n    devices: 1\n    adress: x", 5, "links.pbx.adress", "unknown key; did you mean 'address'?"),
        ("links:\n  pbx:\n    driver: fake\n    devices: 1\n    timers: x", 5, "links.pbx.timers", "expected a whole number, got 'x'"),
        ("links:\n  pbx:\n    driver: fake\n    devices: 1\n    timers: -1", 5, "links.pbx.timers", "must not be negative"),
        (
            "links:\n  my pbx: {driver: fake, devices: 1}",
            2,
            "links.'my pbx'",
            "the name of a link is made of letters, digits, - and _, 64 at most",
        ),
        (
            "links:\n  a: {driver: fake, devices: [7, 1101-1130]}\n  b:\n    driver: fake\n    devices:\n    - 8\n    - 1130",
            7,
            "links.b.devices[1]",
            "a device belongs to one link: 1130 is also in links.a.devices (1101-1130)",
        ),
        (
            "links:\n  a: {driver: fake, devices: 11*}\n  b:\n    driver: fake\n    devices: 11*",
            5,
            "links.b.devices",
            "a device belongs to one link: 11* is also in links.a.devices",
        ),
        (
            LINKS + "telservices:\n  listen:\n  - 0.0.0.0:20000\n  - 127.0.0.1:20000",
            5,
            "telservices.listen[1]",
            "127.0.0.1:20000 is taken: telservices.listen[0] listens on 0.0.0.0:20000",
        ),
        (
            LINKS + "telservices:\n  listen: localhost:8080",
            3,
            "telservices.listen",
            "localhost:8080 is taken: web.listen listens on 127.0.0.1:8080",
        ),
        (LINKS + 'telservices:\n  end_of_pdu: "</x>"', 3, "telservices.end_of_pdu", "must not hold <, with which the next document begins"),
        (
            LINKS + "telservices:\n  allowed_origins:\n  - https://a.example\n  - https://a.example/",
            5,
            "telservices.allowed_origins[1]",
            "expected an origin such as https://crm.example.org (without a path), got 'https://a.example/'",
        ),
        (
            LINKS + "telservices:\n  allowed_origins: [crm.example.org]",
            3,
            "telservices.allowed_origins[0]",
            "expected an origin such as https://crm.example.org, got 'crm.example.org'",
        ),
        (
            LINKS + "sessions:\n  authentication:\n    by_administrator: true",
            4,
            "sessions.authentication.by_administrator",
            "needs sessions.authentication.administrator: nobody could authenticate",
        ),
        (
            LINKS + "sessions:\n  authentication:\n    administrator: {user_id: admin, password: ''}",
            4,
            "sessions.authentication.administrator.password",
            "must not be empty: a text",
        ),
        (
            LINKS + "sessions:\n  authentication:\n    administrator:\n      user_id: admin",
            4,
            "sessions.authentication.administrator.password",
            "required: a text",
        ),
    ],
)
def test_a_fault_has_its_line_and_path(text: str, line: int, path: str, message: str) -> None:
    assert faults(text) == [(line, path, message)]


def test_listeners_that_do_not_meet_are_fine() -> None:
    read(LINKS + "telservices: {listen: [127.0.0.1:1, 127.0.0.2:1, '[::1]:1', 127.0.0.1:0, 127.0.0.1:0]}\nweb: {listen: 127.0.0.1:0}")


def test_one_mistake_gives_one_message() -> None:
    # neither the defaults that stand in for what is wrong nor what depends on it are judged
    text = (
        "telservices: {listen: x}\nweb: {listen: 127.0.0.1:20000}\nsessions: {authentication: {administrator: 5, by_administrator: yes}}\n"
    )
    assert [path for _, path, _ in faults(text + LINKS)] == ["telservices.listen", "sessions.authentication.administrator"]


def test_the_state_directory_is_not_a_file(tmp_path: Path) -> None:
    (tmp_path / "var").write_text("")
    assert faults(LINKS, tmp_path) == [(1, "state.state_directory", f"{tmp_path}/var is not a folder")]


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate with its key, another key, and the key under a password."""
    folder = tmp_path_factory.mktemp("tls")
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("needs openssl")
    for arguments in (
        "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj /CN=gateway -keyout key.pem -out cert.pem",
        "genpkey -algorithm EC -pkeyopt ec_paramgen_curve:prime256v1 -out other.pem",
        "ec -in key.pem -aes128 -passout pass:secret -out locked.pem",
    ):
        subprocess.run([openssl, *arguments.split()], cwd=folder, check=True, capture_output=True)
    (folder / "folder.pem").mkdir()
    return folder


def tls(certificate: str, key: str) -> str:
    return LINKS + f"telservices:\n  tls:\n    certificate: {certificate}\n    key: {key}\n"


def test_a_certificate_and_its_key_are_fine(certificates: Path) -> None:
    config = read(tls("cert.pem", "key.pem"), certificates)
    assert config.telservices.tls == sections.Tls(certificates / "cert.pem", certificates / "key.pem", Address("127.0.0.1", 20443))
    assert read(render(config), certificates).telservices == config.telservices


@pytest.mark.parametrize(
    ("certificate", "key", "line", "path", "message"),
    [
        ("none.pem", "key.pem", 4, "telservices.tls.certificate", "none.pem does not exist"),
        ("cert.pem", "folder.pem", 5, "telservices.tls.key", "folder.pem is not a file"),
        ("cert.pem", "other.pem", 3, "telservices.tls", "does not belong to the certificate"),
        ("cert.pem", "locked.pem", 3, "telservices.tls", "the key has a password"),
        ("cert.pem", "cert.pem", 3, "telservices.tls", "are not a certificate and its key in PEM form"),
        ("cert.pem", f"{'a' * 300}", 5, "telservices.tls.key", "cannot be read: File name too long"),
    ],
)
def test_certificates_are_judged(certificates: Path, certificate: str, key: str, line: int, path: str, message: str) -> None:
    ((where, what, text),) = faults(tls(certificate, key), certificates)
    assert (where, what) == (line, path)
    assert message in text


def test_certificates_that_nobody_may_read_are_a_fault(certificates: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.access", lambda *arguments: False)
    assert [message for _, _, message in faults(tls("cert.pem", "key.pem"), certificates)] == [
        f"{certificates}/cert.pem cannot be read: permission denied",
        f"{certificates}/key.pem cannot be read: permission denied",
    ]


@pytest.mark.parametrize(
    ("one", "other", "shared"),
    [
        (["1101"], ["1102"], None),
        (["1101"], ["1100", "1101"], ("1101", "1101")),
        (["1101-1130"], ["1105"], ("1101-1130", "1105")),
        (["5", "1105"], ["1101-1130"], ("1105", "1101-1130")),
        (["1101-1130"], ["1131-1140"], None),
        (["1101-1130"], ["1130-1140"], ("1101-1130", "1130-1140")),
        (["1101-1130"], ["01101-01130"], None),
        (["1000-1999"], ["1101-1130"], ("1000-1999", "1101-1130")),
        (["2*"], ["21*"], ("2*", "21*")),
        (["21*"], ["2*"], ("21*", "2*")),
        (["21*"], ["22*"], None),
        (["11*"], ["1090-1100"], ("11*", "1090-1100")),
        (["1200-1300"], ["11*"], None),
        (["1090-1200"], ["11*"], ("1090-1200", "11*")),
        (["11015*"], ["1101-1130"], None),
        (["1101*"], ["1101-1130"], ("1101*", "1101-1130")),
        (["a*"], ["1101-1130"], None),
        (["*"], ["1101-1130"], ("*", "1101-1130")),
        (["*21"], ["2*"], None),
    ],
)
def test_devices_of_two_links_are_compared(one: list[str], other: list[str], shared: tuple[str, str] | None) -> None:
    assert overlap(DeviceSet(one), DeviceSet(other)) == shared


entries = st.lists(
    st.one_of(
        st.integers(0, 999).map(lambda n: f"{n:03d}"),
        st.tuples(st.integers(0, 999), st.integers(0, 999)).map(lambda ends: f"{min(ends):03d}-{max(ends):03d}"),
        st.integers(0, 99).map(lambda n: f"{n}*"),
    ),
    min_size=1,
    max_size=4,
).map(DeviceSet)
NUMBERS = [f"{n:03d}" for n in range(1000)]


@settings(deadline=None)
@given(entries, entries)
def test_devices_overlap_exactly_when_they_share_a_number(one: DeviceSet, other: DeviceSet) -> None:
    # every entry here has a number of three digits, if only as a prefix
    assert (overlap(one, other) is not None) == any(number in one and number in other for number in NUMBERS)


def test_the_effective_configuration_reads_back_and_hides_secrets() -> None:
    text = "sessions: {authentication: {administrator: {user_id: admin, password: hunter2}}}\nweb: {listen: none}\n"
    config = read(text + "links: {pbx: {driver: fake, devices: ['0123', '2*'], password: hunter2, address: '[::1]:5'}}\n")
    printed = render(config)
    assert "hunter2" not in printed
    assert list(map(str.strip, printed.splitlines())).count("password: '***'") == 2
    again = read(printed)
    assert render(again) == printed
    stars = sections.Administrator("admin", Secret("***"))
    assert again.sessions == replace(config.sessions, authentication=sections.Authentication(stars))
    assert again.links["pbx"].devices == config.links["pbx"].devices
    assert replace(again, sessions=config.sessions, links=config.links) == config


def test_the_effective_configuration_shows_every_option_in_the_order_of_the_file() -> None:
    printed = render(read(""))
    assert re.findall(r"^(\w+):", printed, re.MULTILINE) == ["telservices", "web", "sessions", "links", "logs", "state"]
    assert "  request_timeout: 30s\n  keep_alive_timeout: 1m\n" in printed
    assert "    resync_interval: 10m\n    address: null\n    password: '***'\n    timers: 1\n" in printed


def test_every_section_of_the_configuration_is_printed() -> None:
    names = {option.name for option in fields(Config)} - {"source"}
    assert set(re.findall(r"^(\w+):", render(read("")), re.MULTILINE)) == names


def test_every_option_has_its_line_of_documentation() -> None:
    documented = [option.kind for option in option_fields(Config)]
    documented += [sections.Tls, sections.Administrator, sections.Authentication, LinkSection]
    for section in documented:
        assert section.__doc__
        for option in option_fields(section):
            doc = option.field.metadata["doc"]
            assert doc, option.name
            assert "\n" not in doc


def test_the_file_of_the_demo_says_what_the_demo_is() -> None:
    assert load(ROOT / "conf" / "telgw.yaml") == parse("", ROOT / "conf")


def test_the_file_of_the_demo_shows_every_option_at_its_default() -> None:
    text = (ROOT / "conf" / "telgw.yaml").read_text()
    shown = re.sub(r"^( *)#(?=[a-z])(?!tls|administrator)", r"\1", text, flags=re.MULTILINE)
    assert shown != text
    assert parse(shown, ROOT / "conf") == parse("", ROOT / "conf")
    for section in (*(option.kind for option in option_fields(Config)), LinkSection):
        for option in option_fields(section):
            assert re.search(rf"^ +#?{option.name}:", text, re.MULTILINE), option.name
    examples = re.findall(r"#((?:tls|administrator): .*)", text)
    assert len(examples) == 2


def tool() -> ModuleType:
    spec = importlib.util.spec_from_file_location("configuration_docs", ROOT / "tools" / "configuration_docs.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_documentation_is_up_to_date() -> None:
    assert tool().main(["--check"]) == 0, "run tools/configuration_docs.py"


def test_faults_of_the_documentation_are_what_the_gateway_says() -> None:
    text = (ROOT / "docs" / "configuration.md").read_text()
    assert faults("\ntelservices: {lisen: x}\n" + LINKS) == [(2, "telservices.lisen", "unknown key; did you mean 'listen'?")]
    assert "telgw.yaml:2: telservices.lisen: unknown key; did you mean 'listen'?" in text


keys = st.sampled_from(
    "telservices web sessions links logs state listen tls certificate key pbx driver devices authentication administrator "  # noqa: SIM905
    "by_administrator allowed_origins end_of_pdu state_directory level x".split()
)
values = st.sampled_from(
    ["fake", "broken", "1101-1130", "'2*'", "none", "127.0.0.1:20000", "soon", "yes", "/", "''", "info", "'<'", "x.pem", "'\\q'", ""]
)
trees = st.recursive(
    values,
    lambda inner: (
        st.lists(inner, max_size=3).map(lambda items: f"[{', '.join(items)}]")
        | st.lists(st.tuples(keys, inner), max_size=4).map(lambda items: "{" + ", ".join(f"{k}: {v}" for k, v in items) + "}")
    ),
    max_leaves=20,
)


@settings(deadline=None)
@given(st.lists(st.tuples(keys, trees), max_size=6).map(lambda items: "\n".join(f"{k}: {v}" for k, v in items)) | st.text(max_size=50))
def test_no_text_raises_anything_but_a_config_error(text: str) -> None:
    config = read_or_error(text)
    if isinstance(config, ConfigError):
        assert all(fault.line >= 1 and fault.message for fault in config.faults)
    else:
        assert config.links
        assert read(render(config)).links.keys() == config.links.keys()


def read_or_error(text: str) -> Config | ConfigError:
    try:
        return read(text)
    except ConfigError as error:
        return error

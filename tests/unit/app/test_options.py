"""Options: every type, every fault with its line and path, and no document that breaks the reader."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import Any, Optional

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from telgw.app import document as limits
from telgw.app.document import ConfigError, Document, Fault
from telgw.app.options import FAULTY, describe, read_section, unreadable
from telgw.app.rendering import plain_section, render_mapping
from telgw.base.address import Address
from telgw.base.numbers import DeviceSet
from telgw.base.period import Period
from telgw.base.secrets import Secret

FOLDER = Path("/conf")


class Colour(Enum):
    RED = "red"
    GREEN = "green"


@dataclass(frozen=True)
class Inner:
    name: str = field(metadata={"doc": "a name"})
    file: Path = field(default=Path("inner.pem"), metadata={"doc": "a file"})


@dataclass(frozen=True)
class Folder:
    path: Path = field(default=Path("var"), metadata={"doc": "a folder"})


@dataclass(frozen=True)
class Everything:
    text: str = field(default="", metadata={"doc": "a text"})
    number: int = field(default=5, metadata={"doc": "a number", "min": 1, "max": 9})
    ratio: float = field(default=0.5, metadata={"doc": "a ratio", "max": 1})
    flag: bool = field(default=False, metadata={"doc": "a flag"})
    raw: bytes = field(default=b"", metadata={"doc": "bytes"})
    period: Period = field(default=Period(10.0), metadata={"doc": "a period", "min": 0.01})
    secret: Secret = field(default=Secret("x"), metadata={"doc": "a secret", "not_empty": True})
    address: Address = field(default=Address("127.0.0.1", 1), metadata={"doc": "an address"})
    maybe: Address | None = field(default=None, metadata={"doc": "perhaps an address"})
    word: Optional[str] = field(default="w", metadata={"doc": "perhaps a text"})  # noqa: UP045 - both spellings are read
    path: Path = field(default=Path("p"), metadata={"doc": "a path"})
    devices: DeviceSet = field(default=DeviceSet([]), metadata={"doc": "devices"})
    owned: DeviceSet = field(default=DeviceSet(["1"]), metadata={"doc": "devices", "not_empty": True})
    colour: Colour = field(default=Colour.RED, metadata={"doc": "a colour"})
    many: tuple[int, ...] = field(default=(), metadata={"doc": "numbers"})
    some: tuple[Address, ...] = field(default=(), metadata={"doc": "addresses", "one_or_many": True})
    named: dict[str, Inner] = field(default_factory=dict, metadata={"doc": "inner ones by name"})
    inner: Inner | None = field(default=None, metadata={"doc": "an inner one"})
    folder: Folder = field(default=Folder(), metadata={"doc": "a section"})
    not_an_option: str = field(default="kept", metadata={"internal": True})


KNOWN = ", ".join(sorted(set(Everything.__dataclass_fields__) - {"not_an_option"}))


def read(text: str | bytes, section: type[Any] = Everything) -> Any:
    document = Document.parse(text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass"), "f.yaml", FOLDER)
    value = read_section(document, document.mapping(document.root, ""), "", section)
    document.check()
    return value


def faults(text: str | bytes, section: type[Any] = Everything) -> list[tuple[int, str, str]]:
    with pytest.raises(ConfigError) as caught:
        read(text, section)
    return [(fault.line, fault.path, fault.message) for fault in caught.value.faults]


@pytest.mark.parametrize(
    ("text", "name", "value"),
    [
        ("text: 0123", "text", "0123"),
        ("text: 20:00", "text", "20:00"),
        ("text: 2026-01-01", "text", "2026-01-01"),
        ("text: yes", "text", "yes"),
        ("text: 'null'", "text", "null"),
        ('text: ""', "text", ""),
        ("number: 9", "number", 9),
        ("number: +9", "number", 9),
        ("ratio: 1", "ratio", 1.0),
        ("ratio: -0.25", "ratio", -0.25),
        ("flag: true", "flag", True),
        ("flag: Yes", "flag", True),
        ("flag: off", "flag", False),
        ("raw: '\\r\\n\\t\\0\\x7F\\xff\\\\é'", "raw", b"\r\n\t\0\x7f\xff\\\xc3\xa9"),
        ('raw: "\\n"', "raw", b"\n"),
        ("period: 200ms", "period", 0.2),
        ("period: 5", "period", 5.0),
        ("secret: 0123", "secret", Secret("0123")),
        ("address: '[::1]:20000'", "address", Address("::1", 20000)),
        ("address: localhost:0", "address", Address("localhost", 0)),
        ("maybe: none", "maybe", None),
        ("maybe: ~", "maybe", None),
        ("maybe: 1.2.3.4:5", "maybe", Address("1.2.3.4", 5)),
        ("word: none", "word", "none"),
        ("word:", "word", None),
        ("path: a/b.pem", "path", FOLDER / "a/b.pem"),
        ("path: /a/b.pem", "path", Path("/a/b.pem")),
        ("text: x", "path", FOLDER / "p"),
        ("devices: [1101, 0123, 1101-1130, 2*, '*21']", "devices", DeviceSet(["1101", "0123", "1101-1130", "2*", "*21"])),
        ("devices: 1101-1130", "devices", DeviceSet(["1101-1130"])),
        ("devices: []", "devices", DeviceSet([])),
        ("colour: green", "colour", Colour.GREEN),
        ("many: [1, 2]", "many", (1, 2)),
        ("some: 1.2.3.4:5", "some", (Address("1.2.3.4", 5),)),
        ("some: [1.2.3.4:5]", "some", (Address("1.2.3.4", 5),)),
        ("named: {a: {name: n}, 2: {name: m, file: /x}}", "named", {"a": Inner("n", FOLDER / "inner.pem"), "2": Inner("m", Path("/x"))}),
        ("named:", "named", {}),
        ("inner: {name: n}", "inner", Inner("n", FOLDER / "inner.pem")),
        ("inner:", "inner", None),
        ("folder:", "folder", Folder(FOLDER / "var")),
        ("text: x", "folder", Folder(FOLDER / "var")),
        ("", "number", 5),
        ("# nothing\n", "not_an_option", "kept"),
        ("\ufefftext: x", "text", "x"),
        ("many: &a [1, 2]\nnumber: 3", "many", (1, 2)),
        ("inner: &i {name: n}\nnamed: {a: *i}", "named", {"a": Inner("n", FOLDER / "inner.pem")}),
    ],
)
def test_values_are_taken_as_they_are_written(text: str, name: str, value: object) -> None:
    read_value = getattr(read(text), name)
    assert read_value == value
    assert type(read_value) is type(value)


@pytest.mark.parametrize(
    ("text", "line", "path", "message"),
    [
        ("\ntext:", 2, "text", 'expected a text, got nothing (an empty text is written "")'),
        ("text: [a]", 1, "text", "expected a text, got a list"),
        ("text: {a: b}", 1, "text", "expected a text, got keys with values"),
        ("number: 012", 1, "number", "expected a whole number, got '012'"),
        ("number: 1.5", 1, "number", "expected a whole number, got '1.5'"),
        ("number: 0x1F", 1, "number", "expected a whole number, got '0x1F'"),
        ("number: ٣", 1, "number", "expected a whole number, got '٣'"),
        ("number: 10", 1, "number", "expected from 1 to 9, got '10'"),
        ("number: " + "9" * 5000, 1, "number", f"expected a whole number, got '{'9' * 57}...'"),
        ("ratio: .nan", 1, "ratio", "expected a number, got '.nan'"),
        ("ratio: 1.5", 1, "ratio", "expected at most 1, got '1.5'"),
        ("ratio: " + "9" * 350, 1, "ratio", f"expected a number, got '{'9' * 57}...'"),
        ("flag: maybe", 1, "flag", "expected true or false, got 'maybe'"),
        (
            "raw: 'a\\qb'",
            1,
            "raw",
            "expected a text, with \\n \\r \\t \\0 \\xNN for bytes that cannot be written, got 'a\\qb' "
            "(\\q is not an escape; a backslash is written \\\\)",
        ),
        ("period: soon", 1, "period", "expected a length of time such as 10s, got 'soon'"),
        ("period: -1s", 1, "period", "expected a length of time such as 10s, got '-1s'"),
        ("period: 1ms", 1, "period", "expected at least 10ms, got '1ms'"),
        ("period: " + "9" * 400, 1, "period", f"expected a length of time such as 10s, got '{'9' * 57}...'"),
        ("secret: [hidden]", 1, "secret", "expected a text, got a list"),
        ("secret: ''", 1, "secret", "must not be empty: a text"),
        ("address: 20000", 1, "address", "expected an address such as 127.0.0.1:20000, got '20000' (no port)"),
        (
            "address: 1.2.3.4:x",
            1,
            "address",
            "expected an address such as 127.0.0.1:20000, got '1.2.3.4:x' (the port is a number from 0 to 65535)",
        ),
        (
            "address: ':20000'",
            1,
            "address",
            "expected an address such as 127.0.0.1:20000, got ':20000' (no host: 127.0.0.1 means this machine only, 0.0.0.0 every network)",
        ),
        ("address: none", 1, "address", "expected an address such as 127.0.0.1:20000, got 'none' (no port)"),
        ("path: ''", 1, "path", "expected a file name, got ''"),
        ('path: "a\\0b"', 1, "path", "expected a file name, got 'a\\x00b'"),
        ("devices:\n- 1101\n- 12 13", 3, "devices[1]", "'12 13' is neither a number (1101), a range (1101-1130) nor a prefix (2*)"),
        ("devices: 1130-1101", 1, "devices", "'1130-1101': the range ends before it begins"),
        ("devices: {a: b}", 1, "devices", "expected a text, got keys with values"),
        ("owned: []", 1, "owned", "must not be empty: a list of numbers (1101), ranges (1101-1130) and prefixes (2*)"),
        ("colour: gren", 1, "colour", "expected one of red, green, got 'gren' (did you mean 'green'?)"),
        ("colour: blue", 1, "colour", "expected one of red, green, got 'blue'"),
        ("colour:", 1, "colour", "expected one of red, green, got nothing"),
        ("many: 1", 1, "many", "expected a list, got '1'"),
        ("many:\n  - 1\n  - x", 3, "many[1]", "expected a whole number, got 'x'"),
        ("named: [a]", 1, "named", "expected keys with values, got a list"),
        ("named:\n  a:\n    file: x", 2, "named.a.name", "required: a text"),
        ("named:\n  a.b: {}", 2, "named.'a.b'.name", "required: a text"),
        ("inner: text", 1, "inner", "expected keys with values, got a single value"),
        ("inner:\n  name: x\n  nam: y", 3, "inner.nam", "unknown key; did you mean 'name'?"),
        ("inner: {name: x, zzz: y}", 1, "inner.zzz", "unknown key; known here: file, name"),
        ('"a\\nb": 1', 1, "'a\\nb'", "unknown key; did you mean 'maybe'?"),
        ("not_an_option: x", 1, "not_an_option", f"unknown key; known here: {KNOWN}"),
        ("text: a\nnumber: 1\ntext: b", 3, "text", "this key is here twice (first on line 1)"),
        ("[a, b]: c", 1, "", "a key must be a word, not a list or another mapping"),
        ("<<: {text: a}", 1, "'<<'", "merge keys are not supported: write the keys out"),
        ("- a", 1, "", "expected keys with values, got a list"),
        ("text", 1, "", "expected keys with values, got a single value"),
        ("\ntext: !!str 1", 2, "", "tags are not supported; quote a text that begins with !"),
        ("text: !secret x", 1, "", "tags are not supported; quote a text that begins with !"),
        ("inner: !!python/object:os.system {name: x}", 1, "", "tags are not supported; quote a text that begins with !"),
    ],
)
def test_a_fault_has_its_line_and_path(text: str, line: int, path: str, message: str) -> None:
    assert faults(text) == [(line, path, message)]


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("a: b\nc: [1, 2", 2, "not YAML"),
        ("a: b\n  c: d", 2, "not YAML"),
        ("a: b\n---\nc: d", 2, "not YAML"),
        ("a: 'b", 1, "not YAML"),
        ("a: b\n\tc: d", 2, "not YAML"),
        ("a: *star21", 1, "not YAML: an alias without its anchor; quote a text that begins with *"),
        ("a: &x 1\nb: &x 2", 2, "not YAML"),
        ('a: b\nc: "\\UFFFFFFFF"', 2, "not YAML"),
        (f"%YAML 1.{'1' * 5000}\n---\na: b", 1, "not YAML"),
        ('a: b\nc: "\\ud800"', 2, "not text: half of a surrogate pair"),
        ("a: b\nc: \x00", 2, "is not text: it has the character U+0000"),
        (b"a: b\nc: \xff", 2, "is not UTF-8 text"),
        ("a: b".encode("utf-16"), 1, "is not UTF-8 text"),
        ("a:\n  &x [*x]", 2, "an alias inside its own anchor has no end"),
        ("[" * 200, 1, "nested deeper than 32 levels"),
        ("\n".join("  " * i + "a:" for i in range(200)), 32, "nested deeper than 32 levels"),
        ("# x\n" * 300_000, 0, "is larger than 1024 KiB: not a configuration"),
    ],
)
def test_what_cannot_be_understood_is_one_fault(text: str | bytes, line: int, message: str) -> None:
    ((where, path, what),) = faults(text)
    assert (where, path) == (line, "")
    assert what.startswith(message)
    assert "\n" not in what


def test_a_billion_laughs_are_counted_before_they_are_laughed() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 10)]
    ((line, path, message),) = faults("\n".join(lines))
    assert (line, path) == (6, "")
    assert message == "holds more than 250000 values once its aliases are followed"


def test_all_faults_are_found_at_once_in_the_order_of_the_file() -> None:
    text = "number: x\ninner: {nam: 3}\nnamed:\n  a: {name: 1}\n  b: {}\nfolder: {pat: 1}\nnumber: 3\n"
    assert [(line, path) for line, path, _ in faults(text)] == [
        (1, "number"),
        (2, "inner.nam"),
        (2, "inner.name"),
        (5, "named.b.name"),
        (6, "folder.pat"),
        (7, "number"),
    ]


def test_an_alias_is_at_fault_where_it_stands() -> None:
    assert [(line, path) for line, path, _ in faults("word: &w soon\n\nperiod: *w")] == [(3, "period")]


def test_no_fault_shows_a_secret() -> None:
    text = "secret: {hunter2: hunter2}\ninner: hunter2\nnumber: 1\n"
    assert "hunter2" not in repr(faults(text))


def test_an_error_prints_one_line_for_each_fault_and_counts_those_that_are_too_many() -> None:
    error = ConfigError([Fault("f.yaml", 2, "a.b", "wrong"), Fault("f.yaml", 1, "", "odd"), Fault("f.yaml", 0, "", "cannot be read: no")])
    assert str(error).splitlines() == ["f.yaml: cannot be read: no", "f.yaml:1: odd", "f.yaml:2: a.b: wrong"]
    many = ConfigError([Fault("f.yaml", i, "a", "wrong") for i in range(1, 101)])
    assert len(str(many).splitlines()) == limits.MAX_PRINTED_FAULTS + 1
    assert str(many).endswith("f.yaml: and 50 more")


@dataclass(frozen=True)
class Choosy:
    low: int = 1
    high: int = 2

    def __post_init__(self) -> None:
        if self.high < 1:
            raise ValueError("nothing is lower than 1")
        if self.low > self.high:
            raise ValueError("low must not exceed high")


@dataclass(frozen=True)
class Outer:
    choosy: Choosy = Choosy()


def test_a_section_may_refuse_its_own_contradictions() -> None:
    assert read("choosy: {low: 2}", Outer).choosy == Choosy(2, 2)
    assert faults("choosy:\n  low: 3", Outer) == [(2, "choosy.low", "must not exceed high")]
    assert faults("choosy:\n  low: 3\n  high: 0", Outer) == [(1, "choosy", "nothing is lower than 1")]


def test_a_file_that_cannot_be_read_is_a_fault_of_the_whole_file(tmp_path: Path) -> None:
    for path, reason in ((tmp_path / "none.yaml", "No such file"), (tmp_path, "Is a directory"), (Path("a\0b"), "embedded null")):
        with pytest.raises(ConfigError) as caught:
            Document.load(path)
        (fault,) = caught.value.faults
        assert (fault.line, fault.path) == (0, "")
        assert fault.message.startswith(f"cannot be read: {reason}")


def test_a_section_that_misses_something_is_faulty_and_prints_so() -> None:
    document = Document.parse(b"", "f.yaml", FOLDER)
    value = read_section(document, {}, "", Inner)
    assert value is FAULTY
    assert not value
    assert repr(value) == "FAULTY"


@dataclass(frozen=True)
class Strange:
    odd: set[int] = field(default_factory=set)


@dataclass(frozen=True)
class Around:
    strange: dict[str, Strange] = field(default_factory=dict)


@dataclass(frozen=True)
class Either:
    odd: int | str = 1


@dataclass(frozen=True)
class Unresolved:
    odd: Nowhere = None  # type: ignore[name-defined]  # noqa: F821


@dataclass
class Thawed:
    fine: int = 1


@pytest.mark.parametrize(
    ("section", "reason"),
    [
        (Everything, ""),
        (Strange, "Strange: an option cannot be of type set[int]"),
        (Around, "Around.strange: Strange: an option cannot be of type set[int]"),
        (Either, "Either: an option cannot be of type int | str"),
        (Unresolved, "Unresolved: name 'Nowhere' is not defined"),
        (Thawed, "Thawed is not frozen"),
        (int, "<class 'int'> is not a dataclass"),
        (None, "None is not a dataclass"),
    ],
)
def test_what_a_plugin_declares_is_judged_before_it_is_read(section: Any, reason: str) -> None:
    assert unreadable(section) == reason


def test_types_are_described_in_words() -> None:
    assert describe(Period, {"min": 0.5}) == "a length of time such as 10s, at least 500ms"
    assert describe(Address | None) == "an address such as 127.0.0.1:20000, or none"
    assert describe(tuple[Address, ...], {"one_or_many": True}) == "an address such as 127.0.0.1:20000, or a list of them"
    assert describe(dict[str, Inner]) == "names, each with keys with values"


texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20).filter(
    lambda text: not yaml.SafeLoader.NON_PRINTABLE.search(text)
)
ports = st.integers(0, 65535)
addresses = st.builds(Address, st.sampled_from(["127.0.0.1", "::1", "pbx.example.org"]), ports)
everything = st.builds(
    Everything,
    text=texts,
    number=st.integers(1, 9),
    ratio=st.floats(max_value=1, allow_nan=False, allow_infinity=False),
    flag=st.booleans(),
    raw=st.binary(max_size=20),
    period=st.floats(0.01, 1e9).map(Period),
    secret=st.just(Secret("***")),
    address=addresses,
    maybe=st.none() | addresses,
    word=st.none() | texts,
    path=st.sampled_from([Path("/a/b"), Path("/conf/p")]),
    devices=st.lists(st.sampled_from(["1101", "0123", "1101-1130", "2*", "*", "1e3", "0x10", "none"]), max_size=3).map(DeviceSet),
    owned=st.just(DeviceSet(["007"])),
    colour=st.sampled_from(Colour),
    many=st.lists(st.integers(-(10**17), 10**17), max_size=3).map(tuple),
    some=st.lists(addresses, max_size=2).map(tuple),
    named=st.dictionaries(texts.filter(lambda key: key != "<<"), st.builds(Inner, texts, st.just(Path("/x"))), max_size=2),
    inner=st.none() | st.builds(Inner, texts, st.just(Path("/x"))),
    folder=st.just(Folder(Path("/var"))),
    not_an_option=st.just("kept"),
)


@settings(deadline=None)
@given(everything)
def test_what_is_printed_reads_back(value: Everything) -> None:
    assert read(render_mapping(plain_section(value))) == value


names = st.sampled_from([*Everything.__dataclass_fields__, "name", "file", "a"])
scalars = st.sampled_from(["", "x", "1", "0123", "none", "20:00", "5s", "1.2.3.4:5", "red", "'\\q'", "2*", "!x", "*a", "&a 1", "~", "}"])
trees = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=4).map(lambda items: "[" + ", ".join(items) + "]")
        | st.lists(st.tuples(names | scalars, inner), max_size=4).map(
            lambda items: "{" + ", ".join(f"{key}: {value}" for key, value in items) + "}"
        )
    ),
    max_leaves=20,
)
documents = st.lists(st.tuples(names, trees), max_size=6).map(lambda items: "\n".join(f"{key}: {value}" for key, value in items))


def read_or_error(text: str | bytes) -> Any:
    try:
        return read(text)
    except ConfigError as error:
        return error


@settings(deadline=None)
@given(documents | st.text(max_size=200) | st.text("{}[]:-,&*!|>'\"%@` \n\tab<?", max_size=60))
def test_no_text_raises_anything_but_a_config_error(text: str) -> None:
    value = read_or_error(text)
    if isinstance(value, ConfigError):
        assert value.faults
        assert all(fault.line >= 1 for fault in value.faults)
        assert len(str(value).splitlines()) == min(len(value.faults), limits.MAX_PRINTED_FAULTS + 1)
    else:
        assert isinstance(value, Everything)


@settings(deadline=None)
@given(st.binary(max_size=100))
def test_no_bytes_raise_anything_but_a_config_error(data: bytes) -> None:
    assert isinstance(read_or_error(data), ConfigError | Everything)

"""Options: the keys of a section, read from a YAML document into a frozen dataclass.

Why an own reader instead of cattrs: every fault has its file, line and path, and all faults are found in one go.

A section is a frozen dataclass. The annotation of a field says how its value is written, its default is the option's default, and its
metadata says the rest:

    doc           one line for the administrator (docs/configuration.md is made of them)
    min, max      bounds of an int, a float or a Period
    not_empty     a text, list, mapping or set of devices needs something in it
    one_or_many   a list (tuple[T, ...]) may also be written as one value
    internal      not an option: the reader leaves the field at its default

Annotations that can be read: str, int, float, bool, bytes (a text with escapes), Period, Secret, Address, Path, DeviceSet, Enum, other
sections, Optional[T], tuple[T, ...] and dict[str, T]. Values are taken as they are written: a device `0123` is not an octal number, and
`20:00` is not 1200. A section may raise ValueError from `__post_init__` when its values contradict each other; the fault is
at the line of the option with whose name the message begins.

One module, though long, because reading a section, a list and a value call each other.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from enum import Enum
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Final, NamedTuple, TypeVar, Union, get_args, get_origin, get_type_hints

from yaml import Node, ScalarNode, SequenceNode

from telgw.app.document import ConfigError, Document, Entry, Fault, below, is_null, shown
from telgw.app.scalars import SCALARS
from telgw.base.numbers import DeviceSet
from telgw.base.period import Period, print_period
from telgw.base.secrets import Secret

__all__ = ["FAULTY", "ConfigError", "Document", "Fault", "closest", "describe", "option_fields", "read_section", "unreadable"]

S = TypeVar("S")

#: What is given for a value that could not be read; the fault is in the document.
FAULTY: Final[Any] = type("Faulty", (), {"__repr__": lambda self: "FAULTY", "__bool__": lambda self: False})()


class Option(NamedTuple):
    """A field of a section, its annotation resolved."""

    name: str
    kind: Any
    field: Field[Any]

    def default(self) -> Any:
        """The default value, or MISSING where the option is required."""
        if self.field.default_factory is not MISSING:
            return self.field.default_factory()
        return self.field.default


def option_fields(section: type[Any]) -> tuple[Option, ...]:
    """The options of a section, in their order. Raises TypeError when it is not a dataclass."""
    hints = get_type_hints(section)
    return tuple(Option(f.name, hints[f.name], f) for f in fields(section) if f.init and not f.metadata.get("internal"))


def unreadable(section: type[Any]) -> str:
    """Why `section` cannot be read from a configuration file; empty when it can. For plugins, whose authors are not ours."""
    if not (isinstance(section, type) and is_dataclass(section)):
        return f"{section!r} is not a dataclass"
    if not section.__dataclass_params__.frozen:  # type: ignore[attr-defined]
        return f"{section.__name__} is not frozen"
    try:
        for option in option_fields(section):
            inner = section_of(option.kind)
            if inner is None:
                describe(option.kind)
            elif reason := unreadable(inner):
                return f"{section.__name__}.{option.name}: {reason}"
    except (TypeError, NameError) as error:
        return f"{section.__name__}: {error}"
    return ""


def read_section(
    document: Document, entries: Mapping[str, Entry] | None, path: str, section: type[S], known: Iterable[str] | None = ()
) -> S:
    """Read the options of `section` from the keys at `path`.

    `known` names further keys that are read elsewhere; with None, keys that are no option are left alone. A value that cannot be read
    is replaced by its default, so that the reading goes on; a section that lacks a required value is FAULTY.
    """
    if entries is None:
        return FAULTY  # type: ignore[no-any-return]
    options = option_fields(section)
    if known is not None:
        names = [option.name for option in options] + list(known)
        for key in entries:
            if key not in names:
                document.fault(below(path, key), f"unknown key; {closest(key, names)}")
    values: dict[str, Any] = {}
    for option in options:
        value = _read_option(document, entries.get(option.name), below(path, option.name), option)
        if value is FAULTY:
            value = _default(document, option)
        if value is not MISSING:
            values[option.name] = value
        elif option.name not in entries:
            document.fault(below(path, option.name), f"required: {describe(option.kind, option.field.metadata)}")
    if any(o.name not in values or values[o.name] is FAULTY for o in options):
        return FAULTY  # type: ignore[no-any-return]
    try:
        return section(**values)
    except ValueError as error:
        name, _, rest = str(error).partition(" ")
        own = name in values and rest
        document.fault(below(path, name) if own else path, rest if own else str(error))
        return FAULTY  # type: ignore[no-any-return]


def closest(name: str, names: Iterable[str]) -> str:
    """A hint for somebody who wrote `name` where one of `names` belongs."""
    from difflib import get_close_matches

    candidates = sorted(names)
    if found := get_close_matches(name[:64], candidates, n=1, cutoff=0.5):
        return f"did you mean {found[0]!r}?"
    return f"known here: {', '.join(candidates) or 'nothing'}"


def describe(kind: Any, metadata: Mapping[str, Any] | None = None) -> str:
    """How a value of that annotation is written, in words. Raises TypeError for an annotation that cannot be read."""
    metadata = metadata or {}
    if (inner := optional_of(kind)) is not None:
        return f"{describe(inner, metadata)}, or none"
    if is_section(kind):
        return "keys with values"
    if get_origin(kind) is tuple:
        item, many = describe(item_of(kind)), "a list, each item "
        return f"{item}, or a list of them" if metadata.get("one_or_many") else many + item
    if get_origin(kind) is dict:
        return f"names, each with {describe(item_of(kind))}"
    if kind is DeviceSet:
        return "a list of numbers (1101), ranges (1101-1130) and prefixes (2*)"
    if isinstance(kind, type) and issubclass(kind, Enum):
        return "one of " + ", ".join(str(member.value) for member in kind)
    if kind not in SCALARS:
        raise TypeError(f"an option cannot be of type {kind!r}")
    bounds = _bounds(kind, metadata)
    return f"{SCALARS[kind].expected}, {bounds}" if bounds else SCALARS[kind].expected


def _default(document: Document, option: Option) -> Any:
    default = option.default()
    return document.folder / default if isinstance(default, Path) else default


def _read_option(document: Document, entry: Entry | None, path: str, option: Option) -> Any:
    if entry is not None:
        return _read(document, entry.node, path, option.kind, option.field.metadata)
    if is_section(option.kind):
        # a section that is not there is a section of defaults, whose file names are relative like any other
        return read_section(document, {}, path, option.kind)
    return _default(document, option)


def _read(document: Document, node: Node, path: str, kind: Any, metadata: Mapping[str, Any]) -> Any:
    if (inner := optional_of(kind)) is not None:
        if is_null(node) or (inner is not str and isinstance(node, ScalarNode) and node.value == "none"):
            return None
        return _read(document, node, path, inner, metadata)
    if is_section(kind):
        return read_section(document, document.mapping(node, path), path, kind)
    if get_origin(kind) is dict:
        entries = document.mapping(node, path)
        if entries is None:
            return FAULTY
        read = {key: _read(document, entry.node, below(path, key), item_of(kind), {}) for key, entry in entries.items()}
        value: Any = {key: value for key, value in read.items() if value is not FAULTY}
    elif get_origin(kind) is tuple:
        value = _read_list(document, node, path, item_of(kind), metadata)
    elif kind is DeviceSet:
        value = _read_devices(document, node, path)
    else:
        value = _read_scalar(document, node, path, kind, metadata)
    if metadata.get("not_empty") and value is not FAULTY and _is_empty(value) and document.sound(path):
        document.fault(path, f"must not be empty: {describe(kind, metadata)}")
        return FAULTY
    return value


def _read_list(document: Document, node: Node, path: str, kind: Any, metadata: Mapping[str, Any]) -> Any:
    if not isinstance(node, SequenceNode):
        if metadata.get("one_or_many"):
            value = _read(document, node, path, kind, {})
            return FAULTY if value is FAULTY else (value,)
        document.fault(path, f"expected a list, got {_got(node)}")
        return FAULTY
    values = []
    for index, item in enumerate(node.value):
        where = f"{path}[{index}]"
        document.lines[where] = item.start_mark.line + 1
        values.append(_read(document, item, where, kind, {}))
    return FAULTY if any(value is FAULTY for value in values) else tuple(values)


def _read_devices(document: Document, node: Node, path: str) -> Any:
    entries = _read_list(document, node, path, str, {"one_or_many": True})
    if entries is FAULTY:
        return FAULTY
    faulty = False
    for index, entry in enumerate(entries):
        try:
            DeviceSet([entry])
        except ValueError as error:
            document.fault(f"{path}[{index}]" if isinstance(node, SequenceNode) else path, str(error))
            faulty = True
    return FAULTY if faulty else DeviceSet(entry.strip() for entry in entries)


def _read_scalar(document: Document, node: Node, path: str, kind: Any, metadata: Mapping[str, Any]) -> Any:
    if isinstance(kind, type) and issubclass(kind, Enum):
        choices = {str(member.value): member for member in kind}
        if isinstance(node, ScalarNode) and node.value in choices:
            return choices[node.value]
        hint = f" ({closest(node.value, choices)})" if isinstance(node, ScalarNode) and node.value else ""
        hint = hint if "did you mean" in hint else ""
        document.fault(path, f"expected {describe(kind)}, got {_got(node)}{hint}")
        return FAULTY
    expected, hidden = describe(kind), kind is Secret
    if not isinstance(node, ScalarNode) or is_null(node):
        empty = ' (an empty text is written "")' if kind in (str, bytes, Secret) and isinstance(node, ScalarNode) else ""
        document.fault(path, f"expected {expected}, got {_got(node)}{empty}")
        return FAULTY
    try:
        value = document.folder / SCALARS[kind].parse(node.value) if kind is Path else SCALARS[kind].parse(node.value)
    except ValueError as error:
        hint = f" ({error})" if str(error) and not hidden else ""
        document.fault(path, f"expected {expected}, got {'a secret' if hidden else shown(node.value)}{hint}")
        return FAULTY
    bounds = _bounds(kind, metadata)
    if bounds and not metadata.get("min", value) <= value <= metadata.get("max", value):
        document.fault(path, f"expected {bounds}, got {shown(node.value)}")
        return FAULTY
    return value


def _got(node: Node) -> str:
    if isinstance(node, ScalarNode):
        return "nothing" if is_null(node) else shown(node.value)
    return "a list" if isinstance(node, SequenceNode) else "keys with values"


def _is_empty(value: Any) -> bool:
    if isinstance(value, Secret):
        return not value.reveal()
    return not (value.entries if isinstance(value, DeviceSet) else value)


def optional_of(kind: Any) -> Any:
    """T of Optional[T]; None for any other annotation."""
    if get_origin(kind) in (Union, UnionType):
        inner = [arg for arg in get_args(kind) if arg is not NoneType]
        if len(inner) == 1 and NoneType in get_args(kind):
            return inner[0]
        raise TypeError(f"an option cannot be of type {kind!r}")
    return None


def is_section(kind: Any) -> bool:
    """Whether values of that annotation are sections themselves."""
    return isinstance(kind, type) and is_dataclass(kind) and kind not in SCALARS


def section_of(kind: Any) -> type[Any] | None:
    """The section that is somewhere in the annotation, if any: T itself, Optional[T], tuple[T, ...] or dict[str, T]."""
    inner = optional_of(kind) or (item_of(kind) if get_origin(kind) in (tuple, dict) else kind)
    return inner if is_section(inner) else None


def item_of(kind: Any) -> Any:
    args = get_args(kind)
    if get_origin(kind) is tuple and len(args) == 2 and args[1] is Ellipsis:
        return args[0]
    if get_origin(kind) is dict and args[0] is str:
        return args[1]
    raise TypeError(f"an option cannot be of type {kind!r}")


def _bounds(kind: Any, metadata: Mapping[str, Any]) -> str:
    low, high = metadata.get("min"), metadata.get("max")
    texts = [print_period(bound) if kind is Period and bound is not None else bound for bound in (low, high)]
    if low is not None and high is not None:
        return f"from {texts[0]} to {texts[1]}"
    return f"at least {texts[0]}" if low is not None else f"at most {texts[1]}" if high is not None else ""

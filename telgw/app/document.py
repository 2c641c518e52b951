"""A configuration file as YAML nodes, and the faults that are found in it.

Nothing here knows an option. The rules of this file:
- a document is composed into nodes, never constructed into Python values: a node knows its line and its written text, so `0123` stays
  `0123` and each fault says where it is;
- every fault is collected, none stops the reading, except where the file cannot be understood at all;
- what a hostile file could blow up (size, depth, aliases, tags) is bounded here, before anybody walks through the nodes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import yaml
from yaml import MappingNode, Node, ScalarNode, SequenceNode

#: A thousand agents are 60 KB; more than 1 MiB is not a configuration but the wrong file.
MAX_FILE_BYTES = 1024 * 1024
#: The deepest option of the gateway has five levels.
MAX_DEPTH = 32
#: Nodes once every alias is replaced by what it stands for: more than 1 MiB of honest YAML can hold.
MAX_NODES = 250_000
#: Faults that are printed; the rest is counted. Whoever has that many has one mistake, somewhere above.
MAX_PRINTED_FAULTS = 50

_PLAIN_KEY = re.compile(r"[\w*+#-]{1,64}")
_NULL = "tag:yaml.org,2002:null"


@dataclass(frozen=True, slots=True)
class Fault:
    """Something wrong in a configuration file. `line` counts from 1; 0 means the file as a whole."""

    file: str
    line: int
    path: str
    message: str

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}" if self.line else self.file
        return f"{where}: {self.path}: {self.message}" if self.path else f"{where}: {self.message}"


class ConfigError(Exception):
    """The configuration is wrong. `faults` is never empty, and in the order of the file."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults: Sequence[Fault] = tuple(sorted(faults, key=lambda fault: fault.line))
        super().__init__(self.faults)

    def __str__(self) -> str:
        lines = [str(fault) for fault in self.faults[:MAX_PRINTED_FAULTS]]
        if rest := len(self.faults) - len(lines):
            lines.append(f"{self.faults[0].file}: and {rest} more")
        return "\n".join(lines)


class Entry(NamedTuple):
    """The value of one key. The line is the key's: where an alias stands, not where its anchor is."""

    node: Node
    line: int


@dataclass
class Document:
    """The nodes of one file, with the lines of what was read and the faults that were found."""

    file: str
    #: what relative file names are relative to
    folder: Path
    root: Node | None = None
    faults: list[Fault] = field(default_factory=list)
    lines: dict[str, int] = field(default_factory=dict)

    @classmethod
    def load(cls, path: Path) -> Document:
        """Read a file. Raises ConfigError when it cannot be read, or understood as YAML."""
        try:
            with path.open("rb") as file:
                data = file.read(MAX_FILE_BYTES + 1)
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or error
            raise ConfigError([Fault(str(path), 0, "", f"cannot be read: {reason}")]) from error
        return cls.parse(data, str(path), path.absolute().parent)

    @classmethod
    def parse(cls, data: bytes, file: str, folder: Path) -> Document:
        """Compose the document in `data`. Raises ConfigError when it is not one YAML document within the limits."""
        if len(data) > MAX_FILE_BYTES:
            raise ConfigError([Fault(file, 0, "", f"is larger than {MAX_FILE_BYTES // 1024} KiB: not a configuration")])
        try:
            text = data.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            line = data.count(b"\n", 0, error.start) + 1
            raise ConfigError([Fault(file, line, "", "is not UTF-8 text")]) from error
        document = cls(file, folder)
        document.root = _compose(text, document)
        return document

    def fault(self, path: str, message: str, line: int | None = None) -> None:
        """Note a fault at `path`, on the line where the path, or else the nearest one above it, was read."""
        self.faults.append(Fault(self.file, self.line(path) if line is None else line, path, message))

    def line(self, path: str) -> int:
        """The line of `path`, or of the nearest path above it that is in the file."""
        while path not in self.lines:
            if not path:
                return 1
            path = path[: max(path.rfind("."), path.rfind("["), 0)]
        return self.lines[path]

    def sound(self, *paths: str) -> bool:
        """Whether no fault was found in, below or right above any of `paths`: only then is a further check worth a message."""
        return not any(_related(fault.path, path) for fault in self.faults for path in paths)

    def check(self) -> None:
        """Raise ConfigError if there is any fault."""
        if self.faults:
            raise ConfigError(self.faults)

    def mapping(self, node: Node | None, path: str) -> dict[str, Entry] | None:
        """The keys of a mapping; nothing where the file has nothing. None, with a fault, where it is something else."""
        if node is None or is_null(node):
            return {}
        if not isinstance(node, MappingNode):
            # never the value itself: a password may stand where its section should
            self.fault(path, f"expected keys with values, got {'a list' if isinstance(node, SequenceNode) else 'a single value'}")
            return None
        entries: dict[str, Entry] = {}
        for key, value in node.value:
            line = key.start_mark.line + 1
            if not isinstance(key, ScalarNode):
                self.fault(path, "a key must be a word, not a list or another mapping", line)
                continue
            name = key.value
            if name in entries:
                self.fault(below(path, name), f"this key is here twice (first on line {entries[name].line})", line)
                continue
            if name == "<<" and key.style is None:
                self.fault(below(path, name), "merge keys are not supported: write the keys out", line)
                continue
            entries[name] = Entry(value, line)
            self.lines.setdefault(below(path, name), line)
        return entries


def is_null(node: Node) -> bool:
    """Whether the file has nothing there: an empty value, `null` or `~`."""
    return isinstance(node, ScalarNode) and node.tag == _NULL


def below(path: str, key: str) -> str:
    """The path of `key` below `path`; keys that would make the path unreadable are quoted."""
    name = key if _PLAIN_KEY.fullmatch(key) else shown(key)
    return f"{path}.{name}" if path else name


def shown(text: str) -> str:
    """A value as faults quote it: on one line, and not longer than a line."""
    text = text if len(text) <= 60 else text[:57] + "..."
    return f"'{text}'" if text.isprintable() and "'" not in text else repr(text)


def _related(fault: str, path: str) -> bool:
    return fault == path or fault.startswith((path + ".", path + "[")) or path.startswith((fault + ".", fault + "["))


def _compose(text: str, document: Document) -> Node | None:
    if match := yaml.SafeLoader.NON_PRINTABLE.search(text):
        line = text.count("\n", 0, match.start()) + 1
        raise ConfigError([Fault(document.file, line, "", f"is not text: it has the character U+{ord(match[0]):04X}")])
    loader = _Loader(text, document)
    try:
        node: Node | None = loader.get_single_node()
    except _UnreadableError as error:
        message, line = str(error), error.line
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        message, line = _problem(error), mark.line + 1 if mark else 1
    except (ValueError, OverflowError):
        # what PyYAML lets through to chr() and int(): "\U99999999", endless version numbers
        message, line = "not YAML: a number or an escape out of bounds", loader.line + 1
    else:
        return node
    raise ConfigError([*document.faults, Fault(document.file, line, "", message)])


def _problem(error: yaml.MarkedYAMLError) -> str:
    problem = error.problem or "cannot be understood"
    if "undefined alias" in problem:
        return "not YAML: an alias without its anchor; quote a text that begins with *"
    return "not YAML: " + ", ".join(part for part in (error.context, problem) if part)


class _UnreadableError(Exception):
    def __init__(self, message: str, line: int) -> None:
        super().__init__(message)
        self.line = line


class _Loader(yaml.SafeLoader):
    """Composes nodes within the limits. Constructs nothing, whatever a tag says."""

    def __init__(self, text: str, document: Document) -> None:
        self._document = document
        self._depth = 0
        self._count = 0
        #: how many nodes an anchor stands for, its own included; None while it is still being read
        self._sizes: dict[str, int | None] = {}
        super().__init__(text)

    def compose_node(self, parent: Any, index: Any) -> Any:
        event: Any = self.peek_event()
        line = event.start_mark.line + 1
        if isinstance(event, yaml.AliasEvent):
            if event.anchor in self._sizes:
                size = self._sizes[event.anchor]
                if size is None:
                    raise _UnreadableError("an alias inside its own anchor has no end", line)
                self._add(size, line)
            return super().compose_node(parent, index)
        if event.tag is not None:
            self._document.fault("", "tags are not supported; quote a text that begins with !", line)
            event.tag, event.implicit = None, (True, False) if isinstance(event, yaml.ScalarEvent) else True
        if isinstance(event, yaml.ScalarEvent) and not event.value.isascii():
            try:
                event.value.encode()
            except UnicodeEncodeError:
                raise _UnreadableError("not text: half of a surrogate pair", line) from None
        if self._depth >= MAX_DEPTH:
            raise _UnreadableError(f"nested deeper than {MAX_DEPTH} levels", line)
        before = self._count
        self._add(1, line)
        self._depth += 1
        if event.anchor is not None:
            self._sizes.setdefault(event.anchor, None)
        node = super().compose_node(parent, index)
        if event.anchor is not None:
            self._sizes[event.anchor] = self._count - before
        self._depth -= 1
        return node

    def _add(self, nodes: int, line: int) -> None:
        self._count += nodes
        if self._count > MAX_NODES:
            raise _UnreadableError(f"holds more than {MAX_NODES} values once its aliases are followed", line)

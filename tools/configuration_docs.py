"""Write the tables of options into docs/configuration.md: `configuration_docs.py`, or with `--check` only say whether they differ.

What stands between the two markers is made here from the sections' annotations, defaults and documentation; the rest of the page is
written by people.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from dataclasses import MISSING
from pathlib import Path
from typing import Any

import yaml

from telgw.app.options import describe, is_section, option_fields, optional_of
from telgw.app.plugins import installed
from telgw.app.rendering import plain
from telgw.app.sections import Config, LinkSection
from telgw.core.ports import LinkPlugin

PAGE = Path(__file__).parent.parent / "docs" / "configuration.md"
BEGIN = "<!-- The tables below are written by tools/configuration_docs.py. -->"
END = "<!-- The tables end here. -->"


def page(text: str) -> str:
    """The page with its tables as they should be. Raises ValueError when a marker is missing."""
    before, after = text.index(BEGIN) + len(BEGIN), text.index(END)
    return text[:before] + "\n\n" + "\n".join(tables()) + "\n" + text[after:]


def tables() -> Iterator[str]:
    """The lines of every table, with its heading."""
    for option in option_fields(Config):
        yield from _table(f"`{option.name}`", option.kind)
        if option.name == "sessions":  # where links stand in a file
            yield from _table("`links.<name>`", LinkSection)
            yield from _drivers()


def _drivers() -> Iterator[str]:
    for name, plugin in installed().items():
        # what is installed beside telgw has documentation of its own
        if isinstance(plugin, LinkPlugin) and plugin.options.__module__.startswith("telgw_plugins."):
            yield from _table(f"`links.<name>` with `driver: {name}`", plugin.options)


def _table(heading: str, section: type[Any]) -> Iterator[str]:
    yield f"### {heading}"
    yield ""
    yield " ".join((section.__doc__ or "").split())
    yield ""
    yield "| key | value | default | meaning |"
    yield "| --- | --- | --- | --- |"
    for cells in _rows(section, ""):
        yield "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
    yield ""


def _rows(section: type[Any], above: str) -> Iterator[tuple[str, str, str, str]]:
    for option in option_fields(section):
        metadata, name = option.field.metadata, above + option.name
        inner = optional_of(option.kind) or option.kind
        default = option.default()
        if is_section(inner):
            if optional_of(option.kind) is not None:
                yield f"`{name}`", describe(option.kind), "none", metadata["doc"]
            yield from _rows(inner, name + ".")
        else:
            shown = "required" if default is MISSING else f"`{_flow(plain(default, option.kind), metadata)}`"
            yield f"`{name}`", describe(option.kind, metadata), shown, metadata["doc"]


def _flow(value: Any, metadata: Mapping[str, Any]) -> str:
    if value is None:
        return "none"
    if metadata.get("one_or_many") and len(value) == 1:
        value = value[0]
    text = str(yaml.safe_dump(value, default_flow_style=True, width=1000))
    return text.removesuffix("\n").removesuffix("\n...")


def main(arguments: list[str]) -> int:
    """Write the page; with --check, leave it and return 1 when it differs."""
    text = PAGE.read_text("utf-8")
    wanted = page(text)
    if "--check" in arguments:
        return int(text != wanted)
    PAGE.write_text(wanted, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

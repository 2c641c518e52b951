"""How a file becomes the configuration (telgw.app.sections), and how it is printed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from telgw.app.checks import check
from telgw.app.document import ConfigError, Document, Entry, Fault, below
from telgw.app.options import FAULTY, closest, option_fields, read_section
from telgw.app.rendering import plain_section, render_mapping
from telgw.app.sections import Config, LinkSection

if TYPE_CHECKING:
    from telgw.app.plugins import BrokenPlugin
    from telgw.core.ports import LinkPlugin

__all__ = ["Config", "ConfigError", "Fault", "load", "parse", "render"]

#: What a gateway without any configuration runs.
DEMO = 'links: {pbx: {driver: simulated, devices: ["1101-1130"]}}'

Installed = Mapping[str, "LinkPlugin | BrokenPlugin"]


def load(path: Path | str | None = None, plugins: Installed | None = None) -> Config:
    """Read and check a configuration file; without one, the demo with paths relative to the current directory.

    Raises ConfigError with every fault that was found.
    """
    if path is None:
        return _build(Document.parse(DEMO.encode(), "(built-in demo)", Path.cwd()), plugins)
    source = Path(path)
    return replace(_build(Document.load(source), plugins), source=source)


def parse(text: str, folder: Path, file: str = "(text)", plugins: Installed | None = None) -> Config:
    """The same for a configuration that is in memory."""
    return _build(Document.parse(text.encode("utf-8", "surrogatepass"), file, folder), plugins)


def render(config: Config) -> str:
    """The effective configuration as YAML: defaults included, secrets as `***`. It reads back as `config`, secrets excepted."""
    sections = plain_section(config)
    links = {name: plain_section(link) | plain_section(link.options) for name, link in config.links.items()}
    return render_mapping({name: sections.get(name, links) for name in ("telservices", "web", "sessions", "links", "logs", "state")})


def _build(document: Document, plugins: Installed | None) -> Config:
    if plugins is None:
        from telgw.app.plugins import installed

        plugins = installed()
    entries = document.mapping(document.root, "")
    if not entries and not document.faults:
        # a file without a word is like no file
        entries = document.mapping(Document.parse(DEMO.encode(), document.file, document.folder).root, "")
    config = read_section(document, entries, "", Config, known=["links"])
    if config is not FAULTY and entries is not None:
        config = replace(config, links=_read_links(document, entries.get("links"), plugins))
        check(document, config)
    document.check()
    return config


def _read_links(document: Document, entry: Entry | None, plugins: Installed) -> dict[str, LinkSection]:
    entries = document.mapping(entry.node, "links") if entry else {}
    if entries == {}:
        document.fault("links", "no link: nothing to control; a demo is " + DEMO)
    links = {}
    for name, link in (entries or {}).items():
        section = _read_link(document, link, below("links", name), plugins)
        if section is not FAULTY:
            links[name] = section
    return links


def _read_link(document: Document, entry: Entry, path: str, plugins: Installed) -> LinkSection:
    entries = document.mapping(entry.node, path)
    options = _driver_options(document, entries, path, plugins)
    # of a driver that is not there nobody knows the keys
    known = None if options is None else [option.name for option in option_fields(options)]
    section = read_section(document, entries, path, LinkSection, known=known)
    own = None if options is None else read_section(document, entries, path, options, known=None)
    if section is FAULTY or own is FAULTY:
        return cast("LinkSection", FAULTY)
    return replace(section, options=own)


def _driver_options(document: Document, entries: Mapping[str, Entry] | None, path: str, plugins: Installed) -> type[Any] | None:
    from telgw.app.plugins import BrokenPlugin

    if not entries or "driver" not in entries:
        return None
    driver = getattr(entries["driver"].node, "value", None)
    if not isinstance(driver, str) or not driver:
        return None  # read_section says so
    if driver not in plugins:
        names = ", ".join(plugins) or "none"
        hint = closest(driver, plugins)
        hint = f"; {hint}" if hint.startswith("did") else ""
        document.fault(f"{path}.driver", f"unknown driver {driver!r}; installed: {names}{hint}")
        return None
    plugin = plugins[driver]
    if isinstance(plugin, BrokenPlugin):
        document.fault(f"{path}.driver", f"the driver {driver!r} {plugin.reason}")
        return None
    return plugin.options

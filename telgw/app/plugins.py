"""Link plugins: what the installed packages enter under `telgw.links`.

A plugin is imported when it is first asked for, and one that cannot be imported is kept as broken, with its reason: it must not take
the gateway or its neighbours with it. Built-in drivers come in by the same door.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points

from telgw.app.options import unreadable
from telgw.core.ports import LinkPlugin

GROUP = "telgw.links"


@dataclass(frozen=True)
class BrokenPlugin:
    """A plugin that is installed and cannot be used."""

    name: str
    reason: str


class Plugins(Mapping[str, LinkPlugin | BrokenPlugin]):
    """Plugins by the name of their driver; listing the names imports nothing."""

    def __init__(self, points: Iterable[EntryPoint]) -> None:
        self._points: dict[str, dict[str, EntryPoint]] = {}
        for point in points:
            # the same package may be found twice, as a checkout and as installed: only different values are rivals
            self._points.setdefault(point.name, {})[point.value] = point
        self._loaded: dict[str, LinkPlugin | BrokenPlugin] = {}

    def __getitem__(self, name: str) -> LinkPlugin | BrokenPlugin:
        if name not in self._loaded:
            self._loaded[name] = self._load(name, list(self._points[name].values()))
        return self._loaded[name]

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(self._points))

    def __len__(self) -> int:
        return len(self._points)

    def __contains__(self, name: object) -> bool:
        return name in self._points

    def _load(self, name: str, points: list[EntryPoint]) -> LinkPlugin | BrokenPlugin:
        if len(points) > 1:
            return BrokenPlugin(name, "entered twice: " + " and ".join(sorted(point.value for point in points)))
        try:
            plugin = points[0].load()
        except (Exception, SystemExit) as error:  # whatever a stranger's module does while it is imported
            return BrokenPlugin(name, f"cannot be imported: {type(error).__name__}: {error}")
        if not isinstance(plugin, LinkPlugin):
            return BrokenPlugin(name, f"{points[0].value} is not a LinkPlugin")
        if reason := unreadable(plugin.options):
            return BrokenPlugin(name, f"its options cannot be read: {reason}")
        return plugin


def installed() -> Plugins:
    """The plugins of the packages that are installed now."""
    return Plugins(entry_points(group=GROUP))

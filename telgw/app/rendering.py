"""The effective configuration as YAML: every option, defaults included, in the order of its section; secrets as `***`.

What is printed reads back as the same configuration, secrets excepted.
"""

from __future__ import annotations

from enum import Enum
from typing import Any, get_origin

import yaml

from telgw.app.options import is_section, item_of, option_fields, optional_of
from telgw.app.scalars import SCALARS
from telgw.base.numbers import DeviceSet


def plain(value: Any, kind: Any) -> Any:
    """A value of annotation `kind` as what YAML knows: mappings, lists, texts, numbers, booleans, nothing."""
    if value is None:
        return None
    if (inner := optional_of(kind)) is not None:
        return plain(value, inner)
    if is_section(kind):
        return plain_section(value)
    if get_origin(kind) is dict:
        return {key: plain(item, item_of(kind)) for key, item in value.items()}
    if get_origin(kind) is tuple:
        return [plain(item, item_of(kind)) for item in value]
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, DeviceSet):
        return list(value.entries)
    return SCALARS[kind].plain(value)


def plain_section(section: Any) -> dict[str, Any]:
    """A section as a mapping of its options."""
    return {option.name: plain(getattr(section, option.name), option.kind) for option in option_fields(type(section))}


def render_mapping(mapping: dict[str, Any]) -> str:
    """The mapping as YAML text, its keys in their order."""
    return yaml.dump(mapping, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=10_000, default_flow_style=False)


class _Dumper(yaml.SafeDumper):
    """Without anchors: what is equal is written again, which people read more easily."""

    def ignore_aliases(self, data: Any) -> bool:
        return True

    def represent_str(self, data: str) -> Any:
        # only between double quotes does the emitter escape every character that would be read as the end of a line
        return self.represent_scalar("tag:yaml.org,2002:str", data, style=None if data.isprintable() else '"')


_Dumper.add_representer(str, _Dumper.represent_str)

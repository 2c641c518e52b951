"""The house rules that a machine can check: who may import whom, and how long a module may be."""

from __future__ import annotations

import ast
import configparser
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
#: a layer imports from its own and from lower ones
LAYERS = {"telgw.base": 0, "telgw.wire": 1, "telgw.model": 1, "telgw.core": 2, "telgw.fronts": 3, "telgw.stores": 3,
          "telgw_plugins": 3, "telgw.app": 4, "telgw.__main__": 5, "telgw": 0}  # fmt: skip
PURE = ("telgw.base", "telgw.wire", "telgw.model")
IMPURE = {"twisted", "time", "random", "socket", "asyncio", "threading", "select", "selectors", "secrets"}
MOST_LINES = 400


def module_of(path: Path) -> str:
    """The name under which a file is imported."""
    parts = list(path.relative_to(ROOT).with_suffix("").parts)
    parts[0] = parts[0].replace("plugins", "telgw_plugins")
    return ".".join(parts).removesuffix(".__init__")


MODULES = {module_of(path): path for folder in ("telgw", "plugins") for path in sorted((ROOT / folder).rglob("*.py"))}


def within(module: str, packages: tuple[str, ...]) -> bool:
    return any(module == package or module.startswith(package + ".") for package in packages)


def layer(module: str) -> int:
    return next(layer for package, layer in LAYERS.items() if within(module, (package,)))


def imports(module: str) -> Iterator[tuple[int, str]]:
    """(line, what is imported) everywhere in a module, inside functions too."""
    for node in ast.walk(ast.parse(MODULES[module].read_text())):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{module}:{node.lineno} is a relative import"
            for alias in node.names:
                name = f"{node.module}.{alias.name}"
                yield node.lineno, name if name in MODULES else str(node.module)


@pytest.mark.parametrize("module", MODULES)
def test_given_a_module_then_it_imports_only_from_its_own_layer_and_from_lower_ones(module: str) -> None:
    for line, imported in imports(module):
        if within(imported, ("telgw", "telgw_plugins")):
            assert layer(imported) <= layer(module), f"{module}:{line} imports {imported}"
            # two protocols, two links: none knows another
            if within(module, ("telgw_plugins",)) and within(imported, ("telgw_plugins",)):
                assert imported.split(".")[1:2] == module.split(".")[1:2], f"{module}:{line} imports {imported}"
        if within(module, PURE):
            assert imported.split(".")[0] not in IMPURE, f"{module}:{line} imports {imported}"


@pytest.mark.parametrize("module", MODULES)
def test_given_a_module_then_it_is_short_or_says_why_it_is_long(module: str) -> None:
    text = MODULES[module].read_text()
    if len(text.splitlines()) > MOST_LINES:
        assert "long because" in " ".join((ast.get_docstring(ast.parse(text)) or "").split()).lower(), module


@pytest.mark.parametrize("module", [name for name, path in MODULES.items() if path.name == "__init__.py"])
def test_given_a_package_then_its_own_file_holds_only_a_docstring(module: str) -> None:
    docstring, *rest = ast.parse(MODULES[module].read_text()).body
    assert isinstance(docstring, ast.Expr)
    assert isinstance(docstring.value, ast.Constant)
    assert [ast.unparse(statement).split(" = ")[0] for statement in rest] == (["__version__"] if module == "telgw" else [])


def test_given_the_packages_on_disk_then_all_of_them_are_installed() -> None:
    setup = configparser.ConfigParser()
    setup.read(ROOT / "setup.cfg")
    packages = {name for name, path in MODULES.items() if path.name == "__init__.py"}
    assert set(setup["options"]["packages"].split()) == packages

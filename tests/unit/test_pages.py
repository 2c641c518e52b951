"""Pages that are made from the code are up to date; links between pages lead somewhere."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").glob("*.md"))]


def test_given_the_tables_of_the_model_then_the_page_made_from_them_is_up_to_date() -> None:
    checked = subprocess.run([sys.executable, str(ROOT / "tools" / "draw_states.py"), "--check"], cwd=ROOT, timeout=30, check=False)
    assert checked.returncode == 0, "make docs"


def links(page: Path) -> Iterator[str]:
    """The targets of a page's links to other pages, code blocks left aside."""
    text = re.sub(r"```.*?```", "", page.read_text("utf-8"), flags=re.DOTALL)
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if "://" not in target:
            yield target


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_given_a_page_then_its_links_lead_somewhere(page: Path) -> None:
    for target in links(page):
        name, _, heading = target.partition("#")
        file = (page.parent / name).resolve() if name else page
        assert file.exists(), target
        if heading:
            headings = re.findall(r"^#+ (.+)$", file.read_text("utf-8"), re.MULTILINE)
            anchors = {re.sub(r"[^\w\- ]", "", text.lower()).replace(" ", "-") for text in headings}
            assert heading in anchors, target


def test_given_the_metrics_and_log_lines_of_the_code_then_the_operator_finds_them_explained() -> None:
    page = (ROOT / "docs" / "operations.md").read_text("utf-8")
    code = "\n".join(path.read_text("utf-8") for path in (ROOT / "telgw").rglob("*.py"))
    metrics = set(re.findall(r'"(telgw_[a-z_]+)"', code)) - {"telgw_plugins"}
    events = set(re.findall(r'\blog\.(?:info|warning|error|exception)\(\s*"([a-z_]+)"', code.replace("_log.", "log.")))
    events |= set(re.findall(r'get_logger\(\)\.warning\("([a-z_]+)"', code))
    assert len(metrics) > 10
    assert len(events) > 20
    assert [name for name in sorted(metrics | events) if name not in page] == []


def test_given_the_picture_of_the_house_then_every_module_in_it_is_there() -> None:
    page = (ROOT / "docs" / "architecture.md").read_text("utf-8")
    rows = dict(re.findall(r"^\| `(telgw/\w+)` \| (.*) \|$", page, re.MULTILINE))
    assert {"telgw/base", "telgw/wire", "telgw/model", "telgw/core", "telgw/fronts", "telgw/stores", "telgw/app"} == set(rows)
    for folder, text in rows.items():
        for name in re.findall(r"`(\w+/?)`", text):
            there = ROOT / folder / (name if name.endswith("/") else f"{name}.py")
            assert there.exists(), f"{folder}: {name}"
    for path in re.findall(r"`((?:app|core|fronts|model|wire|base)/[\w/]+\.py)`", page):
        assert (ROOT / "telgw" / path).exists(), path

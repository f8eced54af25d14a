"""Writes `docs/reference/dialects.md` from the tables of the clouds' doors; `--check` only compares."""

import sys
from collections.abc import Iterable, Mapping, Sequence
from importlib import import_module
from pathlib import Path
from textwrap import wrap

from peerway.api.clouds.action import Action, Product

PAGE = Path(__file__).parents[1] / "docs" / "reference" / "dialects.md"

#: Columns of its text; tables are as wide as they are.
WIDTH = 140

#: Catalogues by the cloud's name.
CLOUDS: Mapping[str, str] = {
    "Alibaba Cloud": "peerway.api.alibaba.catalogue",
    "Tencent Cloud, API 3.0": "peerway.api.tencent.catalogue",
    "Tencent Cloud, API v2": "peerway.api.tencent.v2.catalogue",
    "JD Cloud": "peerway.api.jdcloud.catalogue",
}

HEAD = """# The clouds' APIs, action by action

Written from the tables in `src/peerway/api` by `scripts/dialect_reference.py`; a test holds it to them. An action is done, or done
partly: then it says what is missing. Parameters *without effect* are taken, checked for their type, and change nothing. A parameter
that an action does not know is ignored, but refused by Tencent Cloud's API 3.0, as the clouds do it. Actions of the real products
that are not done answer like unknown ones.

How clients are pointed here is told in the guides: [Alibaba Cloud](../guide/alibaba-cloud.md),
[Tencent Cloud](../guide/tencent-cloud.md), [JD Cloud](../guide/jd-cloud.md). How the tables work is told in
[concepts](../concepts/clouds-doors.md).
"""


def render() -> str:
    """The page."""
    return "\n".join([HEAD, *(cloud(title, module) for title, module in CLOUDS.items())])


def cloud(title: str, module: str) -> str:
    """One cloud: its products with their actions."""
    products: Sequence[Product] = import_module(module).PRODUCTS
    by_name: dict[tuple[str, str], list[Product]] = {}
    for product in products:
        by_name.setdefault((product.name, product.version), []).append(product)
    actions = sum(len(product.actions) for product in products)
    partly = sum(bool(action.partly) for product in products for action in product.actions.values())
    lines = [f"## {title}", "", f"{actions} actions are done, {partly} of them partly.", ""]
    for (name, version), parts in by_name.items():
        lines += _product(f"{name} {version}".strip(), parts)
    return "\n".join(lines)


def _product(title: str, parts: Iterable[Product]) -> list[str]:
    actions = {name: action for part in parts for name, action in part.actions.items()}
    missing = sorted({name for part in parts for name in part.unsupported} - actions.keys())
    lines = [f"### {title}", "", "| action | done | without effect |", "|---|---|---|"]
    lines += [_row(actions[name]) for name in sorted(actions)]
    lines.append("")
    if missing:
        lines += [*wrap(f"Not done ({len(missing)}): {', '.join(missing)}.", WIDTH), ""]
    return lines


def _row(action: Action) -> str:
    method, path = action.extra.get("method"), action.extra.get("path")
    name = f"{action.name} (`{method} {path}`)" if path else action.name
    state = f"partly: {action.partly}" if action.partly else "yes"
    ignored = ", ".join(f"`{one}`" for one in sorted(action.ignored))
    return f"| {name} | {_cell(state)} | {ignored} |"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def main(arguments: Sequence[str]) -> int:
    """Write the page, or with `--check` say whether it is current."""
    page = render()
    if "--check" not in arguments:
        PAGE.write_text(page)
        return 0
    if PAGE.exists() and PAGE.read_text() == page:
        return 0
    print("docs/reference/dialects.md is out of date: python scripts/dialect_reference.py", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""The documents hold together: links lead somewhere, and every page can be found from the index."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DOCUMENTS = [ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")]
DOCUMENTS += sorted((ROOT / "docs").rglob("*.md")) + sorted((ROOT / "examples").rglob("*.md"))


def links(path: Path) -> list[Path]:
    """Files and folders of this tree that the page links to."""
    text = re.sub(r"```.*?```|`[^`\n]*`", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
    targets = re.findall(r"\]\(([^)\s]+)\)", text)
    local = (target.split("#")[0] for target in targets if not re.match(r"[a-z]+:", target))
    return [(path.parent / target).resolve() for target in local if target]


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_somewhere(path):
    """Each link within the tree names a file or folder that is there."""
    assert [str(target) for target in links(path) if not target.exists()] == []


def test_every_page_is_found_from_the_index():
    """Following links from `docs/README.md` reaches every page below `docs/`."""
    reached: set[Path] = set()
    ahead = [ROOT / "docs" / "README.md"]
    while ahead:
        page = ahead.pop()
        if page in reached or not page.is_file() or page.suffix != ".md":
            continue
        reached.add(page)
        ahead += links(page)
    assert sorted(set((ROOT / "docs").rglob("*.md")) - reached) == []

"""The API's reference names every path that there is."""

from pathlib import Path

from peerway.api.native.app import all_operations

REFERENCE = Path(__file__).parents[2] / "docs" / "reference" / "api.md"


def test_reference_names_every_path():
    """Each literal part of an operation's path stands on the page, as it is typed."""
    text = REFERENCE.read_text("utf-8")
    parts = {part for operation in all_operations() for part in operation.path.split("/") if part}
    literal = sorted(part for part in parts if not part.startswith("{"))
    assert [part for part in literal if f"/{part}`" not in text and f"/{part}/" not in text] == []

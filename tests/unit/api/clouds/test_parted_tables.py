"""Tables of products in several files, and errors told by what stands in the way."""

import pytest

from peerway.api.clouds.action import load_product
from peerway.api.clouds.errors import tell
from peerway.domain.errors import InUse


@pytest.fixture
def package(tmp_path, monkeypatch):
    """A package with a product's table in parts."""
    (tmp_path / "parted").mkdir()
    for name, text in {
        "__init__.py": "",
        "one.toml": 'product = "P"\nunsupported = ["X"]\n[errors]\nrate = ["R", 400]\n[actions.A]\n',
        "two.toml": 'unsupported = ["Y"]\n[errors]\nquota = ["Q", 400]\n[actions.B]\n[words]\na = "b"\n',
        "again.toml": "[actions.A]\n",
    }.items():
        (tmp_path / "parted" / name).write_text(text)
    monkeypatch.syspath_prepend(str(tmp_path))
    return "parted"


def test_parts_of_a_table_are_joined(package):
    """API-4: actions, errors and lists of all files are the product's."""
    product = load_product(package, "one.toml", "two.toml")
    assert (product.name, product.unsupported, product.extra) == ("P", ("X", "Y"), {"words": {"a": "b"}})
    assert product.errors == {"rate": ["R", 400], "quota": ["Q", 400]}
    assert product.has_row("A")
    assert product.has_row("B")


def test_two_files_say_nothing_twice(package):
    """An action in two files is a mistake of ours."""
    with pytest.raises(ValueError, match=r"again\.toml: actions"):
        load_product(package, "one.toml", "again.toml")


def test_what_stands_in_the_way_decides():
    """API-3: the same refusal has a code for each kind of what is left."""
    rows = {"in_use/vswitch": ["Left.{by_id}", 400], "in_use": ["Left", 400]}
    assert tell(InUse("vpc", "vpc-1", "vswitch", "vsw-1"), "", (rows,)).code == "Left.vsw-1"
    assert tell(InUse("vpc", "vpc-1", "peering", "pcc-1"), "", (rows,)).code == "Left"

"""Alibaba Cloud's tables: every action has an operation, no two products claim one, and every error has words."""

import tomllib
from collections import Counter
from importlib.resources import files
from xml.etree import ElementTree as ET

import pytest

from peerway.api.alibaba.catalogue import PRODUCTS
from peerway.api.alibaba.errors import told
from peerway.api.alibaba.products import vpc
from peerway.api.alibaba.products.vpc.common import KINDS
from peerway.api.alibaba.texts import check_lengths
from peerway.api.alibaba.xml import to_xml
from peerway.domain import errors
from peerway.domain.errors import InvalidInput, PeerwayError


def kinds(root=PeerwayError):
    """All classes of errors of the domain; doors may have their own, for themselves."""
    for kind in root.__subclasses__():
        if kind.__module__ == errors.__name__:
            yield kind
        yield from kinds(kind)


def made(kind):
    """An error of the class, with whatever it asks for."""
    return {
        errors.InvalidInput: lambda: errors.InvalidInput("f", "must not be"),
        errors.NotFound: lambda: errors.NotFound("thing", "x"),
        errors.IllegalState: lambda: errors.IllegalState("thing", "x", "gone", "use"),
        errors.InUse: lambda: errors.InUse("thing", "x", "thing", "y"),
        errors.QuotaExceeded: lambda: errors.QuotaExceeded("things", 1, 1, scope="x", field="thing"),
    }.get(kind, lambda: kind("text"))()


def test_an_action_of_a_version_is_one_products():
    """Requests name version and action, and nothing else."""
    pairs = Counter((product.version, name) for product in PRODUCTS for name in product.actions)
    assert [pair for pair, count in pairs.items() if count > 1] == []


def test_rows_that_call_use_cases_of_networks_tell_what_they_are_about():
    """API-1: the thing is looked for in the request's region, so its kind is known and a request can't be without its id."""
    rows = {}
    for file in files(vpc.__name__).iterdir():
        if file.name.endswith(".toml"):
            rows |= tomllib.loads(file.read_text(encoding="utf-8")).get("actions", {})
    calling = {name: row for name, row in rows.items() if "calls" in row}
    assert calling
    for name, row in calling.items():
        (parameter,) = (one for one in vpc.PRODUCT.actions[name].parameters if one.name == row["about"])
        assert parameter.required
        assert parameter.name in KINDS


@pytest.mark.parametrize("product", PRODUCTS, ids=lambda product: product.name)
def test_every_error_has_words_in_every_product(product):
    """A refusal is never a failure of ours, whatever was raised: 4xx but for what really is our fault."""
    ours = {errors.Unavailable}
    for action in (None, *product.actions.values()):
        for kind in kinds():
            found = told(made(kind), action)
            assert found.code
            assert (found.status >= 500) == (kind in ours), (kind, found)


@pytest.mark.parametrize("product", PRODUCTS, ids=lambda product: product.name)
def test_what_is_not_there_is_not_there(product):
    """An action is done or it is listed as missing."""
    assert set(product.unsupported).isdisjoint(product.actions)
    assert len(set(product.unsupported)) == len(product.unsupported)


def test_xml_has_an_element_for_each_item():
    """Lists repeat their element, and what XML can't have is left out."""
    content = {"A": [{"B": "x<&\0\ufffe"}, {"B": None}], "C": True, "D": 1.5, "E": [], "F": {"G": [1, 2]}}
    document = ET.fromstring(to_xml("R", content))  # noqa: S314 - made here
    assert [one.findtext("B") for one in document.findall("A")] == ["x<&", ""]
    assert (document.findtext("C"), document.findtext("D")) == ("true", "1.5")
    assert document.find("E") is None
    assert [one.text for one in document.findall("F/G")] == ["1", "2"]


@pytest.mark.parametrize(
    ("text", "good"), [("ab", True), ("a", False), ("abcd", False), ("http://", False), (None, True)]
)
def test_texts_have_lengths(text, good):
    """Those that are not given are not looked at."""
    given = {} if text is None else {"Name": text}
    if good:
        check_lengths(given, {"Name": [2, 3]})
        return
    with pytest.raises(InvalidInput):
        check_lengths(given, {"Name": [2, 3]})

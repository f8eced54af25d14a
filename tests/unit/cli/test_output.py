"""Tables, JSON and YAML."""

import io
import json

import pytest
import yaml

from peerway.cli.output import OutputFormat, cell, dig, show_item, show_items

VPCS = [
    {
        "id": "vpc-1",
        "name": "东",
        "region_id": "cn-hangzhou",
        "cidr": "10.0.0.0/8",
        "secondary_cidrs": [],
        "state": "available",
    },
    {
        "id": "vpc-2",
        "name": "",
        "region_id": "cn-shanghai",
        "cidr": "10.0.0.0/8",
        "secondary_cidrs": ["10.1.0.0/16"],
    },
]


def shown(function, *arguments):
    """What a function prints."""
    stream = io.StringIO()
    function(*arguments, stream)
    return stream.getvalue()


def test_json_list_is_an_array_of_what_the_api_said():
    """Programs get the API's objects, nothing added and nothing cut."""
    assert json.loads(shown(show_items, "vpc", iter(VPCS), OutputFormat.JSON)) == VPCS


def test_yaml_list_is_the_same():
    """YAML carries the same values."""
    assert yaml.safe_load(shown(show_items, "vpc", iter(VPCS), OutputFormat.YAML)) == VPCS


def test_ids_are_alone():
    """A shell variable gets an id and nothing else."""
    assert shown(show_items, "vpc", iter(VPCS), OutputFormat.ID) == "vpc-1\nvpc-2\n"
    assert shown(show_item, {"uid": "1", "token": "hush"}, OutputFormat.ID) == "1\n"


def test_table_has_its_columns_in_line():
    """Without a terminal a table is plain text whose columns begin at the same place, and nothing is cut."""
    header, first, second = shown(show_items, "vpc", VPCS, OutputFormat.TABLE).splitlines()
    assert header.split() == ["ID", "NAME", "REGION", "CIDR", "MORE", "CIDRS", "IPV6", "STATE"]
    assert first.index("cn-hangzhou") == second.index("cn-shanghai") == header.index("REGION")
    assert "10.1.0.0/16" in second


def test_empty_table_is_its_header():
    """An empty list still tells which columns it has."""
    assert shown(show_items, "vpc", [], OutputFormat.TABLE).split()[0] == "ID"


def test_item_as_table_is_a_line_for_each_field():
    """Nested values get dotted names."""
    text = shown(
        show_item, {"id": "pcc-1", "requester": {"vpc_id": "vpc-1"}, "warnings": []}, OutputFormat.TABLE
    )
    assert [line.split() for line in text.splitlines()] == [
        ["id", "pcc-1"],
        ["requester.vpc_id", "vpc-1"],
        ["warnings", "-"],
    ]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "-"),
        (True, "yes"),
        (False, "no"),
        ([], "-"),
        (["a", "b"], "a, b"),
        ({"a": 1, "b": None}, "a=1"),
        (7, "7"),
    ],
)
def test_cell_reads_well(value, text):
    """A cell has no brackets and no Python words."""
    assert cell(value) == text


def test_dig_takes_the_first_path_that_is_there():
    """Alternatives are tried in order."""
    assert dig({"a": {"b": 1}}, "x|a.b") == 1
    assert dig({}, "x|a.b") is None

"""No list of the API comes in one piece: however long it gets, an answer does not."""

import pytest

from peerway.api.native.app import all_operations
from peerway.api.native.openapi import build_document
from peerway.api.native.operation import PREFIX

#: Lists in answers that are no pages, by operation, and why not.
WHOLE = {
    ("/reachability", "reach"): "one verdict on one pair, made up of alternatives; half of one says nothing",
    ("/vpcs/{id}/reachability", "groups"): "one picture, cut to a size that it tells (`complete`)",
    ("/metrics/points", "notes"): "some words about the page",
    # What belongs to one resource, changes with it, and is bounded by a rule or a limit on it.
    ("/peerings/{id}", "actions"): "as many as there are events",
    ("/peerings/{id}", "warnings"): "one of each kind",
    ("/router-interfaces/{id}", "actions"): "as many as there are events",
    ("/physical-connections/{id}", "actions"): "as many as there are events",
    ("/vbrs/{id}", "actions"): "as many as there are events",
    ("/vpcs/{id}", "secondary_cidrs"): "limit secondary_cidrs_per_vpc",
    ("/route-entries/{id}", "paths"): "a rule bounds an entry's paths",
    ("/network-acls/{id}", "ingress"): "a rule bounds a direction's entries, which are replaced together",
    ("/network-acls/{id}", "egress"): "a rule bounds a direction's entries, which are replaced together",
    ("/instances/{id}", "security_group_ids"): "a rule bounds an instance's groups",
    ("/external-networks/{id}", "pools"): "a part of what the operator set, replaced as a whole",
    ("/snat-entries/{id}", "public"): "a part of the entry, sent with it",
    ("/databases/{id}", "whitelist"): "limit on a database's ranges",
}


@pytest.fixture(scope="module")
def document():
    """The OpenAPI document."""
    return build_document(all_operations(), "0")


def reading(document):
    """Path, parameters and properties of the answer of each operation that only reads."""
    for path, methods in document["paths"].items():
        operation = methods.get("get")
        if operation is None:
            continue
        schema = operation["responses"]["200"]["content"]["application/json"]["schema"]
        name = schema.get("$ref", "").rpartition("/")[2]
        properties = document["components"]["schemas"].get(name, schema).get("properties", {})
        names = {parameter["name"] for parameter in operation.get("parameters", ())}
        yield path.removeprefix(PREFIX), names, properties


def is_list(schema):
    """Whether a property is a list, or may be one."""
    return any(one.get("type") == "array" for one in (schema, *schema.get("anyOf", ())))


def test_every_list_comes_in_pages(document):
    """Each list that an operation answers takes `limit` and `after` and tells `next`, or is named above with its reason."""
    unpaged = {
        (path, name)
        for path, parameters, properties in reading(document)
        for name, schema in properties.items()
        if is_list(schema)
        and not (name == "items" and {"limit", "after"} <= parameters and "next" in properties)
    }
    assert unpaged == set(WHOLE)


def test_every_operation_that_lists_takes_the_same_two_parameters(document):
    """`list_...` operations are those with pages, and no others."""
    listing = {
        operation.path
        for operation in all_operations()
        if operation.method == "GET" and operation.handler.__name__.startswith("list_")
    }
    paged = {path for path, parameters, _ in reading(document) if {"limit", "after"} <= parameters}
    assert listing == paged

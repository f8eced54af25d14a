"""Problem documents as one line."""

from peerway.cli.errors import describe


def problem(**fields):
    """A problem document."""
    return {"detail": "cidr has host bits set", "code": "invalid", **fields}


def test_line_names_field_rule_value_and_code():
    """API-5: the user learns which field breaks which rule with which value."""
    errors = [{"field": "cidr", "rule": "has host bits set", "value": "10.0.0.1/8"}]
    assert describe(422, problem(errors=errors)) == "cidr has host bits set, not '10.0.0.1/8' [invalid]"


def test_line_names_every_field():
    """A request with two wrong fields is told both."""
    errors = [
        {"field": "cidr", "rule": "has host bits set", "value": None},
        {"field": "region_id", "rule": "is not a known region", "value": "moon"},
    ]
    line = describe(422, problem(errors=errors))
    assert line == "cidr has host bits set; region_id is not a known region, not 'moon' [invalid]"


def test_line_of_an_empty_document_has_the_status():
    """A server that says nothing still gives a line."""
    assert describe(500, {}) == "the server answered 500 [500]"


def test_line_of_a_conflict_has_the_field_beside_the_reason():
    """What a conflict is about stands in its text once; the field is named beside it."""
    detail = "the table has an entry to 10.0.0.0/8"
    errors = [{"field": "destination", "rule": detail, "value": None}]
    document = {"detail": detail, "code": "route_exists", "errors": errors}
    assert describe(409, document) == f"{detail} (destination) [route_exists]"

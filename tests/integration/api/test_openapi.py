"""The OpenAPI document is true: valid, complete, and no request made from it ends in a 5xx."""

import warnings

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings

from peerway.api.native.app import all_operations
from peerway.api.native.openapi import build_document
from peerway.api.native.operation import PREFIX


@pytest.fixture(scope="module")
def document():
    """The document."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return build_document(all_operations(), "0")


def test_document_is_served_to_everybody(site):
    """The document needs no token and has the watch, too."""
    response = site.anonymous("GET", "/api/v1/openapi.json")
    assert response.status_code == 200
    assert "/api/v1/watch" in response.json()["paths"]


def test_document_names_every_operation(document):
    """Each operation is there with a summary and its problems as problem documents."""
    for operation in all_operations():
        shown = document["paths"][PREFIX + operation.path][operation.method.lower()]
        assert shown["summary"]
        assert str(operation.status) in shown["responses"]
        refusal = shown["responses"]["401"]["content"]
        assert refusal["application/problem+json"]["schema"]["$ref"].endswith("/Problem")


def test_document_has_examples_for_bodies(document):
    """Every body that is sent has an example."""
    schemas = document["components"]["schemas"]
    bodies = [name for name in schemas if name.endswith("Body") and name != "AclEntryBody"]
    assert bodies
    assert [name for name in bodies if "examples" not in schemas[name]] == []


@pytest.mark.timeout(300)
def test_no_request_ends_in_a_server_error(site, document):
    """Requests made up from the document, right and wrong ones: answered with a status that it names, never a 5xx."""
    account = site.account()
    vpc = account.vpc()
    operations = list(schemathesis.openapi.from_dict(document).get_all_operations())
    assert len(operations) == len(all_operations())
    for operation in operations:
        try_out(site, account, vpc["id"], operation.ok())


def try_out(site, account, id, operation):
    """Send some requests of one operation."""

    @given(case=operation.as_strategy())
    @settings(
        max_examples=12,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    def probe(case):
        if "id" in case.path_parameters:
            case.path_parameters["id"] = id
        made = case.as_transport_kwargs(base_url=str(site.client.base_url))
        headers = {**made.get("headers", {}), "Authorization": f"Bearer {account.token}"}
        parts = {name: made[name] for name in ("params", "json") if name in made}
        response = site.client.request(made["method"], made["url"], headers=headers, **parts)
        assert response.status_code < 500, response.text
        assert str(response.status_code) in operation.definition.raw["responses"], response.text

    probe()

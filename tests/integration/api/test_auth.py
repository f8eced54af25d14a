"""Who gets in, and what each role may do."""

from dataclasses import replace

import pytest
from tests.support.api import Account, make_site

from peerway.api.serving.services import Limits
from peerway.domain.account import Credential


def test_request_without_token_is_refused(site):
    """No token: 401 with the scheme to use, and nothing of the application."""
    response = site.anonymous("GET", "/api/v1/vpcs")
    assert response.status_code == 401
    assert response.headers["www-authenticate"].startswith("Bearer")
    assert response.headers["content-type"] == "application/problem+json"
    assert response.json()["code"] == "unauthenticated"


@pytest.mark.parametrize("header", ["Bearer wrong", "Bearer", "Basic YTpi", "Bearer \xe9"])
def test_wrong_token_is_refused(site, header):
    """An unknown token, another scheme or an empty one: 401."""
    response = site.client.get("/api/v1/vpcs", headers={"Authorization": header.encode("latin-1")})
    assert response.status_code == 401


def test_unknown_path_tells_nothing_without_token(site):
    """Strangers can't find out which paths there are."""
    assert site.anonymous("GET", "/api/v1/no/such/path").status_code == 401


def test_deleted_credential_ends_at_once(site):
    """A credential that was deleted authenticates nobody from then on, however recently it was used."""
    account = site.account()
    other = site.credential(account, "member")
    key_id = other.ok("GET", "/whoami")["key_id"]
    account.ok("DELETE", f"/credentials/{key_id}")
    assert other.call("GET", "/whoami").status_code == 401
    assert account.call("GET", "/whoami").status_code == 200


def test_disabled_credential_ends_at_once(site):
    """A credential that was disabled authenticates nobody from then on."""
    account = site.account()
    key_id = account.ok("GET", "/whoami")["key_id"]
    site.store.write(lambda tx: tx.update(replace(tx.get(Credential, key_id), enabled=False)))
    assert account.call("GET", "/whoami").status_code == 401


def test_whoami_tells_account_and_role(site):
    """The caller learns its account, role and key."""
    account = site.account()
    assert account.ok("GET", "/whoami")["uid"] == account.uid
    assert site.credential(account, "reader").ok("GET", "/whoami")["role"] == "reader"
    assert site.operator.ok("GET", "/whoami")["role"] == "operator"


def test_reader_changes_nothing(site):
    """A reader reads its account's resources, and every change is refused with 403 (NET-1)."""
    member = site.account()
    vpc = member.vpc()
    reader = site.credential(member, "reader")
    assert reader.ok("GET", f"/vpcs/{vpc['id']}") == vpc
    attempts = [
        ("POST", "/vpcs", {"region_id": "cn-hangzhou", "cidr": "10.9.0.0/16"}),
        ("PATCH", f"/vpcs/{vpc['id']}", {"name": "x"}),
        ("DELETE", f"/vpcs/{vpc['id']}", None),
        ("POST", f"/accounts/{member.uid}/credentials", {"role": "reader"}),
    ]
    before = site.store.latest_revision()
    for method, path, body in attempts:
        response = reader.call(method, path, body)
        assert (response.status_code, response.json()["code"]) == (403, "read_only")
    assert site.store.latest_revision() == before


def test_member_may_not_act_as_operator(site):
    """Accounts, quotas and other tenants' lists are for operators."""
    member = site.account()
    attempts = [
        ("POST", "/accounts", {"name": "x"}),
        ("PATCH", f"/accounts/{member.uid}", {"balance": "1000000"}),
        ("PUT", "/quotas/peerings_per_vpc", {"uid": member.uid, "limit": 9999}),
        ("GET", "/vpcs?all_accounts=true", None),
        ("GET", "/audit?all_accounts=true", None),
        ("GET", f"/audit?uid={site.operator.uid}", None),
        ("GET", "/watch?all_accounts=true", None),
        ("POST", f"/accounts/{member.uid}/credentials", {"role": "operator"}),
    ]
    for method, path, body in attempts:
        assert member.call(method, path, body).status_code == 403, path


def test_secrets_are_shown_once_and_never_listed(site):
    """Neither a token, its hash nor an access key's secret is in any later answer or in the audit log."""
    made = site.operator.ok("POST", "/accounts", {"name": "shown-once"})
    account = Account(site.client, made["uid"], made["token"])
    later = [
        account.call("GET", f"/accounts/{account.uid}"),
        account.call("GET", f"/accounts/{account.uid}/credentials"),
        site.operator.call("GET", "/audit?all_accounts=true"),
    ]
    for response in later:
        assert made["token"] not in response.text
        assert made["access_key_secret"] not in response.text
        assert "token_hash" not in response.text
        assert "sealed_secret" not in response.text


def test_rate_limit_stops_one_account_only():
    """An account that asks too often gets 429 with `Retry-After`; others are served (clock at rest)."""
    for site in make_site(Limits(requests_per_second=0, burst=3)):
        first, second = site.operator, None
        second = Account(site.client, *_fresh(site))
        answers = [first.call("GET", "/whoami") for _ in range(4)]
        assert answers[-1].status_code == 429
        assert answers[-1].headers["retry-after"] == "1"
        assert answers[-1].json()["retry"] is True
        assert second.call("GET", "/whoami").status_code == 200


def test_failed_authentications_are_limited():
    """Guessing tokens from one address is slowed down."""
    for site in make_site(Limits(failures_per_second=0.0001)):
        statuses = [site.anonymous("GET", "/api/v1/whoami").status_code for _ in range(3)]
        assert 429 in statuses


def test_good_tokens_pass_where_bad_ones_are_held_back():
    """Behind a proxy all callers have one address: whoever guesses there shuts nobody else out."""
    for site in make_site(Limits(failures_per_second=0.0001)):
        account = site.account()
        for _ in range(3):
            site.anonymous("GET", "/api/v1/whoami")
        assert site.anonymous("GET", "/api/v1/whoami").status_code == 429
        assert account.call("GET", "/whoami").status_code == 200


def _fresh(site):
    made = site.operator.ok("POST", "/accounts", {"name": "second"})
    return made["uid"], made["token"]

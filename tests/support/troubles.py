"""Two accounts' networks that reach each other, and the rows of the troubleshooting table as things to break in them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from tests.support.guests import run_in
from tests.support.live import Cloud, Tenant
from tests.support.services import allow, database
from tests.support.sites import Ask, Site, beside, connect, join, make_site

from peerway.adapters.store import open_store
from peerway.domain.peering import Peering

HERE = "cn-hangzhou"
#: Where an outside network is, of which public addresses come.
OUTSIDE = "cn-guangzhou"
ALL = [{"action": "accept", "protocol": "all", "cidr": "0.0.0.0/0"}]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """Two sites of two accounts, joined, each with an instance more; at tcp/80 the second's are open to the first one alone."""

    #: The installation.
    cloud: Cloud
    #: Who asks.
    one: Site
    #: Who is asked.
    other: Site
    #: Another of who asks' VSwitch.
    beside_one: Site
    #: Another of who is asked's VSwitch, as open as that.
    beside_other: Site
    #: The group of those who are asked, and its one rule.
    group_id: str
    rule: dict[str, Any]
    #: The link as each side names it.
    links: tuple[dict[str, Any], dict[str, Any]]
    #: Each side's entry to the other's network.
    routes: tuple[dict[str, Any], dict[str, Any]]
    #: The port that is asked.
    port: int = 80

    @property
    def sites(self) -> tuple[Site, Site]:
        """Who asks, who is asked."""
        return self.one, self.other

    @property
    def asked(self) -> Ask:
        """What is to be answered."""
        return Ask(self.one, self.other.address, "tcp", self.port)

    @property
    def others(self) -> dict[tuple[str, str], Ask]:
        """What else there is to ask, by ids of source and target; another port at last."""
        asks = (
            (self.one, self.beside_other, self.port),
            (self.beside_one, self.other, self.port),
            (self.other, self.one, self.port),
            (self.one, self.other, self.port + 1),
        )
        return {
            (source.instance["id"], target.instance["id"]): Ask(source, target.address, "tcp", port)
            for source, target, port in asks
        }

    def tenant(self, uid: str) -> Tenant:
        """One of the two accounts."""
        return next(site.tenant for site in self.sites if site.tenant.uid == uid)


def make_pair(
    cloud: Cloud,
    tenants: Callable[..., Tenant],
    *,
    networks: tuple[str, str] = ("10.1", "10.2"),
    region_id: str = HERE,
    interfaces: bool = False,
    same_account: bool = False,
    **peering: Any,
) -> Pair:
    """The pair; networks are by their first two bytes, VSwitches are `.1.0/24` and `.2.0/24` of them."""
    owner = tenants()
    owners = (owner, owner if same_account else tenants())
    one, other = (
        make_site(tenant, region_id, f"{start}.0.0/16", f"{start}.{number}.0/24")
        for number, (tenant, start) in enumerate(zip(owners, networks, strict=True), start=1)
    )
    client_group, server_group = ({"security_group_ids": [_group(site)]} for site in (one, other))
    group_id = server_group["security_group_ids"][0]
    rule = {
        "direction": "ingress",
        "protocol": "tcp",
        "port_range": "80/80",
        "remote_cidr": f"{one.address}/32",
    }
    made = other.tenant.post(f"/security-groups/{group_id}/rules", **rule)
    for site, group in ((one, client_group), (other, server_group)):
        site.tenant.call("PATCH", f"/instances/{site.instance['id']}", **group)
    links = join(one, other) if interfaces else (connect(one, other, **peering),) * 2
    return Pair(
        cloud=cloud,
        one=one,
        other=other,
        beside_one=beside(one, **client_group),
        beside_other=beside(other, **server_group),
        group_id=group_id,
        rule=made,
        links=links,
        routes=(
            one.route(other.vswitch["cidr"], links[0]),
            other.route(one.vswitch["cidr"], links[1]),
        ),
    )


def with_database(pair: Pair) -> Pair:
    """The same with a database in place of who is asked."""
    return replace(pair, other=database(pair.other, f"{pair.one.address}/32"), port=5432)


def _group(site: Site) -> str:
    return str(site.tenant.post("/security-groups", vpc_id=site.vpc_id, inner_access=False)["id"])


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """A row of the table."""

    #: What is broken, in short.
    name: str
    #: Code of the finding.
    code: str
    #: Breaks it; id of what decides then.
    cause: Callable[[Pair], str]
    #: Changes that mend it, by kind; none where it is not the network's to mend.
    changes: tuple[str, ...] = ()
    #: Mends what no change of the network does.
    mend: Callable[[Pair], None] | None = None
    #: Verdict then: the request does not get there, unless said otherwise.
    verdict: str = "unreachable"
    #: Whether the smallest change there is brings back more than was asked.
    wide: bool = False
    #: What the pair is like.
    pair: dict[str, Any] = field(default_factory=dict)
    #: Makes something else of it.
    turned: Callable[[Pair], Pair] = lambda pair: pair

    @property
    def way(self) -> str:
        """Which packet is stopped."""
        return "reply" if self.verdict == "one_way" else "request"


# ---- links ---------------------------------------------------------------------------------------------------------------


def ask_anew(pair: Pair) -> str:
    """The connection is deleted and asked for again; nobody has accepted it."""
    one, other = pair.sites
    path = f"/peerings/{pair.links[0]['id']}"
    one.tenant.delete(f"{path}?force=true")
    one.tenant.gone(path)
    made = one.tenant.post(
        "/peerings",
        vpc_id=one.vpc_id,
        peer_uid=other.tenant.uid,
        peer_region_id=other.region_id,
        peer_vpc_id=other.vpc_id,
        auto_routes=True,
    )
    return str(made["id"])


def let_expire(pair: Pair) -> str:
    """The same, and a week passes: what the store has as the end of its time is over."""
    id = ask_anew(pair)
    store = open_store(f"sqlite:///{pair.cloud.data / 'peerway.db'}")
    try:
        store.write(lambda tx: tx.update(_aged(tx.get(Peering, id))))
    finally:
        store.close()
    pair.one.tenant.settled(f"/peerings/{id}", "expired")
    return id


def _aged(peering: Peering | None) -> Peering:
    assert peering is not None
    assert peering.expires_at is not None
    return replace(peering, expires_at=peering.expires_at - timedelta(days=8))


def switch_off(pair: Pair) -> str:
    """The interface of who is asked is switched off."""
    own = pair.links[1]
    pair.other.tenant.post(f"/router-interfaces/{own['id']}/deactivate")
    return str(pair.other.tenant.settled(f"/router-interfaces/{own['id']}", "inactive")["id"])


# ---- ranges --------------------------------------------------------------------------------------------------------------


def overlap(pair: Pair) -> str:
    """The one who asks has the addresses of who is asked in a VSwitch of its own; its entry is for all of the other's network."""
    one, other = pair.sites
    no_route(0)(pair)
    cidr = other.vswitch["cidr"]
    made = one.tenant.post("/vswitches", vpc_id=one.vpc_id, zone_id=one.vswitch["zone_id"], cidr=cidr)
    one.route(other.vpc["cidr"], pair.links[0])
    return str(made["id"])


def no_overlap(pair: Pair) -> None:
    """That VSwitch goes."""
    found = pair.one.tenant.get(f"/vswitches?vpc_id={pair.one.vpc_id}")["items"]
    (clash,) = [one for one in found if one["cidr"] == pair.other.vswitch["cidr"]]
    pair.one.tenant.delete(f"/vswitches/{clash['id']}")
    pair.one.tenant.gone(f"/vswitches/{clash['id']}")


def go_public(pair: Pair) -> str:
    """The one who asks gets a public address."""
    tenant, id = pair.one.tenant, pair.one.instance["id"]
    eip = tenant.post("/eips", region_id=pair.one.region_id)
    tenant.post(f"/eips/{eip['id']}/associate", target="instance", target_id=id)
    return str(pair.one.vpc_id)


def docker(near: int) -> Callable[[Pair], str]:
    """Docker's bridge appears in a guest, with the addresses of the other side's network."""

    def cause(pair: Pair) -> str:
        site, far = pair.sites[near], pair.sites[1 - near]
        bridge = far.vpc["cidr"].replace(".0.0/16", ".0.1/16")
        for words in ("link add docker0 up type bridge", f"address add {bridge} dev docker0"):
            _ip(site, words)
        return str(site.instance["id"])

    return cause


def no_docker(near: int) -> Callable[[Pair], None]:
    """The bridge goes."""
    return lambda pair: _ip(pair.sites[near], "link delete docker0")


def _ip(site: Site, words: str) -> None:
    status, printed = run_in(site.tenant, site.instance["id"], "ip", *words.split())
    assert status == 0, printed


# ---- routes --------------------------------------------------------------------------------------------------------------


def no_route(near: int) -> Callable[[Pair], str]:
    """The entry to the other side is deleted."""

    def cause(pair: Pair) -> str:
        site = pair.sites[near]
        site.tenant.delete(f"/route-entries/{pair.routes[near]['id']}")
        return site.table_id

    return cause


def wrong_range(near: int) -> Callable[[Pair], str]:
    """The entry is for another range of the other side's network."""

    def cause(pair: Pair) -> str:
        no_route(near)(pair)
        beyond = pair.sites[1 - near].vpc["cidr"].replace(".0.0/16", ".128.0/17")
        return str(pair.sites[near].route(beyond, pair.links[near])["id"])

    return cause


def wrong_table(near: int) -> Callable[[Pair], str]:
    """The entry is in a table that the VSwitch does not use."""

    def cause(pair: Pair) -> str:
        no_route(near)(pair)
        site, far = pair.sites[near], pair.sites[1 - near]
        table = site.tenant.post("/route-tables", vpc_id=site.vpc_id, name="unused")
        return str(site.route(far.vswitch["cidr"], pair.links[near], table["id"])["id"])

    return cause


# ---- filters -------------------------------------------------------------------------------------------------------------


def no_way_in(pair: Pair) -> str:
    """The one rule of the group of who is asked is deleted."""
    pair.other.tenant.delete(f"/security-rules/{pair.rule['id']}")
    return pair.group_id


def no_way_out(pair: Pair) -> str:
    """The group of who asks lets nothing out to the other network."""
    tenant, id = pair.one.tenant, pair.one.instance["id"]
    (group_id,) = tenant.get(f"/instances/{id}")["security_group_ids"]
    rule = {"direction": "egress", "action": "drop", "protocol": "all", "priority": 50}
    tenant.post(f"/security-groups/{group_id}/rules", **rule, remote_cidr=pair.other.vpc["cidr"])
    return str(group_id)


def acl(near: int, direction: str) -> Callable[[Pair], str]:
    """A network ACL on a VSwitch drops what comes from the other side, or goes there."""

    def cause(pair: Pair) -> str:
        site, far = pair.sites[near], pair.sites[1 - near]
        drop = {"action": "drop", "protocol": "all", "cidr": far.vpc["cidr"]}
        entries = {"ingress": ALL, "egress": ALL, direction: [drop, *ALL]}
        made = site.tenant.post("/network-acls", vpc_id=site.vpc_id, **entries)
        site.tenant.call("PATCH", f"/vswitches/{site.vswitch['id']}", network_acl_id=made["id"])
        return str(made["id"])

    return cause


def off_the_whitelist(pair: Pair) -> str:
    """The database lists somebody else."""
    allow(pair.other, "192.168.0.0/16")
    return str(pair.other.instance["id"])


#: Rows that any user's data plane can have.
TROUBLES = (
    Trouble(name="pending", code="link_state", cause=ask_anew, changes=("accept_peering",), wide=True),
    Trouble(
        name="expired",
        code="link_state",
        cause=let_expire,
        changes=("enable_peering", "accept_peering"),
        wide=True,
    ),
    Trouble(
        name="interface-off",
        code="link_state",
        cause=switch_off,
        changes=("activate_interface",),
        wide=True,
        pair={"interfaces": True},
    ),
    Trouble(
        name="overlap",
        code="overlap",
        cause=overlap,
        mend=no_overlap,
        pair={"networks": ("10.0", "10.0"), "profile": "alibaba"},
    ),
    Trouble(
        name="docker-here",
        code="guest_clash",
        cause=docker(0),
        mend=no_docker(0),
        pair={"networks": ("10.1", "172.17")},
    ),
    Trouble(
        name="docker-there",
        code="guest_clash",
        cause=docker(1),
        mend=no_docker(1),
        verdict="one_way",
        pair={"networks": ("172.17", "10.2")},
    ),
    Trouble(name="no-route", code="route_missing", cause=no_route(0), changes=("add_route",)),
    Trouble(
        name="no-route-back",
        code="route_missing",
        cause=no_route(1),
        changes=("add_route",),
        wide=True,
        verdict="one_way",
    ),
    Trouble(name="wrong-range", code="route_range", cause=wrong_range(0), changes=("add_route",)),
    Trouble(
        name="wrong-range-back",
        code="route_range",
        cause=wrong_range(1),
        changes=("add_route",),
        wide=True,
        verdict="one_way",
    ),
    Trouble(name="wrong-table", code="route_table", cause=wrong_table(0), changes=("add_route",)),
    Trouble(
        name="wrong-table-back",
        code="route_table",
        cause=wrong_table(1),
        changes=("add_route",),
        wide=True,
        verdict="one_way",
    ),
    Trouble(name="group-in", code="security_group", cause=no_way_in, changes=("allow_by_new_group",)),
    Trouble(name="group-out", code="security_group", cause=no_way_out, changes=("allow_by_new_group",)),
    Trouble(name="acl-out", code="network_acl", cause=acl(0, "egress"), changes=("insert_acl_entry",)),
    Trouble(
        name="acl-in", code="network_acl", cause=acl(1, "ingress"), changes=("insert_acl_entry",), wide=True
    ),
    Trouble(
        name="acl-out-back",
        code="network_acl",
        cause=acl(1, "egress"),
        changes=("insert_acl_entry",),
        wide=True,
        verdict="one_way",
    ),
    Trouble(
        name="acl-in-back",
        code="network_acl",
        cause=acl(0, "ingress"),
        changes=("insert_acl_entry",),
        verdict="one_way",
    ),
    Trouble(
        name="whitelist",
        code="whitelist",
        cause=off_the_whitelist,
        changes=("add_to_whitelist",),
        turned=with_database,
    ),
)

#: The row that needs a network outside.
PUBLIC = Trouble(
    name="public-range",
    code="public_range",
    cause=go_public,
    changes=("enable_ipv4_gateway",),
    verdict="unknown",
    wide=True,
    pair={"networks": ("10.1", "30.0"), "region_id": OUTSIDE},
)

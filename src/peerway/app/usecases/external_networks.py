"""Outside networks: where an installation's public addresses are at home. Operators connect them, region by region."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Interface, IPv4Network

from peerway.app.store import Reader, Writer, where
from peerway.app.usecases.access import existing, require_operator
from peerway.app.usecases.pages import Page, page
from peerway.app.usecases.ports import check_port_free
from peerway.app.usecases.storing import idempotent, insert, remove
from peerway.app.world import World
from peerway.domain.account import Caller
from peerway.domain.errors import Conflict, InUse, InvalidInput
from peerway.domain.gateway import Eip, ExternalNetwork, NatGateway
from peerway.domain.port import PortKind, parse_port
from peerway.domain.prefixes import UNROUTABLE_RANGES, first_overlap, parse_address, parse_ipv4_prefix
from peerway.domain.text import check_name

#: Most ranges that one network's public addresses come from.
MOST_POOLS = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateExternalNetwork:
    """Connect an outside network."""

    #: Region it serves.
    region_id: str
    #: Where it is on the host: `interface:NAME` or `netns:PATH`.
    port: str
    #: Ranges that public addresses are taken from.
    pools: tuple[str, ...]
    #: Display name.
    name: str = ""
    #: Peerway's address on a host interface, with the length of the transfer network; not for a namespace.
    local: str | None = None
    #: Gateway beyond a host interface; not for a namespace.
    gateway: str | None = None
    #: Makes repeats harmless.
    client_token: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteExternalNetwork:
    """Disconnect an outside network that nothing uses."""

    #: The network.
    id: str


def create_external_network(
    tx: Writer, world: World, caller: Caller, request: CreateExternalNetwork
) -> ExternalNetwork:
    """Connect an outside network; operators only."""
    require_operator(caller)

    def run() -> ExternalNetwork:
        region = world.regions.require(request.region_id)
        port = check_port_free(tx, request.port)
        local, gateway = _decide_transfer(request)
        network = ExternalNetwork(
            id=world.entropy.new_id("ext"),
            owner_uid=caller.uid,
            created_at=tx.now,
            region_id=region.id,
            name=check_name(request.name),
            port=port,
            pools=_decide_pools(tx, request.pools),
            local=local,
            gateway=gateway,
        )
        return insert(tx, caller, network)

    token = request.client_token
    return idempotent(tx, caller, token, "create_external_network", request, run, ExternalNetwork)


def get_external_network(tx: Reader, world: World, caller: Caller, id: str) -> ExternalNetwork:
    """An outside network; operators only, as it names a port of the host."""
    require_operator(caller)
    return existing(tx, ExternalNetwork, id)


def list_external_networks(
    tx: Reader,
    world: World,
    caller: Caller,
    *,
    region_id: str | None = None,
    after: str | None = None,
    limit: int | None = None,
) -> Page[ExternalNetwork]:
    """Outside networks, of one region when it is named; operators only."""
    require_operator(caller)
    conditions = [] if region_id is None else [where("region_id", world.regions.require(region_id).id)]
    return page(tx, ExternalNetwork, *conditions, after=after, limit=limit)


def delete_external_network(
    tx: Writer, world: World, caller: Caller, request: DeleteExternalNetwork
) -> ExternalNetwork:
    """Disconnect an outside network; `InUse` while an address or a NAT gateway is on it."""
    require_operator(caller)
    network = existing(tx, ExternalNetwork, request.id)
    for kind, word in ((Eip, "eip"), (NatGateway, "nat_gateway")):
        for user in tx.select(kind, where("network_id", network.id), limit=1):
            raise InUse("external_network", network.id, word, user.id)
    remove(tx, caller, network)
    return network


def network_of(tx: Reader, region_id: str) -> ExternalNetwork:
    """The outside network of a region, the first when there are several; `Conflict` when it has none."""
    for network in tx.select(ExternalNetwork, where("region_id", region_id), limit=1):
        return network
    raise Conflict(f"region {region_id} has no outside network yet", code="no_external_network")


def _decide_pools(tx: Reader, texts: object) -> tuple[IPv4Network, ...]:
    if not isinstance(texts, tuple | list) or not 1 <= len(texts) <= MOST_POOLS:
        raise InvalidInput("pools", f"must be a list of 1 to {MOST_POOLS} CIDRs", texts)
    taken = [pool for network in tx.select(ExternalNetwork) for pool in network.pools]
    chosen: list[IPv4Network] = []
    for text in texts:
        pool = parse_ipv4_prefix(text, "pools")
        if pool.prefixlen < 8:
            raise InvalidInput("pools", "must have prefix lengths from /8 to /32", text)
        clash = first_overlap((pool,), (*taken, *chosen, *UNROUTABLE_RANGES))
        if clash:
            raise InvalidInput("pools", f"must not overlap {clash[1]}", text, code="overlap")
        chosen.append(pool)
    return tuple(chosen)


def _decide_transfer(request: CreateExternalNetwork) -> tuple[IPv4Interface | None, IPv4Address | None]:
    """A host interface needs an address and a gateway there; in a namespace the data plane sees to both."""
    kind, _ = parse_port(request.port)
    given = {"local": request.local, "gateway": request.gateway}
    for field, value in given.items():
        if (value is None) is (kind is PortKind.INTERFACE):
            rule = "must be given for a host interface" if value is None else "is for host interfaces only"
            raise InvalidInput(field, rule, value)
    if request.local is None or request.gateway is None:
        return None, None
    gateway = parse_address(request.gateway, "gateway")
    try:
        local = IPv4Interface(request.local)
    except ValueError:
        raise InvalidInput("local", "must be like 198.51.100.2/24", request.local) from None
    if not isinstance(gateway, IPv4Address) or gateway not in local.network or gateway == local.ip:
        raise InvalidInput("gateway", f"must be another address of {local.network}", request.gateway)
    return local, gateway

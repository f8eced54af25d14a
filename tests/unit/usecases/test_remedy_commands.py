"""The commands that a remedy is told as: each is one that the command line takes (PATH-3)."""

import shlex
from ipaddress import ip_address, ip_network

import pytest

from peerway.analysis import remedies as kinds
from peerway.app.usecases.remedies.commands import HOPS, WORDS, change_of, commands_of
from peerway.cli.main import load
from peerway.domain.route_table import NextHop
from peerway.domain.security import Direction, Protocol
from peerway.fabric.snapshot import Snapshot

RANGE = ip_network("10.1.1.4/32")
RULE = {
    "direction": Direction.EGRESS,
    "protocol": Protocol.TCP,
    "port_low": 443,
    "port_high": 444,
    "remote": RANGE,
}
ROUTE = {"router_id": "vpc-1", "table_id": "vtb-1", "destination": RANGE, "next_hop_id": kinds.NEW_PEERING}
#: One of each kind, with every next hop.
REMEDIES = [
    kinds.CreatePeering(
        owner_uid="1", vpc_id="vpc-1", peer_vpc_id="vpc-2", peer_uid="2", peer_region_id="cn-x"
    ),
    kinds.EnablePeering(owner_uid="1", peering_id="pcc-1"),
    kinds.AcceptPeering(owner_uid="1", peering_id=kinds.NEW_PEERING),
    kinds.ConnectInterface(owner_uid="1", interface_id="ri-1"),
    kinds.ActivateInterface(owner_uid="1", interface_id="ri-1"),
    kinds.RecoverVbr(owner_uid="1", vbr_id="vbr-1"),
    kinds.RemoveRoute(owner_uid="1", entry_id="rte-1", table_id="vtb-1", destination=RANGE),
    *(kinds.AddRoute(owner_uid="1", next_hop=hop, **ROUTE) for hop in HOPS),
    kinds.AllowInGroup(owner_uid="1", group_id="sg-1", priority=3, **RULE),
    kinds.AllowByNewGroup(owner_uid="1", instance_id="i-1", vpc_id="vpc-1", priority=3, **RULE),
    kinds.InsertAclEntry(owner_uid="1", acl_id="nacl-1", position=2, **RULE),
    kinds.AddToWhitelist(owner_uid="1", database_id="rds-1", remote=RANGE),
    kinds.LetForward(owner_uid="1", instance_id="i-1"),
    kinds.EnableIpv4Gateway(owner_uid="1", vpc_id="vpc-1", gateway_id=None),
    kinds.EnableIpv4Gateway(owner_uid="1", vpc_id="vpc-1", gateway_id="ipv4gw-1"),
    kinds.AddSourceNat(owner_uid="1", gateway_id="nat-1", source=RANGE, public=ip_address("203.0.113.7")),
]


def parsed(line):
    """The parameters that the command line reads from a command; a `SystemExit` or usage error when it does not take it."""
    name, assigned, rest = line.partition("=$(")
    words = shlex.split(rest.removesuffix(")") if assigned and name.isupper() else line)
    assert words[0] == "peerway"
    command, arguments = load(words[1]), words[2:]
    while hasattr(command, "commands"):
        command, arguments = command.commands[arguments[0]], arguments[1:]
    return command.make_context(command.name, list(arguments)).params


def test_every_kind_and_every_next_hop_has_a_command():
    """No remedy is without words: the table is total."""
    assert {type(remedy) for remedy in REMEDIES} == set(WORDS)
    assert set(HOPS) == set(NextHop)
    assert change_of(REMEDIES[0]) == "create_peering"


@pytest.mark.parametrize("remedy", REMEDIES, ids=change_of)
def test_command_line_takes_the_commands_of_a_remedy(remedy):
    """What is told to be typed can be typed."""
    for line in commands_of(remedy, Snapshot(0)):
        assert parsed(line)

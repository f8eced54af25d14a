"""A site joined by leased lines through the command line (EC-8 ... EC-11)."""

import json

import pytest

POINTS = ("ap-cn-hangzhou-yh-ts-A", "ap-cn-hangzhou-xs-B")


@pytest.fixture
def people(shell, cloud, request):
    """The operator, a partner and a customer, each with commands of its own."""

    class Person:
        """One account."""

        def __init__(self, uid, token):
            self.uid, self._token = uid, token

        def run(self, *words):
            """A command as this account: exit status, output, errors."""
            shell.become(self._token)
            return shell.run(*words)

        def text(self, *words):
            """Output of a command that has to succeed."""
            status, out, err = self.run(*words)
            assert status == 0, err
            return out

        def json(self, *words):
            """The same, read as JSON."""
            return json.loads(self.text(*words, "--output", "json"))

    def tenant(name):
        made = shell.json("account", "create", f"{request.node.name} {name}")
        return Person(made["uid"], made["token"])

    return Person(cloud.ready["uid"], cloud.ready["token"]), tenant("partner"), tenant("customer")


def bring_up(operator, customer, point, port):
    """A line of the customer's that is enabled."""
    line = customer.json("line", "apply", "--access-point", point, "--operator", "CT", "--name", "main")["id"]
    operator.text("line", "approve", line, "--room", "room 301", "--contact", "Li Wei")
    operator.text("line", "allocate", line, "--port", port)
    customer.text("line", "loa", line, "--text", "Net Ltd, Wang Fang, 3 March")
    customer.text("line", "confirm", line)
    operator.text("line", "enable", line)
    return line


def join(customer, vbr, vpc):
    """The VPC's interface of an active pair with the border router's."""
    far = customer.json("ri", "create", "--router", vpc, "--role", "acceptor")["id"]
    near = customer.json("ri", "create", "--router", vbr, "--role", "initiator", "--opposite", far)["id"]
    customer.text("ri", "update", far, "--opposite", near)
    customer.text("ri", "connect", near, "--wait")
    return near, far


def test_line_is_applied_for_used_and_ended(people):
    """EC-8: every verb of `line`, by whoever's turn it is."""
    operator, _, customer = people
    assert POINTS[0] in customer.text("line", "access-points", "--region", "cn-hangzhou")
    line = bring_up(operator, customer, POINTS[0], "netns:/run/netns/site-1")
    shown = customer.json("line", "show", line)
    assert (shown["state"], shown["room"], shown["port"]) == ("enabled", "room 301", "")
    assert operator.json("line", "show", line)["port"] == "netns:/run/netns/site-1"
    assert customer.json("line", "update", line, "--circuit", "CT-1")["circuit_code"] == "CT-1"
    assert [item["id"] for item in customer.json("line", "list", "--state", "enabled")] == [line]
    assert line in operator.text("line", "list", "--all-accounts", "--access-point", POINTS[0])
    turned_down = customer.json("line", "apply", "--access-point", POINTS[0], "--operator", "CU")["id"]
    assert operator.json("line", "reject", turned_down, "--reason", "no port")["reason"] == "no port"
    withdrawn = customer.json("line", "apply", "--access-point", POINTS[0], "--operator", "CU")["id"]
    customer.text("line", "cancel", withdrawn)
    customer.text("line", "terminate", line)
    for ended in (line, turned_down, withdrawn):
        customer.text("line", "delete", ended)
    assert customer.json("line", "list") == []
    status, _, err = customer.run("line", "approve", line, "--room", "r", "--contact", "c")
    assert (status, "[not_operator]" in err) == (1, True)


def test_border_router_is_made_by_a_partner(people):
    """EC-9, EC-10: every verb of `vbr`; `--wait` ends when the data plane has followed."""
    operator, partner, customer = people
    line = bring_up(operator, partner, POINTS[1], "netns:/run/netns/site-2")
    gateways = ("--local", "10.255.0.1/30", "--peer", "10.255.0.2")
    vbr = partner.json("vbr", "create", "--line", line, "--vlan", 7, *gateways, "--owner-uid", customer.uid)[
        "id"
    ]
    assert customer.json("vbr", "list", "--state", "unconfirmed")[0]["role"] == "owner"
    assert customer.json("vbr", "confirm", vbr, "--wait")["state"] == "active"
    six = ("--local6", "fd00:ff::1/64", "--peer6", "fd00:ff::2")
    changed = customer.json("vbr", "update", vbr, "--name", "edge", *six, "--wait")
    assert (changed["peer_gateway6"], changed["settled"]) == ("fd00:ff::2", True)
    assert customer.json("vbr", "update", vbr, "--no-ipv6", "--wait")["peer_gateway6"] is None
    assert customer.run("vbr", "update", vbr, "--no-ipv6", *six)[0] == 2
    assert partner.json("vbr", "update", vbr, "--vlan", 8, "--wait")["vlan"] == 8
    moved = operator.json("vbr", "move", vbr, "--port", "netns:/run/netns/own", "--wait")
    assert moved["port"]["vlan"] == 0
    assert operator.json("vbr", "move", vbr, "--to-line", "--wait")["port"]["vlan"] == 8
    assert operator.run("vbr", "move", vbr)[0] == 2
    assert customer.json("vbr", "terminate", vbr, "--wait")["state"] == "terminated"
    assert customer.json("vbr", "recover", vbr, "--wait")["state"] == "active"
    assert vbr in partner.text("vbr", "list", "--line", line)
    assert partner.run("vbr", "delete", vbr)[0] == 1
    customer.text("vbr", "delete", vbr, "--wait")
    assert customer.run("vbr", "show", vbr)[0] == 1


def test_two_lines_stand_in_for_each_other(people):
    """EC-11: an entry over two interfaces, and the border routers' entries to their lines."""
    operator, _, customer = people
    vpc = customer.json("vpc", "create", "--region", "cn-hangzhou", "--cidr", "10.1.0.0/16", "--wait")["id"]
    sides, vbrs = [], []
    for number, point in enumerate(POINTS):
        line = bring_up(operator, customer, point, f"netns:/run/netns/two-{number}")
        gateways = ("--local", f"10.255.{number}.1/30", "--peer", f"10.255.{number}.2")
        vbrs.append(customer.json("vbr", "create", "--line", line, "--vlan", 0, *gateways, "--wait")["id"])
        sides.append(join(customer, vbrs[-1], vpc))
    (near, one), (_, other) = sides
    via = ("--via", f"{one}:100", "--via", f"{other}:0")
    entry = customer.json("route", "add", vpc, "192.168.0.0/16", *via)
    assert entry["paths"] == [{"interface_id": one, "weight": 100}, {"interface_id": other, "weight": 0}]
    assert f"interface_id={one} weight=100" in customer.text("route", "list", vpc)
    single = customer.json("route", "add", vpc, "192.169.0.0/16", "--via", one)
    assert (single["next_hop_id"], single["paths"]) == (one, [])
    customer.text("route", "add", vbrs[0], "192.168.0.0/16", "--line")
    customer.text("route", "add", vbrs[0], "10.1.0.0/16", "--via", near)
    hops = [item["next_hop"] for item in customer.json("route", "list", vbrs[0])]
    assert hops == ["local", "line", "router_interface"]
    for wrong in (("--via", "ri-1:x"), ("--via", ":1"), ("--via", one, "--line"), ()):
        assert customer.run("route", "add", vpc, "10.9.0.0/16", *wrong)[0] == 2
    assert customer.run("ri", "delete", one)[0] == 1

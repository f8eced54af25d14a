"""A VPC's name server as a function: the bytes of a question in, the bytes of the answer out; pure.

Owns the name of the zone, what is answered, denied and refused, and how large an answer may be. What strangers send is read by
dnspython; nothing that they send may raise.
"""

from __future__ import annotations

import struct
from ipaddress import ip_address
from typing import Final

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.rdata
import dns.rdataclass
import dns.reversename
import dns.rrset
from dns.rcode import Rcode
from dns.rdatatype import RdataType

from peerway.adapters.dataplane.kernel.directory import Directory
from peerway.domain.prefixes import Address

#: Below it are the VPCs, and below each the names of its instances.
DOMAIN: Final = dns.name.from_text("peerway.internal.")

#: How long answers may be kept, s: names change with instances.
TTL_S: Final = 5

#: Largest datagram that is sent, however large a client would take: it fits every network unbroken (DNS flag day 2020).
DATAGRAM_BYTES: Final = 1232

#: Largest datagram for a client that does not say what it takes, and largest message in a stream.
PLAIN_BYTES, STREAM_BYTES = 512, 65535

_HEAD = struct.Struct("!HHHHHH")
_ANSWER, _OPCODE, _RECURSE = 0x8000, 0x7800, 0x0100
_REVERSE = (dns.reversename.ipv4_reverse_domain, dns.reversename.ipv6_reverse_domain)
_ADDRESS_TYPES = {4: RdataType.A, 6: RdataType.AAAA}


def domain_of(vpc_id: str) -> str:
    """The domain of a VPC's names, without the dot at the end."""
    return f"{vpc_id}.{DOMAIN.to_text(omit_final_dot=True)}"


def answer(directory: Directory, vpc_id: str, question: bytes, *, stream: bool = False) -> bytes | None:
    """What the VPC's name server answers; None for what deserves no answer (too short, or an answer itself)."""
    if len(question) < _HEAD.size:
        return None
    id, flags, questions, *_ = _HEAD.unpack_from(question)
    if flags & _ANSWER:
        return None
    if flags & _OPCODE:
        return _refusal(id, flags, Rcode.NOTIMP)
    try:
        query = dns.message.from_wire(question)
    except (dns.exception.DNSException, ValueError):
        return _refusal(id, flags, Rcode.FORMERR)
    if questions != 1 or len(query.question) != 1:
        return _refusal(id, flags, Rcode.FORMERR)
    reply = dns.message.make_response(query, our_payload=DATAGRAM_BYTES)
    if query.edns > 0:
        reply.set_rcode(Rcode.BADVERS)
    else:
        _fill(reply, directory, vpc_id)
    return reply.to_wire(max_size=STREAM_BYTES if stream else _room(query), prefer_truncation=True)


def _room(query: dns.message.Message) -> int:
    """Largest datagram that may answer."""
    return min(max(query.payload, PLAIN_BYTES), DATAGRAM_BYTES) if query.edns == 0 else PLAIN_BYTES


def _refusal(id: int, flags: int, code: Rcode) -> bytes:
    """An answer of nothing but a head."""
    return _HEAD.pack(id, _ANSWER | flags & (_OPCODE | _RECURSE) | code, 0, 0, 0, 0)


def _fill(reply: dns.message.Message, directory: Directory, vpc_id: str) -> None:
    asked = reply.question[0]
    if asked.rdclass == dns.rdataclass.IN and asked.name.is_subdomain(DOMAIN):
        _resolve(reply, directory, vpc_id)
    elif asked.rdclass == dns.rdataclass.IN and any(map(asked.name.is_subdomain, _REVERSE)):
        _reverse(reply, directory, vpc_id)
    else:
        reply.set_rcode(Rcode.REFUSED)


def _resolve(reply: dns.message.Message, directory: Directory, vpc_id: str) -> None:
    """Answer for a name at or below the domain."""
    asked = reply.question[0]
    labels = [label.decode("ascii", "replace").lower() for label in asked.name.relativize(DOMAIN).labels]
    zone = directory.zone(labels[-1]) if labels and directory.sees(vpc_id, labels[-1]) else None
    if labels and zone is None:
        reply.set_rcode(Rcode.REFUSED)
        return
    reply.flags |= dns.flags.AA
    endpoint = zone.endpoints.get(labels[0]) if zone is not None and len(labels) == 2 else None
    for address in () if endpoint is None else endpoint.addresses:
        kind = _ADDRESS_TYPES[address.version]
        if asked.rdtype in {kind, RdataType.ANY}:
            _add(reply, kind, str(address))
    if not reply.answer:
        _deny(reply, labels, directory.fabric.revision, exists=endpoint is not None or len(labels) < 2)


def _deny(reply: dns.message.Message, labels: list[str], revision: int, *, exists: bool) -> None:
    """There is nothing of the kind asked for, or no such name; the zone's SOA record says for how long to believe it."""
    asked = reply.question[0]
    apex = dns.name.Name(asked.name.labels[-len(DOMAIN.labels) - min(len(labels), 1) :])
    record = f"{apex} hostmaster.{apex} {revision % 2**32} 3600 600 86400 {TTL_S}"
    soa = dns.rrset.from_text(apex, TTL_S, dns.rdataclass.IN, RdataType.SOA, record)
    if asked.name == apex and asked.rdtype in {RdataType.SOA, RdataType.ANY}:
        reply.answer.append(soa)
        return
    reply.authority.append(soa)
    if not exists:
        reply.set_rcode(Rcode.NXDOMAIN)


def _reverse(reply: dns.message.Message, directory: Directory, vpc_id: str) -> None:
    """Answer for the name of an address."""
    asked = reply.question[0]
    try:
        address = ip_address(dns.reversename.to_address(asked.name))
    except (dns.exception.DNSException, ValueError):
        reply.set_rcode(Rcode.REFUSED)
        return
    name = _name_of(directory, vpc_id, address)
    if name is None:
        reply.set_rcode(Rcode.REFUSED)
        return
    reply.flags |= dns.flags.AA
    if not name:
        reply.set_rcode(Rcode.NXDOMAIN)
    elif asked.rdtype in {RdataType.PTR, RdataType.ANY}:
        _add(reply, RdataType.PTR, f"{name}.")


def _name_of(directory: Directory, vpc_id: str, address: Address) -> str | None:
    """Name of the instance that has the address; empty when nobody has it; None when it is in no VPC that is seen."""
    covered = False
    for id, zone in directory.visible(vpc_id):
        if address in zone.labels:
            return f"{zone.labels[address]}.{domain_of(id)}"
        covered = covered or zone.covers(address)
    return "" if covered else None


def _add(reply: dns.message.Message, kind: RdataType, record: str) -> None:
    """Put one record more into the answer."""
    asked = reply.question[0]
    records = reply.find_rrset(reply.answer, asked.name, dns.rdataclass.IN, kind, create=True)
    records.add(dns.rdata.from_text(dns.rdataclass.IN, kind, record), TTL_S)

"""Zones that DNSSEC vouches for: signed here, served by nsd on loopback, and two that nobody vouches for."""
import dns.dnssec
import dns.name
import dns.rdata
import dns.rdataset
import dns.rrset
from cryptography.hazmat.primitives.asymmetric import ec

from nsd import Nsd

HEAD = ["@ SOA ns hostmaster 1 3600 600 86400 60", "@ NS ns", "ns A 127.0.0.1"]
ALGORITHM = dns.dnssec.ECDSAP256SHA256


class Zone:
    """The lines of one zone, "NAME TYPE DATA" with names relative to it, signed or not."""

    def __init__(self, apex, lines):
        self.apex, self.sets = dns.name.from_text(apex), {}
        for line in HEAD + lines:
            owner, rrtype, data = line.split(" ", 2)
            self.add(owner, dns.rdata.from_text("IN", rrtype, data, origin=self.apex, relativize=False))
        self.key = None

    def add(self, owner, rdata):
        at = dns.name.from_text(owner, self.apex) if isinstance(owner, str) else owner
        kind = (at, rdata.rdtype, getattr(rdata, "type_covered", None))
        self.sets.setdefault(kind, dns.rrset.RRset(at, rdata.rdclass, rdata.rdtype)).add(rdata, 60)

    def is_cut(self, owner):
        return owner != self.apex and (owner, dns.rdatatype.NS, None) in self.sets

    def sign(self, forged=()):
        """ECDSA, one key, NSEC.  forged: "NAME TYPE" whose signature is not right."""
        self.key = ec.generate_private_key(ec.SECP256R1())
        dnskey = dns.dnssec.make_dnskey(self.key.public_key(), ALGORITHM, flags=257)
        self.add("@", dnskey)
        names = sorted({owner for owner, _, _ in self.sets})
        for here, after in zip(names, names[1:] + names[:1]):
            types = {dns.rdatatype.to_text(t) for owner, t, _ in self.sets if owner == here} | {"RRSIG", "NSEC"}
            self.add(here, dns.rdata.from_text("IN", "NSEC", f"{after} {' '.join(sorted(types))}"))
        for (owner, rrtype, _), rrset in list(self.sets.items()):
            if self.is_cut(owner) and rrtype not in (dns.rdatatype.DS, dns.rdatatype.NSEC):
                continue
            rrsig = dns.dnssec.sign(rrset, self.key, self.apex, dnskey, lifetime=86400)
            if f"{owner.relativize(self.apex)} {dns.rdatatype.to_text(rrtype)}" in forged:
                rrsig = rrsig.replace(signature=rrsig.signature[::-1])
            self.add(owner, rrsig)
        return self

    def anchor(self):
        dnskey, = self.sets[self.apex, dns.rdatatype.DNSKEY, None]
        return f"{self.apex} IN DS {dns.dnssec.make_ds(self.apex, dnskey, 'SHA256')}"

    def text(self):
        return "".join(f"{rrset}\n" for rrset in self.sets.values())


class Signed(Nsd):
    """Serves the zones, and is all of DNS for a server that is told to ask it."""

    def __init__(self, folder, *zones):
        self.zones = zones
        super().__init__(folder, {zone.apex.to_text(omit_final_dot=True): zone.text() for zone in zones})

    def config(self):
        anchors = ", ".join(f'"{zone.anchor()}"' for zone in self.zones if zone.key is not None and len(zone.apex) == 2)
        return f'dns {{ server = {{"127.0.0.1@{self.port}"}} trust-anchor = {{{anchors}}} }}'

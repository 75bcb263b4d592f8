"""Certificates of a small authority, for stories about whose server it is that answers."""
import datetime
import hashlib
import os
import ssl

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

NOW = datetime.datetime.utcnow()
PEM, DER = serialization.Encoding.PEM, serialization.Encoding.DER
SPKI = serialization.PublicFormat.SubjectPublicKeyInfo


def name(text):
    return x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, text)])


class Certificate:
    """A certificate with its key, and what DNS says of it."""

    def __init__(self, key, cert, chain=()):
        self.key, self.cert, self.chain = key, cert, chain

    def pem(self):
        return b"".join(c.public_bytes(PEM) for c in (self.cert, *self.chain))

    def key_pem(self):
        return self.key.private_bytes(PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())

    def tlsa(self, usage=3, selector=1, match=1):
        """The record's data: "3 1 1 HEX"."""
        octets = self.cert.public_bytes(DER) if selector == 0 else self.cert.public_key().public_bytes(DER, SPKI)
        digest = {0: octets, 1: hashlib.sha256(octets).digest(), 2: hashlib.sha512(octets).digest()}[match]
        return f"{usage} {selector} {match} {digest.hex()}"

    def context(self, folder):
        """The TLS of a server that shows it."""
        pair = [os.path.join(folder, f"{self.cert.serial_number}.{end}") for end in ("crt", "key")]
        for path, octets in zip(pair, (self.pem(), self.key_pem())):
            with open(path, "wb") as f:
                f.write(octets)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*pair)
        return context


class Authority:
    """Vouches for names."""

    def __init__(self, who="an authority"):
        self.name, key = name(who), ec.generate_private_key(ec.SECP256R1())
        self.own = Certificate(key, self.sign(key, self.name, key, [x509.BasicConstraints(True, None)], 30))

    def sign(self, key, subject, public, extensions, days):
        build = x509.CertificateBuilder(self.name, subject, public.public_key(), x509.random_serial_number(),
                                        NOW - datetime.timedelta(days=60), NOW + datetime.timedelta(days=days))
        for extension in extensions:
            build = build.add_extension(extension, isinstance(extension, x509.BasicConstraints))
        return build.sign(key, hashes.SHA256())

    def issue(self, *names, days=30, whole=True):
        """For these names; days < 0: it has expired.  whole: shown with the authority's own behind it."""
        key = ec.generate_private_key(ec.SECP256R1())
        cert = self.sign(self.own.key, name(names[0]), key,
                         [x509.SubjectAlternativeName([x509.DNSName(n) for n in names])], days)
        return Certificate(key, cert, (self.own.cert,) if whole else ())

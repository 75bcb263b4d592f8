"""opendkim as a milter: it signs what our users send, verifies what comes in, and says what it thinks of both."""
import os, subprocess
import pytest
from filters import Daemon, Shown, ask, free_port, missing

pytestmark = pytest.mark.skipif(bool(missing("opendkim")), reason=missing("opendkim"))

FROM_USER = (b"From: Bob <bob@example.org>\r\nTo: c@b.example\r\nSubject:  two  spaces\r\n\tand a fold \r\n"
             b"Date: Sat, 28 Nov 2026 12:00:00 +0000\r\nMessage-ID: <1@example.org>\r\n\r\n"
             b"Hello,\r\n\r\n.. dots  and trailing space \r\n\r\n\r\n")
ENVELOPE = ["--ip", "192.0.2.1", "--helo", "client.example", "--from", "bob@example.org", "--rcpt", "c@b.example"]


@pytest.fixture(name="folder", scope="module")
def fixture_folder(tmp_path_factory):
    """With a key pair: key.pem, and `public` in place of DNS."""
    folder = tmp_path_factory.mktemp("opendkim")
    subprocess.run(["openssl", "genrsa", "-out", folder / "key.pem", "2048"], check=True, capture_output=True)
    der = subprocess.run(["openssl", "rsa", "-in", folder / "key.pem", "-pubout", "-outform", "DER"], check=True,
                         capture_output=True).stdout
    b64 = subprocess.run(["openssl", "base64", "-A"], input=der, check=True, capture_output=True).stdout.decode()
    (folder / "public").write_text(f"s1._domainkey.example.org v=DKIM1; k=rsa; p={b64}\n")
    os.chmod(folder / "key.pem", 0o600)
    return folder


def opendkim(folder, name, where, extra):
    conf = folder / f"{name}.conf"
    conf.write_text("Background no\nSyslog no\nRequireSafeKeys no\nDNSTimeout 1\nAuthservID mx.example.org\n"
                    f"TestPublicKeys {folder}/public\nCanonicalization simple/simple\n"
                    f"Socket {where if isinstance(where, str) else f'inet:{where[1]}@127.0.0.1'}\n{extra}")
    path = where.removeprefix("unix:") if isinstance(where, str) else where
    return Daemon(["/usr/sbin/opendkim", "-f", "-x", str(conf)], str(folder), path)


@pytest.fixture(name="signer", scope="module")
def fixture_signer(folder):
    where = f"unix:{folder}/signer.sock"
    with opendkim(folder, "signer", where, f"Mode s\nDomain example.org\nSelector s1\nKeyFile {folder}/key.pem\n"
                  "InternalHosts 192.0.2.1\n"):
        yield where


@pytest.fixture(name="verifier", scope="module")
def fixture_verifier(folder):
    port = free_port()
    with opendkim(folder, "verifier", ("127.0.0.1", port), "Mode v\nInternalHosts 203.0.113.1\nAlwaysAddARHeader yes\n"
                  "On-BadSignature reject\n"):
        yield f"inet:{port}@localhost"


def test_what_one_opendkim_signs_another_one_verifies(tmp_path, signer, verifier):
    """Strict canonicalisation: one byte that we change on the way would spoil it."""
    signed = Shown(ask("ask_milter", tmp_path, FROM_USER, "--at", signer, *ENVELOPE))
    assert signed.said("end") == ["accept"] and signed.said("insert") == ["0 DKIM-Signature"]
    assert signed.head.split(b"\r\n")[0].startswith(b"DKIM-Signature: v=1; a=rsa-sha256; c=simple/simple;")
    assert signed.message.endswith(FROM_USER)
    seen = Shown(ask("ask_milter", tmp_path, signed.message, "--at", verifier, *ENVELOPE))
    assert seen.said("end") == ["accept"]
    results = seen.fields("Authentication-Results")
    assert len(results) == 1 and "mx.example.org" in results[0] and "dkim=pass" in results[0]
    assert seen.message.endswith(signed.message)


def test_in_one_go_the_second_filter_sees_what_the_first_one_added(tmp_path, signer, verifier):
    shown = Shown(ask("ask_milter", tmp_path, FROM_USER, "--at", signer, "--at", verifier, *ENVELOPE))
    assert shown.said("end") == ["accept", "accept"]
    assert "dkim=pass" in shown.fields("Authentication-Results")[0]


def test_a_changed_body_is_refused_with_the_filter_s_reply(tmp_path, signer, verifier):
    signed = Shown(ask("ask_milter", tmp_path, FROM_USER, "--at", signer, *ENVELOPE))
    forged = signed.message.replace(b"Hello", b"hello")
    shown = Shown(ask("ask_milter", tmp_path, forged, "--at", verifier, *ENVELOPE))
    assert shown.said("end")[0].startswith("reject 550 5.7.") and "bad DKIM signature" in shown.said("end")[0]


def test_a_forged_result_of_ours_is_taken_out(tmp_path, verifier):
    message = b"Authentication-Results: mx.example.org; dkim=pass header.d=bank.example\r\n" + FROM_USER
    shown = Shown(ask("ask_milter", tmp_path, message, "--at", verifier, *ENVELOPE))
    assert "delete" in [step for step, _ in shown.steps]
    assert not [r for r in shown.fields("Authentication-Results") if "bank.example" in r]


def test_one_connection_serves_several_messages(tmp_path, signer):
    shown = Shown(ask("ask_milter", tmp_path, FROM_USER, "--at", signer, "--times", "3", *ENVELOPE))
    assert shown.said("connect") == ["continue"] and shown.said("end") == ["accept"] * 3
    assert len(shown.fields("DKIM-Signature")) == 3


def test_a_big_message_is_signed_whole(tmp_path, signer, verifier):
    message = FROM_USER + b"".join(b"line %d\r\n" % i for i in range(100000))
    shown = Shown(ask("ask_milter", tmp_path, message, "--at", signer, "--at", verifier, *ENVELOPE))
    assert "dkim=pass" in shown.fields("Authentication-Results")[0]


def test_a_huge_field_is_no_way_around_a_filter(tmp_path, signer, verifier):
    """libmilter hangs up when a field does not fit into one of its packets."""
    signed = Shown(ask("ask_milter", tmp_path, FROM_USER, "--at", signer, *ENVELOPE))
    forged = b"X-Huge: " + b"x" * 200000 + b"\r\n" + signed.message.replace(b"Hello", b"hello")
    shown = Shown(ask("ask_milter", tmp_path, forged, "--at", verifier, *ENVELOPE))
    assert shown.said("end")[0].startswith("reject 550 5.7.")


def test_a_filter_that_is_gone_is_named(tmp_path):
    shown = Shown(ask("ask_milter", tmp_path, FROM_USER, "--at", f"unix:{tmp_path}/none.sock", *ENVELOPE))
    assert shown.said("end") == [f"failed filter, connect: connect to unix:{tmp_path}/none.sock: No such file or directory"]

"""clamav-milter with a clamd whose only signature is the EICAR test file's, by our own database."""
import pytest
from filters import Daemon, Shown, ask, missing

pytestmark = pytest.mark.skipif(bool(missing("clamd", "clamav-milter")), reason=missing("clamd", "clamav-milter"))

EICAR = rb"X5O!P%@AP[4\PZX54(P^)7CC)7}$EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
HEAD = (b"From: a@b.example\r\nSubject: a file\r\nX-Virus-Status: Clean, trust me\r\nMIME-Version: 1.0\r\n"
        b"Content-Type: application/octet-stream\r\nContent-Transfer-Encoding: 7bit\r\n\r\n")
ENVELOPE = ["--ip", "192.0.2.1", "--helo", "client.example", "--from", "a@b.example", "--rcpt", "c@example.org"]


@pytest.fixture(name="clamd", scope="module")
def fixture_clamd(tmp_path_factory):
    folder = tmp_path_factory.mktemp("clamd")
    (folder / "db").mkdir()
    (folder / "db" / "own.ndb").write_text(f"Eicar-Own:0:*:{EICAR.hex()}\n")
    (folder / "clamd.conf").write_text(f"Foreground yes\nDatabaseDirectory {folder}/db\nLocalSocket {folder}/clamd.sock\n"
                                       f"TemporaryDirectory {folder}\nLogFile {folder}/log\n")
    with Daemon(["/usr/sbin/clamd", "-c", str(folder / "clamd.conf")], str(folder), str(folder / "clamd.sock")) as d:
        yield d.where


@pytest.fixture(name="clamav")
def fixture_clamav(tmp_path, clamd, request):
    conf = tmp_path / "milter.conf"
    conf.write_text(f"Foreground yes\nMilterSocket unix:{tmp_path}/milter.sock\nClamdSocket unix:{clamd}\n"
                    f"LogFile {tmp_path}/log\nAddHeader Replace\nTemporaryDirectory {tmp_path}\n{request.param}\n")
    with Daemon(["/usr/sbin/clamav-milter", "-c", str(conf)], str(tmp_path), str(tmp_path / "milter.sock")) as d:
        yield f"unix:{d.where}"


@pytest.mark.parametrize("clamav", ["OnInfected Reject\nRejectMsg infected by %v"], indirect=True)
def test_a_virus_is_rejected_by_name_and_a_clean_mail_says_so(tmp_path, clamav):
    infected = Shown(ask("ask_milter", tmp_path, HEAD + EICAR + b"\r\n", "--at", clamav, *ENVELOPE))
    assert infected.said("end") == ["reject 550 5.7.1 infected by Eicar-Own.UNOFFICIAL"]
    clean = Shown(ask("ask_milter", tmp_path, HEAD + b"harmless\r\n", "--at", clamav, *ENVELOPE))
    assert clean.said("end") in (["accept"], ["continue"])
    assert clean.fields("X-Virus-Status") == ["Clean"]


@pytest.mark.parametrize("clamav", ["OnInfected Quarantine"], indirect=True)
def test_a_virus_is_put_in_quarantine(tmp_path, clamav):
    infected = Shown(ask("ask_milter", tmp_path, HEAD + EICAR + b"\r\n", "--at", clamav, *ENVELOPE))
    assert infected.said("end") in (["accept"], ["continue"])
    assert infected.said("quarantine") == ["quarantined by clamav-milter"]

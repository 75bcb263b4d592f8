"""Debian's rspamd, asked over HTTP: its own rules and maps are left out, it has no network, and ours say what to answer."""
import json
import pytest
from filters import Daemon, ask, free_port, missing

pytestmark = pytest.mark.skipif(bool(missing("rspamd")), reason=missing("rspamd"))

GTUBE = b"XJS*C4JDBQADN1.NSBN3*2IDNEN*GTUBE-STANDARD-ANTI-UBE-TEST-EMAIL*C.34X\r\n"

CONF = """
options {
	pidfile = "FOLDER/pid"; tempdir = "FOLDER"; hs_cache_dir = "FOLDER"; stats_file = "FOLDER/stats";
	control_socket = "FOLDER/control.sock mode=0600"; url_tld = "FOLDER/tld"; rrd = ""; history_file = ""; filters = "";
	dns { nameserver = ["127.0.0.1:1"]; timeout = 0.1s; retransmits = 1; }
}
logging { type = "file"; filename = "FOLDER/log"; level = "info"; }
actions { reject = 15; rewrite_subject = 8; add_header = 6; greylist = 4; subject = "*** %s"; }
lua = "FOLDER/rules.lua";
worker "normal" { bind_socket = "127.0.0.1:PORT"; bind_socket = "FOLDER/rspamd.sock mode=0600"; count = 1; }
"""

# The message says what is to be found in it; what rspamd was told about it comes back as symbols.
RULES = """
local id = rspamd_config:register_symbol({ name = 'OURS', type = 'callback', callback = function(task)
  local points = task:get_header('X-Points')
  if points then task:insert_result('POINTS', tonumber(points), task:get_header('X-Raw') or '') end
  if task:get_header('X-Edit') then
    task:set_milter_reply({
      add_headers = { ['X-Top'] = { value = 'first', order = 0 }, ['X-End'] = 'last', ['X-Two'] = { 'a', 'b' } },
      remove_headers = { ['X-Gone'] = 0, ['X-Old'] = -1 },
    })
  end
  if task:get_header('X-Huge') then
    local many = {}
    for i = 1, 60 do many[i] = string.rep('x', 900) end
    task:set_milter_reply({ add_headers = { ['X-Added'] = many } })
  end
  local wait = task:get_header('X-Wait')
  if wait then os.execute('sleep ' .. wait) end
  if task:get_header('X-Soft') then task:set_pre_result('soft reject', 'Try again later', 'ours') end
  if task:get_header('X-Echo') then
    local from, ip = task:get_from('smtp'), task:get_from_ip()
    local told = { from and from[1].addr or '', ip and ip:to_string() or '', task:get_helo() or '', task:get_user() or '',
                   task:get_queue_id() or '', task:get_header('Subject', true) or '', #(task:get_recipients('smtp') or {}),
                   task:get_principal_recipient() or '', #task:get_content() }
    task:set_pre_result('reject', table.concat(told, '|'), 'ours')
  end
end })
rspamd_config:register_symbol({ name = 'POINTS', type = 'virtual', parent = id, score = 1.0 })
"""


@pytest.fixture(name="rspamd", scope="module")
def fixture_rspamd(tmp_path_factory):
    folder, port = tmp_path_factory.mktemp("rspamd"), free_port()
    (folder / "tld").write_text("com\norg\nexample\n")  # Debian's list takes seconds to compile
    (folder / "rules.lua").write_text(RULES)
    (folder / "rspamd.conf").write_text(CONF.replace("FOLDER", str(folder)).replace("PORT", str(port)))
    with Daemon(["/usr/bin/rspamd", "-f", "-i", "-c", str(folder / "rspamd.conf")], str(folder), ("127.0.0.1", port),
                forks=True):
        yield [f"inet:127.0.0.1:{port}", f"unix:{folder}/rspamd.sock"]


def mail(*fields, body=b"Hello,\r\n\r\nhow are you?\r\n"):
    return b"".join(f + b"\r\n" for f in (b"From: a@b.example", b"Subject: a plain mail") + fields) + b"\r\n" + body


def verdict(rspamd, folder, message, *options):
    done = ask("ask_rspamd", folder, message, "--at", rspamd[0], *options)
    assert done.returncode == 0, done.stderr.decode()
    return json.loads(done.stdout)


def test_gtube_is_rejected_and_a_plain_mail_is_not(tmp_path, rspamd):
    spam, plain = verdict(rspamd, tmp_path, mail(body=GTUBE)), verdict(rspamd, tmp_path, mail())
    assert spam["action"] == "reject" and spam["symbols"] == ["GTUBE"] and spam["message"] == "Gtube pattern"
    assert plain["action"] == "no action" and plain["score"] == 0 and plain["required"] == 1500


def test_over_a_unix_socket_the_answer_is_the_same(tmp_path, rspamd):
    assert verdict(rspamd[1:], tmp_path, mail(body=GTUBE))["action"] == "reject"


@pytest.mark.parametrize("points, action", [(-3, "no action"), (5, "greylist"), (7, "add header"), (9, "rewrite subject"),
                                            (15.5, "reject")])
def test_the_score_decides_the_action(tmp_path, rspamd, points, action):
    got = verdict(rspamd, tmp_path, mail(b"X-Points: %g" % points))
    assert (got["action"], got["score"], got["symbols"], got["of"]) == (action, points * 100, ["POINTS"], 1)
    assert got["subject"] == (" *** a plain mail" if action == "rewrite subject" else "")


def test_a_soft_reject_has_words_for_the_client(tmp_path, rspamd):
    got = verdict(rspamd, tmp_path, mail(b"X-Soft: 1"))
    assert (got["action"], got["message"]) == ("soft reject", "Try again later")


def test_fields_are_added_and_removed_where_rspamd_says(tmp_path, rspamd):
    got = verdict(rspamd, tmp_path, mail(b"X-Gone: 1", b"X-Old: 1", b"X-Gone: 2", b"X-Old: 2", b"X-Edit: 1"))
    lines = got["header"].split("\r\n")[:-1]
    assert lines[:5] == ["X-Top: first", "From: a@b.example", "Subject: a plain mail", "X-Old: 1", "X-Edit: 1"]
    assert sorted(lines[5:]) == ["X-End: last", "X-Two: a", "X-Two: b"]
    assert got["edits"] == 6 and got["refused"] == 0


def test_rspamd_hears_who_sent_it_to_whom(tmp_path, rspamd):
    message = mail(b"X-Echo: 1")
    got = verdict(rspamd, tmp_path, message, "--from", "a@b.example", "--rcpt", "c@example.org", "--rcpt", "d@example.org",
                  "--ip", "192.0.2.1", "--helo", "client.example", "--user", "bob", "--deliver-to", "c@example.org")
    assert got["message"] == f"a@b.example|192.0.2.1|client.example|bob|77|a plain mail|2|c@example.org|{len(message)}"


def test_bytes_that_are_no_text_do_not_hide_a_message(tmp_path, rspamd):
    got = verdict(rspamd, tmp_path, mail(b"X-Raw: \xff\xfe =?utf-8?b?AP8=?= [[[{{{\"", b"X-Points: 20"))
    assert got["action"] == "reject"


def test_ten_thousand_addresses_do_not_hide_a_message(tmp_path, rspamd):
    many = b"".join(b"http://%s%d.example/ %s%d@%s%d.example\r\n" % (b"h" * 60, i, b"l" * 60, i, b"d" * 60, i)
                    for i in range(11000))
    assert verdict(rspamd, tmp_path, mail(b"X-Points: 20", body=many))["action"] == "reject"


def test_a_thousand_recipients_do_not_hide_a_message(tmp_path, rspamd):
    many = [o for i in range(1000) for o in ("--rcpt", f"{'r' * 100}{i}@example.org")]
    assert verdict(rspamd, tmp_path, mail(b"X-Points: 20"), "--helo", "h" * 90000, *many)["action"] == "reject"


def test_an_answer_that_does_not_come_in_time_is_said_so(tmp_path, rspamd):
    done = ask("ask_rspamd", tmp_path, mail(b"X-Wait: 1"), "--at", rspamd[0], "--patience", "200")
    assert done.returncode == 1 and f"rspamd at {rspamd[0]}: no answer within 0.2 s" in done.stderr.decode()

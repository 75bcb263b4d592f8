"""Postfix's smtp-sink with every fault that it can have, each as the server of a domain of its own."""
import contextlib
import os
import socket
import subprocess

from harness import free_port, until
from test_remote import result, send

DIED = "deferral, Connected_to_IP_but_connection_died._"
CLOSING, LATER, NEVER = (f"/Remote_host_said:_{said}/" for said in (
    "421_4.0.0_Server_closing_connection", "450_4.3.0_Error:_command_failed", "500_5.3.0_Error:_command_failed"))
STEPS = {"CONNECT": "Connected_to_IP_but_greeting_failed.", "EHLO": "Connected_to_IP_but_my_name_was_rejected.",
         "MAIL": "Connected_to_IP_but_sender_was_rejected.", "RCPT": "IP_does_not_like_recipient.",
         "DATA": "IP_failed_on_DATA_command.", ".": "IP_failed_after_I_sent_the_message."}
TAKEN = "success, IP_accepted_message./Remote_host_said:_250_2.0.0_Ok/"
FAULTS = [
    # it disconnects without a word
    *((f"-q {step}", DIED + "(#4.4.2)/") for step in STEPS if step != "."),
    ("-q .", DIED + "Possible_duplicate!_(#4.4.2)/"),
    # 421, and it disconnects
    *((f"-Q {step}", f"deferral, {words}{CLOSING}") for step, words in STEPS.items()),
    # 4xx and 5xx; who refuses EHLO for good is asked by HELO, and whose greeting is 5xx may think better of it
    *((f"-r {step}", f"deferral, {words}{LATER}") for step, words in STEPS.items()),
    *((f"-f {step}", f"failure, {words}{NEVER}") for step, words in STEPS.items() if step not in ("CONNECT", "EHLO")),
    ("-f CONNECT", f"deferral, {STEPS['CONNECT']}{NEVER}"),
    ("-A 0", f"failure, {STEPS['.']}/Remote_host_said:_550_This_violates_SMTP/"),
    # slow, old, poor, or in a hurry when all is over
    *((fault, TAKEN) for fault in ("-f EHLO", "-w 1", "-H 1", "-e", "-p", "-P", "-8", "-N", "-q QUIT", "-Q QUIT")),
]


@contextlib.contextmanager
def sinks(port, faults):
    """One on that port of 127.0.3.1, 127.0.3.2 ... for each."""
    user = ["-u", "nobody"] if os.geteuid() == 0 else []
    running = [subprocess.Popen(["smtp-sink", *user, *fault.split(), f"127.0.3.{n}:{port}", "10"], stdout=subprocess.DEVNULL,
                                stderr=subprocess.DEVNULL) for n, fault in enumerate(faults, 1)]
    try:
        for n in range(1, len(faults) + 1):
            until(lambda n=n: listens(f"127.0.3.{n}", port), f"sink {n} listens")
        yield
    finally:
        for process in running:
            process.terminate()
            process.wait()


def listens(address, port):
    with contextlib.suppress(OSError), socket.create_connection((address, port), 1):
        return True
    return False


def test_each_fault_has_its_outcome_and_its_words(server, dns):
    port = free_port()
    server.config(f"relay {{ enabled = true port = {port} }}\nqueue {{ first-retry = 1h }}")
    for n in range(1, len(FAULTS) + 1):
        dns.record(f"s{n}.test", f"A 127.0.3.{n}")
    with sinks(port, [fault for fault, _ in FAULTS]):
        send(server, *(f"bob@s{n}.test" for n in range(1, len(FAULTS) + 1)))
        result(server, len(FAULTS))
    log = server.log("delivery")
    of = {t.split(", ")[0]: int(t.rsplit("@s", 1)[1].split(".")[0]) for t in log.verb("try") if ", remote, " in t}
    found = {of[d]: report for d, _, report in (r.partition(", ") for r in log.verb("result")) if d in of}
    for n, (fault, words) in enumerate(FAULTS, 1):
        assert found[n].replace(f"127.0.3.{n}", "IP").startswith(words), fault

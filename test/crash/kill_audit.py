"""What a kill -9 may never do, over and above the oracle: nothing that was written is lost by it, so the logs and the
folders must be right to the last line and file."""
import os
import re

import load
import oracle
from house import BOXES, LATER, NEVER, SENDER

USERS = {*BOXES, LATER, NEVER, SENDER}
ENOUGH = 1000  # messages, of which some must be of each kind


class Audit(oracle.Audit):
    """together: several programs died at one moment; then a message may have its delivery logged and no SMTP group."""

    def __init__(self, journal, together, crashes=0):
        super().__init__(journal)
        self.together, self.crashes = together, crashes

    def spool(self, house):
        super().spool(house)
        self.folders(house)

    def logged(self, house, mails):
        super().logged(house, mails)
        outcomes, bounces = oracle.Audit(self.journal).attempts(house)
        ends = {}
        for (qp, address), seen in outcomes.items():
            ends.setdefault(qp, {})[address] = set(seen) - {"deferral"}
        unanswered = {m.qp for m in mails if m.name not in self.journal.acked()}
        self.all_end(house, ends, bounces, unanswered)
        self.one_bounce_each(ends, bounces)
        self.all_kinds()

    def folders(self, house):
        """No mailbox that nobody has, no file that is half delivered."""
        domain = os.path.join(house.mail, "example.com")
        strangers = set(os.listdir(domain)) - USERS
        if strangers:
            self.complain("mailboxes of nobody:", sorted(strangers))
        for user in USERS - {NEVER}:
            for folder in ("staging", "Maildir/tmp"):
                at = os.path.join(domain, user, folder)
                left = os.listdir(at) if os.path.isdir(at) else []
                if left:
                    self.complain(f"{at} still has", left[:3])

    def all_end(self, house, ends, bounces, unanswered):
        """Whatever the logs say was accepted or tried has an end there, and began there: as a session, a forward or a
        bounce.  The session of a message that came though its client had no 250 is written by telltale-queue five
        seconds later, and may have been killed by then."""
        accepted = set(map(int, re.findall(r"(?m), resp, 250 ok \d+ qp (\d+)$", house.log("smtp-25"))))
        children = {child for each in bounces.values() for child in each}
        children |= set(map(int, re.findall(r"(?m), success, did_0\+1\+0/qp_(\d+)/", house.log("delivery"))))
        for qp in accepted - ends.keys():
            self.complain(f"qp {qp} was accepted, says the SMTP log; the delivery log knows nothing of it")
        for qp, recipients in ends.items():
            self.violations += [f"qp {qp}: {address} has no end" for address, seen in recipients.items() if not seen]
        if not self.together:
            for qp in ends.keys() - accepted - children - unanswered:
                self.complain(f"qp {qp} was tried; the SMTP log knows nothing of it")

    def one_bounce_each(self, ends, bounces):
        """Bounces to strangers lie in no mailbox of ours: of those that were made, one was tried.  The log may name one
        once more when recovery finds it."""
        for name, entry in self.journal.acked().items():
            if name.startswith("home-") and sum(child in ends for child in set(bounces[entry.qp])) != 1:
                self.complain(name, f"(qp {entry.qp}) came back to its sender as", bounces[entry.qp])

    def all_kinds(self):
        seen = {name.partition("-")[0] for name in self.journal.acked()}
        if self.acked >= ENOUGH and seen != set(load.KINDS):
            self.complain("no message of kind", sorted(set(load.KINDS) - seen))

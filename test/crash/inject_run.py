"""One fault: a house starts and works under it, the fault goes away, and everything is judged."""
import copy
import time

import inject_audit
from inject_house import AWAY, USERS, House, wait_for
from inject_scene import Message, Wrong, scene, visit
from inject_sites import fault_of

# Seconds: a lasting fault may keep a program from starting or working, and that is known soon.
STARTS, WORKS = {False: 6.0, True: 1.2}, {False: 20, True: 4}
SAYS = 5.0  # a program says after three seconds that it cannot reach another
HEALS = 90  # after the fault until everything is in order: what could not be read is read again after a minute
ALIAS = ("new@example.com", "anna@example.com")


class Result:
    """What a run found."""

    def __init__(self, site):
        self.site, self.hits, self.acked, self.seconds = site, 0, 0, 0.0
        self.impaired, self.wrong, self.sentences, self.story = False, [], [], ""

    def say(self, kind, words):
        self.wrong.append((kind, words))


def make_template(build, folder):
    """A house with accounts, and with messages that were promised just before everything was killed."""
    house = House(build, folder)
    try:
        house.start()
        assert house.ready(20), house.said()
        for words in (["domain", "add", "example.com"], ["alias", "add", *AWAY]):
            assert house.tell(*words).returncode == 0
        for user in USERS:
            done = house.tell("account", "add", f"{user}@example.com", "--password-stdin", text="correct horse\n")
            assert done.returncode == 0, done
        house.block()
        seed = [Message("seed-plain", *(u for u in USERS if u != "late"))]
        visit(house.port, seed, time.monotonic() + 20)
        wait_for(lambda: not inject_audit.missing(house, seed), 20)
        house.freeze("telltale-local")
        old = scene("old")[2:5]
        visit(house.port, old, time.monotonic() + 20)
        old += seed
        assert all(m.fate == "promised" for m in old), [m.fate for m in old]
        house.kill()
        return house.keep(), old
    finally:
        house.close()


class Run:
    """The phases of one run, in order."""

    def __init__(self, build, folder, template, site, preload=None, part=None, heals=HEALS):
        self.site, self.part, self.heals = site, part, heals
        self.house = House(build, folder, template[0], preload)
        self.messages = copy.deepcopy(template[1]) + scene("new")
        self.result = Result(site)
        self.alias = False

    def whole(self):
        begun = time.monotonic()
        try:
            self.work()
            self.settle()
            self.end_fault()
            self.heal()
            self.judge()
        except Wrong as why:
            self.result.say("violations", str(why))
        finally:
            self.result.hits = max(self.result.hits, self.house.hits())
            self.result.acked = sum(m.fate == "promised" for m in self.messages)
            if self.result.wrong:
                self.result.story = self.house.story()
            self.house.close()
        self.result.seconds = time.monotonic() - begun
        return self.result

    # -- under the fault

    def work(self):
        self.house.start(fault_of(self.site), self.part)
        ready = self.house.ready(STARTS[self.site.persistent])
        if self.house.ended() is not None:
            self.result.impaired = True
            return
        visit(self.house.port, self.messages[-6:], time.monotonic() + WORKS[self.site.persistent])
        if ready:
            self.alias = self.house.tell("alias", "add", *ALIAS).returncode == 0
        self.result.impaired = not ready

    def settle(self):
        """What can be delivered is delivered."""
        if self.house.ended() is not None:
            return
        held_up = wait_for(self.only_late, 0.4 if self.site.persistent else 1.0)
        self.result.impaired |= not held_up or any(m.fate != "promised" for m in self.messages)
        if not self.site.persistent:
            self.house.unblock()
            self.house.later(60)
            wait_for(lambda: not inject_audit.missing(self.house, self.messages), 1.0)

    def only_late(self):
        return all(user == "late" for _, user in inject_audit.missing(self.house, self.messages))

    def end_fault(self):
        """The administrator mends the disk; one restarts the server, the other does not."""
        self.result.hits = self.house.hits()
        if self.result.hits and self.site.persistent and self.result.impaired:
            wait_for(self.house.complaints, SAYS)
        self.result.sentences = self.house.complaints()
        silent = self.house.ended() is not None and not self.house.said(self.house.begun).strip()
        if silent and self.site.what != "KILL":
            self.result.say("violations", "the start failed without a word")
        if self.result.hits and self.site.persistent and self.result.impaired and not self.said_why():
            self.result.say("violations", f"nothing says what is wrong: {self.result.sentences}")
        if self.house.ended() is None and not self.restarts():
            self.house.lift()
            return
        self.house.kill()
        self.house.start()

    def restarts(self):
        return self.site.persistent and self.site.n % 2 == 0

    def said_why(self):
        """Where even server.log cannot be written, the stderr of the house has it; but that is a file here too."""
        if self.site.what == "KILL" or self.site.call in ("write", "writev"):
            return True
        return bool(self.result.sentences)

    # -- afterwards

    def heal(self):
        """Mail is accepted again, and everything that waits gets where it belongs."""
        ready = self.house.ready(self.heals)
        if self.house.ended() is not None:  # a start that the fault had doomed
            self.house.kill()
            self.house.start()
            ready = self.house.ready(self.heals)
        if not ready:
            raise Wrong("the house does not get ready when the fault has ended")
        after = Message("after-plain", "anna")
        self.messages.append(after)
        end = time.monotonic() + self.heals
        while after.fate != "promised":
            if after.fate == "unsure":
                after = Message(f"after-{len(self.messages)}", "anna")
                self.messages.append(after)
            visit(self.house.port, [after], time.monotonic() + 20)
            time.sleep(0.02)
            if time.monotonic() > end:
                raise Wrong("no mail is accepted when the fault has ended")
        self.drain(end)

    def drain(self, end):
        """An empty queue is not enough: a segment that could not be read may hold more, and is read again later."""
        self.house.unblock()
        while not self.house.later(30) and not self.arrived():
            if time.monotonic() > end:
                return  # the audit says what is missing
            time.sleep(0.05)
        self.house.later(2 * 86400)
        while (waiting := inject_audit.queue(self.house)) != [] or inject_audit.unreported(self.house, self.messages):
            if time.monotonic() > end:
                if waiting != []:
                    self.result.say("violations", f"the queue is not empty: {waiting}")
                return
            self.house.later(60)
            time.sleep(0.05)

    def arrived(self):
        """All that was promised lies there, and what still waits is for other servers."""
        if inject_audit.missing(self.house, self.messages):
            return False
        waiting = inject_audit.queue(self.house)
        return waiting is not None and all(r["channel"] == "remote" for m in waiting for r in m["recipients"])

    def judge(self):
        self.result.wrong += inject_audit.audit(self.house, self.messages)
        if self.alias and ALIAS[0] not in self.house.tell("alias", "list").stdout:
            self.result.say("lost", "an alias whose addition was confirmed")
        if self.house.stop() != 0:
            self.result.say("violations", "it does not stop in order")


def record(build, folder, template, path):
    """The calls of a run without a fault."""
    run = Run(build, folder, template, None)
    house = run.house
    try:
        house.start(record=path)
        assert house.ready(20), house.said()
        visit(house.port, run.messages[-6:], time.monotonic() + 20)
        assert house.tell("alias", "add", *ALIAS).returncode == 0
        wait_for(run.only_late, 5)
        house.unblock()
        house.later(60)
        run.heal()
        run.judge()
        assert not run.result.wrong, run.result.wrong
    finally:
        house.close()

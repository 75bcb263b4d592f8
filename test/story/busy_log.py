"""What the logs of other servers have in common that are made line by line, of mail as it comes: much goes on at a time, in any
order, lines are missing, and clocks are set back."""
import datetime
import random


class BusyLog:
    STEP = (0, 0, 1, 2, 30, 90, 400)  # seconds from one line to the next, at most
    LOST, BACK = 0.02, 0.0            # how often a line is lost, and the clock set back

    def __init__(self, seed, begin):
        self.rng, self.now, self.lines, self.coming = random.Random(seed), begin, [], []
        self.people = [f"{name}@{domain}" for name in ("ann", "bob", "carl") for domain in ("a.example", "b.example")]

    def happen(self, messages, kinds, pauses):
        """kinds: makers of lines, each of something that comes; pauses between them, as so many steps."""
        for _ in range(messages):
            self.coming.append(self.rng.choice(kinds)())
            self.go_on(self.rng.randrange(8))
            self.pause(self.rng.choice(pauses))
        while self.coming:
            self.go_on(1)

    def go_on(self, steps):
        for _ in range(steps):
            if not self.coming:
                return
            at = self.rng.choice(self.coming)
            line = next(at, None)
            if line is None:
                self.coming.remove(at)
            elif self.rng.random() > self.LOST:
                self.put(line)
            self.meanwhile()
            self.pause(1)

    def pause(self, times):
        self.now += datetime.timedelta(seconds=self.rng.choice(self.STEP) * self.rng.random() * times)
        if self.BACK and self.rng.random() < self.BACK:
            self.now -= datetime.timedelta(seconds=self.rng.choice([1, 1, 2, 30]))

    def meanwhile(self):
        """What else may happen at any time."""

"""The floor of accepting (sink.c), as one side of a bench."""
import os

import place as places
import process

BYTES = 256 << 20
ROUND_BYTES = 512 << 20  # more than one round of any load


class Sink:
    """It writes over the same bytes again and again: nothing that it took is there for long."""
    name = "sink"

    def __init__(self, build, place, boxes=1, keep=True):
        self.program = os.path.join(build, "bench", "bench-sink")
        self.folder = os.path.join(place, self.name)
        self.file = os.path.join(self.folder, "file")
        self.port = process.free_port()
        self.boxes, self.keep, self.process = boxes, keep, None
        os.mkdir(self.folder)
        self.empty()

    def recipients(self):
        return [f"user{i}@example.com" for i in range(self.boxes)]

    def start(self, hold):
        """It holds always."""
        mode = [] if self.keep else ["discard"]
        self.process = process.spawn([self.program, str(self.port), self.file, *mode],
                                     os.path.join(self.folder, "said"))
        process.until(lambda: process.answers(self.port), "the sink answers")

    def stop(self):
        if self.process is not None:
            process.kill_group(self.process)
            self.process = None

    def empty(self):
        if not os.path.exists(self.file):
            places.zeros(self.file, BYTES)

    def shown(self):
        return {}


class Keeper(Sink):
    """It keeps what it took, as a queue must: each round's messages go into room of their own, reserved beforehand."""
    name = "keeper"

    def empty(self):
        if os.path.exists(self.file):
            os.unlink(self.file)
        with open(self.file, "wb") as f:
            os.posix_fallocate(f.fileno(), 0, ROUND_BYTES)
            os.fsync(f.fileno())

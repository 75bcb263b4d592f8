"""The floor of accepting (sink.c), as one side of a bench."""
import os

import place as places
import process

BYTES = 256 << 20


class Sink:
    name = "sink"

    def __init__(self, build, place, boxes=1, keep=True):
        self.program = os.path.join(build, "bench", "bench-sink")
        self.folder = os.path.join(place, "sink")
        self.file = os.path.join(self.folder, "file")
        self.port = process.free_port()
        self.boxes, self.keep, self.process = boxes, keep, None
        os.mkdir(self.folder)
        places.zeros(self.file, BYTES)

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
        """Its file is written over and over."""

    def shown(self):
        return {}

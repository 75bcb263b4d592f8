"""Parts of a rig at the same time, each in a process of its own: most of what they do is to wait."""
import multiprocessing
import signal
import sys

from house import harness


def life(to, work, args):
    harness.end_with_us()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # it cleans up
    to.send(work(*args))


def beside(*works):
    """What each of these (function, argument ...) returns, in their order.  All have ended when this returns or raises."""
    context = multiprocessing.get_context("fork")
    pipes = [context.Pipe(False) for _ in works]
    workers = [context.Process(target=life, args=(to, work, args)) for (work, *args), (_, to) in zip(works, pipes)]
    try:
        for worker, (_, to) in zip(workers, pipes):
            worker.start()
            to.close()
        return [pipe.recv() for pipe, _ in pipes]
    finally:
        for worker in workers:
            worker.terminate()
            worker.join()

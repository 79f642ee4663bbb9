"""What the workers of mixed_load.py have in common: a random source of their own, patience, and a count."""
import collections
import random
import time

from registry import Away

# How long a region may be away at a time.
PATIENCE = 120


class Worker:
    """Draws one of `steps` after the other until the deadline. `steps` are pairs of a weight and a name."""

    steps = ()

    def __init__(self, seed, deadline):
        self.random = random.Random(seed)
        self.deadline = deadline
        self.counts = collections.Counter()
        self.failures = []

    def begin(self):
        """What must be there before anything else is done."""

    def run(self):
        names = [name for _, name in self.steps]
        weights = [weight for weight, _ in self.steps]
        while time.monotonic() < self.deadline:
            name = self.random.choices(names, weights)[0]
            getattr(self, name)()
            self.counts[name] += 1

    def patiently(self, call, *arguments):
        """Until it is answered, whatever the answer is. So every call must be the same when made twice."""
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                return call(*arguments)
            except Away as error:
                self.counts["unanswered"] += 1
                if time.monotonic() > deadline:
                    raise SystemExit(f"not as expected: away for {PATIENCE} s: {error}") from error
                time.sleep(0.1)

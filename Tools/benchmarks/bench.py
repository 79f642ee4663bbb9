"""One row while it runs: its directory, its servers, and what it found out."""
import dataclasses
import mmap
import os
import shutil
import statistics
import time
import traceback

from . import servers
from .process import CannotRun, Void, checked

REST_SECONDS = 20


@dataclasses.dataclass
class Line:
    """One comparison: a figure of ours with the same of a peer, or with a bound."""
    work: str
    peer: str
    reach: str
    verdict: str
    ratio: float | None = None
    spread: tuple | None = None
    ours: str = ""
    theirs: str = ""


@dataclasses.dataclass
class Row:
    name: str
    lines: list = dataclasses.field(default_factory=list)
    rounds: list = dataclasses.field(default_factory=list)
    notes: list = dataclasses.field(default_factory=list)


class Bench:
    def __init__(self, name, binary, directory, rounds):
        self.row = Row(name)
        self.binary, self.rounds = os.path.abspath(binary), rounds
        self.directory = os.path.join(os.path.abspath(directory), name)
        # Of B10 and B11: a data directory that is kept, and how many objects it holds.
        self.store, self.objects = None, 0
        self._started = []

    def __enter__(self):
        shutil.rmtree(self.directory, ignore_errors=True)
        os.makedirs(self.directory)
        return self

    def __exit__(self, *_):
        for server in reversed(self._started):
            server.stop()
        shutil.rmtree(self.directory, ignore_errors=True)

    def run(self, work):
        try:
            work(self)
        except (CannotRun, Void) as error:
            said = "void" if isinstance(error, Void) else "cannot run"
            self.row.lines.append(Line(str(error), "", "", said))
        except OSError as error:
            self.row.notes.append(traceback.format_exc(limit=3))
            self.row.lines.append(Line(f"a client failed: {error}", "", "", "void"))
        return self.row

    # Directories, files, servers.

    def path(self, *parts):
        return os.path.join(self.directory, *parts)

    def make(self, *parts):
        os.makedirs(self.path(*parts), exist_ok=True)
        return self.path(*parts)

    def random_file(self, name, size):
        """Fresh bytes each time: no side may answer from what it knows already."""
        path = self.path(name)
        with open(path, "wb") as file:
            for start in range(0, size, 1 << 20):
                file.write(os.urandom(min(1 << 20, size - start)))
            file.flush()
            os.fsync(file.fileno())
        return path

    def warm_memory(self, size):
        """Has the next page cache or heap of that size come out of memory that the machine really holds: a
        hypervisor that takes free pages back makes whoever touches them first pay for them."""
        flags = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | mmap.MAP_POPULATE
        mmap.mmap(-1, size, flags=flags).close()

    def rest_disk(self):
        """Lets a disk that has a burst allowance regain it, so that each round finds the same disk."""
        os.sync()
        time.sleep(REST_SECONDS)

    def started(self, server):
        self._started.append(server)
        return server

    def holdfast(self, name="west", peers=(), data=None, variables=None):
        return servers.Holdfast(self, name, peers, data=data, variables=variables)

    def shim(self, name):
        """A library to be preloaded, made of the C file of that name beside this one."""
        compiler = next((one for one in ("clang", "gcc", "cc") if shutil.which(one)), None)
        if not compiler:
            raise CannotRun(f"there is no C compiler to make {name} with")
        source = os.path.join(os.path.dirname(os.path.abspath(__file__)), f"{name}.c")
        library = self.path(f"{name}.so")
        checked([compiler, "-O2", "-fno-builtin", "-shared", "-fPIC", "-o", library, source, "-ldl"])
        return library

    def load(self, data, objects, *options):
        """Puts objects into a data directory that no daemon has; `StoreLoader` is built beside the program."""
        loader = os.path.join(os.path.dirname(self.binary), "StoreLoader")
        if not os.access(loader, os.X_OK):
            raise CannotRun(f"{loader} is not there; make bench builds it")
        start = time.monotonic()
        checked([loader, "--data", data, "--bucket", servers.BUCKET, "--objects", str(objects), *options])
        return time.monotonic() - start

    # What was found.

    def note(self, text):
        self.row.notes.append(text)

    def round(self, text):
        self.row.rounds.append(text)

    def compare(self, work, peer, ratios, reach, ours="", theirs="", at_most=False):
        """Holds the median of the rounds' ratios against `reach`."""
        ratio = statistics.median(ratios)
        met = ratio <= reach if at_most else ratio >= reach
        sign = "<=" if at_most else ">="
        self.row.lines.append(Line(
            work, peer, f"{sign} {reach:g}", "reached" if met else "missed", ratio,
            (min(ratios), max(ratios)), ours, theirs))

    def at_least(self, work, value, goal, unit):
        """Holds one figure against a lower bound."""
        self.row.lines.append(Line(
            work, "", f">= {goal:g} {unit}", "reached" if value >= goal else "missed", None, None,
            f"{value:.0f} {unit}"))

    def bound(self, work, value, limit, unit, digits=1):
        """Holds one figure against an upper bound."""
        self.row.lines.append(Line(
            work, "", f"<= {limit:g} {unit}", "reached" if value <= limit else "missed", None, None,
            f"{value:.{digits}f} {unit}"))

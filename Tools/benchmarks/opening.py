"""B11: how long a start takes with millions of objects, after a clean stop and after kill -9."""
import os
import statistics
import time

from . import load
from .memory import Watch
from .reads import figures
from .writes import put_script

CLEAN_SECONDS, KILLED_SECONDS, RESIDENT_MIB = 1, 5, 512
WRITERS, WRITE_SECONDS = 64, 6


def start(bench):
    """A loaded store is started, written to for a while, killed and started again, in turns."""
    data = bench.store or bench.path("loaded")
    if os.path.isdir(data):
        bench.note(f"the store was there: {data}")
    else:
        seconds = bench.load(data, bench.objects)
        bench.note(f"{bench.objects} objects were loaded in {seconds:.0f} s")
    clean, killed, highest = [], [], []
    for _ in range(bench.rounds):
        ours, seconds = started(bench, data)
        clean.append(seconds)
        with Watch(ours.server) as watch:
            load.rate(ours.url, WRITERS, WRITE_SECONDS, put_script(bench, ours))
            ours.server.kill()
            ours, seconds = started(bench, data, watch)
        killed.append(seconds)
        highest.append(watch.highest["VmRSS"] / 1024)
        ours.server.stop()
    bench.round(f"clean: s {figures(clean)}")
    bench.round(f"after kill -9, {WRITE_SECONDS} s of PUTs by {WRITERS} writers before: s {figures(killed)}")
    bench.round(f"highest resident: MiB {figures(highest, 0)}")
    bench.note("from exec to the first 200 of /-/health/ready; what the page cache holds is left in it")
    text = f"{bench.objects / 1e6:g} M objects"
    bench.bound(f"start, {text}", statistics.median(clean), CLEAN_SECONDS, "s", 2)
    bench.bound(f"start after kill -9, {text}", statistics.median(killed), KILLED_SECONDS, "s", 2)
    bench.bound(f"resident, {text}", max(highest), RESIDENT_MIB, "MiB")


def started(bench, data, watch=None):
    """The daemon, and how long it took to be ready."""
    begin = time.monotonic()
    ours = bench.holdfast(data=data)
    seconds = time.monotonic() - begin
    if watch:
        watch.follow(ours.server)
    return ours, seconds

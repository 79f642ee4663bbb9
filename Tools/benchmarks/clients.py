"""B13b: one S3 client for all: small objects put, read and deleted over eight connections, large ones over four."""
import os
import resource
import statistics
import time

from . import load, signing
from .process import Void
from .reads import figures, order
from .servers import BUCKET, SeaweedFS

SMALL, SMALL_CONNECTIONS, SMALL_OBJECTS = 4 << 10, 8, 8000
LARGE, LARGE_CONNECTIONS, LARGE_OBJECTS = 8 << 20, 4, 96
REACH = 2

WORKS = [
    ("put 4 KiB", "PUT", SMALL, SMALL_CONNECTIONS, SMALL_OBJECTS),
    ("get 4 KiB", "GET", SMALL, SMALL_CONNECTIONS, SMALL_OBJECTS),
    ("delete 4 KiB", "DELETE", SMALL, SMALL_CONNECTIONS, SMALL_OBJECTS),
    ("put 8 MiB", "PUT", LARGE, LARGE_CONNECTIONS, LARGE_OBJECTS),
    ("get 8 MiB", "GET", LARGE, LARGE_CONNECTIONS, LARGE_OBJECTS),
    ("delete 8 MiB", "DELETE", LARGE, LARGE_CONNECTIONS, LARGE_OBJECTS),
]


def mixed(bench):
    """wrk with URLs signed beforehand and keep-alive, the same for every side; each object once."""
    sides = {"Holdfast": bench.holdfast(), "SeaweedFS": SeaweedFS(bench)}
    rates = {(work[0], name): [] for work in WORKS for name in sides}
    shares = {key: [] for key in rates}
    for number in range(bench.rounds):
        for name in order(sides, number):
            for text, *work in WORKS:
                rate, share = run(bench, sides[name], number, *work)
                rates[text, name].append(rate)
                shares[text, name].append(share)
    for (text, name), values in rates.items():
        if not text.startswith("delete 8"):
            bench.round(
                f"{text}, {name}: objects/s {figures(values, 0)}, of both CPUs the client took "
                f"{figures(shares[text, name])}")
    bench.note(
        "SeaweedFS (weed server -s3, one volume server, no replication) does not sync on PUT; Holdfast does. "
        "radosgw is not among the peers.")
    for text, *_ in WORKS[:-1]:
        ours, theirs = rates[text, "Holdfast"], rates[text, "SeaweedFS"]
        bench.compare(
            text, "SeaweedFS", [a / b for a, b in zip(ours, theirs)], REACH,
            f"{statistics.median(ours):.0f}/s", f"{statistics.median(theirs):.0f}/s")


def run(bench, side, number, method, size, connections, count):
    """Objects per second, and which share of all CPUs the client itself took."""
    each = count // load.THREADS
    targets = [
        [signing.presign(method, side.url, f"/{BUCKET}/{size}-{number}-{thread}-{one}") for one in range(each)]
        for thread in range(load.THREADS)]
    body = size if method == "PUT" else 0
    script = load.script(bench, "mixed", side.url, method, targets, body, once=True)
    used, start = client_seconds(), time.monotonic()
    rate, done = load.rate_of_all(side.url, connections, script, load.ends(bench, "mixed"))
    if done < count - 2 * connections:
        raise Void(f"only {done} of {count} requests by {method} were made")
    return rate, (client_seconds() - used) / (time.monotonic() - start) / os.cpu_count()


def client_seconds():
    """CPU time of clients that have ended; the servers go on."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime

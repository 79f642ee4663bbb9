"""B10: a page of a list, wherever in a bucket of any size."""
import http.client
import os
import random
import statistics
import time
import urllib.parse

from . import servers, signing
from .memory import Watch
from .process import Void
from .reads import figures

SMALL_BUCKET = 10_000
PAGES, PAGE = 400, 1000
LIMIT_MILLISECONDS, FLAT = 10, 2
GROWTH_MIB = 32


def pages(bench):
    """Pages of 1000 from random places of a bucket, plain and rolled up, of ten thousand keys and of millions."""
    loaded = bench.store or bench.path("loaded")
    if not os.path.isdir(loaded):
        bench.note(f"{bench.objects} objects were loaded in {bench.load(loaded, bench.objects):.0f} s")
    bench.load(bench.path("few"), SMALL_BUCKET)
    text = f"{bench.objects / 1e6:g} M keys"
    few, many = (measured(bench, data, count) for data, count in (
        (bench.path("few"), SMALL_BUCKET), (loaded, bench.objects)))
    for kind in few["p99"]:
        bench.round(
            f"{kind}: p99 ms of {SMALL_BUCKET} keys {figures(few['p99'][kind])}, of {text} {figures(many['p99'][kind])}; "
            f"median ms {figures(few['median'][kind])}, {figures(many['median'][kind])}")
        bench.bound(f"page of {PAGE}, {kind}, {text}, p99", statistics.median(many["p99"][kind]), LIMIT_MILLISECONDS, "ms")
        bench.compare(
            f"page of {PAGE}, {kind}, {text}, median", f"{SMALL_BUCKET} keys",
            [a / b for a, b in zip(many["median"][kind], few["median"][kind])], FLAT,
            f"{statistics.median(many['median'][kind]):.2f} ms", f"{statistics.median(few['median'][kind]):.2f} ms",
            at_most=True)
    bench.bound(f"growth of resident memory, {text}", many["growth"], GROWTH_MIB, "MiB")


def measured(bench, data, count):
    """Per kind of page, of each round: the 99th percentile and the median in milliseconds."""
    ours, found = bench.holdfast(data=data), {"p99": {}, "median": {}}
    connection = http.client.HTTPConnection("127.0.0.1", ours.port)
    kinds = {"plain": plain, "rolled up": rolled_up, "256 prefixes": prefixes}
    # The first pages bring the index's blocks into its cache, which is bounded; what comes after is growth.
    for kind in kinds.values():
        one_round(connection, ours, kind, count)
    with Watch(ours.server) as watch:
        before = ours.server.resident_kib()["VmRSS"]
        for _ in range(bench.rounds):
            for name, kind in kinds.items():
                taken = one_round(connection, ours, kind, count)
                found["p99"].setdefault(name, []).append(statistics.quantiles(taken, n=100)[98])
                found["median"].setdefault(name, []).append(statistics.median(taken))
    found["growth"] = (watch.highest["VmRSS"] - before) / 1024
    connection.close()
    ours.server.stop()
    return found


def one_round(connection, ours, kind, count):
    """Milliseconds of each page, to the last byte of its body."""
    taken = []
    for _ in range(PAGES):
        query, expected = kind(count)
        url = urllib.parse.urlsplit(signing.presign(
            "GET", ours.url, f"/{servers.BUCKET}", query={"list-type": "2", "max-keys": str(PAGE), **query}))
        start = time.monotonic()
        connection.request("GET", f"{url.path}?{url.query}")
        response = connection.getresponse()
        body = response.read()
        taken.append((time.monotonic() - start) * 1e3)
        entries = body.count(b"<Contents>") + body.count(b"<CommonPrefixes>")
        if response.status != 200 or entries < expected:
            raise Void(f"a page was answered with {response.status} and {entries} entries: {body[:200]}")
    return taken


def anywhere(count):
    """A key as the loader names its objects, with more than a page behind it, also where most of that is rolled up."""
    return f"load/{random.randrange(128):02x}/{random.randrange(count):010}"


def plain(count):
    return {"start-after": anywhere(count)}, PAGE


def rolled_up(count):
    """Keys and common prefixes mixed: those that have the digit end at it."""
    return {"start-after": anywhere(count), "prefix": "load/", "delimiter": str(random.randrange(1, 10))}, PAGE


def prefixes(count):
    """Few entries that stand for everything in the bucket: by seek, never by scan."""
    return {"prefix": "load/", "delimiter": "/"}, 256

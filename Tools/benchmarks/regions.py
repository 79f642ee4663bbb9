"""B8: one large object on its way to a second region."""
import statistics
import subprocess
import time

from .process import Void, environment
from .writes import write_and_sync
from .reads import figures
from .load import GIB

PATIENCE_SECONDS = 300


def replicate(bench):
    """From the acknowledgement in one region to the first answer of the other, against curl | openssl."""
    west = bench.holdfast("west")
    east = bench.holdfast("east", peers=[("west", west.url)])
    replicated, piped, synced = [], [], []
    for number in range(bench.rounds):
        path = bench.random_file("object", GIB)
        key = f"object-{number}"
        bench.rest_disk()
        bench.warm_memory(3 * GIB)
        west.put(key, path)
        start = time.monotonic()
        wait_for(east, key, start)
        replicated.append(time.monotonic() - start)
        piped.append(pipe(west.presigned("GET", key)))
        bench.rest_disk()
        bench.warm_memory(3 * GIB)
        synced.append(write_and_sync(path, bench.path("copy")))
    bench.round(f"replicated: s/GiB {figures(replicated)}")
    bench.round(f"curl | openssl dgst: s/GiB {figures(piped)}")
    bench.round(f"dd conv=fsync: s/GiB {figures(synced)}")
    bench.compare(
        "replicate 1 GiB on loopback", "curl | openssl dgst",
        [b / a for a, b in zip(replicated, piped)], 0.7,
        f"{1024 / statistics.median(replicated):.0f} MiB/s",
        f"{1024 / statistics.median(piped):.0f} MiB/s")


def wait_for(region, key, start):
    url = region.presigned("GET", key)
    command = ["curl", "-s", "-o", "/dev/null", "-r", "0-0", "-w", "%{http_code}", url]
    while time.monotonic() - start < PATIENCE_SECONDS:
        said = subprocess.run(
            command, stdout=subprocess.PIPE, text=True, env=environment()).stdout
        if said == "206":
            return
        if said != "404":
            raise Void(f"the second region answers {said}")
        time.sleep(0.02)
    raise Void(f"the object is not in the second region after {PATIENCE_SECONDS} s")


def pipe(url):
    start = time.monotonic()
    source = subprocess.Popen(["curl", "-sSf", url], stdout=subprocess.PIPE, env=environment())
    digest = subprocess.run(
        ["openssl", "dgst", "-sha256"], stdin=source.stdout, stdout=subprocess.DEVNULL)
    source.stdout.close()
    if source.wait() != 0 or digest.returncode != 0:
        raise Void("curl | openssl dgst failed")
    return time.monotonic() - start

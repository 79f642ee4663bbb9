"""COST: what a request costs in counts, which are the same on every machine: allocations and copies of the
daemon, system calls, and bytes that the kernel copies in or out."""
import http.client
import mmap
import os
import re
import struct
import subprocess
import time
import urllib.parse

from . import signing
from .process import CannotRun
from .servers import BUCKET

REQUESTS, WARM = 400, 200
SMALL, LARGE = 4096, 8 << 20
MOVING = r"(read|write|readv|writev|pread64|pwrite64|pwritev|pwritev2|recvfrom|sendto|recvmsg|sendmsg)"


def requests(bench):
    """Each kind of request by itself, on one connection."""
    shim, shared = bench.shim("counters"), bench.path("counters")
    with open(shared, "wb") as file:
        file.write(bytes(4096))
    ours = bench.holdfast(variables={"LD_PRELOAD": shim, "HOLDFAST_COUNTERS": shared})
    for name, size in (("small", SMALL), ("large", LARGE)):
        ours.put(name, bench.random_file(name, size))
    ours.publish()
    listed = signing.presign("GET", ours.url, f"/{BUCKET}", query={"list-type": "2"})
    body = os.urandom(SMALL)
    kinds = {
        "HEAD, public": ("HEAD", ours.public("small"), None),
        "GET 4 KiB, public": ("GET", ours.public("small"), None),
        "GET 4 KiB, presigned": ("GET", ours.presigned("GET", "small"), None),
        "GET 8 MiB, public": ("GET", ours.public("large"), None),
        "list of 2, presigned": ("GET", listed, None),
        "PUT 4 KiB, presigned": ("PUT", ours.presigned("PUT", "written"), body),
    }
    with open(shared, "r+b") as file:
        counters = mmap.mmap(file.fileno(), 4096)
    for name, request in kinds.items():
        repeat(ours, *request, WARM)
        before, start = struct.unpack_from("4Q", counters), time.monotonic()
        repeat(ours, *request, REQUESTS)
        made, bytes_made, _, copied = (
            (b - a) / REQUESTS for a, b in zip(before, struct.unpack_from("4Q", counters)))
        calls, moved = traced(bench, ours, request)
        bench.round(
            f"{name}: {made:.0f} allocations of {bytes_made / 1024:.1f} KiB, {copied / 1024:.1f} KiB copied in memory, "
            f"{calls:.1f} system calls, {moved / 1024:.1f} KiB read or written by them")
    bench.note("system calls of all threads, those of background work included; sendfile moves bytes without a copy")


def repeat(ours, method, url, body, count):
    parts = urllib.parse.urlsplit(url)
    target = f"{parts.path}?{parts.query}" if parts.query else parts.path
    connection = http.client.HTTPConnection("127.0.0.1", ours.port)
    for _ in range(count):
        connection.request(method, target, body)
        connection.getresponse().read()
    connection.close()


def traced(bench, ours, request):
    """System calls of a request, and the bytes that those which copy returned."""
    log = bench.path("strace")
    try:
        tracer = subprocess.Popen(
            ["strace", "-f", "-qq", "-s", "0", "-o", log, "-p", str(ours.server.process.pid)],
            stderr=subprocess.DEVNULL)
    except FileNotFoundError as error:
        raise CannotRun("strace is not installed") from error
    time.sleep(1)
    repeat(ours, *request, REQUESTS)
    tracer.terminate()
    tracer.wait()
    with open(log) as file:
        # A call that another thread's line interrupts is counted where it is resumed.
        lines = [line for line in file if " = " in line]
    moved = sum(
        int(found[2]) for line in lines
        if (found := re.search(rf"\b{MOVING}(?:\(| resumed>).* = (\d+)$", line.rstrip())))
    return len(lines) / REQUESTS, moved / REQUESTS

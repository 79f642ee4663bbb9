"""B4 and B5: durable writes, against what the machine's hash and disk can do at all."""
import hashlib
import os
import re
import statistics
import subprocess
import time

from . import load
from .process import checked
from .reads import figures

LARGE, SMALL = 256 << 20, 4 << 10
KEYS_PER_THREAD = 4000


def large(bench):
    """PUT of 256 MiB of fresh bytes to the key of a registry's blob, whose digest is verified before it is
    acknowledged, against the slower of hashing and syncing."""
    ours = bench.holdfast()
    ratios, put, limit, cpu = [], [], [], []
    for number in range(bench.rounds):
        path = bench.random_file("large", LARGE)
        key = blob_key(path)
        steps = ["put", "limit"] if number % 2 == 0 else ["limit", "put"]
        for step in steps:
            bench.warm_memory(4 * LARGE)
            if step == "put":
                # By sendfile: the client costs next to nothing.
                before, start = ours.server.cpu_seconds(), time.monotonic()
                upload = load.Upload(ours.presigned("PUT", key), b"", path)
                upload.send()
                upload.finish()
                put.append(time.monotonic() - start)
                cpu.append((ours.server.cpu_seconds() - before) * load.GIB / LARGE)
            else:
                limit.append(slower_limit(bench, path))
        ratios.append(limit[-1][1] / put[-1])
    mib = LARGE >> 20
    bench.round(f"Holdfast: MiB/s {figures([mib / s for s in put], 0)}, CPU s/GiB {figures(cpu)}")
    bench.round("limit: MiB/s " + " ".join(f"{mib / s:.0f} ({name})" for name, s in limit))
    bench.compare(
        "PUT 256 MiB, verified, synced", "slower of openssl dgst and dd conv=fsync", ratios, 0.8,
        f"{mib / statistics.median(put):.0f} MiB/s",
        f"{mib / statistics.median(s for _, s in limit):.0f} MiB/s")


def blob_key(path):
    with open(path, "rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return f"docker/registry/v2/blobs/sha256/{digest[:2]}/{digest}/data"


def slower_limit(bench, path):
    start = time.monotonic()
    checked(["openssl", "dgst", "-sha256", path])
    hashed = time.monotonic() - start
    written = write_and_sync(path, bench.path("copy"))
    return max(("openssl", hashed), ("dd", written), key=lambda one: one[1])


def write_and_sync(path, copy):
    """How long the disk takes for a durable copy, in seconds."""
    start = time.monotonic()
    checked(["dd", f"if={path}", f"of={copy}", "bs=1M", "conv=fsync"])
    written = time.monotonic() - start
    os.unlink(copy)
    return written


def small(bench):
    """PUT of 4 KiB by 64 writers, against one writer that waits for its own sync each time: on this disk, and on one
    whose syncs take 5 ms longer, where it is the disk that bounds one writer and not the processor that bounds all."""
    ours = bench.holdfast()
    script = put_script(bench, ours)
    disk = group_commit(bench, ours, script, "PUT 4 KiB, synced, 64 writers")
    bench.round(f"the disk alone (dd oflag=dsync bs=4k): writes/s {figures(disk, 0)}")
    count_syncs(bench, ours, script)
    ours.server.stop()
    slow = bench.holdfast("slow", variables={"LD_PRELOAD": bench.shim("slow_syncs")})
    group_commit(bench, slow, put_script(bench, slow), "the same, syncs 5 ms slower")


def group_commit(bench, ours, script, work):
    """Compares 64 writers with one; what the disk does alone, round by round."""
    many, one, disk = [], [], []
    for number in range(bench.rounds):
        steps = [(64, many), (1, one)]
        for writers, rates in steps if number % 2 == 0 else reversed(steps):
            rates.append(load.rate(ours.url, writers, 4, script)[0])
        disk.append(disk_syncs(bench))
    bench.round(f"{work}: PUT/s {figures(many, 0)}, one writer {figures(one, 0)}")
    bench.compare(
        work, "one writer", [a / b for a, b in zip(many, one)], 16, f"{statistics.median(many):.0f}/s",
        f"{statistics.median(one):.0f}/s")
    return disk


def put_script(bench, ours):
    return load.script(bench, "put", ours.url, "PUT", [
        [ours.presigned("PUT", f"small-{thread}-{number}") for number in range(KEYS_PER_THREAD)]
        for thread in range(load.THREADS)], SMALL)


def disk_syncs(bench, count=200):
    path = bench.path("dsync")
    start = time.monotonic()
    checked(["dd", "if=/dev/zero", f"of={path}", "bs=4k", f"count={count}", "oflag=dsync"])
    return count / (time.monotonic() - start)


def count_syncs(bench, ours, script):
    """How many syncs 64 writers cost: a run of its own, since tracing slows it down."""
    log = bench.path("strace")
    try:
        tracer = subprocess.Popen(
            ["strace", "-f", "-c", "-e", "trace=fsync,fdatasync,sync_file_range", "-o", log,
             "-p", str(ours.server.process.pid)], stderr=subprocess.DEVNULL)
    except FileNotFoundError:
        bench.note("syncs were not counted: strace is not installed")
        return
    time.sleep(1)
    if tracer.poll() is not None:
        bench.note("syncs were not counted: strace may not attach")
        return
    _, puts = load.rate(ours.url, 64, 2, script)
    tracer.terminate()
    tracer.wait()
    with open(log) as file:
        calls = sum(int(n) for n in re.findall(r"\s(\d+)\s+(?:\d+\s+)?f(?:data)?sync$", file.read(), re.M))
    if calls:
        bench.note(f"{puts} PUTs by 64 writers cost {calls} syncs: {puts / calls:.1f} PUTs a sync")

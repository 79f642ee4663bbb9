"""B12: reading everything back and checking it, against reading the same files and doing nothing."""
import os
import statistics
import time

from . import load
from .process import Void, checked
from .reads import figures, order, quotients

OBJECTS, OBJECT = 8, 256 << 20


def scrub(bench):
    """`holdfast repair` of 2 GiB, and `cat` of the chunk files to /dev/null; both from the disk."""
    ours = bench.holdfast()
    for number in range(OBJECTS):
        ours.put(f"object-{number}", bench.random_file("object", OBJECT))
    chunks = os.path.join(ours.data, "chunks")
    files = [os.path.join(chunks, name) for name in sorted(os.listdir(chunks))]
    size = sum(os.path.getsize(file) for file in files)
    sides = {"Holdfast": lambda: repair(ours, size), "cat": lambda: cat(files)}
    speed = {name: [] for name in sides}
    cost = []
    for number in range(bench.rounds):
        for name in order(sides, number):
            for file in files:
                forget(file)
            bench.rest_disk()
            before = ours.server.cpu_seconds()
            speed[name].append(size / load.GIB / sides[name]())
            if name == "Holdfast":
                cost.append((ours.server.cpu_seconds() - before) * load.GIB / size)
    bench.round(f"repair: GiB/s {figures(speed['Holdfast'])}, CPU s/GiB {figures(cost)}")
    bench.round(f"cat: GiB/s {figures(speed['cat'])}")
    bench.note("before each the files are dropped from the page cache (POSIX_FADV_DONTNEED) and the disk rests")
    bench.compare(
        f"scrub, {OBJECTS * OBJECT >> 30} GiB", "cat to /dev/null", quotients(speed), 0.9,
        f"{statistics.median(speed['Holdfast']):.2f} GiB/s", f"{statistics.median(speed['cat']):.2f} GiB/s")


def repair(ours, size):
    """Seconds that the daemon itself took."""
    report = ours.job("repair")
    if report["figures"].get("checked_bytes", 0) < OBJECTS * OBJECT or report["findingCount"]:
        raise Void(f"the scrub did not read all of it, or found something: {report}")
    return (report["endedMilliseconds"] - report["startedMilliseconds"]) / 1e3


def cat(files):
    start = time.monotonic()
    checked(["sh", "-c", 'cat "$@" > /dev/null', "cat", *files])
    return time.monotonic() - start


def forget(path):
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
        os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
    finally:
        os.close(descriptor)

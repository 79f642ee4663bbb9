"""MEM: what the daemon keeps in memory while much goes through it at once. STREAM: what it and a client of its storage
driver API do while one large file goes there and back."""
import json
import os
import subprocess
import threading
import time

from . import signing
from .load import GIB, Upload
from .process import CannotRun, Void, environment
from .servers import BUCKET

CLIENTS = 8
MIB = 1 << 20
STREAM_BYTES, STREAM_LIMIT_MIB = 5 * GIB, 64
STALLED = 500
LIMIT_MIB = 300
STALLED_BYTES = 700 << 10


class Watch:
    """The highest resident memory while the body of `with` runs."""

    def __init__(self, server):
        self.server, self.highest, self._end = server, {"VmRSS": 0}, threading.Event()
        self._thread = threading.Thread(target=self._look)

    def follow(self, server):
        """Goes on with another process, which takes the place of the first."""
        self.server = server

    def _look(self):
        while not self._end.wait(0.05):
            self._sample()

    def _sample(self):
        try:
            now = self.server.resident_kib()
        except (FileNotFoundError, ProcessLookupError, KeyError):
            # It has just ended; whether it was to is looked at in the end.
            return
        if now["VmRSS"] > self.highest["VmRSS"]:
            self.highest = now

    def __enter__(self):
        self._sample()
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._end.set()
        self._thread.join()
        if self.server.process.poll() is not None:
            raise Void(f"{self.server.name} ended while it was watched: {self.server.last_line()}")
        self._sample()


def resident(bench):
    """Eight uploads of 1 GiB at once, eight downloads of 1 GiB at once, 500 uploads that stall."""
    ours, path = bench.holdfast(), bench.random_file("gibibyte", GIB)

    with Watch(ours.server) as watch:
        uploads = [
            Upload(ours.presigned("PUT", f"up-{number}"), os.urandom(32), path)
            for number in range(CLIENTS)]
        failures = []
        threads = [threading.Thread(target=send, args=(one, failures)) for one in uploads]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    if failures:
        raise Void(f"an upload failed: {failures[0]}")
    judge(bench, f"{CLIENTS} uploads of 1 GiB", watch)

    with Watch(ours.server) as watch:
        clients = [
            subprocess.Popen(
                ["curl", "-sSf", "-o", "/dev/null", ours.presigned("GET", f"up-{number}")],
                env=environment())
            for number in range(CLIENTS)]
        if any([client.wait() != 0 for client in clients]):
            raise Void("a download failed")
    judge(bench, f"{CLIENTS} downloads of 1 GiB", watch)

    with Watch(ours.server) as watch:
        stalled, held = [], 0
        for number in range(STALLED):
            stalled.append(Upload(
                ours.presigned("PUT", f"stalled-{number}"), os.urandom(32), path, STALLED_BYTES))
            stalled[-1].socket.settimeout(2)
            try:
                stalled[-1].send()
            except TimeoutError:
                # The daemon takes no more of it: that is back-pressure, and a stalled upload too.
                held += 1
        time.sleep(5)
    bench.note(f"{held} of {STALLED} stalled uploads were held back by the daemon")
    for one in stalled:
        one.close()
    judge(bench, f"{STALLED} stalled uploads", watch)


def send(upload, failures):
    try:
        upload.send()
        upload.finish()
    except (OSError, Void) as error:
        failures.append(error)


def judge(bench, work, watch):
    highest = {name: kib / 1024 for name, kib in watch.highest.items()}
    bench.round(f"{work}: MiB " + ", ".join(f"{name} {mib:.0f}" for name, mib in highest.items()))
    bench.bound(f"resident, {work}", highest["VmRSS"], LIMIT_MIB, "MiB")


def stream(bench):
    """5 GiB written in one stream and read back by the remote storage driver (`DriverStream`), every byte compared."""
    program = os.path.join(os.path.dirname(bench.binary), "DriverStream")
    if not os.access(program, os.X_OK):
        raise CannotRun(f"{program} is not there; make bench builds it")
    ours = bench.holdfast()
    credentials = {"HOLDFAST_ACCESS_KEY": signing.ACCESS_KEY, "HOLDFAST_SECRET_KEY": signing.SECRET_KEY}
    done = subprocess.run(
        [program, "--url", ours.url, "--bucket", BUCKET, "--daemon", str(ours.server.process.pid),
         "--bytes", str(STREAM_BYTES)], env=environment(credentials), capture_output=True, text=True)
    if done.returncode != 0:
        raise Void(f"the stream failed: {done.stderr.strip()[-300:]}")
    report = json.loads(done.stdout)
    write, read = (report["bytes"] / MIB / report[name] for name in ("writeSeconds", "readSeconds"))
    bench.round(f"write {write:.0f} MiB/s, read {read:.0f} MiB/s")
    for side in ("client", "daemon"):
        growth = report[f"{side}GrowthBytes"] / MIB
        bench.bound(f"growth of the {side}, 5 GiB there and back", growth, STREAM_LIMIT_MIB, "MiB")

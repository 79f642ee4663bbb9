"""B13: dropping a million small blobs that nothing names, while the region serves."""
import http.client
import shutil
import statistics
import threading
import time
import urllib.parse

from .process import Void
from .reads import figures

BLOBS, DROPS_PER_SECOND = 1_000_000, 100_000
SMALL, PROBE_SECONDS = 4096, 5


def collect(bench):
    """Puts and deletes a million, then `holdfast gc --grace 0s` with a client beside it that never rests."""
    rates, ratios, idle, busy = [], {"GET": [], "PUT": []}, {"GET": [], "PUT": []}, {"GET": [], "PUT": []}
    loaded, data = bench.path("loaded"), bench.path("copy")
    for options in ((), ("--delete",)):
        bench.load(loaded, BLOBS, "--chunked-every", "0", *options)
    for _ in range(bench.rounds):
        shutil.rmtree(data, ignore_errors=True)
        shutil.copytree(loaded, data)
        ours = bench.holdfast(data=data)
        ours.put("probe", bench.random_file("probe", SMALL))
        with Probe(bench, ours) as probe:
            time.sleep(PROBE_SECONDS)
        before = probe.percentiles()
        with Probe(bench, ours) as probe:
            report = ours.job("gc", "--grace", "0s")
        during = probe.percentiles()
        dropped = report["figures"].get("removed_blobs", 0)
        if dropped < BLOBS:
            raise Void(f"only {dropped} of {BLOBS} blobs were dropped")
        seconds = (report["endedMilliseconds"] - report["startedMilliseconds"]) / 1e3
        rates.append(dropped / seconds)
        for method, ratio in ratios.items():
            idle[method].append(before[method] * 1e3)
            busy[method].append(during[method] * 1e3)
            ratio.append(during[method] / before[method])
        ours.server.stop()
    bench.round(f"dropped/s {figures(rates, 0)}")
    for method in ratios:
        bench.round(f"p99 of {method}: idle ms {figures(idle[method])}, meanwhile ms {figures(busy[method])}")
    bench.note("the whole job counts, its walk over the index and what it gives back to the disk included")
    bench.at_least(
        f"GC of {BLOBS / 1e6:g} M small blobs", statistics.median(rates), DROPS_PER_SECOND, "/s")
    for method, ratio in ratios.items():
        bench.compare(
            f"p99 of a 4 KiB {method} meanwhile", "the same, idle", ratio, 2,
            f"{statistics.median(busy[method]):.2f} ms", f"{statistics.median(idle[method]):.2f} ms",
            at_most=True)


class Probe:
    """One client that reads, and one that writes, each as soon as it has its answer."""

    def __init__(self, bench, ours):
        self.ours, self._end, self._failure = ours, threading.Event(), None
        self.seconds = {"GET": [], "PUT": []}
        self._threads = [threading.Thread(target=self._run, args=(method,)) for method in self.seconds]

    def _run(self, method):
        key = "probe" if method == "GET" else "probe-put"
        url = urllib.parse.urlsplit(self.ours.presigned(method, key))
        connection = http.client.HTTPConnection(url.hostname, url.port)
        try:
            while not self._end.is_set():
                body = None
                if method == "PUT":
                    body = f"{time.time_ns():032d}".encode() * (SMALL // 32)
                start = time.monotonic()
                connection.request(method, f"{url.path}?{url.query}", body)
                response = connection.getresponse()
                response.read()
                self.seconds[method].append(time.monotonic() - start)
                if response.status != 200:
                    raise Void(f"{method} was answered with {response.status}")
        except (OSError, Void, http.client.HTTPException) as error:
            self._failure = error

    def __enter__(self):
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self._end.set()
        for thread in self._threads:
            thread.join()
        if self._failure:
            raise Void(f"a client beside it failed: {self._failure}")

    def percentiles(self):
        """The 99th of each."""
        for method, seconds in self.seconds.items():
            if len(seconds) < 100:
                raise Void(f"only {len(seconds)} requests by {method}")
        return {
            method: statistics.quantiles(seconds, n=100)[98] for method, seconds in self.seconds.items()}

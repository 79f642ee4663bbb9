"""B14: many clients that keep a connection and say nothing, beside some that work."""
import resource
import socket
import time

from . import load
from .process import CannotRun, Void
from .servers import BUCKET

IDLE, ACTIVE, SECONDS = 10_000, 200, 5
SMALL, LIMIT_KIB = 4096, 16


def idle(bench):
    """Each of the idle ones has had one answer before, so that whatever a connection keeps is kept."""
    need = 2 * IDLE + ACTIVE + 1000
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < IDLE + ACTIVE + 1000:
        raise CannotRun(f"a process may open {hard} files here")
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(need, hard) if hard != resource.RLIM_INFINITY else need, hard))
    ours = bench.holdfast()
    ours.put("small", bench.random_file("small", SMALL))
    ours.publish()
    target, each, rates = ours.public("small"), [], []
    load.rate(target, ACTIVE, 2)
    for _ in range(bench.rounds):
        before = ours.server.resident_kib()["VmRSS"]
        connections = [opened(ours.port) for _ in range(IDLE)]
        each.append((ours.server.resident_kib()["VmRSS"] - before) / IDLE)
        rates.append(load.rate(target, ACTIVE, SECONDS)[0])
        for one in connections:
            asked(one)
            one.close()
        time.sleep(1)
    bench.round(f"idle connection: KiB {' '.join(f'{value:.1f}' for value in each)}")
    bench.round(f"{ACTIVE} active ones beside them: requests/s {' '.join(f'{value:.0f}' for value in rates)}")
    bench.note("every idle one was answered again after the active ones; the first round pays for what later ones find")
    bench.bound(f"memory of one of {IDLE} idle connections", max(each), LIMIT_KIB, "KiB")


def opened(port):
    connection = socket.create_connection(("127.0.0.1", port))
    asked(connection)
    return connection


def asked(connection):
    connection.sendall(f"HEAD /{BUCKET}/small HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
    said = b""
    while b"\r\n\r\n" not in said:
        more = connection.recv(4096)
        if not more:
            raise Void(f"an idle connection was closed: {said[:100]!r}")
        said += more
    if not said.startswith(b"HTTP/1.1 200"):
        raise Void(f"an idle connection was answered with {said[:100]!r}")

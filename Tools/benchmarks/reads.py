"""B1 to B3: reading large and small objects, against nginx, docker-registry and rclone."""
import shutil
import statistics

from . import load
from .content import push_blob
from .servers import BUCKET, Nginx, Rclone, Registry

LARGE = 256 << 20
SMALL = 4096


def large(bench):
    """GET of 256 MiB, 1 and 8 connections; nginx by sendfile is the practical limit."""
    path = bench.random_file("large", LARGE)
    ours, nginx = bench.holdfast(), Nginx(bench)
    ours.put("large", path)
    shutil.move(path, f"{nginx.root}/large")
    sides = {
        "Holdfast": (ours.server, ours.presigned("GET", "large")),
        "nginx": (nginx.server, f"{nginx.url}/large")}
    for _, url in sides.values():
        load.download(url, 1, LARGE)
    for connections in (1, 8):
        speed = {name: [] for name in sides}
        cost = {name: [] for name in sides}
        repeats = 4 if connections == 1 else 1
        amount = connections * repeats * LARGE / load.GIB
        for number in range(bench.rounds):
            for name in order(sides, number):
                server, url = sides[name]
                before = server.cpu_seconds()
                seconds = sum(load.download(url, connections, LARGE) for _ in range(repeats))
                speed[name].append(amount / seconds)
                cost[name].append((server.cpu_seconds() - before) / amount)
        for name in sides:
            bench.round(
                f"{connections} connections, {name}: GiB/s {figures(speed[name])}, "
                f"CPU s/GiB {figures(cost[name])}")
        work = f"GET 256 MiB, {connections} connection{'s' if connections > 1 else ''}"
        bench.compare(
            work, "nginx sendfile", quotients(speed), 0.95,
            f"{statistics.median(speed['Holdfast']):.2f} GiB/s",
            f"{statistics.median(speed['nginx']):.2f} GiB/s")
        if min(cost["nginx"]) > 0:
            bench.compare(f"{work}, CPU", "nginx sendfile", quotients(cost), 1.1, at_most=True)


def small(bench):
    """B2: GET of 4 KiB that everyone may read, over 16 keep-alive connections. B3: the same by a presigned URL,
    whose signature is verified each time."""
    path = bench.random_file("small", SMALL)
    ours, nginx, registry, rclone = bench.holdfast(), Nginx(bench), Registry.on_files(bench), Rclone(bench)
    ours.put("small", path)
    ours.publish()
    shutil.copy(path, f"{nginx.root}/small")
    shutil.copy(path, f"{rclone.root}/{BUCKET}/small")
    digest = push_blob(registry.url, "bench/small", path).digest
    registry.check_files(SMALL)
    sides = {
        "Holdfast": (ours.server, ours.public("small")),
        "Holdfast, signed": (ours.server, ours.presigned("GET", "small")),
        "nginx": (nginx.server, f"{nginx.url}/small"),
        "docker-registry": (registry.server, f"{registry.url}/v2/bench/small/blobs/{digest}"),
        "rclone": (rclone.server, f"{rclone.url}/{BUCKET}/small")}
    speed = {name: [] for name in sides}
    cost = {name: [] for name in sides}
    for number in range(bench.rounds):
        for name in order(sides, number):
            server, url = sides[name]
            before = server.cpu_seconds()
            per_second, count = load.rate(url, 16, 4)
            speed[name].append(per_second)
            cost[name].append((server.cpu_seconds() - before) / count * 1e6)
    for name in sides:
        bench.round(
            f"{name}: requests/s {figures(speed[name], 0)}, CPU us/request {figures(cost[name], 1)}")
    for peer, reach in (("nginx", 0.6), ("docker-registry", 5), ("rclone", 5)):
        bench.compare(
            "GET 4 KiB, 16 connections", peer, quotients(speed, peer), reach,
            f"{statistics.median(speed['Holdfast']):.0f}/s", f"{statistics.median(speed[peer]):.0f}/s")
    signed = "Holdfast, signed"
    bench.compare(
        "B3: the same, signed each time", "unsigned", quotients(speed, "Holdfast", signed), 0.7,
        f"{statistics.median(speed[signed]):.0f}/s", f"{statistics.median(speed['Holdfast']):.0f}/s")


def order(sides, number):
    """Every other round the other way round: who comes first is not always the same."""
    names = list(sides)
    return names if number % 2 == 0 else reversed(names)


def quotients(values, peer=None, ours=None):
    """Round by round, ours (the first side) by the peer's (the second)."""
    names = list(values)
    return [a / b for a, b in zip(values[ours or names[0]], values[peer or names[1]])]


def figures(values, digits=2):
    return " ".join(f"{value:.{digits}f}" for value in values)

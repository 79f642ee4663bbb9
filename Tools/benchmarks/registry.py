"""B6 and B7: an unmodified docker-registry on Holdfast, on its own files, and on SeaweedFS."""
import os
import shutil
import statistics
import time

from .content import make_image, push_blob
from .process import CannotRun, Void, checked
from .reads import figures
from .servers import Holdfast, Registry, SeaweedFS

COMMIT_SIZES_MIB = (64, 256, 1024)


def commit(bench):
    """The final PUT of a layer, whose bytes have all arrived before."""
    ours = bench.holdfast()
    sides = {"Holdfast": Registry.on_s3(bench, "holdfast", ours.url), "files": Registry.on_files(bench)}
    medians = {}
    for size in COMMIT_SIZES_MIB:
        times = {name: [] for name in sides}
        for number in range(bench.rounds):
            path = bench.random_file("layer", size << 20)
            names = list(sides) if number % 2 == 0 else list(reversed(sides))
            for name in names:
                pushed = push_blob(sides[name].url, f"bench/layer-{size}", path)
                times[name].append(pushed.commit_seconds * 1000)
        for name in sides:
            bench.round(f"{size} MiB, {name}: commit ms {figures(times[name], 1)}")
        medians[size] = statistics.median(times["Holdfast"])
        bench.compare(
            f"layer commit, {size} MiB", "docker-registry on files",
            [a / b for a, b in zip(times["Holdfast"], times["files"])], 1, f"{medians[size]:.1f} ms",
            f"{statistics.median(times['files']):.1f} ms", at_most=True)
    sides["files"].check_files(COMMIT_SIZES_MIB[0] << 20)
    if ours.stored_bytes() < COMMIT_SIZES_MIB[-1] << 20:
        raise Void("docker-registry did not store its layers in Holdfast")
    largest = COMMIT_SIZES_MIB[-1]
    bench.bound(f"layer commit, {largest} MiB", medians[largest], 100, "ms")


class Images:
    """One kind of push: so many images, each of so many layers."""

    def __init__(self, title, count, layer_sizes, push_reach, pull_reach):
        self.title, self.count, self.layer_sizes = title, count, layer_sizes
        self.push_reach, self.pull_reach = push_reach, pull_reach


KINDS = [
    Images("64 MiB in 4 layers", 1, [16 << 20] * 4, 0.6, 0.9),
    Images("20 of 30 KiB", 20, [30 << 10], 0.5, 0.5),
]


def images(bench):
    """skopeo pushes and pulls the same images through the same registry on three storages."""
    ours = bench.holdfast()
    sides = {"Holdfast": Registry.on_s3(bench, "holdfast", ours.url), "files": Registry.on_files(bench)}
    try:
        sides["SeaweedFS"] = Registry.on_s3(bench, "weed", SeaweedFS(bench).url)
        bench.note("SeaweedFS does not sync on PUT; Holdfast does, and the registry's files do at commit.")
    except CannotRun as error:
        bench.note(f"without SeaweedFS: {error}")
    for kind in KINDS:
        push = {name: [] for name in sides}
        pull = {name: [] for name in sides}
        for number in range(bench.rounds):
            made = [
                make_image(bench.path(f"image-{index}"), kind.layer_sizes)
                for index in range(kind.count)]
            tag = f"r{number}-{kind.count}"
            for name in list(sides) if number % 2 == 0 else list(reversed(sides)):
                push[name].append(copy_all(bench, sides[name], made, tag, pushes=True))
                pull[name].append(copy_all(bench, sides[name], made, tag, pushes=False))
            for directory in made:
                shutil.rmtree(directory)
        judge(bench, kind, push, pull)
    sides["files"].check_files(64 << 20)
    if ours.stored_bytes() < 64 << 20:
        raise Void("docker-registry did not store its layers in Holdfast")
    without_storage(bench, sides["files"])


def without_storage(bench, files):
    """How much of a push is not the storage's: the pusher sends one layer after the other, so what its
    requests took is what a storage could save."""
    logged = Holdfast(bench, "logged", log_requests="all")
    ours = Registry.on_s3(bench, "logged", logged.url)
    kind, spent, left, ratios = KINDS[0], [], [], []
    for number in range(bench.rounds):
        made = [make_image(bench.path(f"image-{index}"), kind.layer_sizes)
                for index in range(kind.count)]
        before = logged.request_seconds()
        whole = copy_all(bench, ours, made, f"w{number}", pushes=True)
        time.sleep(0.5)  # The log is written beside the requests.
        spent.append(logged.request_seconds() - before)
        left.append(whole - spent[-1])
        ratios.append(copy_all(bench, files, made, f"w{number}", pushes=True) / left[-1])
        for directory in made:
            shutil.rmtree(directory)
    bench.round(f"push {kind.title}, in Holdfast's requests: s {figures(spent)}")
    bench.round(f"push {kind.title}, outside of them: s {figures(left)}")
    bench.note(
        f"a storage that took no time at all would reach {statistics.median(ratios):.2f} of the"
        f" registry's files in a push of {kind.title} ({min(ratios):.2f} to {max(ratios):.2f})")


def copy_all(bench, registry, made, tag, pushes):
    seconds = 0.0
    for index, directory in enumerate(made):
        remote = f"docker://{registry.host}/bench/image-{index}:{tag}"
        pulled = bench.path("pulled")
        start = time.monotonic()
        if pushes:
            checked([
                "skopeo", "copy", "-q", "--dest-tls-verify=false", f"oci:{directory}:latest", remote])
        else:
            checked(["skopeo", "copy", "-q", "--src-tls-verify=false", remote, f"dir:{pulled}"])
        seconds += time.monotonic() - start
        if not pushes:
            check_pulled(directory, pulled)
            shutil.rmtree(pulled)
    return seconds


def check_pulled(directory, pulled):
    """Every blob came back, under its digest and of its size."""
    blobs = os.path.join(directory, "blobs", "sha256")
    for digest in os.listdir(blobs):
        copy = os.path.join(pulled, digest)
        if not os.path.exists(copy):
            copy = os.path.join(pulled, "manifest.json")
        if os.path.getsize(copy) != os.path.getsize(os.path.join(blobs, digest)):
            raise Void(f"an image came back without {digest}")


def judge(bench, kind, push, pull):
    for work, times, reach in (("push", push, kind.push_reach), ("pull", pull, kind.pull_reach)):
        for name in times:
            bench.round(f"{work} {kind.title}, {name}: s {figures(times[name])}")
        for peer in [name for name in times if name != "Holdfast"]:
            if peer == "SeaweedFS" and work == "pull":
                continue
            bench.compare(
                f"{work} {kind.title}", f"registry on {peer}",
                [b / a for a, b in zip(times["Holdfast"], times[peer])],
                2 if peer == "SeaweedFS" else reach,
                f"{statistics.median(times['Holdfast']):.2f} s", f"{statistics.median(times[peer]):.2f} s")

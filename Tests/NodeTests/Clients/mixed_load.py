"""Clients of two registries, each on a region of its own, who do everything at once, and what must hold after it.

mixed_load.py run SEED SECONDS STATE     works through both registries; regions may go away and come back.
                                         Fails where an image that a tag shows cannot be pulled
mixed_load.py verify STATE CHUNKS LIVE DEAD    what one region (ENDPOINT, REGISTRY) holds, and what its
                                         directory CHUNKS has on the disk, are what was left; LIVE and DEAD
                                         are the figures of its last collection
mixed_load.py pull REPOSITORY DIGEST     an image is whole in REGISTRY

`run` takes ENDPOINT, OTHER_ENDPOINT, REGISTRY and OTHER_REGISTRY from the environment.
"""
import concurrent.futures
import json
import os
import sys
import time

from contents import client, expect_equal, expect_within, listing, registry_keys
from images import BLOCK, MARK, manifest_of
from load_images import ImageWorker
from load_objects import PLAIN, ObjectWorker
from registry import Registry, digest_of
from shared import ENDPOINT, content, expect

# What a store keeps beside the payload of each chunk, and what it keeps without a chunk.
CHUNK_OVERHEAD, INLINE = 64, 8192
IMAGE_WORKERS = 3


def run(seed, seconds, state_path):
    ends = [(os.environ["ENDPOINT"], os.environ["REGISTRY"]),
            (os.environ["OTHER_ENDPOINT"], os.environ["OTHER_REGISTRY"])]
    deadline = time.monotonic() + float(seconds)
    client(ends[0][0]).create_bucket(Bucket=PLAIN)
    workers = []
    for home, (endpoint, registry) in enumerate(ends):
        other = ends[1 - home][1]
        workers += [ImageWorker(f"{seed}/{home}{n}", f"r{home}w{n}", registry, other, deadline)
                    for n in range(IMAGE_WORKERS)]
        workers.append(ObjectWorker(f"{seed}/objects {home}", f"r{home}", endpoint, deadline))
    for worker in workers:
        worker.others = [one for one in workers if one is not worker and one.kind == "images"]
        worker.begin()
    print("begun", flush=True)
    with concurrent.futures.ThreadPoolExecutor(len(workers)) as pool:
        for done in [pool.submit(worker.run) for worker in workers]:
            done.result()
    state = {"images": [], "history": [], "deleted": [], "deletedTags": [], "objects": {}}
    counts = {}
    for worker in workers:
        worker.leave(state)
        for what, count in worker.counts.items():
            counts[what] = counts.get(what, 0) + count
    with open(state_path, "w") as file:
        json.dump(state, file)
    print(", ".join(f"{count} {what}" for what, count in sorted(counts.items())))
    failures = [failure for worker in workers for failure in worker.failures]
    if failures:
        raise SystemExit("not as expected: " + "; ".join(failures[:10]))
    print("all as expected")


class Closure:
    """What a list of images reaches, as `registry_keys` has it."""

    def __init__(self, images):
        self.places = {"blobs": set(), "revisions": set(), "layers": set()}
        self.layers = {}
        for repository, top in images:
            for manifest in manifest_of(top).manifests:
                self.places["revisions"].add((repository, manifest.digest))
                self.places["blobs"].add(("sha256", manifest.digest))
                for digest in manifest.blobs:
                    self.places["layers"].add((repository, digest))
                    self.places["blobs"].add(("sha256", digest))
                self.layers |= {layer.name: layer.size for layer in manifest.layers}


def verify(state_path, chunks, live, dead):
    with open(state_path) as file:
        state = json.load(file)
    s3, registry = client(ENDPOINT), Registry(os.environ["REGISTRY"])
    keys = listing(s3)
    found = registry_keys(keys)
    # What a tag shows must be there; what one has shown may be, for its history.
    shown = Closure([(repository, top) for repository, _, top in state["images"]])
    known = Closure(state["history"])
    deleted = {(repository, digest) for repository, digest in state["deleted"]}
    expect_equal(found["tags"], {(repository, tag) for repository, tag, _ in state["images"]}, "tags")
    for place, names in shown.places.items():
        most = known.places[place] - (deleted if place == "revisions" else set())
        expect_within(found[place], names, most, place)
    for repository, tag, top in state["images"]:
        digest = manifest_of(top).digest
        data = registry.manifest(repository, tag)
        expect(data is not None and digest_of(data) == digest, f"{repository}:{tag} is {digest}")
        registry.pull(repository, digest)
    verify_objects(s3, state["objects"])
    unfinished = unfinished_layers(s3, keys)
    verify_disk(chunks, {**known.layers, **unfinished}, int(dead))
    objects = dict(state["objects"].values())
    least = sum(size for size in [*shown.layers.values(), *objects.values()] if size > INLINE)
    most = [*known.layers.values(), *unfinished.values(), *objects.values()]
    # A body that came in small pieces has a chunk for each.
    most = sum(most) + CHUNK_OVERHEAD * sum(4 + size // 10_000 for size in most)
    expect(least <= int(live) <= most, f"live bytes: {least} <= {live} <= {most}")
    print(f"{len(state['images'])} images, {len(found['blobs'])} blobs, {live} bytes live, {dead} dead: "
          "all as expected")


def verify_objects(s3, objects):
    sizes = {key: size for key, (size, _) in listing(s3, PLAIN).items()}
    expect_equal(set(sizes.items()), {(key, size) for key, (_, size) in objects.items()}, "objects")
    for key, (name, size) in objects.items():
        data = s3.get_object(Bucket=PLAIN, Key=key)["Body"].read()
        expect(data == content(name, size), f"the bytes of {key}")


def unfinished_layers(s3, keys):
    """Layers of uploads that a registry had not finished when its region went; it cleans them up in days."""
    layers = {}
    for key in keys:
        if "/_uploads/" in key and key.endswith("/data"):
            data = s3.get_object(Bucket=os.environ["BUCKET"], Key=key)["Body"].read()
            if data.startswith(MARK):
                layers[data[len(MARK):data.index(b"\n")].decode()] = len(data)
    return layers


def verify_disk(chunks, allowed, dead):
    """What is neither named nor remembered is on the disk only as far as the region says so itself."""
    left = {}
    for name in os.listdir(chunks):
        with open(os.path.join(chunks, name), "rb") as file:
            data = file.read()
        at = data.find(MARK)
        while at >= 0:
            layer = data[at + len(MARK):data.index(b"\n", at)].decode()
            if layer not in allowed:
                left[layer] = left.get(layer, 0) + BLOCK
            at = data.find(MARK, at + 1)
    expect(sum(left.values()) <= dead + (64 << 10),
           f"{sum(left.values())} bytes of {sorted(left)[:5]} are left, and {dead} said to be dead")


def pull(repository, digest):
    Registry(os.environ["REGISTRY"]).pull(repository, digest)
    print("all as expected")


{"run": run, "verify": verify, "pull": pull}[sys.argv[1]](*sys.argv[2:])

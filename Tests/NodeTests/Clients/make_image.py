"""Writes a multi-architecture image as an OCI layout: make_image.py DIRECTORY SEED SIZE...

Each architecture gets a config of its own and layers of the sizes given (in bytes), the first layer
shared between them, and the last in the first architecture only. The same seed gives the same image.
"""
import hashlib
import json
import os
import random
import sys

directory, seed = sys.argv[1], int(sys.argv[2])
sizes = [int(size) for size in sys.argv[3:]]
blobs = os.path.join(directory, "blobs", "sha256")
os.makedirs(blobs, exist_ok=True)


def put(data):
    digest = hashlib.sha256(data).hexdigest()
    with open(os.path.join(blobs, digest), "wb") as file:
        file.write(data)
    return "sha256:" + digest


def layer(name, size):
    # In pieces: a number of 300 MiB is too large for `randbytes`.
    source = random.Random(f"{seed}/{name}")
    data = b"".join(
        source.randbytes(min(64 << 20, size - start)) for start in range(0, size, 64 << 20))
    return {"mediaType": "application/vnd.oci.image.layer.v1.tar", "digest": put(data), "size": size}


def document(kind, value):
    data = json.dumps(value).encode()
    return {"mediaType": kind, "digest": put(data), "size": len(data)}


manifests = []
for architecture in ["amd64", "arm64"]:
    layers = [layer("shared", sizes[0])]
    own = sizes[1:] if not manifests else sizes[1:-1]
    layers += [layer(f"{architecture}/{index}", size) for index, size in enumerate(own)]
    config = document("application/vnd.oci.image.config.v1+json", {
        "architecture": architecture, "os": "linux", "config": {},
        "rootfs": {"type": "layers", "diff_ids": [one["digest"] for one in layers]}})
    manifest = document("application/vnd.oci.image.manifest.v1+json", {
        "schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "config": config, "layers": layers})
    manifest["platform"] = {"architecture": architecture, "os": "linux"}
    manifests.append(manifest)

index = document("application/vnd.oci.image.index.v1+json", {
    "schemaVersion": 2, "mediaType": "application/vnd.oci.image.index.v1+json",
    "manifests": manifests})
index["annotations"] = {"org.opencontainers.image.ref.name": "image"}
with open(os.path.join(directory, "index.json"), "w") as file:
    json.dump({"schemaVersion": 2, "manifests": [index]}, file)
with open(os.path.join(directory, "oci-layout"), "w") as file:
    json.dump({"imageLayoutVersion": "1.0.0"}, file)
print(index["digest"])

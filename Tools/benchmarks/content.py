"""What is pushed to registries: single blobs by the API, and whole images made of random bytes."""
import dataclasses
import gzip
import hashlib
import http.client
import io
import json
import os
import tarfile
import time
import urllib.parse

from .process import Void


@dataclasses.dataclass
class Pushed:
    digest: str
    commit_seconds: float


def push_blob(url, repository, path):
    """POST, PATCH with all bytes, and the PUT that commits, which is what is timed."""
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    name = f"sha256:{digest.hexdigest()}"
    connection = http.client.HTTPConnection(urllib.parse.urlsplit(url).netloc, blocksize=1 << 20)
    location = _ask(connection, "POST", f"/v2/{repository}/blobs/uploads/", 202)
    with open(path, "rb") as file:
        location = _ask(connection, "PATCH", location, 202, file, {
            "Content-Type": "application/octet-stream",
            "Content-Length": str(os.path.getsize(path))})
    joint = "&" if "?" in location else "?"
    start = time.monotonic()
    _ask(connection, "PUT", f"{location}{joint}digest={name}", 201, b"")
    seconds = time.monotonic() - start
    connection.close()
    return Pushed(name, seconds)


def _ask(connection, method, target, status, body=None, fields=None):
    parts = urllib.parse.urlsplit(target)
    target = parts.path + (f"?{parts.query}" if parts.query else "")
    connection.request(method, target, body, fields or {})
    response = connection.getresponse()
    said = response.read()
    if response.status != status:
        raise Void(f"{method} was answered with {response.status}: {said[:200]!r}")
    return response.getheader("Location")


def make_image(directory, layer_sizes):
    """An OCI layout of one image; its layers are gzip files, so that no client packs them again."""
    blobs = os.path.join(directory, "blobs", "sha256")
    os.makedirs(blobs)

    def store(data):
        digest = hashlib.sha256(data).hexdigest()
        with open(os.path.join(blobs, digest), "wb") as file:
            file.write(data)
        return {"digest": f"sha256:{digest}", "size": len(data)}

    layers, contents = [], []
    for number, size in enumerate(layer_sizes):
        archive = io.BytesIO()
        with tarfile.open(fileobj=archive, mode="w") as tar:
            entry = tarfile.TarInfo(f"random-{number}")
            entry.size = size
            tar.addfile(entry, io.BytesIO(os.urandom(size)))
        contents.append("sha256:" + hashlib.sha256(archive.getvalue()).hexdigest())
        packed = gzip.compress(archive.getvalue(), compresslevel=0, mtime=0)
        layers.append({
            "mediaType": "application/vnd.oci.image.layer.v1.tar+gzip", **store(packed)})
    configuration = {
        "architecture": "amd64", "os": "linux", "config": {},
        "rootfs": {"type": "layers", "diff_ids": contents}}
    manifest = {
        "schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "config": {"mediaType": "application/vnd.oci.image.config.v1+json",
                   **store(json.dumps(configuration).encode())},
        "layers": layers}
    index = {"schemaVersion": 2, "manifests": [{
        "mediaType": "application/vnd.oci.image.manifest.v1+json",
        **store(json.dumps(manifest).encode()),
        "annotations": {"org.opencontainers.image.ref.name": "latest"}}]}
    with open(os.path.join(directory, "index.json"), "w") as file:
        json.dump(index, file)
    with open(os.path.join(directory, "oci-layout"), "w") as file:
        file.write('{"imageLayoutVersion": "1.0.0"}')
    return directory

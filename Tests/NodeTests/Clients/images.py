"""Images as values: layers whose bytes follow from a name, and manifests over them."""
import dataclasses
import functools
import json
import random

from registry import DOCKER, OCI, digest_of

# Stands in every block of a layer, so that its bytes can be found on a disk, and how many there are.
MARK = b"holdfast layer "
BLOCK = 4096


@dataclasses.dataclass(frozen=True)
class Layer:
    name: str
    size: int

    @property
    def data(self):
        data = bytearray(random.Random(self.name).randbytes(self.size))
        mark = MARK + self.name.encode() + b"\n"
        for start in range(0, self.size - len(mark) + 1, BLOCK):
            data[start:start + len(mark)] = mark
        return bytes(data)

    @functools.cached_property
    def digest(self):
        return digest_of(self.data)


@dataclasses.dataclass(frozen=True)
class Manifest:
    """A manifest or index, with what it reaches."""
    kind: str
    data: bytes
    config: bytes = b""
    layers: tuple = ()
    children: tuple = ()

    @functools.cached_property
    def digest(self):
        return digest_of(self.data)

    @property
    def blobs(self):
        """The digests of config and layers."""
        return {digest_of(self.config), *(layer.digest for layer in self.layers)} \
            if self.layers else set()

    @property
    def manifests(self):
        """Itself and all below, what others need first."""
        return [one for child in self.children for one in child.manifests] + [self]


def describe(kind, digest, size):
    return {"mediaType": kind, "digest": digest, "size": size}


def image(name, layers, subject=None, docker=False):
    """An image of at least one layer; `subject` is the manifest that it speaks of."""
    config = json.dumps({"architecture": "amd64", "os": "linux", "config": {}, "comment": name,
                         "rootfs": {"type": "layers", "diff_ids": []}}).encode()
    kinds = (DOCKER + "v2+json", "application/vnd.docker.container.image.v1+json",
             "application/vnd.docker.image.rootfs.diff.tar.gzip") if docker else \
        (OCI + "manifest.v1+json", OCI + "config.v1+json", OCI + "layer.v1.tar")
    value = {"schemaVersion": 2, "mediaType": kinds[0],
             "config": describe(kinds[1], digest_of(config), len(config)),
             "layers": [describe(kinds[2], one.digest, one.size) for one in layers]}
    if subject:
        value["subject"] = describe(subject.kind, subject.digest, len(subject.data))
    return Manifest(kinds[0], json.dumps(value).encode(), config, tuple(layers))


def index(children, docker=False):
    kind = DOCKER + "list.v2+json" if docker else OCI + "index.v1+json"
    manifests = [describe(child.kind, child.digest, len(child.data))
                 | {"platform": {"architecture": f"arch{number}", "os": "linux"}}
                 for number, child in enumerate(children)]
    value = {"schemaVersion": 2, "mediaType": kind, "manifests": manifests}
    return Manifest(kind, json.dumps(value).encode(), children=tuple(children))


def push(registry, repository, top, reference=None):
    """As clients push: what is there already is not sent again."""
    for manifest in top.manifests:
        blobs = [layer.data for layer in manifest.layers] + [manifest.config] * bool(manifest.layers)
        for data in blobs:
            if not registry.has(repository, digest_of(data)):
                registry.upload(repository, data)
        registry.push(repository, manifest, reference if manifest is top else None)


def value_of(manifest):
    """As JSON has it."""
    return [manifest.kind, manifest.data.decode(), manifest.config.decode(),
            [(layer.name, layer.size) for layer in manifest.layers],
            [value_of(child) for child in manifest.children]]


def manifest_of(value):
    kind, data, config, layers, children = value
    return Manifest(kind, data.encode(), config.encode(), tuple(Layer(*layer) for layer in layers),
                    tuple(manifest_of(child) for child in children))

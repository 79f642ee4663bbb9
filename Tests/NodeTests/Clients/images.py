"""Images as values: layers whose bytes follow from a name, and manifests over them."""
import dataclasses
import functools
import json
import random

from registry import DOCKER, OCI, digest_of

# In front of every layer, so that its bytes can be found on a disk.
MARK = b"holdfast layer "


@dataclasses.dataclass(frozen=True)
class Layer:
    name: str
    size: int

    @property
    def mark(self):
        return MARK + self.name.encode() + b"\n"

    @property
    def data(self):
        """At least its mark."""
        rest = max(0, self.size - len(self.mark))
        return self.mark + random.Random(self.name).randbytes(rest)

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
             "layers": [describe(kinds[2], one.digest, len(one.data)) for one in layers]}
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

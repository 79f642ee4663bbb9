"""A registry of all that can reach something, and garbage of every kind.

reachability.py push REGISTRY     fills it
reachability.py during REGISTRY FLAG   pushes image after image on the layers of garbage, until FLAG is there
reachability.py verify REGISTRY COUNT  the bucket holds what is reachable and nothing else, all of it whole;
                                  COUNT images were pushed during the collections
"""
import os
import sys
import time

from contents import client, expect_equal, listing, registry_keys
from images import Layer, image, index, push
from registry import Refused, Registry
from shared import ENDPOINT

APP, SIGNED, MOUNTED, MOVED = "team/app", "team/signed", "team/mounted", "team/moved"
KEPT, GARBAGE = "kept", "garbage"


def one(name, *layers, **options):
    """An image of layers of its own and others, so that something of each size is kept and goes."""
    own = (Layer(name + "/small", 300), Layer(name + "/large", 90_000))
    return image(name, own + layers, **options)


class World:
    """Everything that is pushed: (repository, manifest, tag or None, what becomes of it)."""

    def __init__(self):
        base = Layer("base", 400_000)
        self.orphan = Layer("orphan", 150_000)
        self.lent = Layer("lent", 200_000)
        self.untagged = one("untagged", base, self.lent)
        signed, unsigned, spoken_of = one("signed", base), one("unsigned"), one("spoken of")
        statement = one("statement", subject=signed)
        self.pushes = [
            (APP, index([one("amd64", base), one("arm64", base)]), "multi", KEPT),
            (APP, index([index([one("deep", base)]), one("shallow")]), "nested", KEPT),
            (APP, index([one("d1", docker=True), one("d2", docker=True)], docker=True), "list", KEPT),
            (APP, self.untagged, None, GARBAGE),
            (APP, index([one("untagged child")]), None, GARBAGE),
            (SIGNED, signed, "v1", KEPT),
            (SIGNED, one("signature"), signed.digest.replace(":", "-") + ".sig", KEPT),
            (SIGNED, statement, None, KEPT),
            (SIGNED, one("of the statement", subject=statement), None, KEPT),
            (SIGNED, unsigned, None, GARBAGE),
            (SIGNED, one("of garbage", subject=unsigned), None, GARBAGE),
            # An artifact does not keep what it speaks of.
            (SIGNED, spoken_of, None, GARBAGE),
            (SIGNED, one("artifact", subject=spoken_of), "artifact", KEPT),
            (MOUNTED, one("mounted", self.lent), "latest", KEPT),
            (MOVED, one("first"), "latest", KEPT),  # by the history of the tag
            (MOVED, one("second"), "latest", KEPT),
        ]

    def during(self, number):
        """An image pushed in the middle of it all, on layers that are garbage by then."""
        return image(f"during {number}", (*self.untagged.layers[:2], self.orphan,
                                          Layer(f"during {number}", 20_000)))


def fill(registry):
    world = World()
    for repository, top, tag, _ in world.pushes:
        if repository == MOUNTED and not registry.mount(MOUNTED, world.lent.digest, APP):
            raise SystemExit("not as expected: a layer is mounted from another repository")
        push(registry, repository, top, tag)
    registry.upload(APP, world.orphan.data)
    registry.upload("team/abandoned", Layer("abandoned", 70_000).data)
    print("all as expected")


def during(registry, flag):
    """A push that a collection was faster than begins anew, as clients do; what was taken stays whole."""
    world = World()
    count = 0
    while not os.path.exists(flag):
        top, repository = world.during(count), f"during/n{count}"
        try:
            for layer in top.layers[:3]:
                registry.mount(repository, layer.digest, APP)
            push(registry, repository, top, "latest")
        except Refused as error:
            if "BLOB_UNKNOWN" not in str(error):
                raise
            continue
        count += 1
        time.sleep(0.05)
    print(count)


def verify(registry, count):
    world = World()
    pushes = [(repository, top, tag) for repository, top, tag, fate in world.pushes if fate == KEPT]
    pushes += [(f"during/n{number}", world.during(number), "latest") for number in range(int(count))]
    expected = {"blobs": set(), "revisions": set(), "layers": set(), "tags": set()}
    for repository, top, tag in pushes:
        registry.pull(repository, top.digest)
        if tag:
            expected["tags"].add((repository, tag))
        for manifest in top.manifests:
            expected["revisions"].add((repository, manifest.digest))
            expected["blobs"].add(("sha256", manifest.digest))
            for digest in manifest.blobs:
                expected["layers"].add((repository, digest))
                expected["blobs"].add(("sha256", digest))
    found = registry_keys(listing(client(ENDPOINT)))
    for place, names in expected.items():
        expect_equal(found[place], names, place)
    print(f"{len(found['blobs'])} blobs, {len(found['layers'])} links of layers: all as expected")


{"push": fill, "during": during, "verify": verify}[sys.argv[1]](Registry(sys.argv[2]), *sys.argv[3:])

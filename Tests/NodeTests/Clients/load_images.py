"""Images, pushed, pulled from both regions, mounted, retagged and deleted; and all that pushes leave behind."""
import time

from images import Layer, image, index, push, value_of
from load_worker import Worker
from registry import Away, Broken, Refused, Registry, digest_of

SIZES = [200, 5_000, 9_000, 60_000, 300_000, 1_300_000]
SHARED = 12
TAGS = ["latest", "v1", "v2", "stable"]
# How often an image is asked for that a tag shows and that cannot be pulled, a second apart.
TRIES = 8


class ImageWorker(Worker):
    kind = "images"
    steps = ((8, "push_tag"), (3, "push_untagged"), (6, "pull_own"), (6, "pull_other"),
             (2, "delete"), (2, "orphan"), (3, "abort"), (3, "chunked"), (2, "attach"))

    def __init__(self, seed, name, registry, other, deadline):
        super().__init__(seed, deadline)
        self.name = name
        self.seed = seed
        self.registry = Registry(registry)
        self.other = Registry(other)
        self.repositories = [f"load/{name}/{n}" for n in range(2)]
        self.others = []
        # (repository, tag) to manifest; all that ever was there; what was deleted by digest since.
        self.tags = {}
        self.history = {}
        self.deleted = set()
        self.deleted_tags = {}
        # A repository that had a layer once.
        self.sources = {}

    def begin(self):
        """So that there is a registry whose garbage can be collected."""
        self.push_tag()

    # Making

    def layer(self):
        """One of those that all workers share, or a new one."""
        if self.random.random() < 0.5:
            number = self.random.randrange(SHARED)
            return Layer(f"shared {number} of {self.seed.split('/')[0]}", SIZES[number % len(SIZES)])
        return self.own_layer()

    def own_layer(self):
        name = f"{self.name} {self.random.getrandbits(64):x}"
        return Layer(name, self.random.choice(SIZES))

    def image(self, **options):
        layers = {layer.name: layer for layer in
                  (self.layer() for _ in range(self.random.randint(1, 3)))}
        return image(f"{self.name} {self.random.getrandbits(64):x}", layers.values(), **options)

    def top(self):
        """An image, an index of some, or an index over an index."""
        kind = self.random.random()
        if kind < 0.7:
            return self.image(docker=kind < 0.1)
        children = [self.image() for _ in range(self.random.randint(1, 2))]
        return index([index(children), self.image()] if kind > 0.95 else children)

    def repository(self):
        return self.random.choice(self.repositories)

    # Pushing

    def push(self, repository, top, tag=None):
        """Until it is taken: a client whose layers were collected before the manifest came begins anew."""
        while True:
            try:
                self.patiently(push, self.registry, repository, top, tag)
                break
            except Refused as error:
                if "UNKNOWN" not in str(error):
                    raise
                self.counts["pushed anew"] += 1
        self.sources |= {layer.digest: repository for layer in top.layers}
        self.deleted -= {(repository, manifest.digest) for manifest in top.manifests}

    def push_tag(self):
        repository, tag, top = self.repository(), self.random.choice(TAGS), self.top()
        if self.tags and self.random.random() < 0.2:
            # One that is there already, under another tag.
            repository, top = self.some_image()
        if self.random.random() < 0.5:
            self.mount(repository, top)
        self.tag(repository, top, tag)

    def tag(self, repository, top, tag):
        self.push(repository, top, tag)
        self.tags[repository, tag] = top
        self.history[repository, top.digest] = top

    def push_untagged(self):
        self.push(self.repository(), self.top())

    def mount(self, repository, top):
        """From a repository that had it once; nobody knows whether it still has."""
        for layer in top.layers:
            sources = [one.sources[layer.digest] for one in self.others if layer.digest in one.sources]
            if sources:
                source = self.random.choice(sources)
                mounted = self.patiently(self.registry.mount, repository, layer.digest, source)
                self.counts["mounted"] += mounted

    def attach(self):
        """What speaks of an image stays for as long as that does, or is garbage with it."""
        if self.tags and self.random.random() < 0.7:
            repository, subject = self.some_image()
            attached = self.image(subject=subject)
            self.push(repository, attached)
            self.history[repository, attached.digest] = attached
        else:
            self.push(self.repository(), self.image(subject=self.image()))

    def orphan(self):
        self.patiently(self.registry.upload, self.repository(), self.own_layer().data)

    def chunked(self):
        """A push in pieces, that a client breaks off and begins anew where its registry loses the upload."""
        layer, repository = self.own_layer(), self.repository()

        def once():
            data, location = layer.data, self.registry.begin(repository)
            half = len(data) // 2
            try:
                location = self.registry.send(location, data[:half], 0)
                location = self.registry.send(location, data[half:], half)
                self.registry.finish(location, layer.digest)
            except Refused:
                self.counts["broken off"] += 1
                self.registry.upload(repository, data)

        self.patiently(once)
        self.tag(repository, image(layer.name, [layer]), self.random.choice(TAGS))

    def abort(self):
        """An upload that ends in the middle: the client says so, or is never heard of again."""
        data = self.own_layer().data
        saying = self.random.random() < 0.5

        def once():
            location = self.registry.begin(self.repositories[0])
            location = self.registry.send(location, data, 0)
            if saying:
                self.registry.abort(location)

        try:
            self.patiently(once)
        except Refused:
            self.counts["broken off"] += 1

    def delete(self):
        """By digest, and with it go all the tags of the repository that name it."""
        if not self.tags:
            return
        repository, top = self.some_image()
        while not self.delete_once(repository, top.digest):
            # The manifest goes before its tags: one that was cut off may have left those behind.
            self.push(repository, top)
        self.deleted.add((repository, top.digest))
        for key in [key for key, one in self.tags.items()
                    if key[0] == repository and one.digest == top.digest]:
            del self.tags[key]
            self.deleted_tags[key] = top.digest

    def delete_once(self, repository, digest):
        try:
            return self.registry.delete(repository, digest)
        except Away:
            self.counts["unanswered"] += 1
            return False

    def some_image(self):
        (repository, _), top = self.random.choice(list(self.tags.items()))
        return repository, top

    # Pulling

    def pull_own(self):
        if self.tags:
            (repository, tag), top = self.random.choice(list(self.tags.items()))
            self.expect_whole(self.registry, repository, tag, top.digest)

    def pull_other(self):
        """Whatever a tag shows in the other region is complete there."""
        self.expect_whole(self.other, self.repository(), self.random.choice(TAGS))

    def expect_whole(self, registry, repository, tag, digest=None):
        for attempt in range(TRIES):
            data = self.patiently(registry.manifest, repository, tag)
            try:
                if digest is not None and (data is None or digest_of(data) != digest):
                    raise Broken(f"{repository}:{tag} is not {digest}")
                if data is not None:
                    self.patiently(registry.pull, repository, digest_of(data))
                return
            except Broken as error:
                # A registry says so too where its region went away in the middle.
                self.counts["pulled again"] += 1
                failure = f"{registry.url}: {error}"
                time.sleep(1)
        self.failures.append(failure)

    def leave(self, state):
        state["images"] += [(repository, tag, value_of(top))
                            for (repository, tag), top in self.tags.items()]
        state["history"] += [(repository, value_of(top))
                             for (repository, _), top in self.history.items()]
        state["deleted"] += sorted(self.deleted)
        state["deletedTags"] += [
            {"registry": self.registry.url, "repository": repository, "tag": tag, "digest": digest}
            for (repository, tag), digest in self.deleted_tags.items()
            if (repository, tag) not in self.tags]

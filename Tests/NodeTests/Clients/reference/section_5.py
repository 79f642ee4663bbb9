"""Section 5: all the calls of one push and one pull through Distribution v3, in their order."""
import hashlib

from clients import MIB, etag, part_ranges
from distribution import PART_BYTES, Driver, blob_key
from documents import etag_in, value, values
from shared import content, expect
from signatures import presigned
from wire import HOST, now, target

ROOT = "section-5"
REPOSITORY = f"{ROOT}/docker/registry/v2/repositories/library/r"


class Upload:
    """One layer on its way, as Distribution keeps it in its storage."""

    def __init__(self, name):
        self.driver, self.path = Driver(), f"{REPOSITORY}/_uploads/{name}"
        self.key, self.etags, self.size = f"{self.path}/data", [], 0

    def hash_state(self):
        key = f"{self.path}/hashstates/sha256/{self.size}"
        self.driver.put_content(key, b"\x00state of %d" % self.size).expect(200, b"")

    def post(self):
        """POST: startedat, a new upload, the first state of the hash."""
        self.driver.put_content(f"{self.path}/startedat", b"2026-11-30T00:00:00Z").expect(200, b"")
        self.upload = self.driver.new(self.key)
        self.hash_state()

    def resume(self):
        """What PATCH and PUT begin with: every call sees what the one before it wrote."""
        self.driver.reader(f"{self.path}/startedat").expect(206, b"2026-11-30T00:00:00Z")
        page = self.driver.uploads(self.key).expect(200)
        expect(values(page, "UploadId") == [self.upload] and value(page, "IsTruncated") == "false", "the upload")
        parts = self.driver.parts(self.key, self.upload).expect(200)
        expect([text.replace("&quot;", "") for text in values(parts, "ETag")] == self.etags, "its parts")
        expect(sum(map(int, values(parts, "Size"))) == self.size, "its size")

    def patch(self, data):
        self.resume()
        for start in range(0, len(data), PART_BYTES):
            part = data[start:start + PART_BYTES]
            number = len(self.etags) + 1
            self.driver.part(self.key, self.upload, number, part).expect(200, b"", ETag=f'"{etag(part)}"')
            self.etags.append(etag(part))
            self.size += len(part)
        self.hash_state()

    def put(self, digest):
        """The commit: the state of the hash, Complete, the move to the blob, the link, and the directory goes."""
        driver, blob = self.driver, blob_key(digest, ROOT)
        self.resume()
        states = f"{self.path}/hashstates/sha256"
        listed = driver.list_v2(f"{states}/", "/", 1000).expect(200)
        expect(f"{states}/{self.size}" in values(listed, "Key"), "the last state")
        driver.reader(f"{states}/{self.size}").expect(206, b"\x00state of %d" % self.size)
        driver.complete(self.key, self.upload, self.etags).expect(200)
        driver.head(self.key).expect(200, b"", Content_Length=str(self.size))
        try:
            there = driver.stat_v3(blob) is not None
        except KeyError:
            there = False
        if not there:
            expect(driver.stat_v3(self.key) == self.size, "the source")
            if self.size <= 32 * MIB:
                driver.copy(self.key, blob).expect(200)
            else:
                self.copy_by_parts(blob)
            expect(driver.delete_v3(self.key) == [self.key], "the source goes")
        link = f"{REPOSITORY}/_layers/sha256/{digest}/link"
        driver.put_content(link, f"sha256:{digest}".encode()).expect(200, b"")
        driver.delete_v3(self.path)
        expect(value(driver.list_v2(self.path, max_keys=1), "KeyCount") == "0", "nothing is left of the upload")

    def copy_by_parts(self, blob):
        upload, etags = self.driver.new(blob), []
        for number, part_range in part_ranges(self.size, 32 * MIB):
            answer = self.driver.part_copy(blob, upload, number, self.key, part_range)
            etags.append(etag_in(answer.expect(200)))
        self.driver.complete(blob, upload, etags).expect(200)


def push(name, pieces):
    upload, whole = Upload(name), b"".join(pieces)
    upload.post()
    for piece in pieces:
        upload.patch(piece)
    digest = hashlib.sha256(whole).hexdigest()
    upload.put(digest)
    return digest, whole


def post_upload():
    """startedat, CreateMultipartUpload, the first state."""
    Upload("post").post()


def each_patch():
    """Two in a row, of which the second goes on from what the first left."""
    upload = Upload("patch")
    upload.post()
    upload.patch(content("first", 11 * MIB))
    upload.patch(content("second", 6 * MIB))
    upload.resume()


def commit():
    """A layer that is copied whole, one that is copied by parts, and one that is there already."""
    # No PATCH ends with a part that is too small to be followed by another.
    pieces = [content("commit", 20 * MIB), content("more", 13 * MIB)]
    for name, layer in (("small", [b"a small layer"]), ("large", pieces), ("again", pieces)):
        digest, whole = push(name, layer)
        expect(Driver().reader(blob_key(digest, ROOT)).expect(206).body == whole, f"every byte of {name}")


def calls_in_all():
    """Twenty calls and more for a layer, answered on one connection that is kept."""
    upload = Upload("count")
    sent = upload.driver.connection.send
    count, connections = [], set()

    def counting(*arguments):
        answer = sent(*arguments)
        count.append(answer.status)
        connections.add(id(upload.driver.connection.socket))
        return answer

    upload.driver.connection.send = counting
    upload.post()
    upload.patch(b"counted")
    upload.put(hashlib.sha256(b"counted").hexdigest())
    expect(len(count) >= 20 and len(connections) == 1, f"{len(count)} calls over {len(connections)} connections")


def blob_head():
    """The layer's link, then HeadObject."""
    digest, whole = push("head", [b"to be headed"])
    driver = Driver()
    driver.reader(f"{REPOSITORY}/_layers/sha256/{digest}/link").expect(206, f"sha256:{digest}".encode())
    driver.head(blob_key(digest, ROOT)).expect(200, b"", Content_Length=str(len(whole)))


def blob_get():
    """The same, and a presigned URL, or the bytes themselves."""
    digest, whole = push("get", [content("get", 3 * MIB)])
    driver, key = Driver(), blob_key(digest, ROOT)
    driver.head(key).expect(200, b"", Content_Length=str(len(whole)))
    url = presigned("GET", target(key), HOST, now(), 1200)
    driver.connection.send("GET", url, [("Host", HOST), ("User-Agent", "containerd/1.7")]).expect(200, whole)
    driver.reader(key).expect(206, whole)


def pull_by_tag():
    """Tag, revision, manifest; and a tag that is moved is read as the new one at once."""
    driver, tag = Driver(), f"{REPOSITORY}/_manifests/tags/latest/current/link"
    for version in (b'{"schemaVersion":2,"config":1}', b'{"schemaVersion":2,"config":2}'):
        digest = hashlib.sha256(version).hexdigest()
        link = f"sha256:{digest}".encode()
        driver.put_content(blob_key(digest, ROOT), version).expect(200)
        driver.put_content(f"{REPOSITORY}/_manifests/revisions/sha256/{digest}/link", link).expect(200)
        driver.put_content(f"{REPOSITORY}/_manifests/tags/latest/index/sha256/{digest}/link", link).expect(200)
        driver.put_content(tag, link).expect(200)
        driver.reader(tag).expect(206, link)
        driver.reader(f"{REPOSITORY}/_manifests/revisions/sha256/{digest}/link").expect(206, link)
        driver.head(blob_key(digest, ROOT)).expect(200, b"", Content_Length=str(len(version)))
        driver.reader(blob_key(digest, ROOT)).expect(206, version)

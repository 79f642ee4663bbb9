"""Section 3: the layouts of Quay, zot, Harbor and OpenShift, as they are written into a bucket by S3.

Where the bucket has Distribution's layout, what a path means is tried by what it forbids: a blob's path takes only the
bytes of its digest. What the layouts of Quay and zot mean to a bucket that has them, other tests say."""
import hashlib

from clients import MIB
from distribution import Driver
from documents import value, values
from quay import Quay
from shared import content, expect

ROOT = "section-3"


def quay():
    """Blobs by their digest, chunks of uploads, the probe, and files of users."""
    engine, root = Quay(), f"{ROOT}/datastorage/registry"
    data = content("quay", 6 * MIB)
    digest = hashlib.sha256(data).hexdigest()
    blob, chunk = f"{root}/sha256/{digest[:2]}/{digest}", f"{root}/uploads/1b4e28ba-2fa1-11d2-883f-0016d3cca427"
    engine.put_content(f"{root}/_verify", b"testing 123").expect(200)
    engine.put_content("section-3/userfiles/dockerfile-1", b"FROM scratch").expect(200)
    engine.stream_write(chunk, data)
    engine.assemble(blob, [(chunk, 0, len(data))])
    engine.get(blob).expect(200, data)
    page = engine.list(root + "/").expect(200)
    expect(values(page, "Key") == [f"{root}/_verify", blob, chunk], f"as the layout says: {page}")


def zot():
    """`index.json`, `oci-layout`, blobs by algorithm, uploads; a blob of no bytes stands for one elsewhere."""
    driver, root = Driver(), f"{ROOT}/zot/alpine"
    layer = content("zot", 100_000)
    digest = hashlib.sha256(layer).hexdigest()
    driver.write(f"{root}/.uploads/1b4e28ba-2fa1-11d2-883f-0016d3cca427", layer)
    driver.copy(f"{root}/.uploads/1b4e28ba-2fa1-11d2-883f-0016d3cca427", f"{root}/blobs/sha256/{digest}").expect(200)
    driver.write(f"{root}/oci-layout", b'{"imageLayoutVersion":"1.0.0"}')
    driver.write(f"{root}/index.json", b'{"schemaVersion":2,"manifests":[]}')
    driver.write(f"{root}/.sync/staging", b"x")
    # The marker of deduplication is written at a digest's path, and is none of its bytes.
    marker = f"{ROOT}/zot/other/blobs/sha256/{digest}"
    driver.put_content(marker, b"").expect(200)
    expect(driver.stat_v3(marker) == 0, "the marker is kept as it is")
    driver.reader(f"{root}/blobs/sha256/{digest}").expect(206, layer)
    driver.reader(f"{root}/index.json").expect(206, b'{"schemaVersion":2,"manifests":[]}')


def distribution(root):
    """A push into Distribution's layout below `root`; blobs take only their own bytes."""
    driver, layer = Driver(), content(root, 50_000)
    digest = hashlib.sha256(layer).hexdigest()
    top = f"{root}docker/registry/v2"
    upload = f"{top}/repositories/r/_uploads/u/data"
    blob = f"{top}/blobs/sha256/{digest[:2]}/{digest}/data"
    driver.write(upload, layer)
    other = f"{top}/blobs/sha256/00/{'0' * 64}/data"
    for answer in (driver.copy(upload, other), driver.put_content(other, layer)):
        expect((answer.status, value(answer, "Code")) == (400, "BadDigest"), f"another digest: {answer}")
    driver.copy(upload, blob).expect(200)
    driver.put_content(f"{top}/repositories/r/_layers/sha256/{digest}/link", f"sha256:{digest}".encode()).expect(200)
    driver.put_content(f"{top}/repositories/r/_manifests/tags/1/current/link", f"sha256:{digest}".encode()).expect(200)
    driver.reader(blob).expect(206, layer)
    expect(driver.delete_v28(f"{top}/repositories/r/_uploads/u") == [upload], "the upload goes")


def harbor():
    """Distribution's layout below Harbor's root directory."""
    distribution(f"{ROOT}/harbor/")


def openshift():
    """Distribution's layout at the bucket's own root."""
    distribution("")

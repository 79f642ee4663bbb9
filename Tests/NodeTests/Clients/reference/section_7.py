"""Section 7: zot, Harbor's registry and its registryctl, on the drivers of Distribution."""
import hashlib
import time

from distribution import Driver, blob_key
from documents import value, values
from shared import content, expect
from signatures import presigned
from wire import HOST, now, target

ROOT = "section-7"


def zot_writes():
    """A few bytes are an upload of one part, each time anew; a link is a file of no bytes."""
    driver, root = Driver(), f"{ROOT}/zot/r"
    for version in (b'{"schemaVersion":2}', b'{"schemaVersion":2,"manifests":[{}]}', b"{}"):
        driver.write(f"{root}/index.json", version)
        driver.reader(f"{root}/index.json").expect(206, version)
        expect(driver.stat_v3(f"{root}/index.json") == len(version), "its size")
    driver.put_content(f"{root}/link", b"").expect(200)
    expect(driver.stat_v3(f"{root}/link") == 0, "a link")
    driver.reader(f"{root}/link").expect(416)


def zot_same_file():
    """Two Stats of one object are equal in size and time, however often and however asked."""
    driver, key = Driver(), f"{ROOT}/zot/same"
    driver.write(key, b"same")
    first = driver.head(key).expect(200)
    written, answered = (time.strptime(first[name], "%a, %d %b %Y %H:%M:%S GMT") for name in ("Last-Modified", "Date"))
    expect(written <= answered, f"written before it was answered: {first}")
    time.sleep(1.1)
    second = driver.head(key).expect(200)
    expect(first["Last-Modified"] == second["Last-Modified"], "a time that stays")
    read = driver.reader(key).expect(206, b"same")
    expect(first["Last-Modified"] == read["Last-Modified"], "the same in every answer")
    listed = value(driver.list_v2(key, max_keys=1).expect(200), "LastModified")
    shown = time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.strptime(first["Last-Modified"], "%a, %d %b %Y %H:%M:%S GMT"))
    expect(listed == shown, f"and in lists: {listed}, {shown}")


def zot_walks():
    """A walk over the whole root finds every repository."""
    driver, root = Driver(), f"{ROOT}/zot-walk"
    for name in ("a", "a/b", "c"):
        driver.write(f"{root}/{name}/index.json", b"{}")
        driver.write(f"{root}/{name}/oci-layout", b"{}")
    page = driver.list_v2(f"{root}/", max_keys=1000, start_after="").expect(200)
    found = [key.removesuffix("/index.json") for key in values(page, "Key") if key.endswith("/index.json")]
    expect(found == [f"{root}/{name}" for name in ("a/b", "a", "c")], f"in order of bytes: {found}")


def zot_redirects():
    """RedirectURL for GET and HEAD."""
    driver, key = Driver(), f"{ROOT}/zot/blobs/sha256/redirect"
    driver.write(key, b"redirected")
    for method, body in (("GET", b"redirected"), ("HEAD", b"")):
        url = presigned(method, target(key), HOST, now(), 1200)
        driver.connection.send(method, url, [("Host", HOST)]).expect(200, body, Content_Length="10")


def harbor_registry():
    """The lists of 2.8: Stat, List and Delete by version 1."""
    driver, root = Driver(), f"{ROOT}/harbor"
    driver.agent = "aws-sdk-go/1.43.16 (go1.21.8; linux; amd64)"
    tags = [f"{root}/_manifests/tags/{name}/current/link" for name in ("1.0", "1.0-rc", "latest")]
    for key in tags:
        driver.put_content(key, b"sha256:0").expect(200)
    stat = driver.list_v1(f"{root}/_manifests/tags", marker=None, max_keys=1).expect(200)
    expect(values(stat, "Key") == ["section-7/harbor/_manifests/tags/1.0-rc/current/link"], "a directory")
    found, marker = [], ""
    while True:
        page = driver.list_v1(f"{root}/_manifests/tags/", marker, "/", 2).expect(200)
        found += values(page, "Prefix")[1:]
        if value(page, "IsTruncated") == "false":
            break
        marker = value(page, "NextMarker")
    expect(found == [f"{root}/_manifests/tags/{name}/" for name in ("1.0-rc", "1.0", "latest")], f"tags: {found}")
    expect(driver.delete_v28(f"{root}/_manifests/tags/1.0") == tags[:1], "one tag goes, not what begins like it")


def harbor_registryctl():
    """Vacuum: V1 list and DeleteObjects for each blob and each link of a manifest, again and again."""
    driver = Driver()
    for number in range(20):
        data = content(f"garbage {number}", 2000)
        key = blob_key(hashlib.sha256(data).hexdigest(), ROOT)
        driver.put_content(key, data).expect(200)
        # The blob's directory is what is deleted.
        expect(driver.delete_v28(key.removesuffix("/data")) == [key], "a blob goes")
        expect(value(driver.list_v1(key, marker=None, max_keys=1), "IsTruncated") == "false", "it is gone at once")
        driver.reader(key).expect(404)
    # DELETE of a manifest: its revision, and its entry in each tag's index.
    digest, repository = "0" * 64, f"{ROOT}/docker/registry/v2/repositories/library/r/_manifests"
    links = [f"{repository}/revisions/sha256/{digest}/link", f"{repository}/tags/1/index/sha256/{digest}/link"]
    kept = f"{repository}/tags/1/current/link"
    for key in [*links, kept]:
        driver.put_content(key, f"sha256:{digest}".encode()).expect(200)
    for key in links:
        expect(driver.delete_v28(key.removesuffix("/link")) == [key], "a link goes")
    driver.reader(kept).expect(206, f"sha256:{digest}".encode())

"""Section 9: the surface as a whole, one call after the other; what other rows say of a call is not repeated here."""

from clients import etag
from distribution import WRITE, Driver
from documents import OWNER, expect_document, quote, refused, value, values
from quay import Quay
from shared import expect
from wire import BUCKET, target

ROOT = "section-9"


def head_bucket():
    """200 with the region, 404 without a body; neither needs more than the key."""
    Quay().head_bucket().expect(200, b"", x_amz_bucket_region="us-east-1")
    Quay(bucket="section-9-none").head_bucket().expect(404, b"", Content_Type=None)


def conditions():
    """GET and HEAD with conditions: 304 has no body, 412 says so; a range with one."""
    driver, key = Driver(), f"{ROOT}/conditions"
    driver.put_content(key, b"0123456789").expect(200)
    tag, other = f'"{etag(b"0123456789")}"', '"0123456789abcdef0123456789abcdef"'
    for method in ("GET", "HEAD"):
        def ask(*fields):
            return driver.call(method, target(key), fields=fields)

        ask(("If-None-Match", tag)).expect(304, b"", ETag=tag)
        ask(("If-Modified-Since", driver.head(key)["Last-Modified"])).expect(304, b"")
        ask(("If-Match", tag)).expect(200, ETag=tag)
        ask(("If-Match", other)).expect(412)
        ask(("If-Unmodified-Since", "Fri, 01 Jan 1999 00:00:00 GMT")).expect(412)
    answer = driver.call("GET", target(key), fields=[("If-Match", tag), ("Range", "bytes=2-4")])
    answer.expect(206, b"234", Content_Range="bytes 2-4/10")
    answer = driver.call("GET", target(key), fields=[("Range", "bytes=-3")])
    answer.expect(206, b"789", Content_Range="bytes 7-9/10")


def delete_object():
    """204, whether or not it was there, and without a body."""
    driver, key = Driver(), f"{ROOT}/delete"
    driver.put_content(key, b"x").expect(200)
    for _ in range(2):
        driver.call("DELETE", target(key)).expect(204, b"", Content_Length=None)


def delete_objects():
    """A thousand and not more; quiet says only what failed."""
    driver = Driver()
    keys = [f"{ROOT}/many/{number}" for number in range(1001)]
    driver.put_content(keys[0], b"x").expect(200)
    answer = driver.delete_objects(keys[:1000]).expect(200)
    expect(values(answer, "Key") == keys[:1000], "a thousand, there or not")
    refused(driver.delete_objects(keys), 400, "MalformedXML")
    body = f"<Delete><Quiet>true</Quiet><Object><Key>{keys[0]}</Key></Object></Delete>".encode()
    expect_document(driver.call("POST", target(delete=""), body), "DeleteResult", "")


def copy_object():
    """In the same bucket and into another, by a source with a slash in front and percent signs."""
    driver, other = Driver(), Quay(bucket="section-9-copy")
    other.call("PUT", other.at()).expect(200, b"", Location="/section-9-copy")
    driver.call("PUT", target(f"{ROOT}/copy ü+%"), b"copied", [*WRITE, ("x-amz-meta-owner", "tests")]).expect(200)
    for source in (f"{BUCKET}/{ROOT}/copy%20%C3%BC%2B%25", f"/{BUCKET}/{ROOT}/copy%20%C3%BC%2B%25"):
        for path in (target(f"{ROOT}/copied"), other.at("copied")):
            answer = driver.call("PUT", path, fields=[("X-Amz-Copy-Source", source)])
            expect_document(answer, "CopyObjectResult",
                            f"<LastModified>{{DATE}}</LastModified><ETag>{quote(etag(b'copied'))}</ETag>")
            driver.call("GET", path).expect(200, b"copied", x_amz_meta_owner="tests",
                                            Content_Type="application/octet-stream")


def list_v1():
    """Marker, NextMarker, delimiter and max-keys, 0 too."""
    driver = Driver()
    for name in ("a", "b/1", "b/2", "c"):
        driver.put_content(f"{ROOT}/v1/{name}", b"x").expect(200)

    def page(**query):
        return driver.call("GET", target(prefix=f"{ROOT}/v1/", **query)).expect(200)

    found, marker = [], None
    while marker != "":
        answer = page(delimiter="/", max_keys=1, marker=marker)
        found += values(answer, "Key") + values(answer, "Prefix")[1:]
        marker = value(answer, "NextMarker") if value(answer, "IsTruncated") == "true" else ""
    expect(found == [f"{ROOT}/v1/{name}" for name in ("a", "b/", "c")], f"one by one: {found}")
    expect(values(page(max_keys=0), "Key") == [] and value(page(max_keys=0), "IsTruncated") == "false", "none")
    expect(value(page(max_keys=5000), "MaxKeys") == "1000", "a thousand at most")
    answer = page(marker=f"{ROOT}/v1/b/1")
    expect(values(answer, "Key") == [f"{ROOT}/v1/b/2", f"{ROOT}/v1/c"], "behind a marker")


def list_v2():
    """Delimiter, token, `start-after` (empty too), one key, KeyCount, owner where it is asked for."""
    driver = Driver()
    for name in ("a", "b/1", "b/2", "c"):
        driver.put_content(f"{ROOT}/v2/{name}", b"x").expect(200)
    found, token = [], None
    while token != "":
        answer = driver.list_v2(f"{ROOT}/v2/", "/", 1, token, start_after="").expect(200)
        expect(value(answer, "KeyCount") == "1", "one key or prefix counts")
        found += values(answer, "Key") + values(answer, "Prefix")[1:]
        token = value(answer, "NextContinuationToken") if value(answer, "IsTruncated") == "true" else ""
    expect(found == [f"{ROOT}/v2/{name}" for name in ("a", "b/", "c")], f"one by one: {found}")
    answer = driver.list_v2(f"{ROOT}/v2/", start_after=f"{ROOT}/v2/b/1").expect(200)
    expect(values(answer, "Key") == [f"{ROOT}/v2/b/2", f"{ROOT}/v2/c"], "behind a key")
    answer = driver.call("GET", target(list_type=2, prefix=f"{ROOT}/v2/c", fetch_owner="true"))
    expect_document(answer, "ListBucketResult", (
        f"<Name>{BUCKET}</Name><Prefix>{ROOT}/v2/c</Prefix><MaxKeys>1000</MaxKeys><KeyCount>1</KeyCount>"
        f"<IsTruncated>false</IsTruncated><Contents><Key>{ROOT}/v2/c</Key><LastModified>{{DATE}}</LastModified>"
        f"<ETag>{quote(etag(b'x'))}</ETag><Size>1</Size><Owner>{OWNER}</Owner><StorageClass>STANDARD</StorageClass>"
        "</Contents>"))
    refused(driver.list_v2(f"{ROOT}/v2/", token="not a token"), 400, "InvalidArgument")


def multipart_lists():
    """Uploads by prefix and by both markers, parts by number, and IsTruncated in every answer."""
    quay, key = Quay(), f"{ROOT}/multipart/data"
    made = [quay.create(key) for _ in range(3)]
    found, markers = [], (None, None)
    while markers:
        page = quay.uploads(key, *markers, max_uploads=2).expect(200)
        found += values(page, "UploadId")
        more = value(page, "IsTruncated") == "true"
        markers = (value(page, "NextKeyMarker"), value(page, "NextUploadIdMarker")) if more else None
    # Those of one millisecond stand in the order of their ids.
    expect(sorted(found) == sorted(made), f"every upload once: {found}")
    for number in (1, 2, 10000):
        quay.part(key, made[0], number, b"x").expect(200)
    found, marker, more = [], None, True
    while more:
        page = quay.call("GET", quay.at(key, uploadId=made[0], max_parts=1, part_number_marker=marker)).expect(200)
        found += values(page, "PartNumber")
        more, marker = value(page, "IsTruncated") == "true", value(page, "NextPartNumberMarker")
    expect(found == ["1", "2", "10000"], f"every part once: {found}")

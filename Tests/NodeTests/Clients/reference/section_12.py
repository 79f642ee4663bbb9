"""Section 12: what made a front or a client fail on other servers."""
import statistics
import time

from clients import MIB, BotocoreNew, BotocoreOld, etag
from distribution import Driver
from documents import OWNER, etag_in, expect_document, quote, refused, value, values
from quay import Quay
from shared import content, expect
from signatures import presigned
from wire import BUCKET, HOST, now, target

ROOT = "section-12"
# What Nagle's algorithm and a delayed acknowledgement cost together is 40 ms.
DELAY_SECONDS = 0.04


def is_truncated():
    """Distribution reads IsTruncated unchecked: it is in every answer, of nothing, of one, of a page and of the last."""
    driver, key = Driver(), f"{ROOT}/truncated/data"

    def truncated(path):
        return value(driver.call("GET", path).expect(200), "IsTruncated")

    expect(truncated(target(prefix=key, uploads="")) == "false", "no uploads")
    first, second = driver.new(key), driver.new(key)
    expect(truncated(target(prefix=key, uploads="")) == "false", "all uploads")
    expect(truncated(target(prefix=key, uploads="", max_uploads=1)) == "true", "a page of uploads")
    expect(truncated(target(prefix=key, uploads="", max_uploads=0)) == "false", "none of them")
    expect(truncated(target(prefix=key, uploads="", upload_id_marker=first)) == "false", "the last uploads")
    expect(truncated(target(key, uploadId=second)) == "false", "no parts")
    for number in (1, 2):
        driver.part(key, second, number, b"x").expect(200)
    expect(truncated(target(key, uploadId=second)) == "false", "all parts")
    expect(truncated(target(key, uploadId=second, max_parts=1)) == "true", "a page of parts")
    expect(truncated(target(key, uploadId=second, part_number_marker=2)) == "false", "behind the last part")


def lists_of_each_patch():
    """ListMultipartUploads of a key and ListParts cost the same among many uploads: each is a look-up."""
    driver = Driver()
    for number in range(500):
        driver.new(f"{ROOT}/many/{number:04}/data")
    key, seconds = f"{ROOT}/many/0250/data", []
    upload = value(driver.uploads(key).expect(200), "UploadId")
    for _ in range(100):
        start = time.perf_counter()
        expect(values(driver.uploads(key).expect(200), "UploadId") == [upload], "the upload of the key alone")
        driver.parts(key, upload).expect(200)
        seconds.append(time.perf_counter() - start)
    expect(statistics.median(seconds) < 0.03, f"both in {statistics.median(seconds) * 1000:.1f} ms")


def virtual_host():
    """Without `forcepathstyle` version 3 asks `bucket.host`, for objects, lists, uploads and deletes."""
    driver, key = Driver(), f"{ROOT}/host/data"
    driver.host = f"{BUCKET}.s3.test"

    def at(path, **query):
        return target(path, **query).replace(f"/{BUCKET}", "", 1).replace("?", "/?", 0 if path else 1)

    driver.call("PUT", at(key), b"x").expect(200)
    upload = value(driver.call("POST", at(key, uploads="")).expect(200), "UploadId")
    driver.call("PUT", at(key, partNumber=1, uploadId=upload), b"by host").expect(200)
    expect(values(driver.call("GET", at("", prefix=key, uploads="")), "UploadId") == [upload], "the upload")
    parts = f"<Part><ETag>{etag(b'by host')}</ETag><PartNumber>1</PartNumber></Part>"
    body = f"<CompleteMultipartUpload>{parts}</CompleteMultipartUpload>".encode()
    driver.call("POST", at(key, uploadId=upload), body).expect(200)
    driver.call("GET", at(key), fields=[("Range", "bytes=0-")]).expect(206, b"by host")
    expect(values(driver.call("GET", at("", list_type=2, prefix=key)), "Key") == [key], "a list")
    body = f"<Delete><Object><Key>{key}</Key></Object></Delete>".encode()
    expect(values(driver.call("POST", at("", delete=""), body), "Key") == [key], "a delete")


def copies_by_part():
    """CopyPartResult has an ETag, with which the part is completed; past the end of the source is InvalidRange."""
    quay, key = Quay(), f"{ROOT}/copies/blob"
    quay.put_content(f"{ROOT}/copies/chunk", b"0123456789").expect(200)
    upload = quay.create(key)
    answer = quay.part_copy(key, upload, 1, f"{ROOT}/copies/chunk", "bytes=2-5")
    expect_document(answer, "CopyPartResult", f"<LastModified>{{DATE}}</LastModified><ETag>{{TOKEN}}</ETag>")
    refused(quay.part_copy(key, upload, 2, f"{ROOT}/copies/chunk", "bytes=2-10"), 416, "InvalidRange")
    quay.complete(key, upload, [etag_in(answer)]).expect(200)
    quay.get(key).expect(200, b"2345")


def boto3_over_http():
    """CRC32, `Expect` and a signed hash at once; over https a trailer."""
    new, key = BotocoreNew(), f"{ROOT}/boto3"
    for put in (new.put_over_http, new.put_over_https):
        for data in (b"", b"x", content("boto3", 9 * MIB)):
            expect(put(target(key), data).expect(200, b"").continued, "100 Continue")
            new.call("GET", target(key)).expect(200, data)


def clean_up_tools():
    """ListObjectVersions with a `null` version, and a multi-delete of it with the header that bypasses governance."""
    old, path = BotocoreOld(), f"{ROOT}/clean"
    for name in ("a", "b"):
        old.put(target(f"{path}/{name}"), b"x").expect(200)
    page = old.call("GET", target() + f"?versions&prefix={ROOT}%2Fclean%2F&encoding-type=url")
    expect_document(page, "ListVersionsResult", (
        f"<Name>{BUCKET}</Name><Prefix>{path}/</Prefix><EncodingType>url</EncodingType><KeyMarker></KeyMarker>"
        "<VersionIdMarker></VersionIdMarker><MaxKeys>1000</MaxKeys><IsTruncated>false</IsTruncated>"
        + "".join(f"<Version><Key>{path}/{name}</Key><VersionId>null</VersionId><IsLatest>true</IsLatest>"
                  f"<LastModified>{{DATE}}</LastModified><ETag>{quote(etag(b'x'))}</ETag><Size>1</Size>"
                  f"<Owner>{OWNER}</Owner><StorageClass>STANDARD</StorageClass></Version>" for name in ("a", "b"))))
    objects = "".join(f"<Object><Key>{path}/{name}</Key><VersionId>null</VersionId></Object>" for name in ("a", "b"))
    bypass = [("x-amz-bypass-governance-retention", "true")]
    answer = old.call("POST", target() + "?delete", f"<Delete>{objects}</Delete>".encode(), bypass).expect(200)
    expect(values(answer, "Key") == [f"{path}/a", f"{path}/b"] and b"<Error>" not in answer.body, f"gone: {answer}")
    page = old.call("GET", target() + f"?versions&prefix={ROOT}%2Fclean%2F").expect(200)
    expect(values(page, "Key") == [], "nothing is left")


def no_delay():
    """Small answers on a connection that is kept are not held back: bodies that come from memory and from files."""
    driver, seconds = Driver(), {}
    for size in (10, 4096, 70_000):
        driver.put_content(f"{ROOT}/delay/{size}", content("delay", size)).expect(200)
    for _ in range(40):
        for size in (10, 4096, 70_000):
            for call in (driver.head, driver.reader):
                start = time.perf_counter()
                call(f"{ROOT}/delay/{size}")
                seconds.setdefault((call.__name__, size), []).append(time.perf_counter() - start)
    for kind, taken in seconds.items():
        median = statistics.median(taken)
        expect(median < DELAY_SECONDS / 2, f"{kind}: half of them within {median * 1000:.1f} ms")


def redirects():
    """Presigned GET and HEAD, `SignedHeaders=host`, 1200 s, followed by a client that adds fields of its own."""
    driver, key = Driver(), f"{ROOT}/redirects"
    driver.put_content(key, b"redirected").expect(200)
    for method, body in (("GET", b"redirected"), ("HEAD", b"")):
        url = presigned(method, target(key), HOST, now(), 1200)
        expect("X-Amz-SignedHeaders=host&" in url and "X-Amz-Expires=1200" in url, "as Distribution signs")
        fields = [("Host", HOST), ("User-Agent", "skopeo/1.14"), ("Accept", "*/*"), ("Accept-Encoding", "gzip"),
                  ("Referer", "http://registry.example.com/v2/r/blobs/sha256:0"), ("Docker-Distribution-Api-Version", "2")]
        driver.connection.send(method, url, fields).expect(200, body, Content_Length="10")

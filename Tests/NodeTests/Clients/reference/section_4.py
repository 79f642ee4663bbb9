"""Section 4: the S3 calls of Distribution's s3-aws driver, of 2.8 and of 3: files, writers, redirects, settings."""
import hashlib

from clients import MIB, etag
from distribution import PART_BYTES, WRITE, Driver
from documents import (
    OWNER, etag_in, expect_document, expect_error, expect_no_such_key, quote, refused, value, values)
from shared import content, expect
from signatures import presigned
from wire import BUCKET, HOST, SCHEME, now, target

ROOT = "section-4"
EMPTY = "d41d8cd98f00b204e9800998ecf8427e"


def get_content():
    """206 from every offset, 0 too; what is missing is NoSuchKey in XML."""
    driver, key = Driver(), f"{ROOT}/get/link"
    driver.put_content(key, b"sha256:0123").expect(200)
    for offset in (0, 1, 10):
        driver.reader(key, offset).expect(
            206, b"sha256:0123"[offset:], Content_Range=f"bytes {offset}-10/11", Content_Length=str(11 - offset),
            ETag=f'"{etag(b"sha256:0123")}"', Accept_Ranges="bytes", Content_Type="application/octet-stream",
            Content_Encoding=None)
    expect_no_such_key(driver.reader(f"{ROOT}/get/none"), BUCKET, f"{ROOT}/get/none")


def get_content_past_the_end():
    """InvalidRange at the end and behind it; of nothing too, which the driver reads as an empty file."""
    driver = Driver()
    for name, data, offset in (("empty", b"", 0), ("full", b"12345", 5), ("full", b"12345", 99)):
        key = f"{ROOT}/past/{name}"
        driver.put_content(key, data).expect(200)
        answer = driver.reader(key, offset).expect(416, Content_Range=f"bytes */{len(data)}")
        expect_error(answer, 416, "InvalidRange", "The requested range is not satisfiable", f"/{BUCKET}/{key}",
                     f"<RangeRequested>bytes={offset}-</RangeRequested><ActualObjectSize>{len(data)}</ActualObjectSize>")


def put_content():
    """With ACL, storage class and type on every write; putting again truncates."""
    driver, key = Driver(), f"{ROOT}/put"
    for data in (content("put", 70_000), b"short", b""):
        answer = driver.put_content(key, data).expect(200, b"", ETag=f'"{etag(data)}"')
        expect(not answer.continued, "a small body is not asked for")
        driver.head(key).expect(200, b"", Content_Length=str(len(data)), Content_Type="application/octet-stream",
                                x_amz_storage_class=None)
    fields = [field for field in WRITE if field[0] != "X-Amz-Storage-Class"]
    driver.call("PUT", target(key), b"NONE", fields).expect(200)
    driver.reader(key).expect(206, b"NONE")


def writer_new():
    """CreateMultipartUpload is answered with the id, and shows no object yet."""
    driver, key = Driver(), f"{ROOT}/new/data"
    expect_document(driver.create(key), "InitiateMultipartUploadResult",
                    f"<Bucket>{BUCKET}</Bucket><Key>{key}</Key><UploadId>{{ID}}</UploadId>")
    expect_no_such_key(driver.reader(key), BUCKET, key)


def append_sees_at_once():
    """Upload and parts are in the very next answer, by a prefix that is the whole key; both say IsTruncated."""
    driver, key = Driver(), f"{ROOT}/append/data"
    other, upload = driver.new(key + "-of-another"), driver.new(key)

    def element(key, upload):
        return (f"<Upload><Key>{key}</Key><UploadId>{upload}</UploadId><Initiator>{OWNER}</Initiator>"
                f"<Owner>{OWNER}</Owner><StorageClass>STANDARD</StorageClass><Initiated>{{DATE}}</Initiated></Upload>")

    expect_document(driver.uploads(key), "ListMultipartUploadsResult", (
        f"<Bucket>{BUCKET}</Bucket><KeyMarker></KeyMarker><UploadIdMarker></UploadIdMarker><Prefix>{key}</Prefix>"
        "<MaxUploads>1000</MaxUploads><IsTruncated>false</IsTruncated>"
        + element(key, upload) + element(key + "-of-another", other)))
    parts = ""
    for number in range(1, 4):
        head = (f"<Bucket>{BUCKET}</Bucket><Key>{key}</Key><UploadId>{upload}</UploadId><Initiator>{OWNER}</Initiator>"
                f"<Owner>{OWNER}</Owner><StorageClass>STANDARD</StorageClass><PartNumberMarker>0</PartNumberMarker>")
        end = "<MaxParts>1000</MaxParts><IsTruncated>false</IsTruncated>"
        head += f"<NextPartNumberMarker>{number - 1}</NextPartNumberMarker>"
        expect_document(driver.parts(key, upload), "ListPartsResult", head + end + parts)
        data = content(f"part {number}", number)
        driver.part(key, upload, number, data).expect(200, b"", ETag=f'"{etag(data)}"')
        parts += (f"<Part><PartNumber>{number}</PartNumber><LastModified>{{DATE}}</LastModified>"
                  f"<ETag>{quote(etag(data))}</ETag><Size>{number}</Size></Part>")


def append_by_upload_id_marker_alone():
    """Version 3 goes on by `upload-id-marker` without `key-marker` until no more follow."""
    driver, key = Driver(), f"{ROOT}/marker/data"
    made = [driver.new(f"{key}-{number:04}") for number in range(1003)]
    first = driver.uploads(key).expect(200)
    expect(values(first, "UploadId") == made[:1000] and value(first, "IsTruncated") == "true", "a first page")
    expect(value(first, "NextUploadIdMarker") == made[999], "and where it ends")
    second = driver.uploads(key, made[999]).expect(200)
    expect(values(second, "UploadId") == made[1000:] and value(second, "IsTruncated") == "false", "the rest")


def append_by_part_number_marker():
    """ListParts goes on by `part-number-marker`."""
    driver, key = Driver(), f"{ROOT}/parts/data"
    upload = driver.new(key)
    for number in range(1, 1004):
        driver.part(key, upload, number, b"%d" % number).expect(200)
    first = driver.parts(key, upload).expect(200)
    numbers = [int(number) for number in values(first, "PartNumber")]
    expect(numbers == list(range(1, 1001)) and value(first, "IsTruncated") == "true", "a first page")
    expect(value(first, "NextPartNumberMarker") == "1000", "and where it ends")
    second = driver.parts(key, upload, 1000).expect(200)
    expect(values(second, "PartNumber") == ["1001", "1002", "1003"], "the rest")
    expect(value(second, "PartNumberMarker") == "1000" and value(second, "IsTruncated") == "false", "and its end")


def append_without_an_upload():
    """None: Stat decides. What is not there is found by no call; an empty file is written anew."""
    driver, key = Driver(), f"{ROOT}/none/data"
    expect(values(driver.uploads(key).expect(200), "UploadId") == [], "no upload")
    driver.head(key).expect(404, b"", Content_Type=None)
    expect_document(driver.list_v2(key, max_keys=1), "ListBucketResult", (
        f"<Name>{BUCKET}</Name><Prefix>{key}</Prefix><MaxKeys>1</MaxKeys><KeyCount>0</KeyCount>"
        "<IsTruncated>false</IsTruncated>"))
    driver.put_content(key, b"").expect(200)
    expect(driver.stat_v3(key) == 0, "an empty file")
    driver.write(key, b"appended")
    driver.reader(key).expect(206, b"appended")


def flush():
    """Parts of 10 MiB, asked for by `100 Continue`, with MD5 and hash; the ETag is the part's MD5."""
    driver, key = Driver(), f"{ROOT}/flush/data"
    upload, data, etags = driver.new(key), content("flush", 2 * PART_BYTES + 7), []
    for start in range(0, len(data), PART_BYTES):
        part = data[start:start + PART_BYTES]
        answer = driver.part(key, upload, len(etags) + 1, part).expect(200, b"", ETag=f'"{etag(part)}"')
        expect(answer.continued == (len(part) >= 2 * MIB), "100 Continue exactly where it was asked for")
        etags.append(etag(part))
    driver.complete(key, upload, etags).expect(200)
    driver.reader(key, 0).expect(206, data)


def resume_small():
    """A last part below 5 MiB and less in all: Complete, a new upload of the key, and the object read back."""
    driver, key = Driver(), f"{ROOT}/resume-small/data"
    driver.write(key, b"the beginning, ")
    upload = driver.new(key)
    # The object is there beside the upload of its key.
    expect(values(driver.uploads(key).expect(200), "UploadId") == [upload], "the new upload alone")
    begun = driver.call("GET", target(key)).expect(200, b"the beginning, ").body
    driver.part(key, upload, 1, begun + b"and the end").expect(200)
    driver.complete(key, upload, [etag(begun + b"and the end")]).expect(200)
    driver.reader(key).expect(206, b"the beginning, and the end")


def resume_large():
    """5 MiB or more: the whole object is copied without a range into the upload of its own key."""
    driver, key = Driver(), f"{ROOT}/resume-large/data"
    data, rest = content("resume", 6 * MIB), content("rest", 1000)
    upload = driver.new(key)
    driver.part(key, upload, 1, data[:5 * MIB]).expect(200)
    driver.part(key, upload, 2, data[5 * MIB:]).expect(200)
    driver.complete(key, upload, [etag(data[:5 * MIB]), etag(data[5 * MIB:])]).expect(200)
    upload = driver.new(key)
    copied = driver.part_copy(key, upload, 1, key)
    copy = etag_in(copied)
    expect_document(copied, "CopyPartResult", f"<LastModified>{{DATE}}</LastModified><ETag>{quote(copy)}</ETag>")
    driver.part(key, upload, 2, rest).expect(200)
    driver.complete(key, upload, [copy, etag(rest)]).expect(200)
    driver.reader(key).expect(206, data + rest)


def resume_failed():
    """A Complete that fails says why, and leaves the upload to be aborted; the object stays."""
    driver, key = Driver(), f"{ROOT}/resume-failed/data"
    driver.write(key, b"before")
    upload = driver.new(key)
    driver.part(key, upload, 1, b"x").expect(200)
    refused(driver.complete(key, upload, [etag(b"y")]), 400, "InvalidPart")
    expect(values(driver.uploads(key), "UploadId") == [upload], "the upload is there")
    driver.abort(key, upload).expect(204, b"")
    expect(values(driver.uploads(key), "UploadId") == [], "and gone")
    driver.reader(key).expect(206, b"before")


def commit():
    """The answer's document, to the byte; a second Complete is answered as the first."""
    driver, key = Driver(), f"{ROOT}/commit/data"
    upload = driver.new(key)
    driver.part(key, upload, 1, b"hello").expect(200)
    whole = hashlib.md5(hashlib.md5(b"hello").digest()).hexdigest() + "-1"
    for _ in range(2):
        expect_document(driver.complete(key, upload, [etag(b"hello")]), "CompleteMultipartUploadResult", (
            f"<Location>{SCHEME}://{HOST}/{BUCKET}/{key}</Location><Bucket>{BUCKET}</Bucket><Key>{key}</Key>"
            f"<ETag>{quote(whole)}</ETag>"))
    driver.head(key).expect(200, b"", ETag=f'"{whole}"', Content_Length="5")


def commit_of_nothing():
    """A single part of 0 bytes."""
    driver, key = Driver(), f"{ROOT}/commit-nothing/data"
    upload = driver.new(key)
    driver.part(key, upload, 1, b"").expect(200, b"", ETag=f'"{EMPTY}"')
    driver.complete(key, upload, [EMPTY]).expect(200)
    driver.head(key).expect(200, b"", Content_Length="0")


def cancel():
    """204, and the upload is there no more, for any call."""
    driver, key = Driver(), f"{ROOT}/cancel/data"
    upload = driver.new(key)
    driver.part(key, upload, 1, b"x").expect(200)
    driver.abort(key, upload).expect(204, b"")
    for answer in (driver.parts(key, upload), driver.part(key, upload, 2, b"x"), driver.abort(key, upload),
                   driver.complete(key, upload, [etag(b"x")])):
        refused(answer, 404, "NoSuchUpload")
    expect(values(driver.uploads(key), "UploadId") == [], "it is listed no more")


def redirect_url():
    """Presigned GET and HEAD of 20 minutes, `SignedHeaders=host`; the host that was signed is the one that counts,
    whichever name of the server it is."""
    driver, key = Driver(), f"{ROOT}/redirect"
    driver.put_content(key, b"redirected").expect(200)
    for host in (HOST, "registry-storage.example.com"):
        for method, body in (("GET", b"redirected"), ("HEAD", b"")):
            url = presigned(method, target(key), host, now(), 1200)
            fields = [("Host", host), ("User-Agent", "docker/26.1.3 go/go1.21.10"), ("Accept-Encoding", "gzip")]
            driver.connection.send(method, url, fields).expect(200, body, Content_Length="10")
            answer = driver.connection.send(method, url, [("Host", "other.example.com"), *fields[1:]]).expect(403)
            if method == "GET":
                expect(value(answer, "Code") == "SignatureDoesNotMatch", "another host")
            other = {"GET": "HEAD", "HEAD": "GET"}[method]
            driver.connection.send(other, url, fields).expect(403)
            ranged = driver.connection.send(method, url, [*fields, ("Range", "bytes=2-3")])
            expect(method == "HEAD" or (ranged.status, ranged.body) == (206, b"di"), "a range that was not signed")


def virtual_host():
    """Without `forcepathstyle` requests go to `bucket.host`."""
    driver, key = Driver(), f"{ROOT}/host-style"
    driver.host = f"{BUCKET}.s3.test:9000"
    driver.call("PUT", "/" + key, b"by host", WRITE).expect(200)
    driver.call("GET", "/" + key, fields=[("Range", "bytes=0-")]).expect(206, b"by host")
    driver.call("HEAD", "/" + key).expect(200, b"", Content_Length="7")
    page = driver.call("GET", f"/?list-type=2&prefix={key.replace('/', '%2F')}").expect(200)
    expect(values(page, "Key") == [key], "a list")
    Driver().reader(key).expect(206, b"by host")


def signature_v2():
    """`v4auth: false` signs everything by version 2 in a header, which is refused in words."""
    answer = Driver().connection.send("GET", target(f"{ROOT}/v2"), [
        ("Host", HOST), ("Date", "Mon, 30 Nov 2026 00:00:00 GMT"), ("Authorization", "AWS AKHOLDFASTTESTS:c2lnbmF0dXJl")])
    refused(answer, 400, "InvalidRequest")
    expect("AWS4-HMAC-SHA256" in value(answer, "Message"), f"what to use instead: {answer}")


def user_agent():
    """`useragent` is free text, and no part of a signature; a proxy may change it."""
    driver = Driver()
    driver.agent = "registry (;, \"quoted\") \xfc"
    driver.put_content(f"{ROOT}/agent", b"x").expect(200)

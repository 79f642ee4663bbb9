"""Section 8: how each generation of SDKs puts its requests on the wire."""
import base64
import hashlib
import time

from clients import MIB, AwsSdkGo2, BotocoreNew, BotocoreOld, crc32, etag, md5
from distribution import Driver
from documents import expect_document, expect_error, refused, value, values
from shared import content, expect
from signatures import presigned, presigned_v2
from wire import BUCKET, HOST, now, target

ROOT = "section-8"
UNSUPPORTED = ("Checksum algorithm provided is unsupported. Please try again with any of the valid types: "
               "[CRC32, CRC32C, CRC64NVME, SHA1, SHA256]")


def unchanged(key, data):
    Driver().reader(key).expect(206, data)


def go_v1_digests():
    """Content-MD5 and a full hash on PutObject and UploadPart: each is compared, and nothing is stored."""
    driver, key = Driver(), f"{ROOT}/go1"
    driver.put_content(key, b"before").expect(200)
    upload = driver.new(key)
    for path in (target(key), target(key, partNumber=1, uploadId=upload)):
        fields = [("Content-Length", "5"), ("Content-Md5", md5(b"other"))]
        refused(driver.send("PUT", path, b"after", fields), 400, "BadDigest")
        fields[1] = ("Content-Md5", md5(b"after"))
        other = hashlib.sha256(b"other").hexdigest()
        refused(driver.send("PUT", path, b"after", fields, other), 400, "XAmzContentSHA256Mismatch")
        refused(driver.send("PUT", path, b"after", [fields[0], ("Content-Md5", "no MD5")]), 400, "InvalidDigest")
    expect(values(driver.parts(key, upload).expect(200), "PartNumber") == [], "no part")
    unchanged(key, b"before")


def go_v1_expect():
    """`Expect: 100-continue` from 2 MiB on; what is refused is refused before its body is asked for."""
    driver, key, data = Driver(), f"{ROOT}/expect", content("expect", 2 * MIB)
    expect(not driver.put_content(key, data[1:]).expect(200).continued, "not below 2 MiB")
    expect(driver.put_content(key, data).expect(200, b"", ETag=f'"{etag(data)}"').continued, "100 Continue")
    for path, status, code in ((target(key, "no-such-bucket"), 404, "NoSuchBucket"),
                               (target(key, partNumber=1, uploadId="none"), 404, "NoSuchUpload"),
                               (target(key, partNumber=10001, uploadId="none"), 400, "InvalidArgument")):
        expect(not refused(driver.call("PUT", path, data), status, code).continued, "its body is not asked for")


def go_v1_delete_objects():
    """Content-MD5 on DeleteObjects, which is compared."""
    driver, key = Driver(), f"{ROOT}/delete"
    driver.put_content(key, b"x").expect(200)
    body = f"<Delete><Object><Key>{key}</Key></Object></Delete>".encode()
    fields = [("Content-Length", str(len(body))), ("Content-Md5", md5(b"other"))]
    refused(driver.send("POST", target(delete=""), body, fields), 400, "BadDigest")
    driver.head(key).expect(200)
    expect_document(driver.delete_objects([key]), "DeleteResult", f"<Deleted><Key>{key}</Key></Deleted>")


def go_v1_presign():
    """UNSIGNED-PAYLOAD and `SignedHeaders=host`; GET, HEAD, and PUT of any body."""
    driver, key = Driver(), f"{ROOT}/presigned"
    url = presigned("PUT", target(key), HOST, now(), 1200)
    driver.connection.send("PUT", url, [("Host", HOST), ("Content-Length", "3")], b"any").expect(200, b"")
    for method, body in (("GET", b"any"), ("HEAD", b"")):
        url = presigned(method, target(key), HOST, now(), 1200)
        driver.connection.send(method, url, [("Host", HOST)]).expect(200, body, Content_Length="3")
    date = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(time.time() - 120))
    late = presigned("GET", target(key), HOST, date, 60)
    refused(driver.connection.send("GET", late, [("Host", HOST)]), 403, "AccessDenied")


def go_v1_bodies_of_200():
    """CopyObject, UploadPartCopy and Complete: a failure that is known has a status of its own, and a body of 200
    is the answer's document and nothing before it."""
    driver, key = Driver(), f"{ROOT}/bodies"
    driver.put_content(key, b"x").expect(200)
    upload = driver.new(key)
    refused(driver.copy(f"{ROOT}/none", key), 404, "NoSuchKey")
    refused(driver.part_copy(key, upload, 1, f"{ROOT}/none"), 404, "NoSuchKey")
    refused(driver.complete(key, upload, [etag(b"x")]), 400, "InvalidPart")
    for answer, name in ((driver.copy(key, key + "-2"), "CopyObjectResult"),
                         (driver.part_copy(key, upload, 1, key), "CopyPartResult")):
        answer.expect(200, Content_Type="application/xml")
        start = f'<?xml version="1.0" encoding="UTF-8"?>\n<{name} '.encode()
        expect(answer.body.startswith(start) and b"<Error>" not in answer.body, f"{name}: {answer}")


def signature_v2():
    """Presigned GET and HEAD by version 2 are served; whatever would write, and a header of version 2, are not."""
    driver, key = Driver(), f"{ROOT}/v2"
    driver.put_content(key, b"by version 2").expect(200)
    for method, body in (("GET", b"by version 2"), ("HEAD", b"")):
        url = presigned_v2(method, target(key))
        driver.connection.send(method, url, [("Host", HOST)]).expect(200, body, Content_Length="12")
    for method in ("PUT", "DELETE", "POST"):
        length = [("Content-Length", "1")] if method != "DELETE" else []
        answer = driver.connection.send(method, presigned_v2(method, target(key)), [("Host", HOST), *length],
                                        b"x" if length else b"")
        expect(answer.status in (400, 403), f"{method}: {answer}")
    fields = [("Host", HOST), ("Authorization", "AWS AKHOLDFASTTESTS:c2lnbmF0dXJl")]
    refused(driver.connection.send("GET", target(key), fields), 400, "InvalidRequest")
    unchanged(key, b"by version 2")


def botocore_old():
    """An MD5 on every body, `Expect` on puts; over https the payload is not signed where there is an MD5, over http
    it is."""
    old, key = BotocoreOld(), f"{ROOT}/old"
    for https in (True, False):
        for data in (b"", b"old", content("old", 9 * MIB)):
            expect(old.put(target(key), data, https=https).expect(200, b"", ETag=f'"{etag(data)}"').continued, "Expect")
            old.call("GET", target(key)).expect(200, data)
    fields = [("Content-Length", "5"), ("Content-MD5", md5(b"other")), ("Expect", "100-continue")]
    refused(old.send("PUT", target(key), b"after", fields, "UNSIGNED-PAYLOAD"), 400, "BadDigest")
    body = f"<Delete><Object><Key>{key}</Key></Object><Quiet>true</Quiet></Delete>".encode()
    expect_document(old.call("POST", target() + "?delete", body), "DeleteResult", "")


def botocore_new():
    """CRC32 in a header with a signed hash over http, in a trailer of aws-chunked over https, and no MD5."""
    new, key = BotocoreNew(), f"{ROOT}/new"
    for put in (new.put_over_http, new.put_over_https):
        for data in (b"", b"new", content("new", 3 * MIB)):
            answer = put(target(key), data)
            answer.expect(200, b"", x_amz_checksum_crc32=crc32(data), x_amz_checksum_type="FULL_OBJECT")
            expect(answer.continued, "100 Continue")
            new.call("GET", target(key), fields=[("x-amz-checksum-mode", "ENABLED")]).expect(
                200, data, x_amz_checksum_crc32=crc32(data), x_amz_checksum_type="FULL_OBJECT",
                Content_Encoding=None)
            new.call("HEAD", target(key)).expect(200, b"", x_amz_checksum_crc32=None)
    refused(new.put_over_https(target(key), b"another", trailer=crc32(b"other")), 400, "BadDigest")
    fields = [("Content-Length", "5"), ("x-amz-checksum-crc32", crc32(b"other"))]
    refused(new.send("PUT", target(key), b"after", fields), 400, "BadDigest")
    unchanged(key, content("new", 3 * MIB))


def botocore_new_delete_objects():
    """`x-amz-checksum-crc32` in place of the MD5, which is compared."""
    new, key = BotocoreNew(), f"{ROOT}/new-delete"
    new.put_over_https(target(key), b"x").expect(200)
    body = f'<Delete xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Object><Key>{key}</Key></Object></Delete>'.encode()
    fields = [("Content-Length", str(len(body))), ("x-amz-checksum-crc32", crc32(b"other"))]
    refused(new.send("POST", target() + "?delete", body, fields), 400, "BadDigest")
    new.call("HEAD", target(key)).expect(200)
    expect_document(new.call("POST", target() + "?delete", body), "DeleteResult", f"<Deleted><Key>{key}</Key></Deleted>")


def botocore_new_multipart():
    """`x-amz-checksum-type` FULL_OBJECT and COMPOSITE, from the beginning to what the object says of itself."""
    new = BotocoreNew()
    first, last = content("first", 5 * MIB), b"last"
    sums = [base64.b64decode(crc32(part)) for part in (first, last)]
    expected = {"FULL_OBJECT": crc32(first + last), "COMPOSITE": crc32(b"".join(sums)) + "-2"}
    for kind, checksum in expected.items():
        key = f"{ROOT}/new-{kind}"
        begun = new.call("POST", target(key) + "?uploads", fields=[
            ("x-amz-checksum-algorithm", "CRC32"), ("x-amz-checksum-type", kind)])
        begun.expect(200, x_amz_checksum_algorithm="CRC32", x_amz_checksum_type=kind)
        upload, parts = value(begun, "UploadId"), ""
        for number, part in enumerate((first, last), 1):
            answer = new.put_over_https(target(key, partNumber=number, uploadId=upload), part)
            answer.expect(200, b"", x_amz_checksum_crc32=crc32(part))
            parts += (f"<Part><ETag>{answer['ETag']}</ETag><ChecksumCRC32>{crc32(part)}</ChecksumCRC32>"
                      f"<PartNumber>{number}</PartNumber></Part>")
        whole = [("x-amz-checksum-type", kind)]
        whole += [("x-amz-checksum-crc32", checksum)] if kind == "FULL_OBJECT" else []
        body = f"<CompleteMultipartUpload>{parts}</CompleteMultipartUpload>".encode()
        answer = new.send("POST", target(key, uploadId=upload), body, [("Content-Length", str(len(body))), *whole])
        expect((value(answer, "ChecksumCRC32"), value(answer, "ChecksumType")) == (checksum, kind), f"{kind}: {answer}")
        new.call("HEAD", target(key), fields=[("x-amz-checksum-mode", "ENABLED")]).expect(
            200, b"", x_amz_checksum_crc32=checksum, x_amz_checksum_type=kind)


def unknown_algorithms():
    """What the SDKs of 2026 may send and this server does not compute is refused, wherever it stands."""
    new, key = BotocoreNew(), f"{ROOT}/unknown"
    for name in ("sha512", "md5", "xxhash64", "xxhash3", "xxhash128", "adler32"):
        header = ("x-amz-checksum-" + name, "AAAAAAAAAAA=")
        answer = new.send("PUT", target(key), b"x", [("Content-Length", "1"), header])
        expect_error(answer, 400, "InvalidRequest", UNSUPPORTED, f"/{BUCKET}/{key}")
        chunks = b"1\r\nx\r\n0\r\n" + header[0].encode() + b":AAAAAAAAAAA=\r\n\r\n"
        fields = [("Content-Length", str(len(chunks))), ("Content-Encoding", "aws-chunked"),
                  ("X-Amz-Trailer", header[0]), ("X-Amz-Decoded-Content-Length", "1"), ("Expect", "100-continue")]
        answer = new.send("PUT", target(key), chunks, fields, "STREAMING-UNSIGNED-PAYLOAD-TRAILER")
        expect(answer.status == 400 and not answer.continued, f"in a trailer, unread: {answer}")
        expect(value(answer, "Code") == "InvalidRequest", f"in a trailer: {answer}")
        for method, path, field in (("POST", target(key) + "?uploads", "x-amz-checksum-algorithm"),
                                    ("PUT", target(key), "x-amz-sdk-checksum-algorithm")):
            fields = [("Content-Length", "0"), (field, name.upper())]
            answer = new.send(method, path, fields=fields)
            expect((answer.status, value(answer, "Code")) == (400, "InvalidRequest"), f"{field}: {name.upper()}: {answer}")
    new.call("HEAD", target(key)).expect(404, b"")
    page = new.call("GET", target(uploads="", prefix=key)).expect(200)
    expect(values(page, "UploadId") == [], "no upload was begun")


def go_v2():
    """The trailer with a length, on objects and parts; Complete with the parts' checksums; DeleteObjects with a CRC32."""
    go, key = AwsSdkGo2(), f"{ROOT}/go2"
    for data in (b"", b"go 2", content("go 2", 3 * MIB)):
        answer = go.put(target(key, x_id="PutObject"), data)
        answer.expect(200, b"", x_amz_checksum_crc32=crc32(data), ETag=f'"{etag(data)}"')
        expect(answer.continued == (len(data) >= 2 * MIB), "100 Continue where it was asked for")
        go.call("GET", target(key, x_id="GetObject"), fields=[("X-Amz-Checksum-Mode", "ENABLED")]).expect(
            200, data, x_amz_checksum_crc32=crc32(data))
    begun = go.call("POST", target(key, uploads=""), fields=[("X-Amz-Checksum-Algorithm", "CRC32")]).expect(200)
    upload = value(begun, "UploadId")
    part = go.put(target(key, partNumber=1, uploadId=upload, x_id="UploadPart"), b"a part").expect(200)
    body = (f"<CompleteMultipartUpload><Part><ChecksumCRC32>{crc32(b'a part')}</ChecksumCRC32>"
            f"<ETag>{part['ETag']}</ETag><PartNumber>1</PartNumber></Part></CompleteMultipartUpload>").encode()
    go.call("POST", target(key, uploadId=upload), body, [("Content-Type", "application/xml")]).expect(200)
    go.call("GET", target(key)).expect(200, b"a part")
    body = f"<Delete><Object><Key>{key}</Key></Object></Delete>".encode()
    for wrong, status in ((b"another", 400), (body, 200)):
        fields = [("Content-Type", "application/xml"), ("X-Amz-Checksum-Crc32", crc32(wrong)),
                  ("X-Amz-Sdk-Checksum-Algorithm", "CRC32")]
        go.call("POST", target(delete=""), body, fields).expect(status)
    go.call("HEAD", target(key)).expect(404, b"")

"""Section 9, how bodies, headers and signatures come, and what is set of a bucket."""
import base64
import hashlib
import zlib

from clients import MIB, AwsSdkGo, BotocoreNew, BotocoreOld, crc32, etag
from distribution import Driver
from documents import expect_document, refused, value, values
from quay import Quay
from shared import expect
from signatures import ACCESS_KEY, REGION, hmac_sha256, presigned, signature, signing_key
from wire import BUCKET, HOST, now, target

ROOT = "section-9"


def own_bucket(name):
    quay = Quay(bucket=f"section-9-{name}")
    quay.call("PUT", quay.at()).expect(200, b"", Location=f"/{quay.bucket}")
    return quay


def presigned_styles():
    """GET, HEAD and PUT with the signature in the query, by path and by virtual host."""
    driver, key = Driver(), f"{ROOT}/presigned"
    for host, path in ((HOST, target(key)), (f"{BUCKET}.s3.test", "/" + key)):
        def ask(method, body=b"", fields=()):
            url = presigned(method, path, host, now(), 600)
            return driver.connection.send(method, url, [("Host", host), *fields], body)

        ask("PUT", b"presigned", [("Content-Length", "9")]).expect(200, b"", ETag=f'"{etag(b"presigned")}"')
        ask("GET").expect(200, b"presigned")
        ask("HEAD").expect(200, b"", Content_Length="9")


def cors():
    """PutBucketCors, GetBucketCors, DeleteBucketCors, and OPTIONS, which nobody signs."""
    quay = own_bucket("cors")
    answer = quay.call("GET", quay.at("", "cors"))
    refused(answer, 404, "NoSuchCORSConfiguration")
    rule = ("<CORSRule><AllowedMethod>GET</AllowedMethod><AllowedOrigin>https://quay.example.com</AllowedOrigin>"
            "<AllowedHeader>Authorization</AllowedHeader><MaxAgeSeconds>3000</MaxAgeSeconds></CORSRule>")
    quay.call("PUT", quay.at("", "cors"), f"<CORSConfiguration>{rule}</CORSConfiguration>".encode()).expect(200, b"")
    ask = [("Host", HOST), ("Origin", "https://quay.example.com"), ("Access-Control-Request-Method", "GET"),
           ("Access-Control-Request-Headers", "authorization")]
    quay.connection.send("OPTIONS", quay.at("blob"), ask).expect(
        200, b"", Access_Control_Allow_Origin="https://quay.example.com", Access_Control_Allow_Methods="GET",
        Access_Control_Allow_Headers="authorization", Access_Control_Max_Age="3000")
    ask[1] = ("Origin", "https://elsewhere.example.com")
    quay.connection.send("OPTIONS", quay.at("blob"), ask).expect(403, Access_Control_Allow_Origin=None)
    quay.call("DELETE", quay.at("", "cors")).expect(204, b"")


def payload_modes():
    """Signed, not signed, chunks that are signed with and without a trailer, chunks that are not; of objects and parts."""
    client, key = AwsSdkGo(), f"{ROOT}/payload"
    upload, etags = Driver().new(f"{key}-parts"), []
    for hashed in (None, "UNSIGNED-PAYLOAD"):
        client.send("PUT", target(key), b"payload", [("Content-Length", "7")], hashed).expect(200)
        client.call("GET", target(key)).expect(200, b"payload")
    for trailer in (False, True):
        signed_chunks(client, target(key), b"signed in chunks", trailer).expect(200, b"")
        client.call("GET", target(key)).expect(200, b"signed in chunks")
        part = target(f"{key}-parts", partNumber=len(etags) + 1, uploadId=upload)
        data = b"a part in chunks".ljust((5 if not etags else 1) * MIB, b".")
        etags.append(signed_chunks(client, part, data, trailer).expect(200, b"", ETag=f'"{etag(data)}"')["ETag"][1:-1])
        for path in (target(key), part):
            refused(signed_chunks(client, path, b"signed in chunks", trailer, spoilt=True), 403, "SignatureDoesNotMatch")
    Driver().complete(f"{key}-parts", upload, etags).expect(200)
    client.call("HEAD", target(f"{key}-parts")).expect(200, b"", Content_Length=str(6 * MIB))
    BotocoreNew().put_over_https(target(key), b"not signed").expect(200)
    client.call("GET", target(key)).expect(200, b"not signed")


def signed_chunks(client, path, data, trailer, spoilt=False):
    """`aws-chunked` of two chunks, each signed from the one before it."""
    date = now()
    scope = f"{date[:8]}/{REGION}/s3/aws4_request"
    mode = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD" + ("-TRAILER" if trailer else "")
    signed = [("Host", HOST), ("X-Amz-Content-Sha256", mode), ("X-Amz-Date", date),
              ("X-Amz-Decoded-Content-Length", str(len(data))), ("Content-Encoding", "aws-chunked")]
    signed += [("X-Amz-Trailer", "x-amz-checksum-crc32")] if trailer else []
    names, previous = signature("PUT", path, signed, date, mode)
    seed, body, day_key = previous, b"", signing_key(date[:8])
    empty = hashlib.sha256(b"").hexdigest()
    for chunk in (data[:10], data[10:], b""):
        text = "\n".join(["AWS4-HMAC-SHA256-PAYLOAD", date, scope, previous, empty, hashlib.sha256(chunk).hexdigest()])
        previous = hmac_sha256(day_key, text).hex()
        sent = chunk[::-1] if spoilt and chunk else chunk
        body += b"%x;chunk-signature=%s\r\n" % (len(chunk), previous.encode())
        body += sent + b"\r\n" if chunk or not trailer else b""
    if trailer:
        line = f"x-amz-checksum-crc32:{crc32(data)}"
        text = "\n".join(["AWS4-HMAC-SHA256-TRAILER", date, scope, previous,
                          hashlib.sha256((line + "\n").encode()).hexdigest()])
        body += f"{line}\r\nx-amz-trailer-signature:{hmac_sha256(day_key, text).hex()}\r\n\r\n".encode()
    value = f"AWS4-HMAC-SHA256 Credential={ACCESS_KEY}/{scope}, SignedHeaders={names}, Signature={seed}"
    return client.connection.send("PUT", path, [
        *signed, ("Content-Length", str(len(body))), ("Authorization", value)], body)


def checksums():
    """The five algorithms, in a header: compared, kept, shown where it is asked for."""
    new, key, data = BotocoreNew(), f"{ROOT}/checksums", b"123456789"
    sums = {  # The check values of the CRC catalogue are those of "123456789".
        "crc32": zlib.crc32(data).to_bytes(4, "big"), "crc32c": bytes.fromhex("e3069283"),
        "crc64nvme": bytes.fromhex("ae8b14860a799888"), "sha1": hashlib.sha1(data).digest(),
        "sha256": hashlib.sha256(data).digest()}
    for name, digest in sums.items():
        text, field = base64.b64encode(digest).decode(), "x-amz-checksum-" + name
        answer = new.send("PUT", target(key), data, [("Content-Length", "9"), (field, text)])
        answer.expect(200, b"", **{field.replace("-", "_"): text})
        new.call("GET", target(key), fields=[("x-amz-checksum-mode", "ENABLED")]).expect(
            200, data, **{field.replace("-", "_"): text})
        wrong = base64.b64encode(digest[::-1]).decode()
        refused(new.send("PUT", target(key), data, [("Content-Length", "9"), (field, wrong)]), 400, "BadDigest")


def accepted_headers():
    """ACL, storage class, metadata and the expected owner of the bucket."""
    old, key = BotocoreOld(), f"{ROOT}/headers"
    owner = ("x-amz-expected-bucket-owner", "123456789012")
    old.put(target(key), b"x", [owner, ("x-amz-acl", "bucket-owner-full-control"), ("x-amz-meta-Key", "a value"),
                                ("x-amz-storage-class", "STANDARD_IA")]).expect(200)
    old.call("GET", target(key), fields=[owner]).expect(200, b"x", x_amz_meta_key="a value")
    old.call("HEAD", target(), fields=[owner]).expect(200)
    old.call("GET", target(list_type=2, prefix=key), fields=[owner]).expect(200)
    refused(old.put(target(key), b"y", [("x-amz-acl", "public-read")]), 400, "AccessControlListNotSupported")
    refused(old.put(target(key), b"y", [("x-amz-storage-class", "NONE")]), 400, "InvalidStorageClass")
    old.call("GET", target(key)).expect(200, b"x")


def operator_of_openshift():
    """What the operator sends for a bucket of its own, from HeadBucket to DeleteBucket, on aws-sdk-go v1."""
    go, path = AwsSdkGo(), target(bucket="section-9-openshift")

    def put(name, body):
        return go.call("PUT", f"{path}?{name}=", body.encode())

    go.call("HEAD", path).expect(404, b"")
    go.call("PUT", path).expect(200, b"", Location="/section-9-openshift")
    go.call("HEAD", path).expect(200, b"")
    put("publicAccessBlock", (
        '<PublicAccessBlockConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><BlockPublicAcls>true'
        "</BlockPublicAcls><BlockPublicPolicy>true</BlockPublicPolicy><IgnorePublicAcls>true</IgnorePublicAcls>"
        "<RestrictPublicBuckets>true</RestrictPublicBuckets></PublicAccessBlockConfiguration>")).expect(200, b"")
    tags = "<TagSet><Tag><Key>kubernetes.io/cluster/c</Key><Value>owned</Value></Tag></TagSet>"
    tagging = f'<Tagging xmlns="http://s3.amazonaws.com/doc/2006-03-01/">{tags}</Tagging>'
    put("tagging", tagging).expect(204, b"")
    put("lifecycle", (
        '<LifecycleConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Rule><AbortIncompleteMultipartUpload>'
        "<DaysAfterInitiation>1</DaysAfterInitiation></AbortIncompleteMultipartUpload><Filter><Prefix></Prefix></Filter>"
        "<ID>cleanup-incomplete-multipart-registry-uploads</ID><Status>Enabled</Status></Rule></LifecycleConfiguration>"
    )).expect(200, b"")
    expect_document(go.call("GET", f"{path}?tagging="), "Tagging", tags)
    shown = go.call("GET", f"{path}?lifecycle=").expect(200)
    expect(value(shown, "DaysAfterInitiation") == "1", f"the lifecycle: {shown}")
    shown = go.call("GET", f"{path}?publicAccessBlock=").expect(200)
    expect(value(shown, "RestrictPublicBuckets") == "true", f"the block: {shown}")
    go.call("PUT", target("k", "section-9-openshift"), b"x").expect(200)
    refused(go.call("DELETE", path), 409, "BucketNotEmpty")
    go.call("DELETE", target("k", "section-9-openshift")).expect(204)
    go.call("DELETE", path).expect(204, b"")
    go.call("HEAD", path).expect(404, b"")


def tolerated():
    """GetBucketLocation, ListBuckets, and a bucket that has no versions."""
    quay = own_bucket("tolerated")
    expect_document(quay.call("GET", quay.at("", "location")), "LocationConstraint", "")
    names = values(quay.call("GET", "/").expect(200), "Name")
    expect(BUCKET in names and quay.bucket in names and names == sorted(names), f"all buckets: {names}")
    expect_document(quay.call("GET", quay.at("", "versioning")), "VersioningConfiguration", "")
    answer = quay.call("GET", quay.at("", "encryption"))
    refused(answer, 404, "ServerSideEncryptionConfigurationNotFoundError")
    quay.call("DELETE", quay.at()).expect(204, b"")


def optional():
    """GetObjectAttributes; of what is not offered it is said that it is not."""
    quay, key = Quay(), f"{ROOT}/optional"
    quay.put_content(key, b"12345").expect(200)
    fields = [("x-amz-object-attributes", "ETag,ObjectSize,StorageClass")]
    answer = quay.call("GET", quay.at(key, "attributes"), fields=fields)
    expect_document(answer, "GetObjectAttributesResponse", (
        f"<ETag>{etag(b'12345')}</ETag><StorageClass>STANDARD</StorageClass><ObjectSize>5</ObjectSize>"))
    refused(quay.call("GET", quay.at("", "replication")), 404, "ReplicationConfigurationNotFoundError")
    refused(quay.call("GET", quay.at("", "intelligent-tiering")), 501, "NotImplemented")
    refused(quay.call("POST", quay.at(key, "restore")), 501, "NotImplemented")

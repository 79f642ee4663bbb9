"""Section 6: the S3 calls of Quay."""

from clients import MIB, etag, md5
from documents import OWNER, expect_document, expect_no_such_key, quote, refused, value, values
from quay import CORS, Quay
from shared import content, expect
from signatures import presigned, presigned_v2
from wire import BUCKET, HOST, now, target

ROOT = "section-6"


def new_bucket(name):
    """A bucket of a row's own, for what is asked of the whole of it."""
    quay = Quay(bucket=name)
    quay.call("PUT", quay.at()).expect(200, b"")
    return quay


def connect():
    """HeadBucket, with the owner's account or without."""
    quay = Quay()
    quay.head_bucket().expect(200, b"", x_amz_bucket_region="us-east-1")
    Quay(bucket="nothing-of-the-kind").head_bucket().expect(404, b"")


def get_content():
    """What is missing is `NoSuchKey`, and 404 without a body for HEAD."""
    quay, key = Quay(), f"{ROOT}/get"
    quay.put_content(key, b"content").expect(200)
    quay.get(key).expect(200, b"content", ETag=f'"{etag(b"content")}"', Content_Length="7",
                         Content_Type="binary/octet-stream")
    expect_no_such_key(quay.get(key + "-not"), BUCKET, key + "-not")
    quay.head(key + "-not").expect(404, b"")


def stream_read():
    """HeadObject and GetObject agree; the checksum is the first seven characters of the ETag."""
    quay, key = Quay(), f"{ROOT}/read"
    data = content("read", 3 * MIB + 1)
    quay.put_content(key, data).expect(200)
    head = quay.head(key).expect(200, b"", Content_Length=str(len(data)))
    answer = quay.get(key).expect(200, data, ETag=head["ETag"], Last_Modified=head["Last-Modified"])
    expect(answer["ETag"][1:-1][:7] == etag(data)[:7], "the checksum")
    # A multipart object's is as stable.
    quay.stream_write(key, data)
    expect(quay.head(key)["ETag"] == quay.get(key)["ETag"], "the same ETag")
    expect(quay.head(key)["ETag"].endswith('-1"'), "of one part")


def put_content():
    """PutObject over http too, where botocore signs the hash."""
    quay, key = Quay(), f"{ROOT}/put"
    for https in (True, False):
        answer = quay.put(quay.at(key), b"put", https=https).expect(200, b"", ETag=f'"{etag(b"put")}"')
        expect(answer.continued, "botocore waits for 100 Continue")
    answer = quay.put(quay.at(key, partNumber=1, uploadId="none"), b"x")
    expect((answer.status, answer.continued) == (404, False), f"a body that is refused is not asked for: {answer}")


def remove():
    """HeadObject and DeleteObject; a directory by a list, key by key."""
    quay, path = Quay(), f"{ROOT}/remove"
    for name in ("a", "d/a", "d/b c", "d/ü", "de"):
        quay.put_content(f"{path}/{name}", b"x").expect(200)
    quay.remove(f"{path}/a")
    page = quay.list(f"{path}/d/").expect(200)
    expect(values(page, "Key") == [f"{path}/d/a", f"{path}/d/b%20c", f"{path}/d/%C3%BC"], f"encoded: {page}")
    for name in ("d/a", "d/b c", "d/ü"):
        quay.remove(f"{path}/{name}")
    quay.remove(f"{path}/d")
    expect(values(quay.list(f"{path}/"), "Key") == [f"{path}/de"], "what only begins like it stays")


def remove_version():
    """In a versioned bucket the version that HeadObject names is deleted, and the one before it shows."""
    quay = new_bucket("section-6-versions")
    enabled = b"<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>"
    quay.call("PUT", quay.at("", "versioning"), enabled).expect(200, b"")
    for text in (b"first", b"second"):
        quay.put_content("key", text).expect(200)
    quay.remove("key")
    quay.get("key").expect(200, b"first")
    quay.remove("key")
    expect_no_such_key(quay.get("key"), quay.bucket, "key")
    page = quay.call("GET", quay.at("", "versions")).expect(200)
    expect(values(page, "VersionId") == [], "neither a version nor a delete marker is left")


def geo_copy():
    """CopyObject from one bucket to another; where the engines differ, GetObject and an upload."""
    quay, other = Quay(), new_bucket("section-6-geo")
    quay.put_content(f"{ROOT}/geo", b"replicated").expect(200)
    fields = [("x-amz-copy-source", f"{BUCKET}/{ROOT}/geo")]
    answer = other.call("PUT", other.at("copied"), fields=fields)
    expect_document(answer, "CopyObjectResult",
                    f"<LastModified>{{DATE}}</LastModified><ETag>{quote(etag(b'replicated'))}</ETag>")
    other.get("copied").expect(200, b"replicated")
    data = content("geo", 6 * MIB)
    quay.stream_write(f"{ROOT}/geo-large", data)
    other.stream_write("streamed", quay.get(f"{ROOT}/geo-large").expect(200).body)
    other.get("streamed").expect(200, data)


def redirects():
    """Presigned GET and HEAD of version 4, 60 to 600 s, with response overrides or without."""
    quay, key = Quay(), f"{ROOT}/redirect"
    quay.put_content(key, b"redirected").expect(200)
    for seconds in (60, 600):
        for method, body in (("GET", b"redirected"), ("HEAD", b"")):
            url = presigned(method, target(key), HOST, now(), seconds)
            quay.connection.send(method, url, [("Host", HOST)]).expect(
                200, body, Content_Length="10", Content_Type="binary/octet-stream")
            url = presigned(method, target(key, response_content_type="image/png"), HOST, now(), seconds)
            quay.connection.send(method, url, [("Host", HOST)]).expect(
                200, body, Content_Length="10", Content_Type="image/png")


def redirects_v2():
    """`RadosGWStorage` signs them by version 2 in the query, `AWSAccessKeyId`, `Signature` and `Expires`."""
    quay, key = Quay(), f"{ROOT}/redirect-v2"
    quay.put_content(key, b"redirected").expect(200)
    for method, body in (("GET", b"redirected"), ("HEAD", b"")):
        url = presigned_v2(method, target(key))
        quay.connection.send(method, url, [("Host", HOST)]).expect(200, body, Content_Length="10")
        for wrong in (presigned_v2(method, target(key), secret="another"), presigned_v2(method, target(key), 1)):
            quay.connection.send(method, wrong, [("Host", HOST)]).expect(403)
    answer = quay.connection.send("GET", presigned_v2("GET", target(key), 1), [("Host", HOST)])
    expect(value(answer, "Code") == "AccessDenied", f"an expired one: {answer}")


def direct_upload():
    """Presigned PUT of 300 s, whose Content-Type is signed, from a browser that Quay's CORS allow."""
    quay = new_bucket("section-6-upload")
    quay.call("PUT", quay.at("", "cors"), CORS.encode()).expect(200, b"")
    origin = [("Host", HOST), ("Origin", "https://quay.example.com")]
    path = target("userfiles/1", quay.bucket)
    quay.connection.send("OPTIONS", path, [
        *origin, ("Access-Control-Request-Method", "PUT"), ("Access-Control-Request-Headers", "content-type"),
    ]).expect(200, b"", Access_Control_Allow_Origin="*", Access_Control_Allow_Methods="PUT",
              Access_Control_Allow_Headers="content-type", Access_Control_Max_Age="3000")
    url = presigned("PUT", path, HOST, now(), 300, [("content-type", "application/x-tar")])
    kind = ("Content-Type", "application/x-tar")
    length = ("Content-Length", "3")
    quay.connection.send("PUT", url, [*origin, kind, length], b"tar").expect(
        200, b"", ETag=f'"{etag(b"tar")}"', Access_Control_Allow_Origin="*")
    answer = quay.connection.send("PUT", url, [*origin, ("Content-Type", "text/html"), length], b"tar")
    refused(answer, 403, "SignatureDoesNotMatch")
    quay.get("userfiles/1").expect(200, b"tar", Content_Type="application/x-tar")
    # `S3Storage` signs that it is to be encrypted too, and the browser must say so.
    sealed = ("x-amz-server-side-encryption", "AES256")
    url = presigned("PUT", target("userfiles/2", quay.bucket), HOST, now(), 300,
                    [("content-type", "application/x-tar"), sealed])
    refused(quay.connection.send("PUT", url, [*origin, kind, length], b"tar"), 403, "AccessDenied")
    quay.connection.send("PUT", url, [*origin, kind, sealed, length], b"tar").expect(
        200, b"", x_amz_server_side_encryption="AES256")
    quay.get("userfiles/2").expect(200, b"tar", x_amz_server_side_encryption="AES256")


def setup():
    """PutBucketCors with an MD5, which is compared; what Quay writes is shown as it was written."""
    quay = new_bucket("section-6-setup")
    fields = [("Content-Length", str(len(CORS))), ("Content-MD5", md5(b"another document"))]
    refused(quay.send("PUT", quay.at("", "cors"), CORS.encode(), fields), 400, "BadDigest")
    quay.call("PUT", quay.at("", "cors"), CORS.encode()).expect(200, b"")
    # In the order of the API reference: origins and methods first.
    rules = "".join(
        f"<CORSRule><AllowedOrigin>*</AllowedOrigin><AllowedMethod>{method}</AllowedMethod>{headers}"
        "<MaxAgeSeconds>3000</MaxAgeSeconds></CORSRule>" for method, headers in (
            ("GET", "<AllowedHeader>Authorization</AllowedHeader>"),
            ("PUT", "<AllowedHeader>Content-Type</AllowedHeader><AllowedHeader>x-amz-acl</AllowedHeader>"
                    "<AllowedHeader>origin</AllowedHeader>")))
    expect_document(quay.call("GET", quay.at("", "cors")), "CORSConfiguration", rules)


def validate():
    """Put, get and remove of `_verify`."""
    quay, key = Quay(), f"{ROOT}/_verify"
    quay.put_content(key, b"testing 123").expect(200)
    quay.get(key).expect(200, b"testing 123")
    quay.remove(key)
    quay.head(key).expect(404, b"")


def list_versions():
    """Version 2 everywhere, version 1 where the engine is Google's; both encoded, by pages."""
    quay, path = Quay(), f"{ROOT}/list"
    for name in ("a", "b"):
        quay.put_content(f"{path}/{name}", b"x").expect(200)

    def entry(name, owner=""):
        return (f"<Contents><Key>{path}/{name}</Key><LastModified>{{DATE}}</LastModified><ETag>{quote(etag(b'x'))}</ETag>"
                f"<Size>1</Size>{owner}<StorageClass>STANDARD</StorageClass></Contents>")

    expect_document(quay.list(f"{path}/"), "ListBucketResult", (
        f"<Name>{BUCKET}</Name><Prefix>{path}/</Prefix><EncodingType>url</EncodingType><MaxKeys>1000</MaxKeys>"
        f"<KeyCount>2</KeyCount><IsTruncated>false</IsTruncated>{entry('a')}{entry('b')}"))
    owner = f"<Owner>{OWNER}</Owner>"
    answer = quay.call("GET", quay.at(prefix=f"{path}/", max_keys=1, encoding_type="url"))
    expect_document(answer, "ListBucketResult", (
        f"<Name>{BUCKET}</Name><Prefix>{path}/</Prefix><EncodingType>url</EncodingType><Marker></Marker>"
        f"<MaxKeys>1</MaxKeys><IsTruncated>true</IsTruncated>{entry('a', owner)}"))
    answer = quay.call("GET", quay.at(prefix=f"{path}/", marker=f"{path}/a", encoding_type="url")).expect(200)
    expect(values(answer, "Key") == [f"{path}/b"], "behind the marker")

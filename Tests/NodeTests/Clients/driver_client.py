"""The storage driver API over HTTP, as a front in another language uses it; S3 sees the same."""
import hashlib
import json
import urllib.request

import boto3
import botocore

from driver_api import HOST, call, document, refused, send
from shared import BUCKET, ENDPOINT, content, expect

s3 = boto3.client("s3", endpoint_url=ENDPOINT, config=botocore.config.Config(
    s3={"addressing_style": "path"}))


def paths(page):
    return [file["path"] for file in page["files"]]


# Files.
file = document(200, "PUT", "content", b"hello", path="/a/b")
expect(file["path"] == "/a/b" and file["sizeBytes"] == 5 and not file["isDirectory"], "a file is put")
status, data, headers = call("GET", "content", path="/a/b")
expect(status == 200 and data == b"hello" and headers["x-file-size"] == "5", "and read")
expect(call("GET", "content", path="/a/b", offset=2, length=2)[1] == b"ll", "a range of it")
expect(call("GET", "content", path="/a/b", offset=5)[1] == b"", "nothing at its end")
refused(416, "InvalidOffset", "GET", "content", path="/a/b", offset=-1)
refused(404, "PathNotFound", "GET", "content", path="/a")
expect(s3.get_object(Bucket=BUCKET, Key="a/b")["Body"].read() == b"hello", "S3 shows it")
s3.put_object(Bucket=BUCKET, Key="a/c/d", Body=b"from S3")
expect(call("GET", "content", path="/a/c/d")[1] == b"from S3", "what S3 put is a file")

# What would make a write another one is not ignored.
for name in ("Content-MD5", "If-None-Match", "Content-Range", "x-amz-server-side-encryption"):
    refused(400, "InvalidRequest", "PUT", "content", b"other", path="/a/b", fields={name: "*"})
expect(call("GET", "content", path="/a/b")[1] == b"hello", "nothing was written")

# Directories.
expect(document(200, "GET", "stat", path="/a")["isDirectory"], "a directory is implied")
expect(document(200, "GET", "stat", path="/")["isDirectory"], "the root is there")
expect(paths(document(200, "GET", "list", path="/a")) == ["/a/b", "/a/c"], "a list")
expect(paths(document(200, "GET", "walk", path="/")) == ["/a", "/a/b", "/a/c", "/a/c/d"], "a walk")
expect(paths(document(200, "GET", "walk", path="/", after="/a/b")) == ["/a/c", "/a/c/d"], "from a hint")
expect(paths(document(200, "GET", "walk", path="/", behind="/a/c")) == [], "past a directory")
page = document(200, "GET", "list", path="/a", limit=1)
expect(paths(page) == ["/a/b"] and page["isTruncated"], "a page")
refused(404, "PathNotFound", "GET", "list", path="/nothing")

# A layer, as a registry writes it.
layer = content("layer", 12 << 20)
digest = hashlib.sha256(layer).hexdigest()
upload = "/docker/registry/v2/repositories/r/_uploads/1/data"
blob = f"/docker/registry/v2/blobs/sha256/{digest[:2]}/{digest}/data"
writer = document(201, "POST", "writers", path=upload)
sessions = s3.list_multipart_uploads(Bucket=BUCKET).get("Uploads", [])
expect([(one["Key"], one["UploadId"]) for one in sessions] == [(upload[1:], writer["id"])],
       "S3 shows the writer")
here = "writers/" + writer["id"]
half = 7 << 20
expect(document(200, "PATCH", here, layer[:half], path=upload, offset=0)["sizeBytes"] == half, "a piece")
refused(416, "InvalidOffset", "PATCH", here, b"x", path=upload, offset=0)
refused(404, "PathNotFound", "GET", "content", path=upload)
expect(document(200, "GET", here, path=upload)["sizeBytes"] == half, "what is durable")
expect(document(201, "POST", "writers", path=upload, append="true")["id"] == writer["id"],
       "appending goes on with it")
document(200, "PATCH", here, layer[half:], path=upload, offset=half)
refused(400, "DigestMismatch", "PUT", here, path=upload, digest="sha256:" + "0" * 64)
committed = document(200, "PUT", here, path=upload, digest="sha256:" + digest)
expect(committed["sizeBytes"] == len(layer), "it is committed")
refused(404, "WriterNotFound", "GET", here, path=upload)
document(204, "POST", "move", from_=upload, to=blob)
expect(call("GET", "content", path=blob)[1] == layer, "and moved")
refused(404, "PathNotFound", "GET", "stat", path=upload)
refused(400, "DigestMismatch", "PUT", "content", b"another", path=blob)
refused(400, "DigestMismatch", "POST", "move", from_="/a/b", to=blob)

# Redirects.
link = document(200, "GET", "redirect", path=blob)["url"]
expect("X-Amz-Expires=1200&" in link, "for as long as Distribution's driver gives")
with urllib.request.urlopen(ENDPOINT + link) as answer:
    expect(answer.read() == layer, "whoever has the URL may read")
link = document(200, "GET", "redirect", path=blob, method_="HEAD")["url"]
with urllib.request.urlopen(urllib.request.Request(ENDPOINT + link, method="HEAD")) as answer:
    expect(answer.headers["Content-Length"] == str(len(layer)), "or ask for its size")
refused(400, "Unsupported", "GET", "redirect", path=blob, method_="PUT")

# What is no path, no parameter, no call; and who may not.
for path in ["", "a", "//a", "/a/", "/a b", "/ü", "/a?"]:
    refused(400, "InvalidPath", "GET", "stat", path=path)
refused(400, "InvalidRequest", "GET", "stat")
refused(400, "InvalidRequest", "GET", "stat", path="/a", offset=1)
refused(404, "NoSuchCall", "GET", "nothing", path="/a")
refused(405, "MethodNotAllowed", "POST", "content", path="/a")
refused(404, "BucketNotFound", "GET", "stat", path="/", bucket="no-such-bucket")
refused(404, "BucketNotFound", "GET", "stat", path="/", bucket="-system")
refused(401, "Unauthenticated", "GET", "stat", path="/", keys=None)
status, data, _ = send("GET", "/-/driver/v1/openapi.json", {})
expect(status == 200 and json.loads(data)["openapi"].startswith("3.1"), "the document needs no key")

# Deleting.
document(200, "PUT", "content", b"", path="/ab")
writer = document(201, "POST", "writers", path="/a/being-written")
document(204, "DELETE", "content", path="/a")
expect(paths(document(200, "GET", "list", path="/")) == ["/ab", "/docker"], "only what is below")
refused(404, "WriterNotFound", "GET", "writers/" + writer["id"], path="/a/being-written")
refused(404, "PathNotFound", "DELETE", "content", path="/a")
expect("Uploads" not in s3.list_multipart_uploads(Bucket=BUCKET), "no writer is left")
print("all as expected")

"""Sends what must be refused: each with a clear error, nothing stored, the daemon up."""
import datetime
import hashlib
import http.client
import socket
import urllib.parse

import boto3
import botocore
from botocore.auth import S3SigV4Auth, S3SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from shared import BUCKET, ENDPOINT, expect
from os import environ

HOST = ENDPOINT.removeprefix("http://")
KEYS = Credentials(environ["AWS_ACCESS_KEY_ID"], environ["AWS_SECRET_ACCESS_KEY"])
s3 = boto3.client("s3", endpoint_url=ENDPOINT, config=botocore.config.Config(
    s3={"addressing_style": "path"}, retries={"max_attempts": 1},
    request_checksum_calculation="when_required"))


class Shifted(datetime.datetime):
    """The time of day, off by fifteen minutes and one."""

    @classmethod
    def now(cls, tz=None):
        return datetime.datetime.now(tz) - datetime.timedelta(minutes=16)

    @classmethod
    def utcnow(cls):
        return cls.now(datetime.timezone.utc).replace(tzinfo=None)


def signed(method, path, body=b"", headers=None, keys=KEYS):
    request = AWSRequest(method=method, url=ENDPOINT + path, data=body, headers=headers or {})
    request.headers.setdefault("X-Amz-Content-SHA256", hashlib.sha256(body).hexdigest())
    S3SigV4Auth(keys, "s3", "us-east-1").add_auth(request)
    return dict(request.headers.items())


def send(method, path, headers, body=b""):
    connection = http.client.HTTPConnection(HOST, timeout=30)
    connection.request(method, path, body=body, headers=headers)
    answer = connection.getresponse()
    data = answer.read()
    connection.close()
    return answer.status, data


def raw(data):
    """The whole answer to raw bytes; the server must answer and close."""
    with socket.create_connection(HOST.split(":"), timeout=30) as connection:
        try:
            connection.sendall(data)
        except (BrokenPipeError, ConnectionResetError):
            pass
        answer = b""
        try:
            while piece := connection.recv(65536):
                answer += piece
        except ConnectionResetError:
            pass
        return answer


def refused(what, answer, status, code):
    got, body = answer
    expect(got == status, f"{what}: status {status}, not {got}: {body[:300]}")
    if code:
        expect(f"<Code>{code}</Code>".encode() in body, f"{what}: {code}, not {body[:300]}")
        expect(b"<RequestId>" in body, f"{what}: a request id")


path = f"/{BUCKET}/bad"

wrong = Credentials(KEYS.access_key, "not the secret")
refused("wrong signature", send("PUT", path, signed("PUT", path, b"x", keys=wrong), b"x"),
        403, "SignatureDoesNotMatch")
unknown = Credentials("AKNOBODY", "secret")
refused("unknown key", send("GET", path, signed("GET", path, keys=unknown)),
        403, "InvalidAccessKeyId")
refused("no signature", send("GET", path, {}), 403, "AccessDenied")

headers = signed("PUT", path, b"right")
refused("another body than was signed", send("PUT", path, headers, b"wrong"),
        400, "XAmzContentSHA256Mismatch")

request = AWSRequest(method="GET", url=ENDPOINT + path)
S3SigV4QueryAuth(KEYS, "s3", "us-east-1", expires=60).add_auth(request)
link = urllib.parse.urlsplit(request.url)
query = dict(urllib.parse.parse_qsl(link.query))
query["X-Amz-Expires"] = "61"
refused("a changed presigned link", send("GET", f"{path}?{urllib.parse.urlencode(query)}", {}),
        403, "SignatureDoesNotMatch")

import botocore.auth
import botocore.compat
old = botocore.auth.get_current_datetime if hasattr(botocore.auth, "get_current_datetime") else None
saved = botocore.auth.datetime
if old is None:
    botocore.auth.datetime = type("Module", (), {"datetime": Shifted})
else:
    botocore.auth.get_current_datetime = lambda *a, **k: Shifted.utcnow()
stale = signed("GET", path)
request = AWSRequest(method="GET", url=ENDPOINT + path)
S3SigV4QueryAuth(KEYS, "s3", "us-east-1", expires=60).add_auth(request)
if old is None:
    botocore.auth.datetime = saved
else:
    botocore.auth.get_current_datetime = old
refused("a clock that is off", send("GET", path, stale), 403, "RequestTimeTooSkewed")
expired = request.url.removeprefix(ENDPOINT)
refused("an expired presigned link", send("GET", expired, {}), 403, "AccessDenied")

other = "/no-such-bucket/key"
refused("unknown bucket", send("PUT", other, signed("PUT", other, b"x"), b"x"), 404, "NoSuchBucket")
refused("unknown bucket", send("GET", other, signed("GET", other)), 404, "NoSuchBucket")
md5 = {"Content-MD5": "AAAAAAAAAAAAAAAAAAAAAA=="}
refused("wrong MD5", send("PUT", path, signed("PUT", path, b"x", md5), b"x"), 400, "BadDigest")
crc = {"x-amz-checksum-crc32": "AAAAAA=="}
refused("wrong CRC", send("PUT", path, signed("PUT", path, b"x", crc), b"x"), 400, "BadDigest")
unknown = {"x-amz-checksum-xxhash64": "AAAAAAAAAAA="}
refused("unknown checksum", send("PUT", path, signed("PUT", path, b"x", unknown), b"x"),
        400, "InvalidRequest")
blob = f"/{BUCKET}/docker/registry/v2/blobs/sha256/aa/{'aa' * 32}/data"
refused("bytes that are not their key's digest", send("PUT", blob, signed("PUT", blob, b"x"), b"x"),
        400, "BadDigest")

s3.put_object(Bucket=BUCKET, Key="good", Body=b"0123456789")
good = f"/{BUCKET}/good"
for text, status in [("bytes=10-", 416), ("bytes=5-4", 200), ("bytes=x", 200), ("bytes=-0", 416)]:
    got = send("GET", good, signed("GET", good, headers={"Range": text}))
    refused(f"range {text}", got, status, "InvalidRange" if status == 416 else None)

for text in [b"", b"<", b"<Delete>", b"<a/>", b"<!DOCTYPE x [<!ENTITY e SYSTEM 'file:///etc/passwd'>]>"
             b"<Delete><Object><Key>&e;</Key></Object></Delete>", b"<x>" * 5000]:
    target = f"/{BUCKET}?delete="
    sums = {"Content-MD5": __import__("base64").b64encode(hashlib.md5(text).digest()).decode()}
    refused(f"XML {text[:20]}", send("POST", target, signed("POST", target, text, sums), text),
            400, "MalformedXML")

# A body that ends before its length.
headers = signed("PUT", path, b"y" * 100)
head = f"PUT {path} HTTP/1.1\r\nHost: {HOST}\r\nContent-Length: 100\r\n"
head += "".join(f"{name}: {value}\r\n" for name, value in headers.items())
with socket.create_connection(HOST.split(":"), timeout=30) as connection:
    connection.sendall(head.encode() + b"\r\n" + b"y" * 50)
    connection.shutdown(socket.SHUT_WR)
    expect(b"200 OK" not in connection.recv(65536), "a truncated body is no success")

# Heads that no server should take.
big = raw(b"GET / HTTP/1.1\r\nHost: x\r\nX-Big: " + b"a" * (1 << 20) + b"\r\n\r\n")
expect(b" 431 " in big[:40], f"an oversized header: {big[:60]}")
many = raw(b"GET / HTTP/1.1\r\nHost: x\r\n" + b"X-N: 1\r\n" * 100_000 + b"\r\n")
expect(b" 431 " in many[:40], f"too many headers: {many[:60]}")
for text in [b"\r\n\r\n\x00\x01nonsense\r\n\r\n",
             b"PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx",
             b"PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"]:
    answer = raw(text)
    expect(b" 400 " in answer[:40], f"{text[:30]}: {answer[:60]}")

# Keys are data: what looks like a path is one more key.
for key in ["../../etc/passwd", "a//b", "/leading", "./.", "a/../b", "%2e%2e/x", "a\\b", " ", "ü€😀"]:
    s3.put_object(Bucket=BUCKET, Key=key, Body=key.encode())
    got = s3.get_object(Bucket=BUCKET, Key=key)["Body"].read()
    expect(got == key.encode(), f"the key {key!r} comes back")
    s3.delete_object(Bucket=BUCKET, Key=key)
long = "/" + BUCKET + "/" + "k" * 1025
refused("a key that is too long", send("PUT", long, signed("PUT", long, b"x"), b"x"),
        400, "KeyTooLongError")

listed = [entry["Key"] for entry in s3.list_objects_v2(Bucket=BUCKET)["Contents"]]
expect(listed == ["good"], f"nothing else was stored: {listed}")
print("all as expected")

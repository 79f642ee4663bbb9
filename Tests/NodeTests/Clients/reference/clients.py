"""The clients whose calls the rows send, by the header fields that each is known for."""
import base64
import concurrent.futures
import hashlib
import uuid
import zlib

from signatures import authorization
from wire import HOST, Connection, now

EMPTY_SHA256 = hashlib.sha256(b"").hexdigest()
UNSIGNED = "UNSIGNED-PAYLOAD"
MIB = 1 << 20


def md5(data):
    return base64.b64encode(hashlib.md5(data).digest()).decode()


def etag(data):
    """That of an object, or a part, of these bytes."""
    return hashlib.md5(data).hexdigest()


def crc32(data):
    return base64.b64encode(zlib.crc32(data).to_bytes(4, "big")).decode()


def part_ranges(size, part_bytes):
    """Number and range of each part of a copy by parts."""
    return [(number, f"bytes={start}-{min(start + part_bytes, size) - 1}")
            for number, start in enumerate(range(0, size, part_bytes), 1)]


def at_once(call, places, most=100):
    """What a call answers for each of the places, so many asked for at once."""
    with concurrent.futures.ThreadPoolExecutor(min(most, len(places))) as pool:
        return list(pool.map(lambda place: call(*place), places))


class Client:
    """A connection, and how its requests are signed."""

    # Fields that the SDK puts on the wire and not into its signature.
    unsigned = {"user-agent", "accept-encoding", "expect", "connection", "transfer-encoding", "content-length"}
    host = HOST

    def __init__(self):
        self.connection = Connection()

    def send(self, method, target, body=b"", fields=(), payload_hash=None):
        """Signs and sends; returns the answer."""
        date = now()
        payload_hash = payload_hash or hashlib.sha256(body).hexdigest()
        fields = [("Host", self.host), *fields, ("X-Amz-Content-Sha256", payload_hash), ("X-Amz-Date", date)]
        signed = [field for field in fields if field[0].lower() not in self.unsigned]
        value = authorization(method, target, signed, date, payload_hash)
        return self.connection.send(method, target, [*fields, ("Authorization", value)], body)


class AwsSdkGo(Client):
    """aws-sdk-go v1 (Distribution, Harbor, zot, OpenShift): signs the length too, an MD5 and a full hash on every
    body, `Expect: 100-continue` from 2 MiB on, no aws-chunked and no trailers."""

    unsigned = Client.unsigned - {"content-length"}
    agent = "aws-sdk-go/1.48.10 (go1.21.8; linux; amd64) docker-distribution/v3.0.0"

    def call(self, method, target, body=b"", fields=(), md5_of_body=None):
        own = [("User-Agent", self.agent)]
        if method in ("PUT", "POST"):
            own.append(("Content-Length", str(len(body))))
        if md5_of_body if md5_of_body is not None else body:
            own.append(("Content-Md5", md5(body)))
        if method == "PUT" and len(body) >= 2 * MIB:
            own.append(("Expect", "100-continue"))
        if not any(name == "Range" for name, _ in fields) and method != "HEAD":
            own.append(("Accept-Encoding", "gzip"))
        return self.send(method, target, body, [*own, *fields])


class Botocore(Client):
    """What both generations of botocore share."""

    agent = "Boto3/1.35.81 md/Botocore#1.35.81 ua/2.0 os/linux lang/python#3.12.1 cfg/retry-mode#legacy"

    def own(self, method):
        return [("Accept-Encoding", "identity"), ("User-Agent", self.agent),
                ("amz-sdk-invocation-id", str(uuid.uuid4())), ("amz-sdk-request", "attempt=1")]


class BotocoreOld(Botocore):
    """botocore 1.35.81 (Quay): an MD5 on bodies, and `Expect: 100-continue` on puts of objects and parts. Over https
    the payload is not signed where there is an MD5."""

    def call(self, method, target, body=b"", fields=(), https=False, expects=False):
        own = self.own(method)
        if body or expects:
            own.append(("Content-MD5", md5(body)))
        if expects:
            own.append(("Expect", "100-continue"))
        if method in ("PUT", "POST"):
            own.append(("Content-Length", str(len(body))))
        hashed = UNSIGNED if https and (body or expects) else None
        return self.send(method, target, body, [*own, *fields], hashed)

    def put(self, target, body=b"", fields=(), https=True):
        return self.call("PUT", target, body, fields, https, expects=True)


class BotocoreNew(Botocore):
    """botocore 1.36 and later: CRC32 by default, over https in a trailer of aws-chunked, and no MD5."""

    agent = "Boto3/1.44.2 md/Botocore#1.44.2 ua/2.1 os/linux lang/python#3.12.1 cfg/retry-mode#legacy m/Z,b"

    def call(self, method, target, body=b"", fields=(), sums=False):
        own = self.own(method)
        if body or sums:
            own += [("x-amz-checksum-crc32", crc32(body)), ("x-amz-sdk-checksum-algorithm", "CRC32")]
        if method in ("PUT", "POST"):
            own.append(("Content-Length", str(len(body))))
        return self.send(method, target, body, [*own, *fields])

    def put_over_http(self, target, body, fields=()):
        """`x-amz-checksum-crc32`, a signed hash and `Expect`."""
        return self.call("PUT", target, body, [("Expect", "100-continue"), *fields], sums=True)

    def put_over_https(self, target, body, fields=(), trailer=None):
        """aws-chunked, not signed, with its checksum behind it."""
        chunks = b"%x\r\n%s\r\n" % (len(body), body) if body else b""
        chunks += b"0\r\nx-amz-checksum-crc32:%s\r\n\r\n" % (trailer or crc32(body)).encode()
        own = [*self.own("PUT"), ("Expect", "100-continue"), ("Content-Encoding", "aws-chunked"),
               ("Transfer-Encoding", "chunked"), ("X-Amz-Trailer", "x-amz-checksum-crc32"),
               ("X-Amz-Decoded-Content-Length", str(len(body))), ("x-amz-sdk-checksum-algorithm", "CRC32")]
        framed = b"%x\r\n%s\r\n0\r\n\r\n" % (len(chunks), chunks)
        return self.send("PUT", target, framed, [*own, *fields], "STREAMING-UNSIGNED-PAYLOAD-TRAILER")


class AwsSdkGo2(Client):
    """aws-sdk-go v2: CRC32 in a trailer of aws-chunked on https, with the length of what is sent, and even where
    checksums are only sent when required, from its transfer manager. It signs `Accept-Encoding` and the length."""

    unsigned = {"user-agent", "expect", "connection", "transfer-encoding"}
    agent = "aws-sdk-go-v2/1.41.0 ua/2.1 os/linux lang/go#1.25.0 md/GOOS#linux api/s3#1.93.0 m/E,e"

    def own(self):
        return [("User-Agent", self.agent), ("Accept-Encoding", "identity"),
                ("Amz-Sdk-Invocation-Id", str(uuid.uuid4())), ("Amz-Sdk-Request", "attempt=1; max=3")]

    def call(self, method, target, body=b"", fields=()):
        length = [("Content-Length", str(len(body)))] if method in ("PUT", "POST") else []
        return self.send(method, target, body, [*self.own(), *length, *fields])

    def put(self, target, body, fields=()):
        """PutObject and UploadPart over https."""
        chunks = (b"%x\r\n%s\r\n" % (len(body), body) if body else b"") + (
            b"0\r\nx-amz-checksum-crc32:%s\r\n\r\n" % crc32(body).encode())
        own = [*self.own(), ("Content-Encoding", "aws-chunked"), ("Content-Length", str(len(chunks))),
               ("Content-Type", "application/octet-stream"), ("X-Amz-Decoded-Content-Length", str(len(body))),
               ("X-Amz-Sdk-Checksum-Algorithm", "CRC32"), ("X-Amz-Trailer", "x-amz-checksum-crc32")]
        if len(body) >= 2 * MIB:
            own.append(("Expect", "100-continue"))
        return self.send("PUT", target, chunks, [*own, *fields], "STREAMING-UNSIGNED-PAYLOAD-TRAILER")

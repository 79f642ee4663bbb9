"""Clients that mean harm, all at once, and one beside them that does not: it is answered right the whole time, and
the daemon grows by no more than its limits say.

    hostile_clients.py PID
"""
import base64
import hashlib
import random
import sys
import threading
import time
import urllib.parse

from botocore.auth import S3SigV4QueryAuth
from botocore.awsrequest import AWSRequest

from raw_client import CLOSE, HOST, KEYS, MIB, Answers, Honest, answers, connect, resident, s3, signed, status
from shared import BUCKET, ENDPOINT, expect

PID = int(sys.argv[1])
SLOW, SECONDS = 200, 12
# What the limits of the server and of the store allow for, for all that is sent here at once.
GROWTH_BYTES = 192 * MIB


def slow_heads():
    return [(connection := connect(), connection.sendall(b"GET / HTTP/1.1\r\nX-Slow: "))[0] for _ in range(SLOW)]


def slow_bodies():
    opened = []
    for number in range(SLOW):
        body = b"s" * (8 * MIB)
        head = signed("PUT", f"/{BUCKET}/slow-{number}", headers={"x-amz-content-sha256": "UNSIGNED-PAYLOAD"})
        head = head.replace(b"Content-Length: 0", b"Content-Length: %d" % len(body))
        opened.append(connect())
        opened[-1].sendall(head + body[: random.randint(0, 100_000)])
    return opened


def drip(connections, end):
    """A byte now and then to each, as if more were to come."""
    while time.monotonic() < end:
        for connection in connections:
            try:
                connection.send(b"x")
            except OSError:
                continue
        time.sleep(0.5)


def told(connections):
    """What came of slow heads: each is told that its time is up, however lately it sent a byte."""
    for connection in connections:
        connection.settimeout(60)
        answer = b""
        while received := connection.recv(4096):
            answer += received
        expect(status(answer) == 408, f"a slow head: {answer[:200]}")


def endless_heads():
    for _ in range(5):
        answer = answers(b"GET / HTTP/1.1\r\nHost: x\r\n" + b"".join(b"X-%d: y\r\n" % n for n in range(200_000)))
        expect(status(answer) == 431, f"a head without an end: {answer[:80]}")
        answer = answers(b"GET /" + b"a" * (4 * MIB))
        expect(status(answer) == 414, f"a request line without an end: {answer[:80]}")


def documents():
    """XML that is huge, deep, or explodes."""
    bomb = b'<!DOCTYPE b [<!ENTITY a "aaaaaaaaaa">' + b"".join(
        b'<!ENTITY %c "%s">' % (98 + n, b"&%c;" % (97 + n) * 10) for n in range(9)) + b"]><Delete>&j;</Delete>"
    keys = b"<Object><Key>k</Key></Object>"
    for name, text, code in (
            ("huge", b"<Delete>" + keys * 200_000 + b"</Delete>", b"MaxMessageLengthExceeded"),
            ("deep", b"<Delete>" * 100_000, b"MalformedXML"), ("exploding", bomb, b"MalformedXML"),
            ("endless text", b"<Delete><Object><Key>" + b"k" * (2 * MIB - 100), b"MalformedXML"),
            ("UTF-16", "<Delete/>".encode("utf-16"), b"MalformedXML")):
        sums = {"Content-MD5": base64.b64encode(hashlib.md5(text).digest()).decode()}
        answer = answers(signed("POST", f"/{BUCKET}?delete=", text, sums | CLOSE) + text)
        expect(status(answer) == 400 and code in answer, f"a document that is {name}: {answer[:300]}")
    upload = s3.create_multipart_upload(Bucket=BUCKET, Key="parts")["UploadId"]
    parts = b"".join(b"<Part><PartNumber>%d</PartNumber><ETag>x</ETag></Part>" % n for n in range(1, 100_001))
    for name, text in (("100 000 parts", parts), ("parts out of range", parts[-5000:][parts[-5000:].index(b"<Part>"):])):
        text = b"<CompleteMultipartUpload>" + text + b"</CompleteMultipartUpload>"
        path = f"/{BUCKET}/parts?uploadId={upload}"
        answer = answers(signed("POST", path, text, CLOSE) + text)
        expect(status(answer) == 400, f"{name}: {answer[:300]}")
    # What the parser says of each wrong tag must not stay in memory.
    text = b"<CompleteMultipartUpload>" + b"<x:Part/>" * 50_000 + b"</CompleteMultipartUpload>"
    for _ in range(80):
        answer = answers(signed("POST", f"/{BUCKET}/parts?uploadId={upload}", text, CLOSE) + text)
        expect(status(answer) == 400 and b"MalformedXML" in answer, f"tags that are all wrong: {answer[:300]}")
    s3.abort_multipart_upload(Bucket=BUCKET, Key="parts", UploadId=upload)


def chunk_signatures():
    """Chunks that were not signed, and signatures of others."""
    fields = {"x-amz-content-sha256": "STREAMING-AWS4-HMAC-SHA256-PAYLOAD", "x-amz-decoded-content-length": "4",
              "Content-Encoding": "aws-chunked"} | CLOSE
    for chunk in (b"4;chunk-signature=" + b"0" * 64 + b"\r\nevil\r\n0;chunk-signature=" + b"0" * 64 + b"\r\n\r\n",
                  b"4\r\nevil\r\n0\r\n\r\n", b"ffffffffffffffffff;chunk-signature=" + b"0" * 64 + b"\r\n",
                  b"4;" + b"x" * 100_000):
        head = signed("PUT", f"/{BUCKET}/evil", headers=dict(fields))
        answer = answers(head.replace(b"Content-Length: 0", b"Content-Length: %d" % len(chunk)) + chunk)
        expect(status(answer) in (400, 403) and b"<Code>" in answer, f"a chunk {chunk[:30]}: {answer[:200]}")


def smuggling():
    """Two ways to read one request: neither may reach the second."""
    inner = b"DELETE /" + BUCKET.encode() + b"/kept HTTP/1.1\r\nHost: x\r\n\r\n"
    for name, head, body in (
            ("two lengths", b"Content-Length: 0\r\nContent-Length: %d\r\n" % len(inner), inner),
            ("a list of lengths", b"Content-Length: 0, %d\r\n" % len(inner), inner),
            ("length and coding", b"Content-Length: %d\r\nTransfer-Encoding: chunked\r\n" % (5 + len(inner)), b"0\r\n\r\n" + inner),
            ("another coding", b"Transfer-Encoding: xchunked\r\n", b"0\r\n\r\n" + inner),
            ("two codings", b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n", b"0\r\n\r\n" + inner),
            ("a blank before the colon", b"Content-Length : %d\r\n" % len(inner), inner),
            ("a folded field", b"X: 1\r\n Content-Length: %d\r\n" % len(inner), inner),
            ("a negative length", b"Content-Length: -1\r\n", inner), ("a signed length", b"Content-Length: +5\r\n", inner),
            ("a chunk of no size", b"Transfer-Encoding: chunked\r\n", b"\r\n" + inner),
            ("a chunk of a size that is none", b"Transfer-Encoding: chunked\r\n", b"0x5\r\nhello\r\n0\r\n\r\n" + inner),
            ("a NUL in a field", b"X: a\x00b\r\n", inner), ("a bare CR", b"X: a\rContent-Length: 9\r\n", inner)):
        answer = answers(b"PUT /" + BUCKET.encode() + b"/x HTTP/1.1\r\nHost: x\r\n" + head + b"\r\n" + body)
        # Not signed, it may be refused before its body is looked at; the connection ends all the same.
        expect(status(answer) in (400, 403, 501), f"{name}: {answer[:200]}")
        expect(answer.count(b"HTTP/1.1 ") == 1, f"{name} is one request: {answer[:400]}")
    # From someone whose signature is right, so that nothing but its framing is wrong with it.
    for name, field, body in (
            ("two lengths", b"Content-Length: 0\r\n", inner),
            ("length and coding", b"Transfer-Encoding: chunked\r\n", b"0\r\n\r\n" + inner),
            ("another coding", b"Transfer-Encoding: xchunked\r\n", b"0\r\n\r\n" + inner)):
        head = signed("PUT", f"/{BUCKET}/x", body, {"x-amz-content-sha256": "UNSIGNED-PAYLOAD"})
        answer = answers(head.removesuffix(b"\r\n") + field + b"\r\n" + body)
        expect(status(answer) in (400, 501), f"{name}, signed: {answer[:200]}")
        expect(answer.count(b"HTTP/1.1 ") == 1, f"{name}, signed, is one request: {answer[:400]}")


def replay():
    """A presigned URL is of no use once it has expired."""
    request = AWSRequest(method="GET", url=f"{ENDPOINT}/{BUCKET}/kept")
    S3SigV4QueryAuth(KEYS, "s3", "us-east-1", expires=2).add_auth(request)
    path = request.url.removeprefix(ENDPOINT)
    get = f"GET {path} HTTP/1.1\r\nHost: {HOST}\r\nConnection: close\r\n\r\n".encode()
    expect(status(answers(get)) == 200, "a presigned URL in its time")
    time.sleep(4)
    answer = answers(get)
    expect(status(answer) == 403 and b"AccessDenied" in answer, f"a replayed URL: {answer[:300]}")


def keys():
    """A key with each byte there is, and one with all of them, are keys or are refused, and nothing else."""
    taken = []
    for key in [bytes([n]) for n in range(256)] + [bytes(range(1, 128)), b"\xff\xfe", "ü".encode()]:
        path = f"/{BUCKET}/bytes/{urllib.parse.quote(key)}"
        put = answers(signed("PUT", path, b"x", CLOSE) + b"x")
        expect(status(put) in (200, 400), f"PUT of {key!r}: {put[:300]}")
        if status(put) != 200:
            expect(b"<Code>" in put, f"{key!r} is refused in words")
            continue
        taken.append(key)
        get = answers(signed("GET", path, headers=CLOSE))
        expect(status(get) == 200 and get.endswith(b"x"), f"GET of {key!r}: {get[:300]}")
    listed = s3.list_objects_v2(Bucket=BUCKET, Prefix="bytes/")["Contents"]
    expect([entry["Key"].encode() for entry in listed] == sorted(b"bytes/" + key for key in taken), "their list")
    for key in taken:
        path = f"/{BUCKET}/bytes/{urllib.parse.quote(key)}"
        expect(status(answers(signed("DELETE", path, headers=CLOSE))) == 204, f"DELETE of {key!r}")


def pipelines():
    """Many requests at once on one connection are answered in their order."""
    get = signed("GET", f"/{BUCKET}/kept")
    missing = signed("GET", f"/{BUCKET}/missing")
    with connect() as connection:
        sender = threading.Thread(target=connection.sendall, args=((get + missing) * 500,), daemon=True)
        sender.start()
        replies = Answers(connection)
        received = [replies.next()[0] for _ in range(1000)]
        sender.join()
    expect(received == [200, 404] * 500, "a pipeline is answered in order")


def main():
    s3.put_object(Bucket=BUCKET, Key="kept", Body=b"kept")
    before = resident(PID)
    honest = Honest(PID)
    honest.start()
    heads, bodies = slow_heads(), slow_bodies()
    dripping = threading.Thread(target=drip, args=(heads + bodies, time.monotonic() + SECONDS), daemon=True)
    dripping.start()
    for attack in (endless_heads, documents, chunk_signatures, smuggling, replay, keys, pipelines):
        attack()
    dripping.join()
    told(heads)
    honest.done.set()
    honest.join()
    for connection in heads + bodies:
        connection.close()
    expect(honest.failure is None, f"the honest client: {honest.failure!r}")
    expect(honest.rounds > 0, "the honest client got on")
    grown = max(honest.most, resident(PID)) - before
    expect(grown <= GROWTH_BYTES, f"the daemon grew by {grown >> 20} MiB")
    expect(s3.get_object(Bucket=BUCKET, Key="kept")["Body"].read() == b"kept", "what was there is there")
    left = [entry["Key"] for entry in s3.list_objects_v2(Bucket=BUCKET)["Contents"]]
    expect(left == ["kept"], f"nothing else was stored: {left}")
    print(f"{honest.rounds} honest rounds, {grown >> 20} MiB grown: all as expected")


main()

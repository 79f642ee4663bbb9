"""A client that means harm by the number of its parts: 100 000 of them in ten uploads at once, documents that name as
many, that are costly to read or that never end, part numbers that are none, one part over and over. All is answered
in words, the daemon grows by no more than its limits say, and an honest client beside it gets on.

    many_parts.py PID
"""
import hashlib
import hmac
import re
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

from botocore.exceptions import ClientError

from raw_client import CLOSE, HOST, KEYS, MIB, Answers, Honest, answers, connect, resident, s3, signed, status
from shared import BUCKET, content, expect

PID = int(sys.argv[1])
UPLOADS, PARTS, CONNECTIONS, PIPELINED = 10, 10_000, 4, 50
AGAIN, AGAIN_BYTES = 2000, 50_000
HELD = 200
# As of the other hostile clients.
GROWTH_BYTES = 192 * MIB
ROOT = b"CompleteMultipartUpload"


class Signer:
    """Signs without the body, for little: the key of the day is computed once."""

    def __init__(self):
        self.time = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
        self.scope = f"{self.time[:8]}/us-east-1/s3/aws4_request"
        self.key = ("AWS4" + KEYS.secret_key).encode()
        for word in self.scope.split("/"):
            self.key = hmac.digest(self.key, word.encode(), "sha256")

    def put(self, path, query, body):
        """The bytes of a request."""
        canonical = (f"PUT\n{path}\n{query}\nhost:{HOST}\nx-amz-content-sha256:UNSIGNED-PAYLOAD\n"
                     f"x-amz-date:{self.time}\n\nhost;x-amz-content-sha256;x-amz-date\nUNSIGNED-PAYLOAD")
        text = f"AWS4-HMAC-SHA256\n{self.time}\n{self.scope}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
        signature = hmac.digest(self.key, text.encode(), "sha256").hex()
        return (f"PUT {path}?{query} HTTP/1.1\r\nHost: {HOST}\r\nContent-Length: {len(body)}\r\n"
                f"x-amz-date: {self.time}\r\nx-amz-content-sha256: UNSIGNED-PAYLOAD\r\n"
                f"Authorization: AWS4-HMAC-SHA256 Credential={KEYS.access_key}/{self.scope}, SignedHeaders="
                f"host;x-amz-content-sha256;x-amz-date, Signature={signature}\r\n\r\n").encode() + body


def begin(key):
    return s3.create_multipart_upload(Bucket=BUCKET, Key=key)["UploadId"]


def put_parts(key, upload, numbers, body):
    """Puts parts one behind the other on one connection, some on their way at a time; returns what is not 200."""
    signer, refused = Signer(), []
    with connect() as connection:
        replies = Answers(connection)
        for start in range(0, len(numbers), PIPELINED):
            some = numbers[start : start + PIPELINED]
            connection.sendall(b"".join(
                signer.put(f"/{BUCKET}/{key}", f"partNumber={number}&uploadId={upload}", body(number)) for number in some))
            for number in some:
                code, text = replies.next()
                if code != 200:
                    refused.append((number, code, text))
    return refused


def tiny(number):
    return b"%d" % number


def tag_of(number):
    return hashlib.md5(tiny(number)).hexdigest().encode()


def document(numbers):
    return b"<%b>%b</%b>" % (ROOT, b"".join(
        b"<Part><PartNumber>%d</PartNumber><ETag>%b</ETag></Part>" % (n, tag_of(n)) for n in numbers), ROOT)


def complete(key, upload, text):
    """The whole answer; a Complete that works longer says how it ended in the body of a 200."""
    return answers(signed("POST", f"/{BUCKET}/{key}?uploadId={upload}", text, CLOSE) + text, silence=60)


def expect_refused(key, upload, refusals):
    for name, text, code in refusals:
        answer = complete(key, upload, text)
        expect(status(answer) == 400 and b"<Code>%b</Code>" % code in answer, f"{name}: {answer[:400]}")


def numbers_that_are_none():
    upload = begin("numbers")
    for number in ("0", "-1", "10001", "100000", "99999999999999999999", "1e3", "%D9%A1", ""):
        refused = put_parts("numbers", upload, [number], lambda _: b"x")
        expect(len(refused) == 1 and refused[0][1] == 400 and b"<Code>InvalidArgument</Code>" in refused[0][2],
               f"part {number}: {refused}")
    expect(put_parts("numbers", upload, [1, 10_000], tiny) == [], "the least and the greatest number")
    expect(numbers_of("numbers", upload) == [1, 10_000], "and nothing else is a part")
    s3.abort_multipart_upload(Bucket=BUCKET, Key="numbers", UploadId=upload)


def documents():
    """Lists of parts of which one is there."""
    upload = begin("documents")
    expect(put_parts("documents", upload, [1], tiny) == [], "a part")
    bare = b"<%b>%b</%b>" % (ROOT, b"".join(b"<Part><PartNumber>%d</PartNumber><ETag/></Part>" % n
                                             for n in range(1, 80_001)), ROOT)
    one = document([1])
    attributes = b"".join(b' a%d=""' % n for n in range(300_000))
    spaces = b"".join(b' xmlns:a%d="u"' % n for n in range(200_000))
    crooked = b"".join(b" a%d='>'" % n for n in range(300_000))
    expect_refused("documents", upload, (
        ("100 000 parts", document(range(1, 100_001)), b"MaxMessageLengthExceeded"),
        ("80 000 parts", bare, b"MalformedXML"),
        ("10 001 parts", document(range(1, 10_002)), b"MalformedXML"),
        ("10 001 times one part", document([1] * 10_001), b"MalformedXML"),
        ("no part", document([]), b"MalformedXML"),
        ("parts that are not there", document(range(1, 10_001)), b"InvalidPart"),
        ("part 100 000", document([1, 100_000]), b"InvalidArgument"),
        ("part 0", document([0, 1]), b"InvalidArgument"),
        ("one part twice", document([1, 1]), b"InvalidPartOrder")))
    # Of what is costly to read there is more than threads to read it.
    costly = [one.replace(ROOT + b"><Part>", ROOT + some + b"><Part>", 1) for some in (attributes, spaces, crooked)] * 4
    with ThreadPoolExecutor(len(costly)) as pool:
        for answer in pool.map(lambda text: complete("documents", upload, text), costly):
            expect(b"<Code>MalformedXML</Code>" in answer, f"attributes without end: {answer[:400]}")
    s3.abort_multipart_upload(Bucket=BUCKET, Key="documents", UploadId=upload)


def held_documents():
    """Documents of the largest size, all but for their last byte, and all at once: then they come to their end."""
    upload = begin("held")
    text = b"<%b>%b" % (ROOT, b" " * (4 * MIB - 100))
    head = signed("POST", f"/{BUCKET}/held?uploadId={upload}", text, CLOSE)
    met = threading.Barrier(HELD)

    def hold(_):
        answer = b""
        with connect() as connection:
            try:
                connection.sendall(head + text[:-1])
            except (BrokenPipeError, ConnectionResetError):
                pass
            met.wait()
            try:
                connection.sendall(text[-1:])
                while piece := connection.recv(65536):
                    answer += piece
            except (BrokenPipeError, ConnectionResetError):
                pass
        return answer

    with ThreadPoolExecutor(HELD) as pool:
        found = list(pool.map(hold, range(HELD)))
    codes = {code.group(1) if (code := re.search(b"<Code>(.*?)</Code>", answer)) else answer[:200] for answer in found}
    expect(codes <= {b"MalformedXML", b"SlowDown"}, f"documents all at once: {codes}")
    s3.abort_multipart_upload(Bucket=BUCKET, Key="held", UploadId=upload)


def one_part_again():
    upload = begin("again")
    with ThreadPoolExecutor(CONNECTIONS) as pool:
        bodies = [content(f"again-{n}", AGAIN_BYTES) for n in range(CONNECTIONS)]
        puts = [pool.submit(put_parts, "again", upload, [1] * (AGAIN // CONNECTIONS), lambda _, body=body: body)
                for body in bodies]
        expect([put.result() for put in puts] == [[]] * CONNECTIONS, "one part over and over")
    parts = s3.list_parts(Bucket=BUCKET, Key="again", UploadId=upload)["Parts"]
    tags = [f'"{hashlib.md5(body).hexdigest()}"' for body in bodies]
    expect(len(parts) == 1 and parts[0]["ETag"] in tags, f"there is one part in the end: {parts}")
    s3.abort_multipart_upload(Bucket=BUCKET, Key="again", UploadId=upload)


def numbers_of(key, upload):
    pages = s3.get_paginator("list_parts").paginate(Bucket=BUCKET, Key=key, UploadId=upload)
    return [part["PartNumber"] for page in pages for part in page.get("Parts", [])]


def hundred_thousand():
    uploads = {f"many-{n}": begin(f"many-{n}") for n in range(UPLOADS)}
    with ThreadPoolExecutor(UPLOADS * CONNECTIONS) as pool:
        # Of each upload one client goes through the numbers upwards, one downwards, as far as they share them.
        shares = [list(range(1 + share, PARTS + 1, CONNECTIONS)) for share in range(CONNECTIONS)]
        puts = [pool.submit(put_parts, key, upload, share if n % 2 else share[::-1], tiny)
                for key, upload in uploads.items() for n, share in enumerate(shares)]
        for put in puts:
            expect(put.result() == [], f"parts are refused: {put.result()[:3]}")
    all_numbers = list(range(1, PARTS + 1))
    for key, upload in uploads.items():
        expect(numbers_of(key, upload) == all_numbers, f"the list of {key}")
    key, upload = "many-0", uploads.pop("many-0")
    expect_refused(key, upload, (
        ("small parts", document(all_numbers), b"EntityTooSmall"),
        ("parts in reverse", document(all_numbers[::-1]), b"InvalidPartOrder"),
        ("one part 10 000 times", document([PARTS] * PARTS), b"InvalidPartOrder")))
    answer = complete(key, upload, document([PARTS]))
    expect(status(answer) == 200 and b"<ETag>" in answer, f"the last part alone: {answer[:400]}")
    expect(s3.get_object(Bucket=BUCKET, Key=key)["Body"].read() == tiny(PARTS), "is the object")
    s3.delete_object(Bucket=BUCKET, Key=key)
    with ThreadPoolExecutor(UPLOADS) as pool:
        list(pool.map(lambda one: s3.abort_multipart_upload(Bucket=BUCKET, Key=one[0], UploadId=one[1]), uploads.items()))
    for key, upload in uploads.items():
        try:
            s3.list_parts(Bucket=BUCKET, Key=key, UploadId=upload)
            expect(False, f"the parts of {key} are listed after it was aborted")
        except ClientError as error:
            expect(error.response["Error"]["Code"] == "NoSuchUpload", f"{key}: {error}")


def main():
    s3.put_object(Bucket=BUCKET, Key="kept", Body=b"kept")
    before = resident(PID)
    honest = Honest(PID)
    honest.start()
    for attack in (numbers_that_are_none, documents, held_documents, one_part_again, hundred_thousand):
        start, rounds = time.monotonic(), honest.rounds
        attack()
        print(f"{attack.__name__}: {time.monotonic() - start:.1f} s, {honest.rounds - rounds} honest rounds,"
              f" {max(honest.most, resident(PID)) - before >> 20} MiB grown", flush=True)
    honest.done.set()
    honest.join()
    expect(honest.failure is None, f"the honest client: {honest.failure!r}")
    expect(honest.rounds > 0, "the honest client got on")
    grown = max(honest.most, resident(PID)) - before
    expect(grown <= GROWTH_BYTES, f"the daemon grew by {grown >> 20} MiB")
    expect(s3.list_multipart_uploads(Bucket=BUCKET).get("Uploads", []) == [], "no upload is left")
    left = [entry["Key"] for entry in s3.list_objects_v2(Bucket=BUCKET)["Contents"]]
    expect(left == ["kept"], f"nothing else was stored: {left}")
    print("all as expected")


main()

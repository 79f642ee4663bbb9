"""Section 6, the chunked uploads of Quay, and what is cleaned up after them."""
import hashlib
import time

from clients import MIB, at_once, part_ranges
from documents import etag_in, expect_document, expect_error, expect_no_such_key, refused, value, values
from quay import PART_BYTES, Quay, halves
from shared import content, expect
from wire import BUCKET

ROOT = "section-6"


def blob_path(data):
    digest = hashlib.sha256(data).hexdigest()
    return f"{ROOT}/datastorage/registry/sha256/{digest[:2]}/{digest}"


def stream_write():
    """Each chunk is an upload of its own, one of a single byte too; of no bytes it is aborted."""
    quay = Quay()
    for size in (1, PART_BYTES - 1, PART_BYTES, 2 * PART_BYTES + 1):
        key, data = f"{ROOT}/uploads/{size}", content("chunk", size)
        expect(quay.stream_write(key, data) == size, "all is written")
        quay.get(key).expect(200, data, Content_Type="application/octet-stream")
    expect(quay.stream_write(f"{ROOT}/uploads/none", b"") == 0, "nothing is written")
    expect_no_such_key(quay.get(f"{ROOT}/uploads/none"), BUCKET, f"{ROOT}/uploads/none")
    expect(values(quay.uploads(f"{ROOT}/uploads/"), "UploadId") == [], "no upload is left")


def complete_one_small_chunk():
    """The transfer manager's copy: HeadObject, and CopyObject below 8 MB."""
    quay, data = Quay(), content("one", 7 * MIB)
    chunk, blob = f"{ROOT}/datastorage/registry/uploads/one", blob_path(data)
    quay.stream_write(chunk, data)
    etag_of_chunk = quay.head(chunk).expect(200, b"", Content_Length=str(len(data)))["ETag"].strip('"')
    answer = quay.copy(chunk, blob)
    expect_document(answer, "CopyObjectResult", "<LastModified>{DATE}</LastModified><ETag>{TOKEN}</ETag>")
    quay.get(blob).expect(200, data, ETag=f'"{etag_in(answer)}"')
    quay.head(chunk).expect(200, b"", ETag=f'"{etag_of_chunk}"')


def complete_one_large_chunk():
    """Above: parts of 8 MiB, ten at a time."""
    quay, data = Quay(), content("large", 88 * MIB + 5)
    chunk, blob = f"{ROOT}/datastorage/registry/uploads/large", blob_path(data)
    quay.stream_write(chunk, data)
    size = int(quay.head(chunk).expect(200)["Content-Length"])
    upload = quay.create(blob)
    answers = at_once(lambda number, part_range: Quay().part_copy(blob, upload, number, chunk, part_range),
                      part_ranges(size, 8 * MIB), most=10)
    expect(len(answers) == 12, "a part for each range")
    quay.complete(blob, upload, [etag_in(answer.expect(200)) for answer in answers]).expect(200)
    expect(quay.get(blob).expect(200).body == data, "every byte")


def complete_chunks():
    """One copy with a range for each chunk; those over the maximum are halved; the chunks stay."""
    quay, pieces, whole, offset = Quay(), [], b"", 0
    for number, size in enumerate((6 * MIB, 25 * MIB, 3)):
        chunk, data = f"{ROOT}/datastorage/registry/uploads/chunk-{number}", content(f"chunk {number}", size)
        quay.stream_write(chunk, data)
        # A chunk begins at 0 of its own object.
        pieces += halves(chunk, 0, size, 10 * MIB)
        whole += data
    expect(len(pieces) == 6, f"one, four halves of halves, and one: {pieces}")
    quay.assemble(blob_path(whole), pieces)
    expect(quay.get(blob_path(whole)).expect(200).body == whole, "every byte")
    quay.head(pieces[0][0]).expect(200)


def copy_past_the_end():
    """A copy range past the end of its source is InvalidRange, and makes no part."""
    quay, chunk, key = Quay(), f"{ROOT}/past/chunk", f"{ROOT}/past/blob"
    quay.stream_write(chunk, b"12345")
    upload = quay.create(key)
    for part_range in ("bytes=0-5", "bytes=5-9", "bytes=2-99"):
        answer = quay.part_copy(key, upload, 1, chunk, part_range).expect(416, Content_Range="bytes */5")
        expect_error(answer, 416, "InvalidRange", "The requested range is not satisfiable", f"/{BUCKET}/{key}",
                     f"<RangeRequested>{part_range}</RangeRequested><ActualObjectSize>5</ActualObjectSize>")
    parts = quay.call("GET", quay.at(key, uploadId=upload)).expect(200)
    expect(values(parts, "PartNumber") == [], "no part")


def complete_by_client():
    """A small chunk inside: all is read back, written anew, and the chunks are deleted one by one."""
    quay, whole = Quay(), b""
    chunks = [f"{ROOT}/datastorage/registry/uploads/small-{number}" for number in range(3)]
    for chunk in chunks:
        quay.stream_write(chunk, content(chunk, 1000))
        whole += quay.get(chunk).expect(200).body
    quay.stream_write(blob_path(whole), whole)
    for chunk in chunks:
        quay.delete(chunk).expect(204, b"")
        quay.head(chunk).expect(404, b"")
    quay.get(blob_path(whole)).expect(200, whole)


def clean_partial_uploads():
    """A list by prefix, and LastModified of HEAD, which is the list's and that of the write."""
    quay, key = Quay(), f"{ROOT}/clean/uploads/chunk"
    before = int(time.time())
    quay.stream_write(key, b"x")
    listed = value(quay.list(f"{ROOT}/clean/uploads").expect(200), "LastModified")
    head = quay.head(key).expect(200)["Last-Modified"]
    expect(time.strptime(head, "%a, %d %b %Y %H:%M:%S GMT") == time.strptime(listed, "%Y-%m-%dT%H:%M:%S.000Z"),
           f"one time: {head}, {listed}")
    moment = time.mktime(time.strptime(head, "%a, %d %b %Y %H:%M:%S GMT")) - time.timezone
    expect(before - 1 <= moment <= time.time() + 1, f"that of the write: {head}")
    quay.delete(key).expect(204)


def clean_orphans():
    """ListMultipartUploads page by page by both markers, and Abort; `Initiated` is when it began."""
    quay, prefix = Quay(), f"{ROOT}/orphans/uploads/"
    before = time.gmtime(time.time() - 1)
    made = [(f"{prefix}{name}", quay.create(f"{prefix}{name}")) for name in ("a", "a", "b", "c/d")]
    found, markers = [], (None, None)
    while True:
        page = quay.uploads(prefix, *markers, max_uploads=1).expect(200)
        found += zip(values(page, "Key"), values(page, "UploadId"))
        begun = time.strptime(value(page, "Initiated"), "%Y-%m-%dT%H:%M:%S.000Z")
        expect(before <= begun <= time.gmtime(time.time() + 1), "Initiated is right")
        if value(page, "IsTruncated") == "false":
            break
        markers = (value(page, "NextKeyMarker"), value(page, "NextUploadIdMarker"))
    expect(found == made, f"every upload once, the older first: {found}")
    for key, upload in made:
        quay.abort(key, upload).expect(204, b"")
        refused(quay.abort(key, upload), 404, "NoSuchUpload")
    expect(values(quay.uploads(prefix), "UploadId") == [], "none is left")

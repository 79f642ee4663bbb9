"""Section 4, what is done with paths: Stat, List, Move, Delete and Walk, of 2.8 and of 3."""
import hashlib

from clients import MIB, at_once, etag, part_ranges
from distribution import Driver, blob_key
from documents import (
    OWNER, etag_in, expect_document, expect_error, expect_no_such_key, quote, refused, value, values)
from shared import content, expect
from wire import BUCKET, target

ROOT = "section-4"


def stat_v28():
    """ListObjects V1 of one key: the first in order decides between file and directory."""
    driver = Driver()
    for key in ("stat/file", "stat/file-and-more", "stat/directory/child"):
        driver.put_content(f"{ROOT}/{key}", b"12345").expect(200)
    for path, first, cut in (("file", "file", "true"), ("directory", "directory/child", "false")):
        expect_document(driver.list_v1(f"{ROOT}/stat/{path}", marker=None, max_keys=1), "ListBucketResult", (
            f"<Name>{BUCKET}</Name><Prefix>{ROOT}/stat/{path}</Prefix><Marker></Marker><MaxKeys>1</MaxKeys>"
            f"<IsTruncated>{cut}</IsTruncated><Contents><Key>{ROOT}/stat/{first}</Key>"
            f"<LastModified>{{DATE}}</LastModified><ETag>{quote(etag(b'12345'))}</ETag><Size>5</Size>"
            f"<Owner>{OWNER}</Owner><StorageClass>STANDARD</StorageClass></Contents>"))
    expect_document(driver.list_v1(f"{ROOT}/stat/nothing", marker=None, max_keys=1), "ListBucketResult", (
        f"<Name>{BUCKET}</Name><Prefix>{ROOT}/stat/nothing</Prefix><Marker></Marker><MaxKeys>1</MaxKeys>"
        "<IsTruncated>false</IsTruncated>"))


def stat_v3():
    """HeadObject, whose errors have no body; then ListObjectsV2 of one key."""
    driver = Driver()
    for key in ("file", "directory/child"):
        driver.put_content(f"{ROOT}/stat3/{key}", b"12345").expect(200)
    answer = driver.head(f"{ROOT}/stat3/file").expect(200, b"", Content_Length="5", ETag=f'"{etag(b"12345")}"')
    expect(answer["Last-Modified"].endswith(" GMT"), "a date of HTTP")
    driver.head(f"{ROOT}/stat3/directory").expect(404, b"", Content_Type=None)
    expect_document(driver.list_v2(f"{ROOT}/stat3/directory", max_keys=1), "ListBucketResult", (
        f"<Name>{BUCKET}</Name><Prefix>{ROOT}/stat3/directory</Prefix><MaxKeys>1</MaxKeys><KeyCount>1</KeyCount>"
        f"<IsTruncated>false</IsTruncated><Contents><Key>{ROOT}/stat3/directory/child</Key>"
        f"<LastModified>{{DATE}}</LastModified><ETag>{quote(etag(b'12345'))}</ETag><Size>5</Size>"
        "<StorageClass>STANDARD</StorageClass></Contents>"))
    expect(driver.stat_v3(f"{ROOT}/stat3/directory") is None, "a directory")


def fill(driver, path):
    """1100 files in as many directories, and a file beside them; returns the keys in order."""
    keys = [f"{path}/{number:04}/link" for number in range(1100)] + [f"{path}/file"]
    for key in keys:
        driver.put_content(key, b"x").expect(200)
    return keys


def list_v28():
    """Delimiter and `marker=NextMarker`, which a V1 list with a delimiter must say."""
    driver, path = Driver(), f"{ROOT}/list28"
    fill(driver, path)
    first = driver.list_v1(f"{path}/", delimiter="/", max_keys=1000).expect(200)
    prefixes = values(first, "Prefix")
    expect(prefixes == [f"{path}/", *(f"{path}/{number:04}/" for number in range(1000))], "1000 directories in order")
    expect(value(first, "IsTruncated") == "true" and value(first, "NextMarker") == f"{path}/0999/", "NextMarker")
    second = driver.list_v1(f"{path}/", f"{path}/0999/", "/", 1000).expect(200)
    expect(values(second, "Prefix")[1:] == [f"{path}/{number:04}/" for number in range(1000, 1100)], "the others")
    expect(values(second, "Key") == [f"{path}/file"] and value(second, "IsTruncated") == "false", "the file and the end")


def list_v3():
    """Delimiter and continuation token."""
    driver, path = Driver(), f"{ROOT}/list3"
    fill(driver, path)
    first = driver.list_v2(f"{path}/", "/", 1000).expect(200)
    expect(value(first, "KeyCount") == "1000" and value(first, "IsTruncated") == "true", "a whole page")
    token = value(first, "NextContinuationToken")
    second = driver.list_v2(f"{path}/", "/", 1000, token).expect(200)
    expect(value(second, "ContinuationToken") == token and value(second, "KeyCount") == "101", "the rest")
    found = values(first, "Prefix")[1:] + values(second, "Prefix")[1:]
    expect(found == [f"{path}/{number:04}/" for number in range(1100)], "every directory once, in order")
    expect(values(second, "Key") == [f"{path}/file"] and value(second, "IsTruncated") == "false", "the file and the end")


def move_small():
    """CopyObject up to 32 MiB, then the source is deleted as a path."""
    driver, source, key = Driver(), f"{ROOT}/move/source", f"{ROOT}/move/target"
    driver.put_content(source, b"moved").expect(200)
    driver.put_content(key, b"what was there before").expect(200)
    expect_document(driver.copy(source, key), "CopyObjectResult",
                    f"<LastModified>{{DATE}}</LastModified><ETag>{quote(etag(b'moved'))}</ETag>")
    expect(driver.delete_v3(source) == [source], "the source goes")
    driver.reader(key).expect(206, b"moved")
    expect_no_such_key(driver.reader(source), BUCKET, source)
    expect_error(driver.copy(source, key), 404, "NoSuchKey", "The specified key does not exist.", f"/{BUCKET}/{key}",
                 f"<Key>{source}</Key>")
    driver.reader(key).expect(206, b"moved")


def move_large():
    """Above: ranges of 32 MiB, a hundred at once, and Complete; the blob is where its digest says."""
    driver, piece, end = Driver(), content("move", 32 * MIB), b"the end"
    digest = hashlib.sha256()
    for _ in range(100):
        digest.update(piece)
    digest.update(end)
    source = f"{ROOT}/docker/registry/v2/repositories/r/_uploads/u/data"
    key = blob_key(digest.hexdigest(), ROOT)
    # Made of copies as well: 3 GiB that are sent once.
    driver.write(f"{source}-piece", piece)
    upload = driver.new(source)
    etags = [etag_in(driver.part_copy(source, upload, number, f"{source}-piece").expect(200))
             for number in range(1, 101)]
    etags.append(driver.part(source, upload, 101, end).expect(200)["ETag"].strip('"'))
    driver.complete(source, upload, etags).expect(200)

    upload, size = driver.new(key), driver.stat_v3(source)
    expect(size == 100 * len(piece) + len(end), "its size")
    answers = at_once(lambda number, part_range: Driver().part_copy(key, upload, number, source, part_range),
                      part_ranges(size, 32 * MIB))
    etags = [etag_in(answer.expect(200)) for answer in answers]
    expect(len(etags) == 101, "a part for each range")
    driver.complete(key, upload, etags).expect(200)
    driver.delete_v3(source)
    driver.head(key).expect(200, b"", Content_Length=str(size))
    for begin in (0, 50 * len(piece) - 1000, size - len(end) - 1000):
        part = driver.call("GET", target(key), fields=[("Range", f"bytes={begin}-{begin + 1999}")]).expect(206).body
        whole = (2 * piece)[begin % len(piece):][:2000] if begin < size - 2000 else piece[-1000:] + end
        expect(part == whole, f"the bytes from {begin} on")


def move_v28():
    """Version 2.8: the file is found by a list, copied as before, and deleted by a list of version 1."""
    driver, source, key = Driver(), f"{ROOT}/move-v28/source", f"{ROOT}/move-v28/target"
    driver.put_content(source, b"moved").expect(200)
    found = driver.list_v1(source, max_keys=1).expect(200)
    expect(values(found, "Key") == [source] and values(found, "Size") == ["5"], "a file of that size")
    driver.copy(source, key).expect(200)
    expect(driver.delete_v28(source) == [source], "the source goes")
    expect(values(driver.list_v1(source, max_keys=1).expect(200), "Key") == [], "and is not there")
    driver.reader(key).expect(206, b"moved")


def expect_deletes(name, delete):
    driver, path = Driver(), f"{ROOT}/{name}/a"
    keys = sorted(fill(driver, path))
    driver.put_content(path + "b", b"stays").expect(200)
    driver.put_content(path + "-b", b"stays").expect(200)
    expect(delete(driver, path) == keys, "all below, in order, and no more")
    left = driver.list_v2(f"{ROOT}/{name}/").expect(200)
    expect(values(left, "Key") == [path + "-b", path + "b"], "what only begins like it stays")


def delete_v28():
    """ListObjects V1 and DeleteObjects with an MD5, not quiet."""
    expect_deletes("delete28", Driver.delete_v28)


def delete_v3():
    """ListObjectsV2 with `start-after` and DeleteObjects per page, whose answer names each key."""
    expect_deletes("delete3", Driver.delete_v3)
    driver, keys = Driver(), [f"{ROOT}/delete-answer/{name}" for name in "ba"]
    driver.put_content(keys[0], b"x").expect(200)
    expect_document(driver.delete_objects(keys), "DeleteResult",
                    "".join(f"<Deleted><Key>{key}</Key></Deleted>" for key in keys))


def delete_needs_a_digest():
    """Without Content-MD5 and without a checksum nothing is deleted."""
    driver, key = Driver(), f"{ROOT}/delete-md5"
    driver.put_content(key, b"x").expect(200)
    body = f"<Delete><Object><Key>{key}</Key></Object></Delete>".encode()
    refused(driver.call("POST", target(delete=""), body, md5_of_body=False), 400, "InvalidRequest")
    driver.head(key).expect(200)


def walk():
    """One flat list with `start-after`, which may be empty; pages by token; keys that end in `/` are keys."""
    driver, path = Driver(), f"{ROOT}/walk"
    keys = sorted(fill(driver, path) + [f"{path}/0000/"])
    driver.put_content(f"{path}/0000/", b"").expect(200)
    first = driver.list_v2(f"{path}/", max_keys=1000, start_after="").expect(200)
    expect(value(first, "StartAfter") == "", "the empty start is answered as one")
    second = driver.list_v2(f"{path}/", max_keys=1000, token=value(first, "NextContinuationToken"), start_after="")
    expect(values(first, "Key") + values(second.expect(200), "Key") == keys, "every key once, in order")
    hinted = driver.list_v2(f"{path}/", max_keys=1000, start_after=keys[700]).expect(200)
    expect(values(hinted, "Key") == keys[701:], "behind a hint")


def walk_v28():
    """Version 2.8 walks directory by directory, with a delimiter."""
    driver, path = Driver(), f"{ROOT}/walk28"
    for key in ("a/x", "a/y/z", "b"):
        driver.put_content(f"{path}/{key}", b"x").expect(200)
    found = []

    def visit(directory):
        page = driver.list_v2(directory, "/", 1000).expect(200)
        found.extend(values(page, "Key"))
        for prefix in values(page, "Prefix")[1:]:
            visit(prefix)

    visit(f"{path}/")
    expect(found == [f"{path}/{key}" for key in ("b", "a/x", "a/y/z")], f"every file: {found}")

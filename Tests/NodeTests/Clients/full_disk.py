"""A region on a disk that fills up. The objects' bytes follow from their keys; what was acknowledged is
kept in the file ACKED, a key a line.

full_disk.py fill ACKED      puts until the region refuses
full_disk.py refused ACKED   every kind of write is refused by 507 with S3's error; reads and lists go on
full_disk.py deletes ACKED   every second object goes
full_disk.py whole ACKED     everything that was acknowledged is there, and nothing else
full_disk.py works ACKED     the same, and every kind of write works
"""
import sys
import urllib.request

import boto3
import botocore

from shared import BUCKET, ENDPOINT, content, expect

SIZE = 1 << 20
PART = 5 << 20
CONFIG = botocore.config.Config(
    s3={"addressing_style": "path"}, signature_version="s3v4",
    retries={"max_attempts": 0}, read_timeout=60)
s3 = boto3.client("s3", endpoint_url=ENDPOINT, config=CONFIG)


def put(key, size=SIZE):
    s3.put_object(Bucket=BUCKET, Key=key, Body=content(key, size))


def is_full(write):
    """Whether the region refuses for want of room; any other refusal ends the script."""
    try:
        write()
        return False
    except botocore.exceptions.ClientError as error:
        status = error.response["ResponseMetadata"]["HTTPStatusCode"]
        code = error.response["Error"]["Code"]
        expect((status, code) == (507, "InsufficientStorage"), f"507, not {status} {code}")
        return True


def keys():
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=BUCKET)
    return [entry["Key"] for page in pages for entry in page.get("Contents", [])]


def read(path):
    with open(path) as file:
        return [line.strip() for line in file]


def write(path, lines):
    with open(path, "w") as file:
        file.writelines(line + "\n" for line in lines)


def fill(path):
    done = []
    while not is_full(lambda: put(f"fill/{len(done):04}")):
        done.append(f"fill/{len(done):04}")
        expect(len(done) < 500, "the disk becomes full")
    expect(len(done) > 5, "there was room for some")
    write(path, done)


def raw_refusal():
    """The answer's own text, to a URL that the client signs."""
    url = s3.generate_presigned_url("put_object", Params={"Bucket": BUCKET, "Key": "raw"})
    try:
        urllib.request.urlopen(urllib.request.Request(url, data=b"x" * SIZE, method="PUT"))
    except urllib.error.HTTPError as error:
        text = error.read().decode()
        expect(error.code == 507, f"507, not {error.code}: {text}")
        expect(text.startswith("<?xml") and "<Code>InsufficientStorage</Code>" in text, text)
        return
    expect(False, "the write is refused")


def refused(path):
    expect(is_full(lambda: put("small", 100)), "a small object is refused")
    expect(is_full(lambda: put("large", 6 * SIZE)), "a large object is refused")
    expect(is_full(lambda: s3.create_multipart_upload(Bucket=BUCKET, Key="parts")),
           "an upload is refused")
    raw_refusal()
    whole(path)


def deletes(path):
    kept = []
    for number, key in enumerate(read(path)):
        if number % 2:
            s3.delete_object(Bucket=BUCKET, Key=key)
        else:
            kept.append(key)
    write(path, kept)
    whole(path)


def whole(path):
    expected = read(path)
    expect(keys() == sorted(expected), "exactly what was acknowledged is listed")
    for key in expected:
        data = s3.get_object(Bucket=BUCKET, Key=key)["Body"].read()
        expect(data == content(key, SIZE), f"{key} is whole")


def works(path):
    whole(path)
    put("later")
    upload = s3.create_multipart_upload(Bucket=BUCKET, Key="parts")["UploadId"]
    etag = s3.upload_part(Bucket=BUCKET, Key="parts", UploadId=upload, PartNumber=1,
                          Body=content("parts", SIZE))["ETag"]
    s3.complete_multipart_upload(
        Bucket=BUCKET, Key="parts", UploadId=upload,
        MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": etag}]})
    s3.copy_object(Bucket=BUCKET, Key="copied", CopySource=f"{BUCKET}/later")
    for key, source in {"later": "later", "parts": "parts", "copied": "later"}.items():
        data = s3.get_object(Bucket=BUCKET, Key=key)["Body"].read()
        expect(data == content(source, SIZE), f"{key} is whole")
        s3.delete_object(Bucket=BUCKET, Key=key)
    whole(path)


{"fill": fill, "refused": refused, "deletes": deletes, "whole": whole, "works": works}[
    sys.argv[1]](sys.argv[2])
print("all as expected")

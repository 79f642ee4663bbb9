"""Objects whose bytes follow from their key, so that whoever reads one knows what it must be.

objects.py write ROUND ACKED    eight writers until the region goes away; each key that was acknowledged
                                is a line of ACKED, written before the next request
objects.py verify ACKED         every acknowledged object is there, every visible one is whole, and the
                                ways of listing agree
objects.py same OTHER-ENDPOINT  the other region shows exactly the same objects, whole; waits for it
"""
import hashlib
import random
import sys
import threading
import time

import boto3
import botocore

from shared import BUCKET, ENDPOINT, expect

SIZES = [0, 1, 3000, 8192, 8193, 100_000, 1 << 20, (2 << 20) + 17, 6 << 20]
CONFIG = botocore.config.Config(
    s3={"addressing_style": "path"}, retries={"max_attempts": 0}, read_timeout=60,
    max_pool_connections=16)


def client(endpoint):
    return boto3.client("s3", endpoint_url=endpoint, config=CONFIG)


def content(key):
    source = random.Random(key)
    return source.randbytes(source.choice(SIZES))


def writer(number, round_name, acked, lock):
    s3 = client(ENDPOINT)
    count = 0
    while True:
        key = f"w/{round_name}/{number}/{count}"
        count += 1
        try:
            put(s3, key, content(key), multipart=count % 7 == 0)
            if count % 5 == 0:
                copy = f"{key}-copy"
                s3.copy_object(Bucket=BUCKET, Key=copy, CopySource=f"{BUCKET}/{key}")
            if count % 11 == 0:
                s3.delete_object(Bucket=BUCKET, Key=key)
                continue
        except (botocore.exceptions.BotoCoreError, botocore.exceptions.ClientError) as error:
            if isinstance(error, botocore.exceptions.ClientError):
                raise
            return
        with lock:
            acked.write(key + "\n")
            acked.flush()


def put(s3, key, data, multipart):
    if not multipart:
        s3.put_object(Bucket=BUCKET, Key=key, Body=data)
        return
    upload = s3.create_multipart_upload(Bucket=BUCKET, Key=key)["UploadId"]
    parts = []
    for number, start in enumerate(range(0, max(len(data), 1), 5 << 20), 1):
        etag = s3.upload_part(Bucket=BUCKET, Key=key, UploadId=upload, PartNumber=number,
                              Body=data[start:start + (5 << 20)])["ETag"]
        parts.append({"PartNumber": number, "ETag": etag})
    s3.complete_multipart_upload(
        Bucket=BUCKET, Key=key, UploadId=upload, MultipartUpload={"Parts": parts})


def write(round_name, acked_path):
    lock = threading.Lock()
    with open(acked_path, "a") as acked:
        threads = [threading.Thread(target=writer, args=(n, round_name, acked, lock))
                   for n in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()


def listing(s3):
    """Key to (ETag, size), by pages of version 2; and the same by pages of version 1."""
    second = {}
    for page in s3.get_paginator("list_objects_v2").paginate(
            Bucket=BUCKET, Prefix="w/", PaginationConfig={"PageSize": 100}):
        for entry in page.get("Contents", []):
            second[entry["Key"]] = (entry["ETag"], entry["Size"])
    first = {}
    for page in s3.get_paginator("list_objects").paginate(
            Bucket=BUCKET, Prefix="w/", PaginationConfig={"PageSize": 333}):
        for entry in page.get("Contents", []):
            first[entry["Key"]] = (entry["ETag"], entry["Size"])
    expect(first == second, "both versions of lists show the same")
    expect(list(second) == sorted(second), "lists are in order")
    return second


def expect_whole(s3, keys):
    for key in keys:
        data = s3.get_object(Bucket=BUCKET, Key=key)["Body"].read()
        expect(hashlib.sha256(data).digest() ==
               hashlib.sha256(content(key.removesuffix("-copy"))).digest(), f"{key} is whole")


def verify(acked_path):
    s3 = client(ENDPOINT)
    with open(acked_path) as file:
        acked = {line.strip() for line in file}
    visible = listing(s3)
    missing = acked - set(visible)
    expect(not missing, f"every acknowledged object is there; missing: {sorted(missing)[:5]}")
    expect_whole(s3, visible)
    print(f"{len(acked)} acknowledged, {len(visible)} visible: all as expected")


def same(other):
    here, there = client(ENDPOINT), client(other)
    deadline = time.monotonic() + 120
    while listing(here) != listing(there):
        expect(time.monotonic() < deadline, "the other region converges")
        time.sleep(0.2)
    visible = listing(there)
    expect_whole(there, visible)
    print(f"{len(visible)} visible in both: all as expected")


{"write": write, "verify": verify, "same": same}[sys.argv[1]](*sys.argv[2:])

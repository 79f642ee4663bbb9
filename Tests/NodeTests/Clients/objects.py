"""Objects whose bytes follow from their key, so that whoever reads one knows what it must be.

objects.py write ROUND ACKED    eight writers until the region goes away; what was acknowledged is a line of
                                ACKED, written before the next request: "put KEY" or "deleted KEY"; and
                                "deleting KEY" stands in front of a delete that may or may not come about
objects.py verify ACKED         every acknowledged object is there, none that was deleted is, every visible
                                one is whole, and the ways of listing agree
objects.py same OTHER-ENDPOINT  the other region shows exactly the same objects, whole; waits for it
"""
import concurrent.futures
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


def writer(number, round_name, note):
    s3 = client(ENDPOINT)
    count = 0
    while True:
        key = f"w/{round_name}/{number}/{count}"
        count += 1
        try:
            put(s3, key, content(key), multipart=count % 7 == 0)
            note("put", key)
            if count % 5 == 0:
                s3.copy_object(Bucket=BUCKET, Key=f"{key}-copy", CopySource=f"{BUCKET}/{key}")
                note("put", f"{key}-copy")
            if count % 3 == 0:
                delete(s3, key, note, many=count % 2 == 0)
        except botocore.exceptions.BotoCoreError:
            return


def delete(s3, key, note, many):
    note("deleting", key)
    if many:
        s3.delete_objects(Bucket=BUCKET, Delete={"Objects": [{"Key": key}], "Quiet": True})
    else:
        s3.delete_object(Bucket=BUCKET, Key=key)
    note("deleted", key)


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
        def note(what, key):
            with lock:
                acked.write(f"{what} {key}\n")
                acked.flush()

        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            for done in [pool.submit(writer, n, round_name, note) for n in range(8)]:
                done.result()


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
    said = {"put": set(), "deleting": set(), "deleted": set()}
    with open(acked_path) as file:
        for what, key in (line.split() for line in file):
            said[what].add(key)
    visible = listing(s3)
    missing = said["put"] - said["deleting"] - set(visible)
    expect(not missing, f"every acknowledged object is there; missing: {sorted(missing)[:5]}")
    back = said["deleted"] & set(visible)
    expect(not back, f"what was deleted stays away; back: {sorted(back)[:5]}")
    expect_whole(s3, visible)
    print(f"{len(said['put'])} acknowledged, {len(said['deleted'])} deleted, "
          f"{len(visible)} visible: all as expected")


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

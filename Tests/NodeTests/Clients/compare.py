"""Waits until two regions show the same objects with the same bytes: compare.py OTHER-ENDPOINT COUNT"""
import hashlib
import sys
import time

import boto3
import botocore

from shared import BUCKET, ENDPOINT, expect

CONFIG = botocore.config.Config(s3={"addressing_style": "path"})


def everything(s3):
    """Key to (ETag, size, SHA-256 of the bytes)."""
    found = {}
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=BUCKET):
        for entry in page.get("Contents", []):
            body = s3.get_object(Bucket=BUCKET, Key=entry["Key"])["Body"]
            found[entry["Key"]] = (
                entry["ETag"], entry["Size"], hashlib.sha256(body.read()).hexdigest())
    return found


here, there = (boto3.client("s3", endpoint_url=url, config=CONFIG) for url in (ENDPOINT, sys.argv[1]))
deadline = time.monotonic() + 120
while (left := everything(here)) != (right := everything(there)) or len(left) != int(sys.argv[2]):
    expect(time.monotonic() < deadline,
           f"both show {sys.argv[2]} objects: {len(left)} and {len(right)}, "
           f"different: {sorted(set(left.items()) ^ set(right.items()))[:3]}")
    time.sleep(0.2)
print("all as expected")

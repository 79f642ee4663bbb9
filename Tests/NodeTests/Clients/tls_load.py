"""Clients that read and write over connections that are kept and over new ones, until a file appears:
tls_load.py FILE. Every call must succeed."""
import concurrent.futures
import os
import random
import sys

import boto3
import botocore

from shared import BUCKET, ENDPOINT, expect

CONFIG = botocore.config.Config(s3={"addressing_style": "path"}, retries={"max_attempts": 0})


def client():
    return boto3.session.Session().client("s3", endpoint_url=ENDPOINT, config=CONFIG)


def load(number):
    """How many objects went there and back."""
    count = 0
    s3 = client()
    source = random.Random(number)
    while not os.path.exists(sys.argv[1]):
        # Half of the threads hold on to their connection.
        if number % 2 == 0 and count % 5 == 0:
            s3.close()
            s3 = client()
        data = source.randbytes(source.choice([1, 5_000, 300_000, 3_000_000]))
        key = f"load/{number}/{count % 20}"
        s3.put_object(Bucket=BUCKET, Key=key, Body=data)
        expect(s3.get_object(Bucket=BUCKET, Key=key)["Body"].read() == data, f"{key} comes back")
        count += 1
        if number == 0 and count == 1:
            print("begun", flush=True)
    return count


with concurrent.futures.ThreadPoolExecutor(4) as pool:
    counts = list(pool.map(load, range(4)))
expect(min(counts) >= 2, f"every thread has done something: {counts}")
print(f"{counts}: all as expected")

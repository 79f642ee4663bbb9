"""Encrypts in every way that S3 has, and looks for the bytes in two regions: sealed.py OTHER-ENDPOINT DATA OTHER-DATA"""
import sys
import time

import boto3
import botocore

from sealed_objects import SEALED, content, showing
from shared import BUCKET, ENDPOINT, expect

CONFIG = botocore.config.Config(s3={"addressing_style": "path"})
OTHER, *DIRECTORIES = sys.argv[1:]
here, there = (boto3.client("s3", endpoint_url=url, config=CONFIG) for url in (ENDPOINT, OTHER))
objects = {}


def sealed(answer):
    expect(answer.get("ServerSideEncryption") == "AES256", f"the answer says so: {answer}")
    return answer


def put(key, size, bucket=BUCKET, **asked):
    objects[bucket, key] = content(key, size)
    return here.put_object(Bucket=bucket, Key=key, Body=objects[bucket, key], **asked)


def upload(key, sizes):
    parts = [content(f"{key} {number}", size) for number, size in enumerate(sizes, 1)]
    objects[BUCKET, key] = b"".join(parts)
    named = {"Bucket": BUCKET, "Key": key}
    named["UploadId"] = sealed(here.create_multipart_upload(**named, **SEALED))["UploadId"]
    done = [{"PartNumber": number, "ETag": sealed(here.upload_part(PartNumber=number, Body=part, **named))["ETag"]}
            for number, part in enumerate(parts, 1)]
    sealed(here.complete_multipart_upload(MultipartUpload={"Parts": done}, **named))


for size in (1, 700, 9000, (3 << 20) + 5):
    sealed(put(f"put-{size}", size, **SEALED))
upload("parts", [5 << 20, 700])
demanding = {"Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]}
here.create_bucket(Bucket="demanding")
here.put_bucket_encryption(Bucket="demanding", ServerSideEncryptionConfiguration=demanding)
rules = here.get_bucket_encryption(Bucket="demanding")["ServerSideEncryptionConfiguration"]
expect(rules == demanding, f"the bucket's configuration is shown: {rules}")
sealed(put("put", 20000, bucket="demanding"))

# What lay in the clear, and is encrypted since, is gone from the disk with the next collection.
for key, size in (("small", 700), ("large", 300_000)):
    objects[BUCKET, key] = content(key, size)
    answer = here.put_object(Bucket=BUCKET, Key=key, Body=objects[BUCKET, key])
    expect("ServerSideEncryption" not in answer, "what was not asked for is not said")
    expect(showing(objects[BUCKET, key], DIRECTORIES[0]), "the search finds what is in the clear")
    source = {"Bucket": BUCKET, "Key": key}
    sealed(here.copy_object(Bucket=BUCKET, Key=f"copy-{key}", CopySource=source, **SEALED))
    objects[BUCKET, f"copy-{key}"] = objects[BUCKET, key]

deadline = time.monotonic() + 120
for (bucket, key), data in objects.items():
    for s3 in (here, there):
        while True:
            try:
                answer = s3.get_object(Bucket=bucket, Key=key)
                break
            except botocore.exceptions.ClientError:
                expect(time.monotonic() < deadline, f"{bucket}/{key} comes to the other region")
                time.sleep(0.2)
        expect(answer["Body"].read() == data, f"{bucket}/{key} is what was put")
        if key not in ("small", "large"):
            sealed(answer)
    middle = len(data) // 2
    part = there.get_object(Bucket=bucket, Key=key, Range=f"bytes={middle}-{middle}")["Body"].read()
    expect(part == data[middle:middle + 1], f"a range of {bucket}/{key}")

for (bucket, key), data in objects.items():
    if len(data) >= 100 and "small" not in key and "large" not in key:
        for directory in DIRECTORIES:
            found = showing(data, directory)
            expect(not found, f"{bucket}/{key} stands in no file: {found}")
print("all as expected")

"""Prints the keys of the bucket, one a line."""
import boto3
import botocore

from shared import BUCKET, ENDPOINT

s3 = boto3.client("s3", endpoint_url=ENDPOINT,
                  config=botocore.config.Config(s3={"addressing_style": "path"}))
for page in s3.get_paginator("list_objects_v2").paginate(Bucket=BUCKET):
    for entry in page.get("Contents", []):
        print(entry["Key"])

"""Puts encrypted objects one after the other: put_sealed.py PREFIX SIZE..."""
import sys

import boto3
import botocore

from sealed_objects import SEALED, content
from shared import BUCKET, ENDPOINT, expect

s3 = boto3.client("s3", endpoint_url=ENDPOINT,
                  config=botocore.config.Config(s3={"addressing_style": "path"}))
for index, size in enumerate(sys.argv[2:]):
    key = f"{sys.argv[1]}/{index}"
    answer = s3.put_object(Bucket=BUCKET, Key=key, Body=content(key, int(size)), **SEALED)
    expect(answer["ServerSideEncryption"] == "AES256", "the answer says that it is encrypted")

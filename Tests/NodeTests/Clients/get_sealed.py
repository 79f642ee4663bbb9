"""Reads what put_sealed.py put: get_sealed.py PREFIX SIZE..."""
import sys

import boto3
import botocore

from sealed_objects import content
from shared import BUCKET, ENDPOINT, expect

s3 = boto3.client("s3", endpoint_url=ENDPOINT,
                  config=botocore.config.Config(s3={"addressing_style": "path"}))
for index, size in enumerate(sys.argv[2:]):
    key = f"{sys.argv[1]}/{index}"
    answer = s3.get_object(Bucket=BUCKET, Key=key)
    expect(answer["ServerSideEncryption"] == "AES256", "the answer says that it is encrypted")
    expect(answer["Body"].read() == content(key, int(size)), f"{key} is what was put")

"""Puts objects one after the other: put_some.py PREFIX SIZE..."""
import random
import sys

import boto3
import botocore

from shared import BUCKET, ENDPOINT

s3 = boto3.client("s3", endpoint_url=ENDPOINT,
                  config=botocore.config.Config(s3={"addressing_style": "path"}))
for index, size in enumerate(sys.argv[2:]):
    key = f"{sys.argv[1]}/{index}"
    s3.put_object(Bucket=BUCKET, Key=key, Body=random.Random(key).randbytes(int(size)))

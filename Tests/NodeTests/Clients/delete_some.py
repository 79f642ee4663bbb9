"""Deletes objects: delete_some.py KEY..."""
import sys

import boto3
import botocore

from shared import BUCKET, ENDPOINT

s3 = boto3.client("s3", endpoint_url=ENDPOINT,
                  config=botocore.config.Config(s3={"addressing_style": "path"}))
for key in sys.argv[1:]:
    s3.delete_object(Bucket=BUCKET, Key=key)

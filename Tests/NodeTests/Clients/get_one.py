"""The SHA-256 of an object as it is served, or what was said instead: get_one.py KEY"""
import hashlib
import sys

import boto3
import botocore

from shared import BUCKET, ENDPOINT

s3 = boto3.client("s3", endpoint_url=ENDPOINT,
                  config=botocore.config.Config(s3={"addressing_style": "path"},
                                                retries={"max_attempts": 1}))
try:
    body = s3.get_object(Bucket=BUCKET, Key=sys.argv[1])["Body"].read()
    print(hashlib.sha256(body).hexdigest())
except botocore.exceptions.ClientError as error:
    print("refused:", error.response["Error"]["Message"])

"""Administers by S3, as the root key and as a key that may not: audit_client.py KEY (the JSON that made it)."""
import json
import sys

import boto3
import botocore

from shared import ENDPOINT, expect

key = json.loads(sys.argv[1])
path_style = botocore.config.Config(s3={"addressing_style": "path"})
root = boto3.client("s3", endpoint_url=ENDPOINT, config=path_style)
limited = boto3.client("s3", endpoint_url=ENDPOINT, config=path_style,
                       aws_access_key_id=key["accessKey"], aws_secret_access_key=key["secretKey"])
root.put_bucket_cors(Bucket="layers", CORSConfiguration={
    "CORSRules": [{"AllowedMethods": ["GET"], "AllowedOrigins": ["*"]}]})
for call, bucket in [(limited.create_bucket, "of-its-own"), (limited.delete_bucket, "layers")]:
    try:
        call(Bucket=bucket)
        expect(False, f"{call} is refused")
    except botocore.exceptions.ClientError as error:
        expect(error.response["Error"]["Code"] == "AccessDenied", f"{call}: {error}")
# No change: nothing to write down.
root.get_bucket_cors(Bucket="layers")
limited.put_object(Bucket="layers", Key="k", Body=b"x")
root.delete_bucket_cors(Bucket="layers")
print("all as expected")

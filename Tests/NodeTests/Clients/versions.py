"""Versions of objects in two regions: versions.py OTHER_URL. What is written, deleted, tagged and taken out for good
in one has the same ids in the other."""
import sys
import time

import boto3
import botocore

from shared import ENDPOINT, content, expect

BUCKET = "versions"
KEY = "reports/2026 ü.bin"
BODIES = [content("one", 1000), content("two", 3 << 20), content("three", 5)]


def client(endpoint):
    config = botocore.config.Config(s3={"addressing_style": "path"}, retries={"max_attempts": 0})
    return boto3.client("s3", endpoint_url=endpoint, config=config)


def eventually(what, check):
    deadline = time.monotonic() + 30
    while True:
        try:
            found = check()
        except botocore.exceptions.ClientError as error:
            found = error.response["Error"]["Code"]
        if found is True:
            return
        expect(time.monotonic() < deadline, f"{what}: {found}")
        time.sleep(0.05)


def refusal(call, **arguments):
    """The answer of a call that is refused; empty where it is not."""
    try:
        call(**arguments)
    except botocore.exceptions.ClientError as error:
        return error.response
    return {"Error": {"Code": None}, "ResponseMetadata": {"HTTPStatusCode": 200, "HTTPHeaders": {}}}


def listed(s3, prefix=""):
    """Every version and marker, page by page of three, as (key, id, is latest, is a marker)."""
    found = []
    pages = s3.get_paginator("list_object_versions").paginate(
        Bucket=BUCKET, Prefix=prefix, PaginationConfig={"PageSize": 3})
    for page in pages:
        entries = [(one, False) for one in page.get("Versions", [])] + [
            (one, True) for one in page.get("DeleteMarkers", [])]
        found += [(one["Key"], one["VersionId"], one["IsLatest"], marker) for one, marker in entries]
    return sorted(found, key=lambda one: (one[0], not one[2], one[1]))


def main():
    west, east = client(ENDPOINT), client(sys.argv[1])
    west.create_bucket(Bucket=BUCKET)
    west.put_object(Bucket=BUCKET, Key="early", Body=b"null")
    eventually("the bucket is there", lambda: east.get_object(
        Bucket=BUCKET, Key="early")["Body"].read() == b"null")
    west.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
    ids = [west.put_object(Bucket=BUCKET, Key=KEY, Body=body)["VersionId"] for body in BODIES]
    marker = west.delete_object(Bucket=BUCKET, Key=KEY)
    expect(marker["DeleteMarker"] is True, "a deletion is a marker")
    west.put_object(Bucket=BUCKET, Key="early", Body=b"late")
    eventually("the setting is there", lambda: east.get_bucket_versioning(
        Bucket=BUCKET).get("Status") == "Enabled")
    expect(len(listed(west)) == 6, f"six versions: {listed(west)}")
    eventually("both list the same", lambda: listed(west) == listed(east) or (listed(west), listed(east)))

    for id, body in zip(ids, BODIES):
        answer = east.get_object(Bucket=BUCKET, Key=KEY, VersionId=id)
        expect(answer["Body"].read() == body and answer["VersionId"] == id, f"{id} in the other region")
    hidden = refusal(east.get_object, Bucket=BUCKET, Key=KEY)
    expect(hidden["Error"]["Code"] == "NoSuchKey", "what is deleted is not there")
    expect(hidden["ResponseMetadata"]["HTTPHeaders"]["x-amz-version-id"] == marker["VersionId"], "its marker is named")
    named = refusal(east.head_object, Bucket=BUCKET, Key=KEY, VersionId=marker["VersionId"])
    expect(named["ResponseMetadata"]["HTTPStatusCode"] == 405, "a marker cannot be read")
    expect(east.get_object(Bucket=BUCKET, Key="early", VersionId="null")["Body"].read() == b"null", "the null version")

    east.put_object_tagging(
        Bucket=BUCKET, Key=KEY, VersionId=ids[0], Tagging={"TagSet": [{"Key": "kept", "Value": "yes"}]})
    eventually("tags of an old version", lambda: west.get_object_tagging(
        Bucket=BUCKET, Key=KEY, VersionId=ids[0])["TagSet"] == [{"Key": "kept", "Value": "yes"}])

    purged = east.delete_object(Bucket=BUCKET, Key=KEY, VersionId=ids[1])
    expect(purged["VersionId"] == ids[1], "what was taken out is named")
    eventually("a purge is everywhere", lambda: refusal(
        west.get_object, Bucket=BUCKET, Key=KEY, VersionId=ids[1])["Error"]["Code"] == "NoSuchVersion")
    east.delete_object(Bucket=BUCKET, Key=KEY, VersionId=marker["VersionId"])
    eventually("it is back", lambda: west.get_object(Bucket=BUCKET, Key=KEY)["Body"].read() == BODIES[2])
    copied = west.copy_object(
        Bucket=BUCKET, Key=KEY, CopySource={"Bucket": BUCKET, "Key": KEY, "VersionId": ids[0]})
    expect(copied["CopySourceVersionId"] == ids[0], "a copy names its source's version")
    eventually("an old version is back", lambda: east.get_object(
        Bucket=BUCKET, Key=KEY)["VersionId"] == copied["VersionId"])
    eventually("both list the same", lambda: listed(west) == listed(east) or (listed(west), listed(east)))
    expect(len(listed(west)) == 5, f"five versions are left: {listed(west)}")

    expect(refusal(west.delete_bucket, Bucket=BUCKET)["Error"]["Code"] == "BucketNotEmpty", "it is not empty")
    boto3.resource("s3", endpoint_url=ENDPOINT).Bucket(BUCKET).object_versions.delete()
    eventually("both are empty", lambda: listed(west) == listed(east) == [])
    west.delete_bucket(Bucket=BUCKET)
    print("all as expected")


if __name__ == "__main__":
    main()

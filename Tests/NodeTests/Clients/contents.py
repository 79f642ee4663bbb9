"""What a region's bucket shows of a registry, read by S3: without the registry, and without looking anything up."""
import re

import boto3
import botocore

from shared import BUCKET

ROOT = "docker/registry/v2/"
PLACES = {
    "blobs": re.compile(ROOT + r"blobs/(sha256)/[0-9a-f]{2}/([0-9a-f]{64})/data$"),
    "revisions": re.compile(
        ROOT + r"repositories/(.+)/_manifests/revisions/sha256/([0-9a-f]{64})/link$"),
    "layers": re.compile(ROOT + r"repositories/(.+)/_layers/sha256/([0-9a-f]{64})/link$"),
    "tags": re.compile(ROOT + r"repositories/(.+)/_manifests/tags/([^/]+)/current/link$"),
}


def client(endpoint):
    config = botocore.config.Config(
        s3={"addressing_style": "path"}, retries={"max_attempts": 0}, read_timeout=60)
    return boto3.client("s3", endpoint_url=endpoint, config=config)


def listing(s3, bucket=BUCKET):
    """Key to size and ETag."""
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket)
    return {entry["Key"]: (entry["Size"], entry["ETag"])
            for page in pages for entry in page.get("Contents", [])}


def registry_keys(keys):
    """The places of the layout: sets of (repository or algorithm, digest or tag)."""
    found = {place: set() for place in PLACES}
    for key in keys:
        for place, pattern in PLACES.items():
            if match := pattern.match(key):
                name = match[2] if place == "tags" else "sha256:" + match[2]
                found[place].add((match[1], name))
    return found


def expect_within(found, least, most, what):
    """All of one set and nothing beyond the other; or ends the script with the first few that differ."""
    missing, extra = sorted(least - found), sorted(found - most)
    if missing or extra:
        raise SystemExit(f"not as expected: {what}: {len(missing)} missing {missing[:4]}, "
                         f"{len(extra)} too many {extra[:4]}")


def expect_equal(found, expected, what):
    expect_within(found, expected, expected, what)

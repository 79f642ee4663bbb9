"""One call on two sides, and where the answers differ."""
import datetime
import hashlib

import botocore

BUCKET = "differential"
# What a client may build on. The rest names servers, requests and moments.
FIELDS = {
    "access-control-allow-credentials", "access-control-allow-headers",
    "access-control-allow-methods", "access-control-allow-origin", "access-control-expose-headers",
    "access-control-max-age", "allow", "cache-control", "content-disposition", "content-encoding",
    "content-language", "content-length", "content-range", "content-type", "etag", "expires",
    "location", "x-amz-bucket-region", "x-amz-checksum-crc32", "x-amz-checksum-crc32c",
    "x-amz-checksum-crc64nvme", "x-amz-checksum-sha1", "x-amz-checksum-sha256", "x-amz-checksum-type",
    "x-amz-delete-marker", "x-amz-missing-meta", "x-amz-mp-parts-count", "x-amz-tagging-count",
    "x-amz-copy-source-version-id", "x-amz-version-id", "x-amz-meta-a", "x-amz-meta-b-c",
}
# Parsed elements that name a server, a moment or an account, or say nothing.
UNSPOKEN = {
    "ResponseMetadata", "Owner", "Initiator", "Location", "HostId", "RequestId", "DisplayName", "CreationDate",
}
# What only the server that made it can read; `null` is the one version id that everyone knows.
TOKENS = {
    "ContinuationToken", "CopySourceVersionId", "DeleteMarkerVersionId", "NextContinuationToken", "NextUploadIdMarker",
    "NextVersionIdMarker", "UploadId", "UploadIdMarker", "VersionId", "VersionIdMarker", "x-amz-copy-source-version-id",
    "x-amz-version-id",
}
# Of an object that was put without a type: S3's, and SeaweedFS'.
NO_TYPES = {"binary/octet-stream", "application/octet-stream"}


class Ref:
    """A value that each side answered before."""

    def __init__(self, name):
        self.name = name


class Comparison:
    def __init__(self, sides):
        self.sides, self.calls, self.found = sides, 0, {}
        self.known = {side: {} for side in sides}

    def __call__(self, name, operation, save=None, path=None, **arguments):
        """Makes the call on both sides, `Bucket` given unless it is said."""
        if operation != "list_buckets":
            arguments.setdefault("Bucket", BUCKET)
        self.calls += 1
        outcomes = {}
        for side, client in self.sides.items():
            answer, outcomes[side] = perform(client, operation, self.resolved(side, arguments))
            if save:
                for key in path or [save]:
                    answer = (answer or {}).get(key)
                self.known[side][save] = answer or f"no-{save}"
        ours, theirs = outcomes.values()
        for aspect in sorted(ours.keys() | theirs.keys()):
            if ours.get(aspect) != theirs.get(aspect):
                self.found[f"{name}: {aspect}"] = (ours.get(aspect), theirs.get(aspect))

    def resolved(self, side, value):
        if isinstance(value, Ref):
            return self.known[side][value.name]
        if isinstance(value, dict):
            return {key: self.resolved(side, one) for key, one in value.items()}
        if isinstance(value, list):
            return [self.resolved(side, one) for one in value]
        return value


def perform(client, operation, arguments):
    """What was answered, and of that what is compared."""
    try:
        answer, code = getattr(client, operation)(**arguments), None
    except botocore.exceptions.ClientError as error:
        answer, code = error.response, error.response["Error"]["Code"]
    except botocore.exceptions.BotoCoreError as error:
        # The answer cannot be taken for one.
        return None, {"client": type(error).__name__}
    metadata = answer["ResponseMetadata"]
    outcome = {"status": metadata["HTTPStatusCode"]}
    if code:
        outcome["code"] = code
        for name in ("allow", "x-amz-delete-marker", "x-amz-version-id"):
            if name in metadata["HTTPHeaders"]:
                outcome["field " + name] = spoken(name, metadata["HTTPHeaders"][name])
        return answer, outcome
    fields = {name: value for name, value in metadata["HTTPHeaders"].items() if name in FIELDS}
    if fields.get("content-type", "").startswith(("application/xml", "text/xml")):
        # How long a document is says nothing that its elements do not.
        fields = {name: value for name, value in fields.items() if not name.startswith("content-")}
        columns(answer, "", outcome)
    elif "Body" in answer:
        outcome["body"] = hashlib.sha256(answer["Body"].read()).hexdigest()
    elif operation != "head_object":
        # A body of nothing says so by its length, or leaves that out (RFC 9112 section 6.3).
        fields.pop("content-length", None)
    outcome |= {"field " + name: spoken(name, value) for name, value in fields.items()}
    return answer, outcome


def columns(value, name, outcome):
    """The leaves of a document by the names on the way to them; those of a list's items as one list."""
    if isinstance(value, dict):
        for key, one in value.items():
            if key not in UNSPOKEN:
                columns(one, f"{name}.{key}".strip("."), outcome)
    elif isinstance(value, list):
        for one in value:
            item = {}
            columns(one, name, item)
            for key, leaf in item.items():
                outcome.setdefault(key, []).append(leaf)
    elif isinstance(value, datetime.datetime):
        outcome[name] = "a time"
    else:
        outcome[name] = spoken(name.split(".")[-1], value)


def spoken(name, value):
    if name in TOKENS and value and value != "null":
        return "a token"
    return "no type" if name == "content-type" and value in NO_TYPES else value

"""The calls that are compared: what a page of the API reference says, operation by operation."""
import base64
import hashlib
import zlib

from comparison import BUCKET, Ref
from shared import content

MIB = 1 << 20
SMALL = content("small", 1000)
KEYS = [
    "plain", "a/b/c", "with space", "plus+sign", "ümlaut", "emoji-\U0001f600", "per%cent", "quote\"'", "amp&lt;<>",
    "semi;colon", "ques?tion", "hash#", "tilde~", "brace{}", "star*", "comma,", "at@", "colon:",
    "dollar$", "equals=", "pipe|", "caret^", "backtick`", "dot.", "..dots", "k" * 200,
]
RANGES = [
    "bytes=0-", "bytes=0-0", "bytes=10-19", "bytes=990-2000", "bytes=-10", "bytes=-5000", "bytes=999-999", "bytes=1000-",
    "bytes=1001-1002", "bytes=5-2", "bytes=-0", "bytes=a-b", "chunks=0-1", "bytes=0-1,5-6",
]


def make(compare):
    buckets(compare)
    keys(compare)
    metadata(compare)
    ranges(compare)
    conditions(compare)
    lists(compare)
    deletes(compare)
    copies(compare)
    checksums(compare)
    multipart(compare)
    tagging(compare)
    settings(compare)
    versioning(compare)
    refusals(compare)
    end(compare)


def buckets(compare):
    compare("create", "create_bucket")
    compare("create again", "create_bucket")
    compare("head bucket", "head_bucket")
    compare("head no bucket", "head_bucket", Bucket="no-such-bucket")
    compare("location", "get_bucket_location")
    compare("location of no bucket", "get_bucket_location", Bucket="no-such-bucket")
    compare("list no bucket", "list_objects_v2", Bucket="no-such-bucket")
    compare("delete no bucket", "delete_bucket", Bucket="no-such-bucket")
    compare("get in no bucket", "get_object", Bucket="no-such-bucket", Key="k")
    compare("put in no bucket", "put_object", Bucket="no-such-bucket", Key="k", Body=b"x")
    compare("buckets", "list_buckets")
    compare("list of nothing", "list_objects_v2")
    compare("old list of nothing", "list_objects")
    compare("uploads of nothing", "list_multipart_uploads")


def keys(compare):
    for index, key in enumerate(KEYS):
        name = f"key {index}"
        compare(f"{name} put", "put_object", Key=key, Body=SMALL)
        compare(f"{name} get", "get_object", Key=key)
        compare(f"{name} head", "head_object", Key=key)
        compare(f"{name} list", "list_objects_v2", Prefix=key)
        compare(f"{name} delete", "delete_object", Key=key)
        compare(f"{name} gone", "head_object", Key=key)
    compare("key too long", "put_object", Key="k" * 1025, Body=b"x")
    for size in (0, 1, 4096, 70_000, 5 * MIB):
        compare(f"size {size} put", "put_object", Key="size", Body=content("size", size))
        compare(f"size {size} get", "get_object", Key="size")
        compare(f"size {size} head", "head_object", Key="size")
    compare("size delete", "delete_object", Key="size")


def metadata(compare):
    compare(
        "metadata put", "put_object", Key="m", Body=SMALL, Metadata={"a": "1", "B-c": "two words"},
        CacheControl="max-age=5", ContentDisposition='attachment; filename="x"', ContentEncoding="gzip",
        ContentLanguage="de", ContentType="text/x-test", Expires="Wed, 21 Oct 2026 07:28:00 GMT")
    compare("metadata head", "head_object", Key="m")
    compare("metadata get", "get_object", Key="m")
    compare(
        "metadata overrides", "get_object", Key="m", ResponseCacheControl="no-store", ResponseContentType="text/plain",
        ResponseContentDisposition="inline", ResponseContentEncoding="identity", ResponseContentLanguage="en",
        ResponseExpires="Thu, 22 Oct 2026 07:28:00 GMT")
    compare("metadata empty", "put_object", Key="m", Body=b"", Metadata={"a": ""})
    compare("metadata empty head", "head_object", Key="m")
    compare("metadata too large", "put_object", Key="m", Body=b"", Metadata={"a": "x" * 3000})
    compare("storage class", "put_object", Key="m", Body=b"", StorageClass="STANDARD")
    compare("no storage class", "put_object", Key="m", Body=b"", StorageClass="NONE")
    compare("acl", "put_object", Key="m", Body=b"", ACL="private")
    compare("acl of object", "get_object_acl", Key="m")
    compare("acl of no object", "get_object_acl", Key="none")
    compare("metadata delete", "delete_object", Key="m")


def ranges(compare):
    compare("range put", "put_object", Key="r", Body=SMALL)
    for text in RANGES:
        compare(f"range {text} get", "get_object", Key="r", Range=text)
        compare(f"range {text} head", "head_object", Key="r", Range=text)
    compare("range of nothing put", "put_object", Key="r", Body=b"")
    for text in ("bytes=0-", "bytes=0-0", "bytes=-1"):
        compare(f"range {text} of nothing", "get_object", Key="r", Range=text)
    compare("range of none", "get_object", Key="none", Range="bytes=0-")
    compare("range delete", "delete_object", Key="r")


def conditions(compare):
    etag, other = f'"{hashlib.md5(SMALL).hexdigest()}"', '"0123456789abcdef0123456789abcdef"'
    past, future = "Wed, 21 Oct 2015 07:28:00 GMT", "Wed, 21 Oct 2065 07:28:00 GMT"
    compare("condition put", "put_object", Key="c", Body=SMALL)
    for operation in ("get_object", "head_object"):
        for name, arguments in {
                "match": {"IfMatch": etag}, "match bare": {"IfMatch": etag.strip('"')}, "match any": {"IfMatch": "*"},
                "match other": {"IfMatch": other}, "match list": {"IfMatch": f"{other}, {etag}"},
                "none": {"IfNoneMatch": etag}, "none other": {"IfNoneMatch": other}, "none any": {"IfNoneMatch": "*"},
                "since past": {"IfModifiedSince": past}, "unsince past": {"IfUnmodifiedSince": past},
                "unsince future": {"IfUnmodifiedSince": future},
                "match and unsince": {"IfMatch": etag, "IfUnmodifiedSince": past},
                "none and since": {"IfNoneMatch": other, "IfModifiedSince": future},
        }.items():
            compare(f"condition {name} {operation}", operation, Key="c", **arguments)
        compare(f"condition of none {operation}", operation, Key="none", IfMatch=etag)
    for name, key, arguments in (
            ("none of there", "c", {"IfNoneMatch": "*"}), ("none of new", "c-new", {"IfNoneMatch": "*"}),
            ("match of there", "c", {"IfMatch": etag}), ("match other", "c", {"IfMatch": other}),
            ("match of none", "none", {"IfMatch": etag})):
        compare(f"condition put {name}", "put_object", Key=key, Body=SMALL, **arguments)
    for key in ("c", "c-new"):
        compare(f"condition delete {key}", "delete_object", Key=key)


def lists(compare):
    names = [
        "a/1", "a/2", "a/b/1", "b", "b1", "c c", "d/e/f", "d/e/g", "ü", "z%", "é",
    ]
    for name in names:
        compare(f"list put {name}", "put_object", Key=name, Body=b"x")
    arguments = [
        {}, {"Prefix": "a"}, {"Prefix": "a/"}, {"Prefix": "none"}, {"Delimiter": "/"},
        {"Prefix": "a/", "Delimiter": "/"}, {"Prefix": "d", "Delimiter": "/"}, {"Prefix": "b", "Delimiter": "1"},
        {"Delimiter": "/e/"}, {"MaxKeys": 0}, {"MaxKeys": 1}, {"MaxKeys": 3}, {"MaxKeys": 14}, {"MaxKeys": 5000},
        {"MaxKeys": 2, "Delimiter": "/"}, {"EncodingType": "url"}, {"Prefix": "ü", "EncodingType": "url"},
    ]
    for index, one in enumerate(arguments):
        compare(f"list {index}", "list_objects", **one)
        compare(f"list2 {index}", "list_objects_v2", **one)
    for index, one in enumerate([
            {"Marker": "a/1"}, {"Marker": "a/"}, {"Marker": "zzz"}, {"Marker": "b", "Delimiter": "/"},
            {"Marker": "a/1", "MaxKeys": 2}, {"Marker": "a", "Prefix": "a/"}]):
        compare(f"list marker {index}", "list_objects", **one)
    for index, one in enumerate([
            {"StartAfter": "a/1"}, {"StartAfter": ""}, {"StartAfter": "zzz"}, {"StartAfter": "b", "Delimiter": "/"},
            {"FetchOwner": True}, {"FetchOwner": False}]):
        compare(f"list2 start {index}", "list_objects_v2", **one)
    compare("list2 page 1", "list_objects_v2", MaxKeys=5, save="NextContinuationToken")
    for page in (2, 3, 4):
        compare(
            f"list2 page {page}", "list_objects_v2", MaxKeys=5, save="NextContinuationToken",
            ContinuationToken=Ref("NextContinuationToken"))
    compare("list page 1", "list_objects", MaxKeys=2, Delimiter="/", save="NextMarker")
    for page in (2, 3):
        compare(f"list page {page}", "list_objects", MaxKeys=2, Delimiter="/", Marker=Ref("NextMarker"), save="NextMarker")
    compare("list2 bad token", "list_objects_v2", ContinuationToken="!")
    compare("list versions", "list_object_versions")
    compare("list versions prefix", "list_object_versions", Prefix="a/", Delimiter="/")
    compare("list delete all", "delete_objects", Delete={"Objects": [{"Key": name} for name in names]})
    compare("list after all", "list_objects_v2")


def deletes(compare):
    compare("delete none", "delete_object", Key="none")
    for name in ("x", "y"):
        compare(f"delete put {name}", "put_object", Key=name, Body=b"x")
    compare("delete some", "delete_objects", Delete={"Objects": [{"Key": "x"}, {"Key": "none"}]})
    compare("delete quietly", "delete_objects", Delete={"Objects": [{"Key": "y"}], "Quiet": True})
    compare("delete of nothing", "delete_objects", Delete={"Objects": []})
    compare("delete too many", "delete_objects", Delete={"Objects": [{"Key": str(n)} for n in range(1001)]})


def copies(compare):
    source = f"{BUCKET}/source key+"
    compare(
        "copy put", "put_object", Key="source key+", Body=SMALL, Metadata={"a": "1"}, ContentType="text/x-test")
    compare("copy", "copy_object", Key="copy", CopySource={"Bucket": BUCKET, "Key": "source key+"})
    compare("copy head", "head_object", Key="copy")
    compare("copy get", "get_object", Key="copy")
    compare("copy by text", "copy_object", Key="copy", CopySource=source.replace("+", "%2B"))
    compare("copy with slash", "copy_object", Key="copy", CopySource="/" + source.replace("+", "%2B"))
    compare(
        "copy replace", "copy_object", Key="copy", CopySource={"Bucket": BUCKET, "Key": "source key+"},
        MetadataDirective="REPLACE", Metadata={"b-c": "2"}, ContentType="text/y-test")
    compare("copy replaced head", "head_object", Key="copy")
    compare("copy onto itself", "copy_object", Key="copy", CopySource={"Bucket": BUCKET, "Key": "copy"})
    compare(
        "copy onto itself replacing", "copy_object", Key="copy", CopySource={"Bucket": BUCKET, "Key": "copy"},
        MetadataDirective="REPLACE", Metadata={"a": "3"})
    compare("copy none", "copy_object", Key="copy", CopySource={"Bucket": BUCKET, "Key": "none"})
    compare("copy from no bucket", "copy_object", Key="copy", CopySource={"Bucket": "no-such-bucket", "Key": "k"})
    etag = hashlib.md5(SMALL).hexdigest()
    for name, arguments in {
            "match": {"CopySourceIfMatch": etag}, "other": {"CopySourceIfMatch": "0" * 32},
            "none": {"CopySourceIfNoneMatch": etag}, "none other": {"CopySourceIfNoneMatch": "0" * 32}}.items():
        compare(
            f"copy if {name}", "copy_object", Key="copy", CopySource={"Bucket": BUCKET, "Key": "source key+"},
            **arguments)
    for key in ("copy", "source key+"):
        compare(f"copy delete {key}", "delete_object", Key=key)


def checksums(compare):
    crc = base64.b64encode(zlib.crc32(SMALL).to_bytes(4, "big")).decode()
    sha = base64.b64encode(hashlib.sha256(SMALL).digest()).decode()
    md5 = base64.b64encode(hashlib.md5(SMALL).digest()).decode()
    for name, arguments in {
            "crc32": {"ChecksumCRC32": crc}, "sha256": {"ChecksumSHA256": sha},
            "sha1 computed": {"ChecksumAlgorithm": "SHA1"}, "sha256 computed": {"ChecksumAlgorithm": "SHA256"},
            "crc32 wrong": {"ChecksumCRC32": "AAAAAA=="}, "sha256 wrong": {"ChecksumSHA256": "A" * 43 + "="},
            "md5": {"ContentMD5": md5}, "md5 wrong": {"ContentMD5": "A" * 22 + "=="}, "md5 none": {"ContentMD5": "x"},
    }.items():
        compare(f"checksum {name}", "put_object", Key="s", Body=SMALL, **arguments)
        compare(f"checksum {name} head", "head_object", Key="s", ChecksumMode="ENABLED")
        compare(
            f"checksum {name} attributes", "get_object_attributes", Key="s",
            ObjectAttributes=["ETag", "Checksum", "ObjectSize", "StorageClass"])
    compare("checksum delete", "delete_object", Key="s")


def multipart(compare):
    first, second = content("first", 5 * MIB), content("second", 100_000)
    def begin(key, **arguments):
        compare(f"multipart begin {key}", "create_multipart_upload", Key=key, save="UploadId", **arguments)
    def part(key, number, body, name="part"):
        compare(
            f"multipart {name} {number} of {key}", "upload_part", Key=key, UploadId=Ref("UploadId"), PartNumber=number,
            Body=body, save=f"ETag{number}", path=["ETag"])
    def complete(key, *numbers, name="complete"):
        parts = [{"PartNumber": number, "ETag": Ref(f"ETag{number}")} for number in numbers]
        compare(
            f"multipart {name} {key}", "complete_multipart_upload", Key=key, UploadId=Ref("UploadId"),
            MultipartUpload={"Parts": parts})
    begin("p/two", Metadata={"a": "1"}, ContentType="text/x-test")
    part("p/two", 1, first)
    part("p/two", 2, second)
    compare("multipart parts", "list_parts", Key="p/two", UploadId=Ref("UploadId"))
    compare("multipart parts page", "list_parts", Key="p/two", UploadId=Ref("UploadId"), MaxParts=1)
    compare("multipart parts after", "list_parts", Key="p/two", UploadId=Ref("UploadId"), PartNumberMarker=1)
    compare("multipart uploads", "list_multipart_uploads")
    compare("multipart uploads prefix", "list_multipart_uploads", Prefix="p/")
    compare("multipart uploads none", "list_multipart_uploads", Prefix="q")
    compare("multipart uploads delimiter", "list_multipart_uploads", Delimiter="/")
    complete("p/two", 2, 1, name="out of order")
    complete("p/two", 1, 2)
    compare("multipart head", "head_object", Key="p/two")
    compare("multipart get", "get_object", Key="p/two")
    for number in (1, 2, 3):
        compare(f"multipart get part {number}", "get_object", Key="p/two", PartNumber=number)
    compare("multipart attributes", "get_object_attributes", Key="p/two", ObjectAttributes=["ETag", "ObjectParts", "ObjectSize"])
    begin("p/empty")
    part("p/empty", 1, b"")
    complete("p/empty", 1)
    compare("multipart empty head", "head_object", Key="p/empty")
    begin("p/small")
    part("p/small", 1, second)
    part("p/small", 2, second)
    complete("p/small", 1, 2, name="too small")
    compare(
        "multipart wrong etag", "complete_multipart_upload", Key="p/small", UploadId=Ref("UploadId"),
        MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": '"' + "0" * 32 + '"'}]})
    compare("multipart no parts", "complete_multipart_upload", Key="p/small", UploadId=Ref("UploadId"), MultipartUpload={"Parts": []})
    part("p/small", 0, b"x", name="bad number")
    part("p/small", 10_001, b"x", name="bad number")
    compare("multipart abort", "abort_multipart_upload", Key="p/small", UploadId=Ref("UploadId"))
    compare("multipart abort again", "abort_multipart_upload", Key="p/small", UploadId=Ref("UploadId"))
    compare("multipart parts of none", "list_parts", Key="p/small", UploadId=Ref("UploadId"))
    part("p/small", 1, b"x", name="after abort")
    begin("p/copy")
    for number, span in ((1, f"bytes=0-{5 * MIB - 1}"), (2, f"bytes={5 * MIB}-{5 * MIB + 9}")):
        compare(
            f"multipart copy {number}", "upload_part_copy", Key="p/copy", UploadId=Ref("UploadId"), PartNumber=number,
            CopySource={"Bucket": BUCKET, "Key": "p/two"}, CopySourceRange=span, save=f"ETag{number}",
            path=["CopyPartResult", "ETag"])
    compare(
        "multipart copy past the end", "upload_part_copy", Key="p/copy", UploadId=Ref("UploadId"), PartNumber=3,
        CopySource={"Bucket": BUCKET, "Key": "p/two"}, CopySourceRange=f"bytes=0-{9 * MIB}")
    compare(
        "multipart copy of none", "upload_part_copy", Key="p/copy", UploadId=Ref("UploadId"), PartNumber=3,
        CopySource={"Bucket": BUCKET, "Key": "none"})
    complete("p/copy", 1, 2)
    compare("multipart copied get", "get_object", Key="p/copy")
    for key in ("p/two", "p/empty", "p/copy", "p/small"):
        compare(f"multipart delete {key}", "delete_object", Key=key)


def tagging(compare):
    tags = {"TagSet": [{"Key": "a", "Value": "1"}, {"Key": "b c", "Value": "ü+-=._:/@"}]}
    compare("tags put", "put_object", Key="t", Body=b"x", Tagging="x=1&y=2")
    compare("tags get", "get_object_tagging", Key="t")
    compare("tags head", "head_object", Key="t")
    compare("tags replace", "put_object_tagging", Key="t", Tagging=tags)
    compare("tags replaced", "get_object_tagging", Key="t")
    compare("tags of odd characters", "put_object_tagging", Key="t", Tagging={"TagSet": [{"Key": "a", "Value": "1&2"}]})
    compare("tags twice", "put_object_tagging", Key="t", Tagging={"TagSet": [{"Key": "a", "Value": "1"}] * 2})
    compare("tags many", "put_object_tagging", Key="t", Tagging={
        "TagSet": [{"Key": str(n), "Value": "1"} for n in range(11)]})
    compare("tags delete", "delete_object_tagging", Key="t")
    compare("tags deleted", "get_object_tagging", Key="t")
    compare("tags of none", "get_object_tagging", Key="none")
    compare("tags put on none", "put_object_tagging", Key="none", Tagging=tags)
    compare("tags end", "delete_object", Key="t")
    compare("bucket tags none", "get_bucket_tagging")
    compare("bucket tags put", "put_bucket_tagging", Tagging=tags)
    compare("bucket tags get", "get_bucket_tagging")
    compare("bucket tags delete", "delete_bucket_tagging")
    compare("bucket tags deleted", "get_bucket_tagging")


def settings(compare):
    cors = {"CORSRules": [{
        "AllowedMethods": ["GET", "PUT"], "AllowedOrigins": ["*"], "AllowedHeaders": ["*"], "MaxAgeSeconds": 3000}]}
    compare("cors none", "get_bucket_cors")
    compare("cors put", "put_bucket_cors", CORSConfiguration=cors)
    compare("cors get", "get_bucket_cors")
    compare("cors delete", "delete_bucket_cors")
    compare("cors deleted", "get_bucket_cors")
    lifecycle = {"Rules": [{
        "ID": "old", "Status": "Enabled", "Filter": {"Prefix": "tmp/"}, "Expiration": {"Days": 3}}]}
    compare("lifecycle none", "get_bucket_lifecycle_configuration")
    compare("lifecycle put", "put_bucket_lifecycle_configuration", LifecycleConfiguration=lifecycle)
    compare("lifecycle get", "get_bucket_lifecycle_configuration")
    compare("lifecycle delete", "delete_bucket_lifecycle")
    compare("lifecycle deleted", "get_bucket_lifecycle_configuration")
    for name in (
            "policy", "policy_status", "website", "encryption", "replication", "versioning", "request_payment", "logging",
            "notification_configuration", "ownership_controls", "accelerate_configuration"):
        compare(f"{name} none", f"get_bucket_{name}")
    compare("public access none", "get_public_access_block")
    block = {"BlockPublicAcls": True, "IgnorePublicAcls": True, "BlockPublicPolicy": True, "RestrictPublicBuckets": False}
    compare("public access put", "put_public_access_block", PublicAccessBlockConfiguration=block)
    compare("public access get", "get_public_access_block")
    compare("public access delete", "delete_public_access_block")
    compare("object lock none", "get_object_lock_configuration")
    compare("bucket acl", "get_bucket_acl")


def versioning(compare):
    bucket, one, two = "differential-versions", b"one", b"second"

    def call(name, operation, **arguments):
        compare(f"versioning {name}", operation, Bucket=bucket, **arguments)

    def put(name, key, body, **arguments):
        call(name, "put_object", Key=key, Body=body, save=f"id {name}", path=["VersionId"], **arguments)

    def setting(name, status, **arguments):
        call(name, "put_bucket_versioning", VersioningConfiguration={"Status": status, **arguments})

    call("create", "create_bucket")
    put("before", "k", b"null")
    call("id before", "get_object", Key="k", VersionId="null")
    call("id of none before", "get_object", Key="k", VersionId="x")
    call("delete null before", "delete_object", Key="k", VersionId="null")
    put("before again", "k", b"null")
    setting("bad status", "Off")
    setting("second factor", "Enabled", MFADelete="Enabled")
    setting("enable", "Enabled")
    call("enabled", "get_bucket_versioning")
    put("first", "k", one, Metadata={"a": "1"})
    put("second", "k", two)
    first, second = Ref("id first"), Ref("id second")
    call("get", "get_object", Key="k")
    call("get first", "get_object", Key="k", VersionId=first)
    call("get null", "get_object", Key="k", VersionId="null")
    call("head first", "head_object", Key="k", VersionId=first)
    call("range of first", "get_object", Key="k", VersionId=first, Range="bytes=1-1")
    call("attributes of first", "get_object_attributes", Key="k", VersionId=first, ObjectAttributes=["ETag", "ObjectSize"])
    call("bad id", "get_object", Key="k", VersionId="x")
    call("unknown id", "get_object", Key="other", VersionId=first)
    call("list", "list_object_versions")
    call("list one", "list_object_versions", MaxKeys=1)
    call("tags of first", "put_object_tagging", Key="k", VersionId=first, Tagging={"TagSet": [{"Key": "a", "Value": "1"}]})
    call("tags got", "get_object_tagging", Key="k", VersionId=first)
    call("tags of latest", "get_object_tagging", Key="k")
    call("tags deleted", "delete_object_tagging", Key="k", VersionId=first)
    call("copy of first", "copy_object", Key="c", CopySource={"Bucket": bucket, "Key": "k", "VersionId": first})
    call("copy got", "get_object", Key="c")
    call("copy back", "copy_object", Key="k", CopySource={"Bucket": bucket, "Key": "k", "VersionId": first})
    call("copied back", "get_object", Key="k")
    call("copy of bad id", "copy_object", Key="c", CopySource={"Bucket": bucket, "Key": "k", "VersionId": "x"})
    call("delete", "delete_object", Key="k", save="marker", path=["VersionId"])
    marker = Ref("marker")
    call("deleted", "get_object", Key="k")
    call("deleted head", "head_object", Key="k")
    call("marker", "get_object", Key="k", VersionId=marker)
    call("marker head", "head_object", Key="k", VersionId=marker)
    call("copy of marker", "copy_object", Key="c", CopySource={"Bucket": bucket, "Key": "k", "VersionId": marker})
    call("deleted list", "list_objects_v2")
    call("list with marker", "list_object_versions", Prefix="k")
    call("purge", "delete_object", Key="k", VersionId=second)
    call("purged", "get_object", Key="k", VersionId=second)
    call("purge again", "delete_object", Key="k", VersionId=second)
    call("purge of bad id", "delete_object", Key="k", VersionId="x")
    call("marker purged", "delete_object", Key="k", VersionId=marker)
    call("back", "get_object", Key="k")
    call("delete of none", "delete_object", Key="none")
    call("delete some", "delete_objects", Delete={"Objects": [{"Key": "k", "VersionId": first}, {"Key": "c"}]})
    call("delete bad id", "delete_objects", Delete={"Objects": [{"Key": "k", "VersionId": "x"}]})
    call("list delimiter", "list_object_versions", Delimiter="/")
    call("list key marker", "list_object_versions", KeyMarker="c")
    call("list id marker alone", "list_object_versions", VersionIdMarker="x")
    call("list url", "list_object_versions", EncodingType="url")
    setting("suspend", "Suspended")
    call("suspended", "get_bucket_versioning")
    put("while suspended", "k", b"null again")
    call("suspended get", "get_object", Key="k")
    call("suspended null", "get_object", Key="k", VersionId="null")
    call("suspended delete", "delete_object", Key="k")
    call("suspended list", "list_object_versions", Prefix="k")
    call("suspended purge", "delete_object", Key="k", VersionId="null")
    call("suspended back", "head_object", Key="k")
    lifecycle = {"Rules": [{
        "ID": "old", "Status": "Enabled", "Filter": {"Prefix": ""}, "Expiration": {"ExpiredObjectDeleteMarker": True},
        "NoncurrentVersionExpiration": {"NoncurrentDays": 3, "NewerNoncurrentVersions": 2}}]}
    call("lifecycle put", "put_bucket_lifecycle_configuration", LifecycleConfiguration=lifecycle)
    call("lifecycle get", "get_bucket_lifecycle_configuration")
    call("not empty", "delete_bucket")


def refusals(compare):
    compare("get none", "get_object", Key="none")
    compare("head none", "head_object", Key="none")
    compare("get bad part", "get_object", Key="none", PartNumber=0)
    compare("bad bucket name", "create_bucket", Bucket="ab.")
    compare("restore", "restore_object", Key="none", RestoreRequest={"Days": 1})
    compare("torrent", "get_object_torrent", Key="none")
    compare("legal hold", "get_object_legal_hold", Key="none")
    compare("inventory", "list_bucket_inventory_configurations")


def end(compare):
    compare("not empty put", "put_object", Key="last", Body=b"x")
    compare("not empty delete", "delete_bucket")
    compare("last delete", "delete_object", Key="last")
    compare("empty delete", "delete_bucket")
    compare("gone", "head_bucket")

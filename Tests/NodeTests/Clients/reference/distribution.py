"""The s3-aws driver of CNCF Distribution, call by call (registry/storage/driver/s3-aws/s3.go), on aws-sdk-go v1.

Version 2.8 lists by version 1, version 3 by version 2. What a call answers is checked by the rows."""
from clients import MIB, AwsSdkGo, etag
from documents import value, values
from shared import expect
from wire import BUCKET, target

# What the driver sends with everything that it writes, with its options as they are by default or set explicitly.
WRITE = [("Content-Type", "application/octet-stream"), ("X-Amz-Acl", "private"), ("X-Amz-Storage-Class", "STANDARD")]
PART_BYTES = 10 * MIB


def blob_key(digest, root):
    """Where the layout has a blob."""
    return f"{root}/docker/registry/v2/blobs/sha256/{digest[:2]}/{digest}/data"


class Driver(AwsSdkGo):
    """One driver of one bucket."""

    def put_content(self, key, data):
        return self.call("PUT", target(key), data, WRITE, md5_of_body=True)

    def reader(self, key, offset=0):
        return self.call("GET", target(key), fields=[("Range", f"bytes={offset}-")])

    def head(self, key):
        return self.call("HEAD", target(key))

    def create(self, key):
        """Begins an upload; the whole answer."""
        return self.call("POST", target(key, uploads=""), fields=WRITE)

    def new(self, key):
        """Begins an upload; its id."""
        return value(self.create(key).expect(200), "UploadId")

    def uploads(self, key, marker=None):
        """`upload-id-marker` alone, as the driver sends it."""
        return self.call("GET", target(prefix=key, upload_id_marker=marker, uploads=""))

    def parts(self, key, upload, marker=None):
        return self.call("GET", target(key, part_number_marker=marker, uploadId=upload))

    def part(self, key, upload, number, data):
        return self.call("PUT", target(key, partNumber=number, uploadId=upload), data, md5_of_body=True)

    def part_copy(self, key, upload, number, source, part_range=None):
        fields = [("X-Amz-Copy-Source", f"{BUCKET}/{source}")]
        fields += [("X-Amz-Copy-Source-Range", part_range)] if part_range else []
        return self.call("PUT", target(key, partNumber=number, uploadId=upload), fields=fields)

    def complete(self, key, upload, etags):
        """Go's encoder writes the quotes of an ETag as `&#34;`."""
        parts = "".join(f"<Part><ETag>&#34;{etag}&#34;</ETag><PartNumber>{number}</PartNumber></Part>"
                        for number, etag in enumerate(etags, 1))
        body = f'<CompleteMultipartUpload xmlns="http://s3.amazonaws.com/doc/2006-03-01/">{parts}</CompleteMultipartUpload>'
        return self.call("POST", target(key, uploadId=upload), body.encode(), md5_of_body=False)

    def abort(self, key, upload):
        return self.call("DELETE", target(key, uploadId=upload))

    def copy(self, source, key):
        return self.call("PUT", target(key), fields=[*WRITE, ("X-Amz-Copy-Source", f"{BUCKET}/{source}")])

    def list_v1(self, prefix, marker="", delimiter=None, max_keys=None):
        return self.call("GET", target(delimiter=delimiter, marker=marker, max_keys=max_keys, prefix=prefix))

    def list_v2(self, prefix, delimiter=None, max_keys=None, token=None, start_after=None):
        return self.call("GET", target(continuation_token=token, delimiter=delimiter, list_type=2, max_keys=max_keys,
                                       prefix=prefix, start_after=start_after))

    def delete_objects(self, keys, fields=()):
        objects = "".join(f"<Object><Key>{key}</Key></Object>" for key in keys)
        body = f'<Delete xmlns="http://s3.amazonaws.com/doc/2006-03-01/">{objects}<Quiet>false</Quiet></Delete>'
        return self.call("POST", target(delete=""), body.encode(), fields)

    # Whole operations of the driver

    def write(self, key, data):
        """Writer, writes and Commit: parts of 10 MiB, or a single one of 0 bytes."""
        upload, etags = self.new(key), []
        for start in range(0, max(len(data), 1), PART_BYTES):
            part = data[start:start + PART_BYTES]
            self.part(key, upload, len(etags) + 1, part).expect(200, ETag=f'"{etag(part)}"')
            etags.append(etag(part))
        return self.complete(key, upload, etags).expect(200)

    def stat_v3(self, key):
        """`size` of a file, `None` of a directory; `KeyError` where there is neither."""
        answer = self.head(key)
        if answer.status == 200:
            return int(answer["Content-Length"])
        found = values(self.list_v2(key, max_keys=1).expect(200), "Key")
        if not found:
            raise KeyError(key)
        expect(found[0] != key, "a key that HEAD does not find is not listed")
        return None

    def delete_below(self, path, page):
        """Deletes what of a page is the path or below it, in one call; the keys."""
        below = [key for key in values(page, "Key") if key == path or key[len(path)] == "/"]
        return values(self.delete_objects(below).expect(200), "Key") if below else []

    def delete_v3(self, path):
        """Page by page, each from behind the last one's end by `start-after`. Returns what was deleted."""
        deleted, start = [], None
        while True:
            page = self.list_v2(path, start_after=start).expect(200)
            deleted += self.delete_below(path, page)
            if value(page, "IsTruncated") == "false":
                return deleted
            start = values(page, "Key")[-1]

    def delete_v28(self, path):
        """Version 1, and `marker` is the last key of the page before."""
        deleted, marker = [], ""
        while True:
            page = self.list_v1(path, marker).expect(200)
            deleted += self.delete_below(path, page)
            if value(page, "IsTruncated") == "false":
                return deleted
            marker = values(page, "Key")[-1]

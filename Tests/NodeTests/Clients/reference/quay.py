"""Quay's storage engines, call by call (quay/quay: storage/cloud.py), on boto3 with botocore 1.35.81.

Over https botocore signs no payload that it sends an MD5 of; that is how the puts are sent here."""
from clients import MIB, BotocoreOld, etag
from documents import etag_in, value, values
from shared import expect
from wire import BUCKET, target

PART_BYTES = 5 * MIB


class Quay(BotocoreOld):
    """An engine of one bucket; `sealed` is `S3Storage`, which asks for encryption in every write."""

    def __init__(self, sealed=False, bucket=BUCKET):
        super().__init__()
        self.bucket = bucket
        self.write = [("x-amz-server-side-encryption", "AES256")] if sealed else []

    def at(self, key="", flag="", **query):
        """A target; botocore writes a sub-resource without `=`, and in front."""
        text = target(key, self.bucket, **query)
        return text.replace("?", f"?{flag}&", 1) if flag and "?" in text else text + (f"?{flag}" if flag else "")

    def head_bucket(self):
        return self.call("HEAD", self.at())

    def get(self, key, fields=()):
        return self.call("GET", self.at(key), fields=fields)

    def head(self, key):
        return self.call("HEAD", self.at(key))

    def put_content(self, key, data):
        return self.put(self.at(key), data, self.write)

    def delete(self, key):
        return self.call("DELETE", self.at(key))

    def create(self, key, fields=()):
        answer = self.call("POST", self.at(key, "uploads"), fields=[*self.write, *fields])
        return value(answer.expect(200), "UploadId")

    def part(self, key, upload, number, data):
        return self.put(self.at(key, uploadId=upload, partNumber=number), data)

    def part_copy(self, key, upload, number, source, part_range):
        fields = [("x-amz-copy-source", f"{self.bucket}/{source}"), ("x-amz-copy-source-range", part_range)]
        return self.call("PUT", self.at(key, uploadId=upload, partNumber=number), fields=fields)

    def complete(self, key, upload, etags):
        parts = "".join(f'<Part><ETag>"{etag}"</ETag><PartNumber>{number}</PartNumber></Part>'
                        for number, etag in enumerate(etags, 1))
        body = f'<CompleteMultipartUpload xmlns="http://s3.amazonaws.com/doc/2006-03-01/">{parts}</CompleteMultipartUpload>'
        own = [*self.own("POST"), ("Content-Length", str(len(body)))]
        return self.send("POST", self.at(key, uploadId=upload), body.encode(), own)

    def abort(self, key, upload):
        return self.call("DELETE", self.at(key, uploadId=upload))

    def copy(self, source, key):
        return self.call("PUT", self.at(key), fields=[*self.write, ("x-amz-copy-source", f"{self.bucket}/{source}")])

    def list(self, prefix, token=None):
        return self.call("GET", self.at(list_type=2, prefix=prefix, continuation_token=token, encoding_type="url"))

    def uploads(self, prefix, key_marker=None, upload_id_marker=None, max_uploads=None):
        return self.call("GET", self.at("", "uploads", prefix=prefix, key_marker=key_marker, max_uploads=max_uploads,
                                        upload_id_marker=upload_id_marker, encoding_type="url"))

    # Whole operations of the engine

    def stream_write(self, key, data, part_bytes=PART_BYTES):
        """What every chunk is written by, were it of one byte; of none it aborts. How many bytes were written."""
        upload = self.create(key, [("Content-Type", "application/octet-stream")])
        etags = []
        for start in range(0, len(data), part_bytes):
            part = data[start:start + part_bytes]
            answer = self.part(key, upload, len(etags) + 1, part).expect(200, b"", ETag=f'"{etag(part)}"')
            expect(answer.continued, "botocore waits for 100 Continue")
            etags.append(etag(part))
        if not etags:
            self.abort(key, upload).expect(204, b"")
            return 0
        self.complete(key, upload, etags).expect(200)
        return len(data)

    def assemble(self, key, pieces):
        """A whole object from ranges of others, `(source, offset, length)`, one after the other."""
        upload, etags = self.create(key), []
        for number, (source, offset, length) in enumerate(pieces, 1):
            answer = self.part_copy(key, upload, number, source, f"bytes={offset}-{offset + length - 1}").expect(200)
            etags.append(etag_in(answer))
        return self.complete(key, upload, etags).expect(200)

    def remove(self, path):
        """The key, or everything below it, one by one."""
        answer = self.head(path)
        if answer.status == 200:
            # Only a versioned bucket names one, and then that version is what is deleted.
            version = answer["x-amz-version-id"]
            return self.call("DELETE", self.at(path, versionId=version)).expect(204, b"", x_amz_version_id=version)
        for key in values(self.list(path.rstrip("/") + "/").expect(200), "Key"):
            self.delete(key).expect(204, b"")
        return answer.expect(404, b"")


def halves(source, offset, length, most):
    """A chunk over the maximum is halved, again and again."""
    if length <= most:
        return [(source, offset, length)]
    return halves(source, offset, length // 2, most) + halves(source, offset + length // 2, length - length // 2, most)


def cors_rule(method, headers):
    fields = "".join(f"<AllowedHeader>{header}</AllowedHeader>" for header in headers)
    return (f"<CORSRule>{fields}<AllowedMethod>{method}</AllowedMethod><AllowedOrigin>*</AllowedOrigin>"
            f"<MaxAgeSeconds>3000</MaxAgeSeconds></CORSRule>")


CORS = ('<CORSConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/">' + cors_rule("GET", ["Authorization"])
        + cors_rule("PUT", ["Content-Type", "x-amz-acl", "origin"]) + "</CORSConfiguration>")

"""Server-side encryption as fronts ask for it: `x-amz-server-side-encryption: AES256` on every write."""
from clients import AwsSdkGo, etag
from distribution import WRITE, Driver
from documents import refused, value
from quay import Quay
from shared import content, expect
from wire import BUCKET, target

ROOT = "encryption"
SEALED = [("x-amz-server-side-encryption", "AES256")]


class SealedDriver(Driver):
    """The driver with `encrypt: true`."""

    def put_content(self, key, data):
        return self.call("PUT", target(key), data, [*WRITE, *SEALED], md5_of_body=True)

    def create(self, key):
        return self.call("POST", target(key, uploads=""), fields=[*WRITE, *SEALED])

    def copy(self, source, key):
        fields = [*WRITE, *SEALED, ("X-Amz-Copy-Source", f"{BUCKET}/{source}")]
        return self.call("PUT", target(key), fields=fields)


def expect_sealed(answer):
    expect(answer["x-amz-server-side-encryption"] == "AES256", f"sealed: {answer}")
    return answer


def distribution():
    """Distribution with `encrypt: true`: on puts, on the start of uploads and on copies; answers say so."""
    driver, key = SealedDriver(), f"{ROOT}/distribution"
    expect_sealed(driver.put_content(key, b"sealed").expect(200, b"", ETag=f'"{etag(b"sealed")}"'))
    expect_sealed(driver.reader(key).expect(206, b"sealed"))
    expect_sealed(driver.head(key).expect(200))
    expect_sealed(driver.create(key + "-2").expect(200))
    driver.write(key + "-2", b"sealed in parts")
    expect_sealed(driver.reader(key + "-2").expect(206, b"sealed in parts"))
    expect_sealed(driver.copy(key + "-2", key + "-3").expect(200))
    driver.reader(key + "-3").expect(206, b"sealed in parts")


def kms():
    """Keys of a key service are not offered, and that is said; nothing is stored."""
    driver, key = Driver(), f"{ROOT}/kms"
    fields = [*WRITE, ("X-Amz-Server-Side-Encryption", "aws:kms"),
              ("X-Amz-Server-Side-Encryption-Aws-Kms-Key-Id", "alias/registry")]
    refused(driver.call("PUT", target(key), b"x", fields), 501, "NotImplemented")
    refused(driver.call("POST", target(key, uploads=""), fields=fields), 501, "NotImplemented")
    driver.head(key).expect(404)


def quay():
    """Quay's `S3Storage`: on every write and every start of an upload."""
    engine, data = Quay(sealed=True), content("sealed", 6 << 20)
    expect_sealed(engine.put_content(f"{ROOT}/quay/_verify", b"testing 123").expect(200))
    engine.stream_write(f"{ROOT}/quay/uploads/1", data)
    engine.assemble(f"{ROOT}/quay/blob", [(f"{ROOT}/quay/uploads/1", 0, len(data))])
    expect_sealed(engine.get(f"{ROOT}/quay/blob").expect(200, data))
    expect_sealed(engine.copy(f"{ROOT}/quay/blob", f"{ROOT}/quay/copy").expect(200))


def bucket():
    """PutBucketEncryption of OpenShift's operator: what is written from then on is sealed without being asked."""
    go, path = AwsSdkGo(), target(bucket="encrypted-bucket")
    go.call("PUT", path).expect(200)
    rule = ("<Rule><ApplyServerSideEncryptionByDefault><SSEAlgorithm>AES256</SSEAlgorithm>"
            "</ApplyServerSideEncryptionByDefault></Rule>")
    body = (f'<ServerSideEncryptionConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/">{rule}'
            "</ServerSideEncryptionConfiguration>")
    go.call("PUT", f"{path}?encryption=", body.encode()).expect(200, b"")
    shown = go.call("GET", f"{path}?encryption=").expect(200)
    expect(value(shown, "SSEAlgorithm") == "AES256", f"as it was put: {shown}")
    go.call("PUT", target("k", "encrypted-bucket"), b"x").expect(200)
    expect_sealed(go.call("GET", target("k", "encrypted-bucket")).expect(200, b"x"))

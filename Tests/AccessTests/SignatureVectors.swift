// Requests as botocore 1.43.11 signed them (boto3 client, requests taken in `before-send`, presigned URLs
// from `generate_presigned_url`), and the examples of Amazon's documentation of signature version 4.
// Headers that botocore never signs (user-agent and the like) are left out.

import Testing

struct SignatureVector: Sendable, CustomTestStringConvertible {
    static let accessKey = "AKIAIOSFODNN7EXAMPLE"
    static let documentedSecret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
    static let botocoreSecret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"

    let name: String
    let method: String
    let target: String
    let headers: [(String, String)]
    let body: String

    var testDescription: String { name }
}

extension SignatureVector {
    static let botocore: [SignatureVector] = [
        SignatureVector(
            name: "a get of a key with spaces, plus, percent and letters beyond ASCII",
            method: "GET",
            target:
                "/bucket/a%20b%2Bc%25d/%C3%BC~%281%29%2A%27%21.txt",
            headers: [
                ("host", "127.0.0.1:9000"),
                ("x-amz-checksum-mode", "ENABLED"),
                ("x-amz-date", "20261121T063234Z"),
                (
                    "x-amz-content-sha256",
                    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
                ),
                (
                    "authorization",
                    "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20261121/us-east-"
                        + "1/s3/aws4_request, SignedHeaders=host;x-amz-checksum-mode;x-amz-co"
                        + "ntent-sha256;x-amz-date, Signature=7551b0f0a6d1f5007e806b4e7f7fa90"
                        + "e8fa55ad96c32ddd134b3dc1fd59a7626"
                ),
            ],
            body: ""),
        SignatureVector(
            name: "a get of a range",
            method: "GET",
            target:
                "/bucket/docker/registry/v2/blobs/sha256/ab/abcd/data",
            headers: [
                ("host", "127.0.0.1:9000"),
                ("range", "bytes=0-99"),
                ("x-amz-checksum-mode", "ENABLED"),
                ("x-amz-date", "20261121T063234Z"),
                (
                    "x-amz-content-sha256",
                    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
                ),
                (
                    "authorization",
                    "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20261121/us-east-"
                        + "1/s3/aws4_request, SignedHeaders=host;range;x-amz-checksum-mode;x-"
                        + "amz-content-sha256;x-amz-date, Signature=7ee09555638624897275d936c"
                        + "82f8b3a48497bfba916e071c1ef5ff4df579c10"
                ),
            ],
            body: ""),
        SignatureVector(
            name: "a key with doubled slashes and dots",
            method: "HEAD",
            target:
                "/bucket/a//b/../c/./d",
            headers: [
                ("host", "127.0.0.1:9000"),
                ("x-amz-date", "20261121T063234Z"),
                (
                    "x-amz-content-sha256",
                    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
                ),
                (
                    "authorization",
                    "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20261121/us-east-"
                        + "1/s3/aws4_request, SignedHeaders=host;x-amz-content-sha256;x-amz-d"
                        + "ate, Signature=d8ebc6fe6f8791e9ef492332443fb513274477e63300e2fa400"
                        + "5ddce0d63c25d"
                ),
            ],
            body: ""),
        SignatureVector(
            name: "a list with every parameter",
            method: "GET",
            target:
                "/bucket?list-type=2&prefix=a%20b%2F%2B%26%3D%C3%BC&delimiter=%2F&start"
                + "-after=&max-keys=7&continuation-token=x%2Fy%2Bz%3D%3D&encoding-type=ur"
                + "l",
            headers: [
                ("host", "127.0.0.1:9000"),
                ("x-amz-date", "20261121T063234Z"),
                (
                    "x-amz-content-sha256",
                    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
                ),
                (
                    "authorization",
                    "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20261121/us-east-"
                        + "1/s3/aws4_request, SignedHeaders=host;x-amz-content-sha256;x-amz-d"
                        + "ate, Signature=130d63893818290e3d36d2e8df3569a37d6ef635b4529f050d8"
                        + "00aa9b1da39c7"
                ),
            ],
            body: ""),
        SignatureVector(
            name: "a subresource without a value",
            method: "POST",
            target:
                "/bucket/key?uploads",
            headers: [
                ("host", "127.0.0.1:9000"),
                ("x-amz-date", "20261121T063234Z"),
                (
                    "x-amz-content-sha256",
                    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
                ),
                (
                    "authorization",
                    "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20261121/us-east-"
                        + "1/s3/aws4_request, SignedHeaders=host;x-amz-content-sha256;x-amz-d"
                        + "ate, Signature=943518121630cc4bd5be2867e003473f8f595615cc131b7fc3f"
                        + "21ad86b6fa92a"
                ),
                ("content-length", "0"),
            ],
            body: ""),
        SignatureVector(
            name: "a put with metadata that has inner spaces",
            method: "PUT",
            target:
                "/bucket/key",
            headers: [
                ("host", "127.0.0.1:9000"),
                ("x-amz-meta-note", "two  spaces   here"),
                ("content-type", "text/plain"),
                ("expect", "100-continue"),
                ("x-amz-checksum-crc32", "NhCmhg=="),
                ("x-amz-sdk-checksum-algorithm", "CRC32"),
                ("x-amz-date", "20261121T063234Z"),
                (
                    "x-amz-content-sha256",
                    "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"
                ),
                (
                    "authorization",
                    "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20261121/us-east-"
                        + "1/s3/aws4_request, SignedHeaders=content-type;host;x-amz-checksum-"
                        + "crc32;x-amz-content-sha256;x-amz-date;x-amz-meta-note;x-amz-sdk-ch"
                        + "ecksum-algorithm, Signature=e933141b4318fd174240e7f3cc40dddd19a769"
                        + "121ffbaf047307c42576c5064d"
                ),
                ("content-length", "5"),
            ],
            body: "hello"),
        SignatureVector(
            name: "an unsigned body with a trailer",
            method: "PUT",
            target:
                "/bucket/key",
            headers: [
                ("host", "s3.holdfast.test"),
                ("expect", "100-continue"),
                ("transfer-encoding", "chunked"),
                ("content-encoding", "aws-chunked"),
                ("x-amz-trailer", "x-amz-checksum-crc32"),
                ("x-amz-decoded-content-length", "21"),
                ("x-amz-sdk-checksum-algorithm", "CRC32"),
                ("x-amz-date", "20261121T063234Z"),
                ("x-amz-content-sha256", "STREAMING-UNSIGNED-PAYLOAD-TRAILER"),
                (
                    "authorization",
                    "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20261121/us-east-"
                        + "1/s3/aws4_request, SignedHeaders=content-encoding;host;x-amz-conte"
                        + "nt-sha256;x-amz-date;x-amz-decoded-content-length;x-amz-sdk-checks"
                        + "um-algorithm;x-amz-trailer, Signature=752269e706ebbc511b55f9cb51a0"
                        + "f2614084f9c61946da94d693b8754d2b8b05"
                ),
            ],
            body: "15\r\nhello, trailing world\r\n0\r\nx-amz-checksum-crc32:BA7A5w==\r\n\r\n"),
        SignatureVector(
            name: "a part in another region",
            method: "PUT",
            target:
                "/bucket/key?uploadId=2~abc.def%2Fghi&partNumber=3",
            headers: [
                ("host", "127.0.0.1:9000"),
                ("expect", "100-continue"),
                ("x-amz-checksum-crc32", "SQ9wxg=="),
                ("x-amz-sdk-checksum-algorithm", "CRC32"),
                ("x-amz-date", "20261121T063234Z"),
                (
                    "x-amz-content-sha256",
                    "37a680133bd09342f934afb8dd2c7d9e1b624da5f35e3a38adb103e37c055ed1"
                ),
                (
                    "authorization",
                    "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20261121/eu-centr"
                        + "al-1/s3/aws4_request, SignedHeaders=host;x-amz-checksum-crc32;x-am"
                        + "z-content-sha256;x-amz-date;x-amz-sdk-checksum-algorithm, Signatur"
                        + "e=981cdb6f51427be96f4e5b7cc7837bf4363c54a9c3e0d60bb7776f906f9ab00a"
                ),
                ("content-length", "4"),
            ],
            body: "part"),
        SignatureVector(
            name: "a copy",
            method: "PUT",
            target:
                "/bucket/to",
            headers: [
                ("host", "127.0.0.1:9000"),
                ("x-amz-copy-source", "bucket/from%20a%20b"),
                ("x-amz-date", "20261121T063234Z"),
                (
                    "x-amz-content-sha256",
                    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
                ),
                (
                    "authorization",
                    "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20261121/us-east-"
                        + "1/s3/aws4_request, SignedHeaders=host;x-amz-content-sha256;x-amz-c"
                        + "opy-source;x-amz-date, Signature=49ea47afbbda8f3a6a4e7fca1798c2eb2"
                        + "b7b27086ad14d8863487f0fa527da00"
                ),
                ("content-length", "0"),
            ],
            body: ""),
        SignatureVector(
            name: "a delete of many",
            method: "POST",
            target:
                "/bucket?delete",
            headers: [
                ("host", "127.0.0.1:9000"),
                ("x-amz-checksum-crc32", "Ufrckg=="),
                ("x-amz-sdk-checksum-algorithm", "CRC32"),
                ("x-amz-date", "20261121T063234Z"),
                (
                    "x-amz-content-sha256",
                    "c56dec4733e7bee38d2a34d5463d5581fc5dbe823eddb38eeb8972faa4b697c6"
                ),
                (
                    "authorization",
                    "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20261121/us-east-"
                        + "1/s3/aws4_request, SignedHeaders=host;x-amz-checksum-crc32;x-amz-c"
                        + "ontent-sha256;x-amz-date;x-amz-sdk-checksum-algorithm, Signature=4"
                        + "94bc60dd3e14941edd4e6f432afd8801219c1174cb7d7e2678ebd6b28e542bc"
                ),
                ("content-length", "123"),
            ],
            body:
                "<Delete xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Object><Key>a</Key></Object><Object><Key>b</Key></Object></Delete>"
        ),
        SignatureVector(
            name: "a conditional put",
            method: "PUT",
            target:
                "/bucket/key",
            headers: [
                ("host", "127.0.0.1:9000"),
                ("if-none-match", "*"),
                ("expect", "100-continue"),
                ("x-amz-date", "20261121T063234Z"),
                (
                    "x-amz-content-sha256",
                    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
                ),
                (
                    "authorization",
                    "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20261121/us-east-"
                        + "1/s3/aws4_request, SignedHeaders=host;if-none-match;x-amz-content-"
                        + "sha256;x-amz-date, Signature=93c2cf5656d222007ce073bd072b6a1a0801f"
                        + "0a1d7fca5bcc5ead5d8578938f3"
                ),
                ("content-length", "0"),
            ],
            body: ""),
        SignatureVector(
            name: "a presigned get",
            method: "GET",
            target:
                "/bucket/a%20b/%C3%BC.txt?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Creden"
                + "tial=AKIAIOSFODNN7EXAMPLE%2F20261121%2Fus-east-1%2Fs3%2Faws4_request&X"
                + "-Amz-Date=20261121T063234Z&X-Amz-Expires=1200&X-Amz-SignedHeaders=host"
                + "&X-Amz-Signature=5d509a4a64c823ac27681f6c6ca0480acabbc2cc32541bd329a48"
                + "a19af4f71f8",
            headers: [
                ("host", "127.0.0.1:9000")
            ],
            body: ""),
        SignatureVector(
            name: "a presigned get with response overrides",
            method: "GET",
            target:
                "/bucket/k?response-content-type=text%2Fplain%3B%20charset%3Dutf-8&X-Am"
                + "z-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F2"
                + "0261121%2Fus-east-1%2Fs3%2Faws4_request&X-Amz-Date=20261121T063234Z&X-"
                + "Amz-Expires=604800&X-Amz-SignedHeaders=host&X-Amz-Signature=41c27a92ed"
                + "f5880042fc34a8751ff8123b1f2a1c1e8b33a6afede651d3fa6b14",
            headers: [
                ("host", "127.0.0.1:9000")
            ],
            body: ""),
        SignatureVector(
            name: "a presigned put with a signed content type",
            method: "PUT",
            target:
                "/bucket/k?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIAIOSFOD"
                + "NN7EXAMPLE%2F20261121%2Fus-east-1%2Fs3%2Faws4_request&X-Amz-Date=20261"
                + "121T063234Z&X-Amz-Expires=300&X-Amz-SignedHeaders=content-type%3Bhost&"
                + "X-Amz-Signature=38e9fe717a565dc97f5e61f63c81386c1bb3439b705d2b14b41ade"
                + "63e458e5fe",
            headers: [
                ("host", "127.0.0.1:9000"),
                ("content-type", "application/octet-stream"),
            ],
            body: ""),
    ]
}

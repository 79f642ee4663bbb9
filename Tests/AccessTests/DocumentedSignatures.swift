// The examples of "Authenticating Requests (AWS Signature Version 4)" in Amazon's documentation of S3.

extension SignatureVector {
    private static func authorization(_ signedHeaders: String, _ signature: String) -> String {
        "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,"
            + "SignedHeaders=\(signedHeaders),Signature=\(signature)"
    }

    private static let host = ("host", "examplebucket.s3.amazonaws.com")
    private static let date = ("x-amz-date", "20130524T000000Z")
    private static let emptyHash = (
        "x-amz-content-sha256", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    )

    static let documented: [SignatureVector] = [
        SignatureVector(
            name: "the documented GET of an object", method: "GET", target: "/test.txt",
            headers: [
                host, date, emptyHash, ("range", "bytes=0-9"),
                (
                    "authorization",
                    authorization(
                        "host;range;x-amz-content-sha256;x-amz-date",
                        "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41")
                ),
            ], body: ""),
        SignatureVector(
            name: "the documented PUT of an object", method: "PUT", target: "/test$file.text",
            headers: [
                host, date, ("date", "Fri, 24 May 2013 00:00:00 GMT"),
                ("x-amz-storage-class", "REDUCED_REDUNDANCY"),
                (
                    "x-amz-content-sha256",
                    "44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072"
                ),
                (
                    "authorization",
                    authorization(
                        "date;host;x-amz-content-sha256;x-amz-date;x-amz-storage-class",
                        "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd")
                ),
            ], body: "Welcome to Amazon S3."),
        SignatureVector(
            name: "the documented GET of a lifecycle", method: "GET", target: "/?lifecycle",
            headers: [
                host, date, emptyHash,
                (
                    "authorization",
                    authorization(
                        "host;x-amz-content-sha256;x-amz-date",
                        "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543")
                ),
            ], body: ""),
        SignatureVector(
            name: "the documented list", method: "GET", target: "/?max-keys=2&prefix=J",
            headers: [
                host, date, emptyHash,
                (
                    "authorization",
                    authorization(
                        "host;x-amz-content-sha256;x-amz-date",
                        "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7")
                ),
            ], body: ""),
        SignatureVector(
            name: "the documented presigned URL", method: "GET",
            target: "/test.txt?X-Amz-Algorithm=AWS4-HMAC-SHA256"
                + "&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3"
                + "%2Faws4_request&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400"
                + "&X-Amz-SignedHeaders=host&X-Amz-Signature="
                + "aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404",
            headers: [host], body: ""),
    ]

    private static let streamed = ("host", "s3.amazonaws.com")

    /// "Example: Transferring Payload in Multiple Chunks": 66 560 times "a" in chunks of 64 KiB.
    static let documentedChunks = SignatureVector(
        name: "the documented chunked upload", method: "PUT",
        target: "/examplebucket/chunkObject.txt",
        headers: [
            streamed, date, ("x-amz-storage-class", "REDUCED_REDUNDANCY"),
            ("x-amz-content-sha256", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"),
            ("content-encoding", "aws-chunked"), ("x-amz-decoded-content-length", "66560"),
            ("content-length", "66824"),
            (
                "authorization",
                authorization(
                    "content-encoding;content-length;host;x-amz-content-sha256;x-amz-date;"
                        + "x-amz-decoded-content-length;x-amz-storage-class",
                    "4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9")
            ),
        ],
        body: "10000;chunk-signature="
            + "ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648\r\n"
            + String(repeating: "a", count: 65_536) + "\r\n400;chunk-signature="
            + "0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497\r\n"
            + String(repeating: "a", count: 1024) + "\r\n0;chunk-signature="
            + "b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9\r\n\r\n")

    /// "Example: Transferring Payload in Multiple Chunks including trailing headers".
    static let documentedTrailers = SignatureVector(
        name: "the documented chunked upload with a trailer", method: "PUT",
        target: "/examplebucket/chunkObject.txt",
        headers: [
            streamed, date, ("x-amz-storage-class", "REDUCED_REDUNDANCY"),
            ("x-amz-content-sha256", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER"),
            ("content-encoding", "aws-chunked"), ("x-amz-decoded-content-length", "66560"),
            ("content-length", "66824"), ("x-amz-trailer", "x-amz-checksum-crc32c"),
            (
                "authorization",
                authorization(
                    "content-encoding;host;x-amz-content-sha256;x-amz-date;"
                        + "x-amz-decoded-content-length;x-amz-storage-class;x-amz-trailer",
                    "106e2a8a18243abcf37539882f36619c00e2dfc72633413f02d3b74544bfeb8e")
            ),
        ],
        body: "10000;chunk-signature="
            + "b474d8862b1487a5145d686f57f013e54db672cee1c953b3010fb58501ef5aa2\r\n"
            + String(repeating: "a", count: 65_536) + "\r\n400;chunk-signature="
            + "1c1344b170168f8e65b41376b44b20fe354e373826ccbbe2c1d40a8cae51e5c7\r\n"
            + String(repeating: "a", count: 1024) + "\r\n0;chunk-signature="
            + "2ca2aba2005185cf7159c6277faf83795951dd77a3a99e6e65d5c9f85863f992\r\n"
            + "x-amz-checksum-crc32c:sOO8/Q==\r\nx-amz-trailer-signature:"
            + "d81f82fc3505edab99d459891051a732e8730629a2e4a59689829ca17fe2e435\r\n\r\n")
}

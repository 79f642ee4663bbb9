// Signature version 4 as a client makes it, written a second time, so that these tests do not only agree
// with themselves (Amazon S3 API Reference, "Authenticating Requests (AWS Signature Version 4)").

internal import Checksums
internal import HTTPTypes
internal import S3API
internal import Storage

struct ClientSigner {
    var accessKey = "AKIDTEST"
    var secret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
    var region = "us-east-1"
    /// `20240524T000000Z`.
    var timestamp = "20240524T000000Z"

    private var day: String { String(timestamp.prefix(8)) }
    private var scope: String { "\(day)/\(region)/s3/aws4_request" }

    /// The fields of the request with an `Authorization`, and the signature itself.
    func sign(
        _ method: String, _ target: String, _ fields: HTTPFields, payload: String
    ) -> (fields: HTTPFields, signature: String) {
        var fields = fields
        fields[.other("x-amz-date")] = timestamp
        fields[.other("x-amz-content-sha256")] = payload
        let names = Self.signedNames(fields)
        let signature = signature(
            of: Self.canonicalRequest(method, target, fields, names: names, payload: payload))
        fields[.authorization] =
            "AWS4-HMAC-SHA256 Credential=\(accessKey)/\(scope), "
            + "SignedHeaders=\(names.joined(separator: ";")), Signature=\(signature)"
        return (fields, signature)
    }

    /// The target with the parameters of a presigned URL.
    func presign(
        _ method: String, _ target: String, _ fields: HTTPFields, expires: Int
    ) -> String {
        let names = Self.signedNames(fields)
        let mark = target.contains("?") ? "&" : "?"
        let query = [
            "X-Amz-Algorithm=AWS4-HMAC-SHA256",
            "X-Amz-Credential=" + Self.encode("\(accessKey)/\(scope)"),
            "X-Amz-Date=\(timestamp)", "X-Amz-Expires=\(expires)",
            "X-Amz-SignedHeaders=" + Self.encode(names.joined(separator: ";")),
        ]
        let unsigned = target + mark + query.joined(separator: "&")
        let signature = signature(
            of: Self.canonicalRequest(
                method, unsigned, fields, names: names, payload: "UNSIGNED-PAYLOAD"))
        return unsigned + "&X-Amz-Signature=" + signature
    }

    /// The signature of the next chunk of a streamed body.
    func chunkSignature(after previous: String, _ bytes: [UInt8]) -> String {
        code(
            "AWS4-HMAC-SHA256-PAYLOAD\n\(timestamp)\n\(scope)\n\(previous)\n"
                + Self.hash([]) + "\n" + Self.hash(bytes))
    }

    func trailerSignature(after previous: String, _ trailers: String) -> String {
        code(
            "AWS4-HMAC-SHA256-TRAILER\n\(timestamp)\n\(scope)\n\(previous)\n"
                + Self.hash(Array(trailers.utf8)))
    }

    static func hash(_ bytes: [UInt8]) -> String {
        Hexadecimal.encode(MessageDigest.hash(.sha256, bytes))
    }

    private func signature(of canonicalRequest: String) -> String {
        code(
            "AWS4-HMAC-SHA256\n\(timestamp)\n\(scope)\n" + Self.hash(Array(canonicalRequest.utf8)))
    }

    private func code(_ text: String) -> String {
        var key = Array("AWS4\(secret)".utf8)
        for part in [day, region, "s3", "aws4_request"] {
            key = HMAC.code(key: key, message: Array(part.utf8))
        }
        return Hexadecimal.encode(HMAC.code(key: key, message: Array(text.utf8)))
    }

    private static func signedNames(_ fields: HTTPFields) -> [String] {
        let names = fields.map(\.name.canonicalName).filter {
            $0 == "host" || $0 == "content-type" || $0 == "content-md5" || $0.hasPrefix("x-amz-")
        }
        return Set(names).sorted()
    }

    private static func canonicalRequest(
        _ method: String, _ target: String, _ fields: HTTPFields, names: [String], payload: String
    ) -> String {
        let halves = target.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        let path = PercentCoding.decode(String(halves[0])) ?? []
        let query = (halves.count > 1 ? halves[1] : "").split(separator: "&").map { pair in
            let halves = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let value = halves.count > 1 ? decodeQuery(halves[1]) : ""
            return encode(decodeQuery(halves[0])) + "=" + encode(value)
        }
        let headers = names.map { name in
            let values = fields.filter { $0.name.canonicalName == name }.map(\.value)
            return "\(name):\(values.joined(separator: ","))\n"
        }
        return [
            method, PercentCoding.encode(path), query.sorted().joined(separator: "&"),
            headers.joined(), names.joined(separator: ";"), payload,
        ].joined(separator: "\n")
    }

    private static func decodeQuery(_ text: Substring) -> String {
        String(decoding: PercentCoding.decode(String(text), plusIsSpace: true) ?? [], as: UTF8.self)
    }

    private static func encode(_ text: String) -> String {
        PercentCoding.encode(Array(text.utf8)).replacing("/", with: "%2F")
    }
}

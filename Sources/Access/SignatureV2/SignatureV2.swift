// A signature of version 2 in the query of a presigned URL, which covers (Amazon S3, "Signing and
// Authenticating REST Requests", "Query String Request Authentication Alternative"):
//
//     method ⏎ Content-MD5 ⏎ Content-Type ⏎ Expires ⏎ (x-amz-… header ⏎)* [/bucket]path[?sub-resources]
//
// with the bucket where the host names it ("Constructing the CanonicalizedResource Element").
//
// It is weaker than version 4 (SHA-1, no scope, most of the query unsigned), and some clients make nothing
// else unless told: boto3 and awscli against a custom endpoint, Quay's RadosGW engine. So it is accepted for
// reading only, and can be switched off (`RequestVerifier`).

internal import Checksums
internal import Storage

struct SignatureV2 {
    let accessKey: String
    private let expiresText: String
    private let expiresSeconds: Int64
    private let code: [UInt8]
    private let query: QueryParameters

    /// Throws `malformedQueryAuthentication`, or `unsupportedAlgorithm` for a request that does not read.
    init(query: QueryParameters, of request: PlainRequest) throws(AccessError) {
        guard request.method == "GET" || request.method == "HEAD" else {
            throw AccessError(
                .unsupportedAlgorithm, "a signature of version 2 is accepted for GET and HEAD only")
        }
        guard let accessKey = query.value("AWSAccessKeyId"),
            let expires = query.value("Expires"), let seconds = Int64(expires),
            let code = query.value("Signature").flatMap(Base64.decode)
        else {
            throw AccessError(
                .malformedQueryAuthentication,
                "AWSAccessKeyId, Expires or Signature is missing, malformed, or given twice")
        }
        self.accessKey = accessKey
        expiresText = expires
        expiresSeconds = seconds
        self.code = code
        self.query = query
    }

    /// Throws `expired`.
    func checkTime(nowMilliseconds: Int64) throws(AccessError) {
        guard nowMilliseconds / 1000 <= expiresSeconds else {
            throw AccessError(.expired, "Request has expired")
        }
    }

    /// Throws `signatureDoesNotMatch`.
    func verify(
        _ request: PlainRequest, credential: Credential
    ) throws(AccessError) -> VerifiedRequest {
        let expected = HMAC.code(
            key: Array(credential.secret.utf8), message: stringToSign(request), algorithm: .sha1)
        guard ConstantTime.isEqual(expected, code) else {
            throw AccessError(
                .signatureDoesNotMatch,
                "The request signature we calculated does not match the signature you provided.")
        }
        return VerifiedRequest(
            principal: credential.principal, accessKey: accessKey, payload: .unsigned,
            chunkSignatures: nil)
    }

    private func stringToSign(_ request: PlainRequest) -> [UInt8] {
        let lines = [
            request.method, request.header("content-md5") ?? "",
            request.header("content-type") ?? "", expiresText,
        ]
        let names = Set(request.headers.map(\.name)).filter {
            $0.utf8.starts(with: "x-amz-".utf8)
        }
        let headers = names.sorted().map { name in
            let values = request.headers.filter { $0.name == name }.map(\.value)
            return "\(name):\(values.joined(separator: ","))"
        }
        return Array((lines + headers + [resource(request)]).joined(separator: "\n").utf8)
    }

    /// The path as it was sent, with the parameters that are part of what is asked for.
    private func resource(_ request: PlainRequest) -> String {
        let parts = query.parameters.compactMap { parameter -> String? in
            let name = String(decoding: parameter.name, as: UTF8.self)
            guard Self.covered.contains(name) else { return nil }
            // As it will be read, or a space could be made of a plus that was signed.
            let value = PercentCoding.decodeText(parameter.value, plusIsSpace: true) ?? ""
            return value.isEmpty ? name : "\(name)=\(value)"
        }
        let path = (request.hostBucket.map { "/" + $0 } ?? "") + request.path
        return parts.isEmpty ? path : "\(path)?\(parts.sorted().joined(separator: "&"))"
    }

    private static let covered: Set<String> = [
        "accelerate", "acl", "analytics", "cors", "delete", "inventory", "lifecycle", "location",
        "logging", "metrics", "notification", "object-lock", "partNumber", "policy", "replication",
        "requestPayment", "response-cache-control", "response-content-disposition",
        "response-content-encoding", "response-content-language", "response-content-type",
        "response-expires", "restore", "select", "select-type", "storageClass", "tagging",
        "torrent", "uploadId", "uploads", "versionId", "versioning", "versions", "website",
    ]
}

extension QueryParameters {
    /// The decoded value of the one parameter of this name; `nil` where there is none, or more than one,
    /// or one that cannot be decoded.
    fileprivate func value(_ name: StaticString) -> String? {
        let found = parameters.filter { parameter in
            name.withUTF8Buffer { parameter.name.elementsEqual($0) }
        }
        return found.count == 1 ? PercentCoding.decodeText(found[0].value) : nil
    }
}

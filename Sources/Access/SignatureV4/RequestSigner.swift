// Signing requests: what our own client of other stores does, and what tests hold the verifier against.

internal import Checksums
internal import Storage

/// What a signer adds to a request.
package struct SignedHeaders: Sendable {
    /// `x-amz-date`, `x-amz-content-sha256` and `authorization`.
    package let headers: [PlainHeader]
    /// The chain with which the chunks of a streamed body are signed.
    package let chunkSignatures: ChunkSignatureChain

    package init(headers: [PlainHeader], chunkSignatures: ChunkSignatureChain) {
        self.headers = headers
        self.chunkSignatures = chunkSignatures
    }
}

/// Signs requests with one key pair, version 4, for S3. Any number of threads may use it.
package struct RequestSigner: Sendable {
    private let accessKey: String
    private let secret: String
    private let region: String
    private let keys = SigningKeyCache(limit: 4)

    package init(accessKey: String, secret: String, region: String = "us-east-1") {
        self.accessKey = accessKey
        self.secret = secret
        self.region = region
    }

    /// Signs every header of `request`, which must have `host` and must not have those that are added.
    package func sign(
        _ request: PlainRequest, payload: PayloadDeclaration, at seconds: Int64
    ) throws(AccessError) -> SignedHeaders {
        let time = SigningTime(seconds: seconds)
        var added = [
            PlainHeader("x-amz-content-sha256", payload.headerValue),
            PlainHeader("x-amz-date", time.text),
        ]
        var request = request
        request.headers += added
        let names = Self.names(of: request)
        let (credential, scope, key) = signingKey(at: time)
        let code = SignatureV4.code(
            canonicalRequest: try CanonicalRequest.bytes(
                of: request, signedHeaders: SignedHeaderNames(Array(names.utf8)[...]),
                payload: payload.headerValue),
            time: time, scope: scope, key: key)
        added.append(
            PlainHeader(
                "authorization",
                "\(SignatureV4.algorithm) Credential=\(credential), SignedHeaders=\(names), "
                    + "Signature=\(Hexadecimal.encode(code))"))
        return SignedHeaders(
            headers: added,
            chunkSignatures: ChunkSignatureChain(key: key, time: time, scope: scope, seed: code))
    }

    /// The target (path and query) of a presigned URL. Signs every header of `request`, all of which its
    /// user must then send; usually there is only `host`.
    package func presign(
        _ request: PlainRequest, lifeSeconds: Int64, at seconds: Int64
    ) throws(AccessError) -> String {
        let time = SigningTime(seconds: seconds)
        let names = Self.names(of: request)
        let (credential, scope, key) = signingKey(at: time)
        var request = request
        let parameters = [
            ("X-Amz-Algorithm", SignatureV4.algorithm), ("X-Amz-Credential", credential),
            ("X-Amz-Date", time.text), ("X-Amz-Expires", String(lifeSeconds)),
            ("X-Amz-SignedHeaders", names),
        ].map { "\($0)=\(PercentCoding.encode(Array($1.utf8), keepsSlash: false))" }
        request.query = ((request.query.isEmpty ? [] : [request.query]) + parameters)
            .joined(separator: "&")
        let code = SignatureV4.code(
            canonicalRequest: try CanonicalRequest.bytes(
                of: request, signedHeaders: SignedHeaderNames(Array(names.utf8)[...]),
                payload: PayloadDeclaration.unsigned.headerValue),
            time: time, scope: scope, key: key)
        return "\(request.path)?\(request.query)&X-Amz-Signature=\(Hexadecimal.encode(code))"
    }

    private func signingKey(
        at time: SigningTime
    ) -> (credential: String, scope: CredentialScope, key: HMAC) {
        let scope = CredentialScope(time: time, region: region)
        let credential = "\(accessKey)/\(String(decoding: scope.text, as: UTF8.self))"
        return (credential, scope, keys.key(for: credential, scope: scope, secret: secret))
    }

    private static func names(of request: PlainRequest) -> String {
        Set(request.headers.map(\.name)).sorted().joined(separator: ";")
    }
}

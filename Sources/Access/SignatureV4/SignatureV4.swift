// A signature of version 4 as it was read from a request, in a header or in the query, and its
// verification (Amazon S3, "Authenticating Requests (AWS Signature Version 4)").

internal import Checksums
internal import Storage

struct SignatureV4: Sendable {
    static let algorithm = "AWS4-HMAC-SHA256"

    /// Access key and scope, as sent.
    let credential: String
    let accessKey: String
    let scope: CredentialScope
    let time: SigningTime
    /// How long a presigned URL is valid; `nil` for a signed header.
    let lifeSeconds: Int64?
    let signedHeaders: SignedHeaderNames
    /// What stands for the body in the canonical request.
    let payload: String
    /// 32 bytes.
    let code: [UInt8]

    /// Throws `requestTimeTooSkewed` or `expired`.
    func checkTime(nowMilliseconds: Int64, limits: AccessLimits) throws(AccessError) {
        let age = nowMilliseconds / 1000 - time.seconds
        guard age >= -limits.skewSeconds, lifeSeconds != nil || age <= limits.skewSeconds else {
            throw AccessError(
                .requestTimeTooSkewed,
                "the request's time, \(time.text), is too far from the time of the region")
        }
        if let lifeSeconds, age > lifeSeconds {
            throw AccessError(.expired, "the presigned URL has expired")
        }
    }

    /// Throws `missingSignedHeader` or `signatureDoesNotMatch`.
    func verify(
        _ request: PlainRequest, credential: Credential, keys: SigningKeyCache, limits: AccessLimits
    ) throws(AccessError) -> VerifiedRequest {
        try checkCoverage(of: request, limits: limits)
        let declaration = try PayloadDeclaration(headerValue: payload)
        let canonical = try CanonicalRequest.bytes(
            of: request, signedHeaders: signedHeaders, payload: payload)
        let key = keys.key(for: self.credential, scope: scope, secret: credential.secret)
        let expected = Self.code(
            canonicalRequest: canonical, time: time, scope: scope, key: key)
        guard ConstantTime.isEqual(expected, code) else {
            throw AccessError(
                .signatureDoesNotMatch,
                "the signature is not that of this request under this access key's secret")
        }
        var chain: ChunkSignatureChain?
        if case .chunked(isSigned: true, hasTrailer: _) = declaration {
            chain = ChunkSignatureChain(key: key, time: time, scope: scope, seed: expected)
        }
        return VerifiedRequest(
            principal: credential.principal, accessKey: accessKey, payload: declaration,
            chunkSignatures: chain)
    }

    /// Task 2 and 3: the string to sign, signed.
    static func code(
        canonicalRequest: [UInt8], time: SigningTime, scope: CredentialScope, key: HMAC
    ) -> [UInt8] {
        var text: [UInt8] = []
        text.reserveCapacity(192)
        text += algorithm.utf8
        text.append(UInt8(ascii: "\n"))
        text += time.text.utf8
        text.append(UInt8(ascii: "\n"))
        text += scope.text
        text.append(UInt8(ascii: "\n"))
        Hexadecimal.append(MessageDigest.hash(.sha256, canonicalRequest), to: &text)
        return key.code(for: text)
    }

    /// `host` and every `x-amz-` header must be signed, so that nobody on the way can add one. The
    /// content hash is bound by the canonical request itself.
    private func checkCoverage(
        of request: PlainRequest, limits: AccessLimits
    ) throws(AccessError) {
        guard signedHeaders.names.count <= limits.signedHeaders else {
            throw AccessError(.malformedAuthorization, "too many signed headers")
        }
        guard signedHeaders.contains("host") else {
            throw AccessError(.missingSignedHeader, "the host header must be signed")
        }
        for header in request.headers
        where header.name.utf8.starts(with: "x-amz-".utf8)
            && !header.name.isSame(as: "x-amz-content-sha256")
        {
            guard signedHeaders.contains(header.name) else {
                throw AccessError(
                    .missingSignedHeader, "the header “\(header.name)” must be signed")
            }
        }
    }
}

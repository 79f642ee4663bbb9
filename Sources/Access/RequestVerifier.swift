// The door through which clients' requests come: finds out how a request is signed and has that form
// verified. A further form is one more case here and one more file.

/// A request whose signature holds, or that has none.
package struct VerifiedRequest: Sendable {
    package let principal: Principal
    /// `nil` of a request without a signature.
    package let accessKey: String?
    /// What the signature says of the body, which has not been read yet.
    package let payload: PayloadDeclaration
    /// For bodies whose chunks are signed: the chain that their decoder goes on with.
    package let chunkSignatures: ChunkSignatureChain?

    package init(
        principal: Principal, accessKey: String?, payload: PayloadDeclaration,
        chunkSignatures: ChunkSignatureChain?
    ) {
        self.principal = principal
        self.accessKey = accessKey
        self.payload = payload
        self.chunkSignatures = chunkSignatures
    }

    /// One without any signature, which may do what `policy` allows to everyone.
    package static func anonymous(_ policy: BucketPolicy) -> VerifiedRequest {
        VerifiedRequest(
            principal: .anonymous(policy), accessKey: nil, payload: .unsigned, chunkSignatures: nil)
    }
}

/// Verifies signed requests. One for each process, since it keeps derived keys. Any number of threads
/// may use it.
package struct RequestVerifier: Sendable {
    /// How a request is signed.
    private enum Scheme {
        case headerV4(String)
        case queryV4(QueryParameters)
        case queryV2(QueryParameters)
        case none
    }

    private let credentials: any CredentialSource
    private let limits: AccessLimits
    private let acceptsQueryV2: Bool
    private let keys: SigningKeyCache

    /// `acceptsQueryV2`: whether presigned URLs of version 2 may read.
    package init(
        credentials: any CredentialSource, limits: AccessLimits = AccessLimits(),
        acceptsQueryV2: Bool = false
    ) {
        self.credentials = credentials
        self.limits = limits
        self.acceptsQueryV2 = acceptsQueryV2
        keys = SigningKeyCache(limit: limits.signingKeys)
    }

    /// `nil` for a request without any signature. Throws an `AccessError` where it is not signed well; and
    /// whatever the source of credentials throws. Does not read the body: see `VerifiedRequest.payload`. Stays
    /// on the caller's thread where the credential is in memory.
    package func verify(
        _ request: PlainRequest, nowMilliseconds: Int64
    ) async throws -> VerifiedRequest? {
        let signature: SignatureV4
        switch try scheme(of: request) {
        case .headerV4(let authorization):
            signature = try SignatureV4(authorization: authorization, of: request)
        case .queryV4(let query):
            signature = try SignatureV4(query: query, of: request, limits: limits)
        case .queryV2(let query):
            let signature = try SignatureV2(query: query, of: request)
            try signature.checkTime(nowMilliseconds: nowMilliseconds)
            return try await credential(signature.accessKey)
                .verified { credential throws(AccessError) in
                    try signature.verify(request, credential: credential)
                }
        case .none: return nil
        }
        try signature.checkTime(nowMilliseconds: nowMilliseconds, limits: limits)
        return try await credential(signature.accessKey)
            .verified { credential throws(AccessError) in
                try signature.verify(
                    request, credential: credential, keys: keys, limits: limits)
            }
    }

    private func credential(_ accessKey: String) async throws -> Credential {
        guard let credential = try await credentials.credential(for: accessKey) else {
            throw AccessError(.unknownAccessKey, "no such access key: \(accessKey)")
        }
        return credential
    }

    private func scheme(of request: PlainRequest) throws(AccessError) -> Scheme {
        let authorization = request.header("authorization")
        let query = request.query.isEmpty ? nil : QueryParameters(request.query)
        let isQuery = query?.isSignedV4 ?? false
        guard authorization == nil || !isQuery else {
            throw AccessError(
                .ambiguousAuthentication, "the request is signed both in a header and in the query")
        }
        if let query, isQuery { return .queryV4(query) }
        if let authorization {
            guard authorization.utf8.starts(with: SignatureV4.algorithm.utf8) else {
                throw AccessError(
                    .unsupportedAlgorithm, "only \(SignatureV4.algorithm) is spoken here")
            }
            return .headerV4(authorization)
        }
        if let query, query.isSignedV2 {
            guard !acceptsQueryV2 else { return .queryV2(query) }
            throw AccessError(
                .unsupportedAlgorithm, "only \(SignatureV4.algorithm) is spoken here")
        }
        return .none
    }
}

// How the body of a write becomes a staged blob: announced first, so that it can be refused unread; then
// streamed with back-pressure; then compared with everything that was promised of it.

internal import Access
internal import HTTPServer
internal import HTTPTypes
internal import NIOCore
internal import Storage

/// What the head of a request says about its body.
struct BodyAnnouncement: Sendable {
    /// Of the decoded body.
    var lengthBytes: UInt64
    var md5: [UInt8]?
    var checksum: ChecksumAnnouncement?
    /// From this length on the ETag need not be an MD5.
    private let opaqueETagBytes: UInt64

    /// Throws where the length is missing or above the limit, or a digest cannot be read.
    init(_ request: S3Request) throws(S3Error) {
        guard let lengthBytes = try request.bodyLengthBytes else {
            throw S3Error(
                .missingContentLength, "You must provide the Content-Length HTTP header.")
        }
        guard lengthBytes <= request.limits.bodyBytes else {
            throw S3Error(
                .entityTooLarge, "Your proposed upload exceeds the maximum allowed object size."
            )
            .with("ProposedSize", String(lengthBytes))
            .with("MaxSizeAllowed", String(request.limits.bodyBytes))
        }
        self.lengthBytes = lengthBytes
        md5 = try request.contentMD5
        checksum = try ChecksumAnnouncement(request.fields)
        opaqueETagBytes = request.limits.opaqueETagBytes
    }

    /// Whether the ETag of an object with this body is its MD5, which takes twice as long as SHA-256: always,
    /// but for a large body whose client gave a stronger promise of its bytes and none of their MD5.
    /// `isPromised`: by a digest, a signed hash or a SHA-256. S3 calls an ETag opaque (API reference, *Object*).
    func needsMD5(isPromised: Bool) -> Bool {
        md5 != nil || !isPromised || lengthBytes < opaqueETagBytes
    }
}

extension S3Request {
    /// The announced length of the body as it will be decoded; `nil` where it was not announced.
    var bodyLengthBytes: UInt64? {
        get throws(S3Error) {
            guard let text = fields[.decodedContentLength] else {
                let isStreamed = if case .chunked = verified.payload { true } else { false }
                // A request without a body may say nothing of its length; a write that has lost its body must not
                // pass for one of nothing.
                return isStreamed || !fields.contains(.contentLength)
                    ? nil : server.body.lengthBytes
            }
            guard let length = UInt64(text) else {
                throw .invalidArgument(
                    "x-amz-decoded-content-length", text, "The decoded length is no number.")
            }
            return length
        }
    }

    /// Throws `InvalidDigest` for a `Content-MD5` that is none.
    var contentMD5: [UInt8]? {
        get throws(S3Error) {
            guard let text = fields[.contentMD5] else { return nil }
            guard let bytes = Base64.decode(text), bytes.count == 16 else {
                throw S3Error(.invalidDigest, "The Content-MD5 you specified is not valid.")
            }
            return bytes
        }
    }
}

extension S3Handler {
    /// Stages the body of a request. `isBlob`: it will be named by its SHA-256; a part is not.
    func receive(
        _ request: S3Request, _ announced: BodyAnnouncement, isBlob: Bool, isSealed: Bool,
        digest: ContentDigest? = nil, alsoComputing extra: ChecksumAlgorithm? = nil
    ) async throws -> StagedBlob {
        let body = try IncomingBody(request)
        let isPromised =
            digest != nil || body.signedSHA256 != nil || announced.checksum?.algorithm == .sha256
        var plan = HashPlan(
            sha256: isBlob || body.signedSHA256 != nil,
            md5: !isBlob || announced.needsMD5(isPromised: isPromised),
            sha512: digest?.algorithm == .sha512, isSealed: isSealed)
        for algorithm in [announced.checksum?.algorithm, extra] {
            if let algorithm { plan.checksums.insert(algorithm) }
        }
        let staging = try await blobs.stage(plan, expectedBytes: announced.lengthBytes)
        var received: UInt64 = 0
        while let bytes = try await body.next() {
            received += UInt64(bytes.readableBytes)
            guard received <= announced.lengthBytes else { throw S3Error.incompleteBody }
            try await staging.write(bytes)
        }
        var promise = BodyPromise(
            sizeBytes: announced.lengthBytes, md5: announced.md5,
            digests: digest.map { [$0] } ?? [])
        if let checksum = announced.checksum {
            promise.checksums[checksum.algorithm] = try checksum.bytes(trailers: body.trailers)
        }
        let staged = try await staging.finish(promise)
        if let signed = body.signedSHA256, staged.blob?.bytes != signed {
            throw S3Error.contentSHA256Mismatch
        }
        return staged
    }
}

extension ChecksumAnnouncement {
    /// The announced bytes, out of the trailers where they follow the body.
    func bytes(trailers: [Trailer]) throws(S3Error) -> [UInt8] {
        switch value {
        case .header(let bytes):
            return bytes
        case .trailer:
            let name = algorithm.headerName.canonicalName
            guard let trailer = trailers.first(where: { $0.name == name }) else {
                throw S3Error(
                    .malformedTrailer, "The trailer \(name) was announced and did not come.")
            }
            return try algorithm.decode(trailer.value, from: "\(name) trailing header")
        }
    }
}

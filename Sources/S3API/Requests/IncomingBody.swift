// The body of a request as the client meant it: whatever the transfer wrapped it in is taken off, and what
// the signature says of it is kept for whoever reads it to its end.

internal import Access
internal import HTTPServer
internal import HTTPTypes
internal import NIOCore

/// One reader.
final class IncomingBody {
    /// The SHA-256 that was signed; to be compared at the end.
    let signedSHA256: [UInt8]?
    private let source: any RequestBodySource
    private let chunked: ChunkedBody?

    init(_ request: S3Request) throws(S3Error) {
        source = request.server.body.source
        switch request.verified.payload {
        case .hashed(let hash):
            signedSHA256 = hash
            chunked = nil
        case .unsigned:
            signedSHA256 = nil
            chunked = nil
        case .chunked(_, let hasTrailer):
            signedSHA256 = nil
            chunked = ChunkedBody(
                AWSChunkedDecoder(
                    signatures: request.verified.chunkSignatures, hasTrailer: hasTrailer,
                    decodedLengthBytes: try request.bodyLengthBytes,
                    trailerNames: request.trailerNames))
        }
    }

    /// What followed the body; complete after `next` returned `nil`.
    var trailers: [Trailer] { chunked?.trailers ?? [] }

    func next() async throws -> ByteBuffer? {
        guard let chunked else { return try await source.next() }
        while true {
            if let bytes = try chunked.decoder.next() { return bytes }
            guard let bytes = try await source.next() else {
                try chunked.finish()
                return nil
            }
            chunked.decoder.feed(bytes)
        }
    }
}

/// Holds a decoder, which cannot be copied.
private final class ChunkedBody {
    var decoder: AWSChunkedDecoder
    private(set) var trailers: [Trailer] = []

    init(_ decoder: consuming AWSChunkedDecoder) { self.decoder = decoder }

    func finish() throws(AccessError) { trailers = try decoder.finish() }
}

extension S3Request {
    /// The names that `x-amz-trailer` announced, in lower case.
    var trailerNames: [String] {
        (fields[.trailerName] ?? "").split(separator: ",").map { name in
            name.filter { $0 != " " }.lowercased()
        }
    }
}

// The aws-chunked content encoding, decoded as it arrives (Amazon S3, "Transferring Payload in Multiple
// Chunks", and "… including trailing headers"):
//
//     body    = *chunk last [*trailer [signature]] CRLF
//     chunk   = size [";chunk-signature=" 64HEX] CRLF bytes CRLF
//     last    = "0"  [";chunk-signature=" 64HEX] CRLF
//     trailer = name ":" value CRLF
//
// Payload is handed out as slices of what came in, without copying. **Bytes of a chunk whose signature
// is not verified yet are handed out**: nothing of a body is committed before its end, and `finish`
// must have returned by then. A wrong signature is an error before the last bytes of its chunk are
// handed out, and nothing comes after it.

internal import Checksums
package import NIOCore

/// A header that followed the body.
package struct Trailer: Sendable, Hashable {
    /// In lower case.
    package let name: String
    package let value: String

    package init(name: String, value: String) {
        self.name = name
        self.value = value
    }
}

/// Decodes one body. Feed what arrives, take payload until there is none, and so on; then `finish`.
/// After an error it must not be used again.
package struct AWSChunkedDecoder: ~Copyable {
    private enum State {
        case chunkHeader
        case payload(remainingBytes: UInt64)
        case payloadEnd
        case trailers
        case finished
    }

    private let limits: AccessLimits
    private let decodedLengthBytes: UInt64?
    private let hasTrailer: Bool
    private var state = State.chunkHeader
    private var input = ByteBuffer()
    private var line: [UInt8] = []
    /// `line` is a whole line, and was looked at.
    private var isLineComplete = false
    private var signatures: ChunkSignatureChain?
    private var chunk = RunningChunk()
    private var trailers: TrailerSection
    private var announcedBytes: UInt64 = 0

    /// - Parameters:
    ///   - signatures: from `VerifiedRequest.chunkSignatures`; `nil` where chunks are not signed.
    ///   - hasTrailer: from the payload's declaration.
    ///   - decodedLengthBytes: the value of `x-amz-decoded-content-length`.
    ///   - trailerNames: the names announced by `x-amz-trailer`, in lower case.
    package init(
        signatures: ChunkSignatureChain?, hasTrailer: Bool, decodedLengthBytes: UInt64?,
        trailerNames: [String] = [], limits: AccessLimits = AccessLimits()
    ) {
        self.signatures = signatures
        self.hasTrailer = hasTrailer
        self.decodedLengthBytes = decodedLengthBytes
        self.limits = limits
        trailers = TrailerSection(announced: trailerNames, limits: limits)
    }

    /// Takes the next bytes of the body. The bytes fed before must have been consumed: `next` returned
    /// `nil`.
    package mutating func feed(_ bytes: ByteBuffer) {
        precondition(input.readableBytes == 0, "\(input.readableBytes) bytes are not consumed yet")
        input = bytes
    }

    /// The next stretch of payload; `nil` where more must be fed. Throws `malformedChunk`,
    /// `signatureDoesNotMatch`, `malformedTrailer`, or `incompleteBody` where the chunks exceed the
    /// announced length.
    package mutating func next() throws(AccessError) -> ByteBuffer? {
        while true {
            switch state {
            case .chunkHeader:
                guard try takeLine(limitBytes: limits.chunkHeaderBytes) else { return nil }
                try beginChunk()
            case .payload(let remainingBytes):
                guard input.readableBytes > 0 else { return nil }
                return try takePayload(remainingBytes)
            case .payloadEnd:
                guard try takeLine(limitBytes: 2) else { return nil }
                guard line.isEmpty else { throw Self.malformed("a chunk is longer than it says") }
                state = .chunkHeader
            case .trailers:
                guard try takeLine(limitBytes: limits.trailerBytes) else { return nil }
                if line.isEmpty { try endTrailers() } else { try takeTrailer() }
            case .finished:
                guard input.readableBytes == 0 else {
                    throw Self.malformed("there are bytes behind the end of the body")
                }
                return nil
            }
        }
    }

    /// Ends the body: whatever was handed out is what was signed. Throws `incompleteBody` where it is cut
    /// short. Answers the trailers in the order sent.
    package func finish() throws(AccessError) -> [Trailer] {
        guard case .finished = state else {
            throw AccessError(.incompleteBody, "the body ended before its last chunk")
        }
        return trailers.fields
    }

    private mutating func beginChunk() throws(AccessError) {
        let header = try ChunkHeader(line, isSigned: signatures != nil)
        let (total, overflow) = announcedBytes.addingReportingOverflow(header.sizeBytes)
        let limit = decodedLengthBytes ?? .max
        guard !overflow, total <= limit else {
            throw AccessError(.incompleteBody, "the body is longer than its announced length")
        }
        announcedBytes = total
        chunk = RunningChunk(
            hash: signatures == nil ? nil : MessageDigest(.sha256), signature: header.signature)
        if header.sizeBytes > 0 {
            state = .payload(remainingBytes: header.sizeBytes)
            return
        }
        try chunk.verify(&signatures)
        guard total == decodedLengthBytes ?? total else {
            throw AccessError(.incompleteBody, "the body is shorter than its announced length")
        }
        state = .trailers
    }

    private mutating func takePayload(
        _ remainingBytes: UInt64
    ) throws(AccessError) -> ByteBuffer? {
        let count = Int(min(remainingBytes, UInt64(input.readableBytes)))
        guard let payload = input.readSlice(length: count) else { return nil }
        chunk.hash?.update(payload)
        if remainingBytes == UInt64(count) {
            try chunk.verify(&signatures)
            state = .payloadEnd
        } else {
            state = .payload(remainingBytes: remainingBytes - UInt64(count))
        }
        return payload
    }

    private mutating func takeTrailer() throws(AccessError) {
        guard hasTrailer else { throw Self.malformed("there are trailers that were not declared") }
        try trailers.append(line, isSigned: signatures != nil)
    }

    private mutating func endTrailers() throws(AccessError) {
        if hasTrailer { try trailers.end(&signatures) }
        state = .finished
    }

    /// Whether `line` now holds a whole line, without its CRLF. A line may come in pieces.
    private mutating func takeLine(limitBytes: Int) throws(AccessError) -> Bool {
        if isLineComplete {
            line.removeAll(keepingCapacity: true)
            isLineComplete = false
        }
        let room = limitBytes - line.count
        let (count, isEnd) = input.withUnsafeReadableBytes { bytes in
            let window = bytes.prefix(room)
            let end = window.firstIndex(of: UInt8(ascii: "\n"))
            return (end.map { $0 + 1 } ?? window.count, end != nil)
        }
        line += input.readableBytesView.prefix(count)
        input.moveReaderIndex(forwardBy: count)
        guard isEnd else {
            guard line.count < limitBytes else {
                throw Self.malformed("a line is longer than \(limitBytes) bytes")
            }
            return false
        }
        guard line.count >= 2, line[line.count - 2] == UInt8(ascii: "\r") else {
            throw Self.malformed("a line does not end in CR and LF")
        }
        line.removeLast(2)
        isLineComplete = true
        return true
    }

    static func malformed(_ what: String) -> AccessError { AccessError(.malformedChunk, what) }
}

/// The chunk that is passing.
private struct RunningChunk {
    var hash: MessageDigest?
    var signature: [UInt8]?

    /// Throws `signatureDoesNotMatch` unless the chunk is the one that was signed at this place.
    func verify(_ signatures: inout ChunkSignatureChain?) throws(AccessError) {
        guard let hash, let signature else { return }
        let expected = signatures?.sign(chunkSHA256: hash.finish()) ?? []
        guard ConstantTime.isEqual(expected, signature) else {
            throw AccessError(
                .signatureDoesNotMatch, "the signature of a chunk of the body does not match")
        }
    }
}

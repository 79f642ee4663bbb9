import Access
import Checksums
import NIOCore
import Storage
import Testing

/// What became of a body.
private struct Decoded: Equatable {
    var payload: [UInt8] = []
    var trailers: [Trailer] = []
    var error: AccessError.Code?
}

private func decode(
    _ body: [UInt8], piece: Int, signatures: ChunkSignatureChain? = nil, hasTrailer: Bool = true,
    length: UInt64? = nil, names: [String] = [], limits: AccessLimits = AccessLimits()
) -> Decoded {
    var decoder = AWSChunkedDecoder(
        signatures: signatures, hasTrailer: hasTrailer, decodedLengthBytes: length,
        trailerNames: names, limits: limits)
    var result = Decoded()
    do throws(AccessError) {
        var offset = 0
        while offset < body.count {
            let end = min(body.count, offset + piece)
            decoder.feed(ByteBuffer(bytes: body[offset..<end]))
            offset = end
            while let payload = try decoder.next() { result.payload += payload.readableBytesView }
        }
        result.trailers = try decoder.finish()
    } catch {
        result.error = error.code
    }
    return result
}

private func signatures(_ vector: SignatureVector) async throws -> ChunkSignatureChain? {
    try await Verification.verifier(SignatureVector.documentedSecret).verify(
        Verification.request(vector), nowMilliseconds: Verification.documentedMilliseconds
    )?.chunkSignatures
}

/// A small generator, so that a failure can be repeated from its seed (Steele et al., 2014).
private struct SplitMix64: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
        return mixed ^ mixed >> 31
    }
}

@Suite("aws-chunked bodies")
struct AWSChunkedDecoderTests {
    static let letters = [UInt8](repeating: UInt8(ascii: "a"), count: 66_560)

    @Test(
        "the documented chunks are verified, however they arrive", arguments: [1, 7, 1000, 70_000])
    func documentedChunks(piece: Int) async throws {
        let vector = SignatureVector.documentedChunks
        let result = decode(
            Array(vector.body.utf8), piece: piece, signatures: try await signatures(vector),
            hasTrailer: false, length: 66_560)
        #expect(result == Decoded(payload: Self.letters))
    }

    @Test(
        "the documented trailer is verified, however it arrives", arguments: [1, 7, 1000, 70_000])
    func documentedTrailers(piece: Int) async throws {
        let vector = SignatureVector.documentedTrailers
        let result = decode(
            Array(vector.body.utf8), piece: piece, signatures: try await signatures(vector),
            length: 66_560, names: ["x-amz-checksum-crc32c"])
        let trailer = Trailer(name: "x-amz-checksum-crc32c", value: "sOO8/Q==")
        #expect(result == Decoded(payload: Self.letters, trailers: [trailer]))
    }

    @Test("botocore's unsigned chunks and trailer are decoded")
    func botocoreTrailer() throws {
        let vector = try #require(
            SignatureVector.botocore.first { $0.name.contains("trailer") })
        for piece in 1...100 {
            let result = decode(
                Array(vector.body.utf8), piece: piece, length: 21,
                names: ["x-amz-checksum-crc32"])
            #expect(result.error == nil)
            #expect(result.payload == Array("hello, trailing world".utf8))
            #expect(result.trailers.map(\.name) == ["x-amz-checksum-crc32"])
        }
    }

    @Test("a flipped bit in a chunk is reported before the chunk's end is handed out")
    func wrongChunk() async throws {
        let vector = SignatureVector.documentedChunks
        var body = Array(vector.body.utf8)
        body[90] ^= 1
        let result = decode(
            body, piece: 1000, signatures: try await signatures(vector), hasTrailer: false)
        #expect(result.error == .signatureDoesNotMatch)
        #expect(result.payload.count < 65_536)
    }

    @Test(
        "chunks that change places, or lack, or come from elsewhere are refused",
        arguments: ["second chunk first", "last chunk of another body", "trailer changed"])
    func brokenChains(what: String) async throws {
        let isTrailer = what == "trailer changed"
        let vector: SignatureVector = isTrailer ? .documentedTrailers : .documentedChunks
        var text = vector.body
        switch what {
        case "second chunk first": text.removeFirst(86 + 65_536 + 2)
        case "last chunk of another body":
            text = text.replacing("b6c6ea8a", with: "b6c6ea8b")
        default: text = text.replacing("sOO8/Q==", with: "sOO8/A==")
        }
        let result = decode(
            Array(text.utf8), piece: 4096, signatures: try await signatures(vector),
            hasTrailer: isTrailer, names: isTrailer ? ["x-amz-checksum-crc32c"] : [])
        #expect(result.error == .signatureDoesNotMatch)
    }

    @Test(
        "a signed trailer without its signature is refused")
    func unsignedTrailer() async throws {
        let vector = SignatureVector.documentedTrailers
        let start = try #require(vector.body.firstRange(of: "x-amz-trailer-signature"))
        let text = vector.body[..<start.lowerBound] + "\r\n"
        let result = decode(
            Array(text.utf8), piece: 4096, signatures: try await signatures(vector),
            names: ["x-amz-checksum-crc32c"])
        #expect(result.error == .signatureDoesNotMatch)
    }

    @Test(
        "whatever breaks the grammar is refused",
        arguments: [
            ("x\r\n", .malformedChunk), ("+3\r\nabc\r\n0\r\n\r\n", .malformedChunk),
            ("\r\n", .malformedChunk), ("3\nabc\r\n0\r\n\r\n", .malformedChunk),
            ("3\r\nabcd\r\n0\r\n\r\n", .malformedChunk),
            ("3 \r\nabc\r\n0\r\n\r\n", .malformedChunk),
            ("3;a=b\r\nabc\r\n0\r\n\r\n", .malformedChunk),
            ("-3\r\n", .malformedChunk), ("00000000000000003\r\n", .malformedChunk),
            ("3\r\nabc\r\n0\r\n\r\nmore", .malformedChunk), ("3\r\nab", .incompleteBody),
            ("3\r\nabc\r\n", .incompleteBody), ("3\r\nabc\r\n0\r\n", .incompleteBody),
            ("", .incompleteBody), ("4\r\nabcd\r\n0\r\n\r\n", .incompleteBody),
            ("2\r\nab\r\n0\r\n\r\n", .incompleteBody),
            ("ffffffffffffffff\r\n", .incompleteBody),
            ("3\r\nabc\r\n0\r\nother:1\r\n\r\n", .malformedTrailer),
            ("3\r\nabc\r\n0\r\nno colon\r\n\r\n", .malformedTrailer),
            ("3\r\nabc\r\n0\r\n:1\r\n\r\n", .malformedTrailer),
        ] as [(String, AccessError.Code)])
    func grammar(text: String, expected: AccessError.Code) {
        for piece in [1, 2, 3, 1000] {
            #expect(decode(Array(text.utf8), piece: piece, length: 3).error == expected)
        }
    }

    @Test("trailers are exactly those announced")
    func announcements() {
        let none = Array("0\r\n\r\n".utf8)
        let one = Array("0\r\nX-Amz-Checksum-CRC32: AAAAAA== \r\n\r\n".utf8)
        let twice = Array("0\r\na:1\r\na:1\r\n\r\n".utf8)
        #expect(decode(none, piece: 9, names: ["a"]).error == .malformedTrailer)
        #expect(decode(twice, piece: 9, names: ["a"]).error == .malformedTrailer)
        #expect(decode(none, piece: 9) == Decoded())
        #expect(
            decode(one, piece: 9, names: ["x-amz-checksum-crc32"]).trailers
                == [Trailer(name: "x-amz-checksum-crc32", value: "AAAAAA==")])
        #expect(
            decode(one, piece: 9, hasTrailer: false, names: ["x-amz-checksum-crc32"]).error
                == .malformedChunk)
    }

    @Test("lines and trailers have limits")
    func limits() {
        var limits = AccessLimits()
        limits.chunkHeaderBytes = 16
        limits.trailerBytes = 32
        limits.trailers = 2
        let long = Array(String(repeating: "0", count: 17).utf8)
        #expect(decode(long, piece: 5, limits: limits).error == .malformedChunk)
        let wide = Array("0\r\na:\(String(repeating: "b", count: 40))\r\n\r\n".utf8)
        #expect(decode(wide, piece: 5, names: ["a"], limits: limits).error == .malformedChunk)
        let many = Array("0\r\na:1\r\nb:1\r\nc:1\r\n\r\n".utf8)
        #expect(
            decode(many, piece: 5, names: ["a", "b", "c"], limits: limits).error
                == .malformedTrailer)
    }

    @Test("payload is handed out without copying")
    func noCopy() throws {
        let body = ByteBuffer(string: "5\r\nhello\r\n0\r\n\r\n")
        var decoder = AWSChunkedDecoder(
            signatures: nil, hasTrailer: true, decodedLengthBytes: 5)
        decoder.feed(body)
        let taken = try decoder.next()
        let payload = try #require(taken)
        let place = body.withUnsafeReadableBytes { UInt(bitPattern: $0.baseAddress) }
        #expect(payload.withUnsafeReadableBytes { UInt(bitPattern: $0.baseAddress) } == place + 3)
    }

    /// Three chunks as a signer's chain signs them, and the chain to verify them with.
    private func signedBody() throws -> (bytes: [UInt8], signatures: ChunkSignatureChain) {
        let signer = RequestSigner(accessKey: "key", secret: "secret", region: "anywhere")
        let request = PlainRequest(
            method: "PUT", target: "/b/k", headers: [PlainHeader("host", "a")])
        let signed = try signer.sign(
            request, payload: .chunked(isSigned: true, hasTrailer: false), at: 1_700_000_000)
        var chain = signed.chunkSignatures
        var body: [UInt8] = []
        for chunk in ["first", "second", ""] {
            let code = chain.sign(chunkSHA256: MessageDigest.hash(.sha256, Array(chunk.utf8)))
            let size = String(chunk.utf8.count, radix: 16)
            body += "\(size);chunk-signature=\(Hexadecimal.encode(code))\r\n\(chunk)\r\n".utf8
        }
        return (body, signed.chunkSignatures)
    }

    @Test("a body that a signer's chain signed is verified")
    func roundTrip() throws {
        let (body, signatures) = try signedBody()
        let result = decode(
            body, piece: 11, signatures: signatures, hasTrailer: false, length: 11)
        #expect(result == Decoded(payload: Array("firstsecond".utf8)))
    }

    @Test("no changed body passes with other bytes, and none is a crash", arguments: 0..<20)
    func mutations(seed: UInt64) throws {
        let (body, signatures) = try signedBody()
        var generator = SplitMix64(state: seed)
        for _ in 0..<50 {
            var changed = body
            for _ in 0...Int.random(in: 0..<3, using: &generator) {
                let index = Int.random(in: 0..<changed.count, using: &generator)
                switch Int.random(in: 0..<3, using: &generator) {
                case 0: changed[index] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
                case 1: changed.remove(at: index)
                default: changed.insert(.random(in: 0...255, using: &generator), at: index)
                }
            }
            let piece = Int.random(in: 1...changed.count, using: &generator)
            let result = decode(
                changed, piece: piece, signatures: signatures, hasTrailer: false)
            #expect(result.error != nil || result.payload == Array("firstsecond".utf8))
        }
    }
}

// The ways in which a body travels, and what goes over the wire in each.

internal import S3API

enum PayloadMode: String, CaseIterable, Sendable {
    case signed
    case unsigned = "UNSIGNED-PAYLOAD"
    case streaming = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"
    case streamingTrailer = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER"
    case streamingUnsignedTrailer = "STREAMING-UNSIGNED-PAYLOAD-TRAILER"

    static let trailing: [PayloadMode] = [.streamingTrailer, .streamingUnsignedTrailer]

    var isChunked: Bool { self != .signed && self != .unsigned }
    var isChunkSigned: Bool { self == .streaming || self == .streamingTrailer }
    var hasTrailer: Bool { self == .streamingTrailer || self == .streamingUnsignedTrailer }

    /// The bytes on the wire of a body that is sent in chunks of 64 KiB.
    func encode(
        _ body: [UInt8], signer: ClientSigner, seed: String, trailer: (String, String)?
    ) -> [UInt8] {
        guard isChunked else { return body }
        var result: [UInt8] = []
        var signature = seed
        let starts = stride(from: 0, to: body.count, by: 65_536)
        for chunk in starts.map({ Array(body[$0..<min($0 + 65_536, body.count)]) }) + [[]] {
            var line = String(chunk.count, radix: 16)
            if isChunkSigned {
                signature = signer.chunkSignature(after: signature, chunk)
                line += ";chunk-signature=" + signature
            }
            result += Array((line + "\r\n").utf8) + chunk
            if !chunk.isEmpty { result += Array("\r\n".utf8) }
        }
        if hasTrailer, let trailer {
            result += Array("\(trailer.0):\(trailer.1)\r\n".utf8)
            if isChunkSigned {
                let last = signer.trailerSignature(
                    after: signature, "\(trailer.0):\(trailer.1)\n")
                result += Array("x-amz-trailer-signature:\(last)\r\n".utf8)
            }
        }
        return result + Array("\r\n".utf8)
    }
}

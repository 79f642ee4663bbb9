// What any client can send to the server: heads and the framing of bodies, in any pieces.

import HTTPTypes
import NIOCore
import NIOEmbedded
import NIOHTTP1

@testable import HTTPServer

/// A head in two pieces reads as it does in one; and whatever is accepted, llhttp accepts and reads alike:
/// a request smuggler lives on two parsers that disagree.
@Sendable func fuzzHTTPHead(_ bytes: [UInt8]) {
    var input = FuzzInput(bytes)
    let cut = Int(input.byte())
    let text = Array(input.rest)
    var limits = HTTPLimits()
    limits.requestLineBytes = 400
    limits.headBytes = 1000
    limits.fieldCount = 8
    let whole = Result { try read([text[...]], limits) }
    let pieces = Result { try read([text.prefix(cut), text.dropFirst(cut)], limits) }
    switch (whole, pieces) {
    case (.success(let one), .success(let other)):
        precondition(one?.request == other?.request && one?.framing == other?.framing)
        guard let one else { return }
        agreeWithLLHTTP(one, ByteBuffer(bytes: text))
    case (.failure, .failure): break
    default: preconditionFailure("in one piece \(whole), in two \(pieces)")
    }
}

private func read(
    _ pieces: [ArraySlice<UInt8>], _ limits: HTTPLimits
) throws -> RequestHead? {
    var parser = RequestHeadParser(limits: limits)
    let names = FieldNameCache()
    var buffer = ByteBuffer()
    for piece in pieces {
        buffer.writeBytes(piece)
        if let head = try parser.parse(&buffer, names: names) { return head }
    }
    return nil
}

private func agreeWithLLHTTP(_ head: RequestHead, _ bytes: ByteBuffer) {
    let channel = EmbeddedChannel()
    defer { _ = try? channel.finish(acceptAlreadyClosed: true) }
    do {
        try channel.pipeline.syncOperations.addHandler(
            ByteToMessageHandler(HTTPRequestDecoder(leftOverBytesStrategy: .dropBytes)))
        try channel.writeInbound(bytes)
    } catch {
        // What was read before the error still counts.
    }
    guard let part = try? channel.readInbound(as: HTTPServerRequestPart.self),
        case .head(let other) = part
    else {
        // Methods that llhttp does not know are the one thing that it refuses and we pass on.
        precondition(
            HTTPMethod(rawValue: head.request.method.rawValue).isOther, "only we accept it")
        return
    }
    precondition(other.method.rawValue == head.request.method.rawValue, "another method")
    precondition(isSameTarget(other.uri, head.request.path ?? ""), "another target")
    let chunked = other.headers["transfer-encoding"].contains { $0.lowercased() == "chunked" }
    precondition(chunked == (head.framing == .chunked), "another framing")
}

/// Of an absolute-form target we keep the path and the query, llhttp all of it.
private func isSameTarget(_ whole: String, _ kept: String) -> Bool {
    if whole == kept { return true }
    guard whole.lowercased().hasPrefix("http") else { return false }
    return whole.hasSuffix(kept) || whole.hasSuffix(kept.dropFirst()) || kept == "/"
}

extension HTTPMethod {
    fileprivate var isOther: Bool { if case .RAW = self { true } else { false } }
}

/// A chunked body in pieces of any size gives the same bytes as in one piece, up to the same verdict.
@Sendable func fuzzHTTPBody(_ bytes: [UInt8]) {
    var input = FuzzInput(bytes)
    let size = Int(input.byte() % 32) + 1
    let text = Array(input.rest)
    var limits = HTTPLimits()
    limits.chunkLineBytes = 64
    limits.fieldCount = 4
    let whole = decode(text, by: max(1, text.count), limits)
    let pieces = decode(text, by: size, limits)
    precondition(whole.isEnded == pieces.isEnded, "in pieces of \(size) it ends otherwise")
    precondition(whole.isEnded ? whole.bytes == pieces.bytes : true, "other bytes")
    precondition(whole.isRefused == pieces.isRefused, "in pieces of \(size) it is judged otherwise")
}

private struct DecodedBody {
    var bytes: [UInt8] = []
    var isEnded = false
    var isRefused = false
}

private func decode(_ text: [UInt8], by size: Int, _ limits: HTTPLimits) -> DecodedBody {
    var decoder = RequestBodyDecoder(framing: .chunked, limits: limits)
    var buffer = ByteBuffer()
    var result = DecodedBody()
    do {
        for start in stride(from: 0, to: text.count, by: size) {
            buffer.writeBytes(text[start..<min(start + size, text.count)])
            while true {
                switch try decoder.next(&buffer) {
                case .bytes(let bytes):
                    result.bytes += bytes.readableBytesView
                    continue
                case .end:
                    result.isEnded = true
                    return result
                case .needsMore: break
                }
                break
            }
        }
    } catch {
        result.isRefused = true
    }
    return result
}

// A request smuggler lives on two parsers that disagree. Whatever head this server accepts, llhttp (the
// parser of Node and of SwiftNIO) must accept too, and read the same out of it.

import HTTPTypes
import NIOCore
import NIOEmbedded
import NIOHTTP1
import Testing

@testable import HTTPServer

/// The head as llhttp reads it; `nil` where it refuses or wants more.
private func readByLLHTTP(_ bytes: ByteBuffer) -> HTTPRequestHead? {
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
        case .head(let head) = part
    else { return nil }
    return head
}

private struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var value = state
        value = (value ^ (value >> 30)) &* 0xbf58_476d_1ce4_e5b9
        value = (value ^ (value >> 27)) &* 0x94d0_49bb_1331_11eb
        return value ^ (value >> 31)
    }
}

private let templates = [
    "GET /a/b?c=d HTTP/1.1\r\nHost: example\r\nAccept: */*\r\n\r\n",
    "PUT /a HTTP/1.1\r\nHost: example\r\nContent-Length: 12\r\nExpect: 100-continue\r\n\r\n",
    "POST / HTTP/1.1\r\nhost: example\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n",
    "HEAD / HTTP/1.0\r\nConnection: keep-alive\r\nX-Amz-Date: 20260101T000000Z\r\n\r\n",
    "DELETE /x HTTP/1.1\r\nHost: example\r\nTransfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\n",
]

private let pieces = [
    "\r\n", "\n", "\r", " ", "\t", ":", "\0", "\u{7f}", ",", ";", "chunked",
    "Content-Length: 1\r\n",
    "Transfer-Encoding: chunked\r\n", "Host: y\r\n", "HTTP/1.1", "0", "-", "+", "\u{e4}", "a",
]

private func mutated(_ seed: UInt64) -> ByteBuffer {
    var random = SplitMix(state: seed)
    var bytes = Array(templates[Int(seed) % templates.count].utf8)
    for _ in 0..<Int.random(in: 1...3, using: &random) {
        let at = Int.random(in: 0...bytes.count, using: &random)
        switch Int.random(in: 0..<3, using: &random) {
        case 0:
            bytes.insert(contentsOf: pieces.randomElement(using: &random)?.utf8 ?? "".utf8, at: at)
        case 1 where at < bytes.count: bytes.remove(at: at)
        case _ where at < bytes.count: bytes[at] = UInt8.random(in: .min ... .max, using: &random)
        default: break
        }
    }
    return ByteBuffer(bytes: bytes)
}

@Suite struct SecondOpinionTests {
    @Test("what this parser accepts, llhttp accepts and reads alike", arguments: 0..<8)
    func agrees(block: UInt64) throws {
        var acceptedCount = 0
        for seed in (block * 1_500)..<((block + 1) * 1_500) {
            let bytes = mutated(seed)
            var messages = InboundMessages(limits: HTTPLimits())
            messages.append(bytes)
            guard let head = try? messages.nextHead(FieldNameCache()) else { continue }
            acceptedCount += 1
            let text = String(buffer: bytes)
            guard let other = readByLLHTTP(bytes) else {
                // llhttp knows a list of methods; this parser leaves that to the handler. It also refuses a
                // tab behind a length, which RFC 9110 (5.5) allows.
                let isExplained = !knowsMethod(head.request.method) || text.contains("\t\r\n")
                #expect(isExplained, "seed \(seed): only llhttp refuses \(text)")
                continue
            }
            #expect(head.request.method.rawValue == other.method.rawValue, "seed \(seed): \(text)")
            #expect(other.uri.hasSuffix(head.request.path ?? "-"), "seed \(seed): \(text)")
            #expect(
                head.request.headerFields.map { "\($0.name.rawName): \($0.value)" }
                    == other.headers.map { "\($0.name): \(trimmed($0.value))" },
                "seed \(seed): \(text)")
            #expect(head.framing == framing(of: other), "seed \(seed): \(text)")
            #expect(head.keepsAlive == other.isKeepAlive, "seed \(seed): \(text)")
        }
        #expect(acceptedCount > 100)
    }

    private func knowsMethod(_ method: HTTPRequest.Method) -> Bool {
        let known: [HTTPRequest.Method] = [.get, .put, .post, .head, .delete]
        return known.contains(method)
    }

    /// llhttp leaves white space behind a value to its user.
    private func trimmed(_ value: String) -> String {
        var value = value[...]
        while value.last == " " || value.last == "\t" { value.removeLast() }
        return String(value)
    }

    private func framing(of head: HTTPRequestHead) -> RequestFraming {
        if head.headers.contains(name: "transfer-encoding") { return .chunked }
        guard
            let length = head.headers.first(name: "content-length")
                .map(trimmed).flatMap(UInt64.init),
            length > 0
        else { return .none }
        return .length(length)
    }
}

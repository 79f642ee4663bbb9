// Sends a response: the head together with the first part of the body, then part after part as the socket
// takes them. What a stream promised is what it must give: fewer bytes, more bytes or an error cut the
// connection, since the head has been sent and nothing else can tell the client.

internal import HTTPTypes
internal import Logging
internal import NIOCore

/// The client went away while a response was sent. Nobody's fault: not logged.
struct ClientGone: Error {}

/// A stream gave more or fewer bytes than it had promised.
struct WrongBodyLength: Error, CustomStringConvertible {
    let promisedBytes: UInt64
    let givenBytes: UInt64

    var description: String { "promised \(promisedBytes) bytes, gave \(givenBytes)" }
}

extension Conversation {
    /// Sends a whole response. Whether the connection stays open for another request.
    func send(_ response: ServerResponse, to request: RequestHead) async throws -> Bool {
        let connection = connection
        let closes =
            !request.keepsAlive || connection.shared.isDraining || !connection.canDiscardBody
            || asksClose(response.fields)
        let head = ResponseHead(response, to: request, closes: closes)
        // Who expects it for an empty body gets it ahead of the response: botocore takes a connection that
        // answered without it for one whose next response has been read already.
        if request.expectsContinue, request.framing == .none {
            connection.write(ByteBuffer(staticString: "HTTP/1.1 100 Continue\r\n\r\n"))
        }
        write(head)
        switch response.body {
        case .none: break
        case .bytes(let bytes): if sendsBody(head) { connection.write(bytes) }
        case .stream(let source, _):
            if sendsBody(head) { try await stream(source, framing: head.framing) }
        }
        // What is to be encrypted is flushed right away, by `roomForMore`.
        if connection.encryption == nil { connection.flushLater() }
        guard await connection.roomForMore() else { throw ClientGone() }
        return !head.closes
    }

    private func asksClose(_ fields: HTTPFields) -> Bool {
        fields.contains(.connection) && fields[.connection]?.lowercased() == "close"
    }

    private func sendsBody(_ head: ResponseHead) -> Bool {
        !head.omitsBody && head.framing != .bodiless
    }

    private func write(_ head: ResponseHead) {
        let shared = connection.shared
        shared.scratch.clear()
        head.write(into: &shared.scratch, date: shared.date)
        connection.write(shared.scratch)
    }

    private func stream(_ source: any ResponseSource, framing: ResponseFraming) async throws {
        var given: UInt64 = 0
        while let part = try await source.next() {
            let count = part.lengthBytes
            guard count > 0 else { continue }
            given += UInt64(count)
            if case .length(let promised) = framing, given > promised {
                throw WrongBodyLength(promisedBytes: promised, givenBytes: given)
            }
            try await write(part, count: count, isChunk: framing == .chunked)
            connection.flushLater()
            guard await connection.roomForMore() else { throw ClientGone() }
        }
        if case .length(let promised) = framing, given < promised {
            throw WrongBodyLength(promisedBytes: promised, givenBytes: given)
        }
        if framing == .chunked { connection.write(ByteBuffer(staticString: "0\r\n\r\n")) }
    }

    private func write(_ part: ResponsePart, count: Int, isChunk: Bool) async throws {
        if isChunk {
            connection.write(ByteBuffer(string: String(count, radix: 16) + "\r\n"))
        }
        switch part {
        case .bytes(let bytes): connection.write(bytes)
        case .file(let region):
            if connection.encryption == nil {
                connection.write(region)
            } else {
                try await connection.writeCopies(of: region)
            }
        }
        if isChunk { connection.write(ByteBuffer(staticString: "\r\n")) }
    }

    /// The answer of the server itself to what it does not pass on.
    func refuse(_ refusal: RequestRefusal) {
        connection.shared.logger.info(
            "a request was refused",
            metadata: ["status": "\(refusal.status.code)", "reason": "\(refusal.reason)"])
        write(ResponseHead(refusal))
        connection.write(ByteBuffer(string: refusal.reason + "\n"))
        connection.flush()
    }
}

extension ResponseHead {
    /// Of a refusal: its reason as text, and the end of the connection.
    init(_ refusal: RequestRefusal) {
        status = refusal.status
        fields = [.contentType: "text/plain; charset=utf-8"]
        framing = .length(UInt64(refusal.reason.utf8.count + 1))
        omitsBody = false
        closes = true
        announcesKeepAlive = false
    }
}

extension ResponsePart {
    /// Bytes that the part adds to the body.
    package var lengthBytes: Int {
        switch self {
        case .bytes(let bytes): bytes.readableBytes
        case .file(let region): region.lengthBytes
        }
    }
}

// Writes the head of a response: the status line, the fields that the handler gave, and those that
// belong to the connection and are the server's alone (RFC 9110, section 6.4; RFC 9112, section 6).

internal import HTTPTypes
internal import NIOCore

/// How a client finds the end of a response's body.
enum ResponseFraming: Hashable {
    /// No body and no length (1xx, 204; 304 and HEAD as the handler's fields say).
    case bodiless
    case length(UInt64)
    case chunked
    /// By the end of the connection: an HTTP/1.0 client and a length that is not known.
    case connectionEnd
}

struct ResponseHead {
    let status: HTTPResponse.Status
    let fields: HTTPFields
    let framing: ResponseFraming
    /// Whether the body itself is left out (HEAD) though its length is told.
    let omitsBody: Bool
    let closes: Bool
    /// A client of HTTP/1.0 must be told that the connection stays.
    let announcesKeepAlive: Bool

    init(_ response: ServerResponse, to head: RequestHead, closes: Bool) {
        status = response.status
        fields = response.fields
        omitsBody = head.request.method == .head
        framing = Self.framing(of: response, omitsBody: omitsBody, isHTTP10: head.isHTTP10)
        self.closes = closes || framing == .connectionEnd && !omitsBody
        announcesKeepAlive = head.isHTTP10 && !self.closes
    }

    private static func framing(
        of response: ServerResponse, omitsBody: Bool, isHTTP10: Bool
    ) -> ResponseFraming {
        switch response.status.code {
        case 100..<200, 204, 304: return .bodiless
        default: break
        }
        switch response.body {
        case .none: return omitsBody ? .bodiless : .length(0)
        case .bytes(let bytes): return .length(UInt64(bytes.readableBytes))
        case .stream(_, let length?): return .length(length)
        case .stream(_, nil): return isHTTP10 ? .connectionEnd : .chunked
        }
    }

    func write(into buffer: inout ByteBuffer, date: String) {
        buffer.writeStaticString("HTTP/1.1 ")
        buffer.writeString(String(status.code))
        buffer.writeStaticString(" ")
        buffer.writeString(status.reasonPhrase)
        buffer.writeStaticString("\r\n")
        var hasDate = false
        for field in fields {
            switch field.name.canonicalName {
            case "connection", "keep-alive", "transfer-encoding": continue
            case "content-length": if !keepsGivenLength { continue }
            case "date": hasDate = true
            default: break
            }
            buffer.writeString(field.name.rawName)
            buffer.writeStaticString(": ")
            field.withUnsafeBytesOfValue { _ = buffer.writeBytes($0) }
            buffer.writeStaticString("\r\n")
        }
        if !hasDate {
            buffer.writeStaticString("Date: ")
            buffer.writeString(date)
            buffer.writeStaticString("\r\n")
        }
        writeConnectionFields(into: &buffer)
        buffer.writeStaticString("\r\n")
    }

    /// What a GET would have sent is the handler's to say, where there is no body to count.
    private var keepsGivenLength: Bool {
        framing == .bodiless && (omitsBody || status.code == 304) && status.code != 204
    }

    private func writeConnectionFields(into buffer: inout ByteBuffer) {
        switch framing {
        case .bodiless, .connectionEnd: break
        case .length(let length):
            buffer.writeStaticString("Content-Length: ")
            buffer.writeString(String(length))
            buffer.writeStaticString("\r\n")
        case .chunked: buffer.writeStaticString("Transfer-Encoding: chunked\r\n")
        }
        if closes {
            buffer.writeStaticString("Connection: close\r\n")
        } else if announcesKeepAlive {
            buffer.writeStaticString("Connection: keep-alive\r\n")
        }
    }
}

// What a handler sees of a request and gives as a response. The server knows nothing of blobs: a body
// goes out as bytes or as regions of files, and comes in as buffers, with back-pressure both ways.

package import HTTPTypes
package import NIOCore

/// A request whose head has been read and whose body is still on the wire.
package struct ServerRequest: Sendable {
    /// The head as it came: `path` is the raw request target (path and query, percent-encoded; of an
    /// absolute-form target only these), `authority` is that of `Host`, which also stays among the fields, or,
    /// in HTTP/1.0 without one, of the target.
    package var head: HTTPRequest
    /// Unique per request, 16 hexadecimal digits; goes into logs, responses and errors.
    package var id: String
    /// The peer's address, for logs.
    package var remoteAddress: String
    package var body: RequestBody
    /// By which listener it came: its place in the server's configuration.
    package var listener: Int
    /// It came by TLS.
    package var isEncrypted: Bool
    /// The client has shown a certificate of the listener's client authorities.
    package var hasClientCertificate: Bool
    /// Where handlers write down what the request log is to say.
    package let trace: RequestTrace

    package init(
        head: HTTPRequest, id: String, remoteAddress: String, body: RequestBody,
        listener: Int = 0, isEncrypted: Bool = false, hasClientCertificate: Bool = false,
        trace: RequestTrace = RequestTrace()
    ) {
        self.head = head
        self.id = id
        self.remoteAddress = remoteAddress
        self.body = body
        self.listener = listener
        self.isEncrypted = isEncrypted
        self.hasClientCertificate = hasClientCertificate
        self.trace = trace
    }
}

/// Where a body comes from. One reader.
package protocol RequestBodySource: AnyObject, Sendable {
    /// The next bytes as they arrive; `nil` at the end. The first call answers `Expect: 100-continue`.
    /// Throws when the client goes away, stalls beyond the body timeout, or sends a malformed body.
    func next() async throws -> ByteBuffer?
}

/// The body of a request.
package struct RequestBody: Sendable {
    /// From `Content-Length`; `nil` where the body is chunked; 0 where there is none.
    package let lengthBytes: UInt64?
    package let source: any RequestBodySource

    package init(lengthBytes: UInt64?, source: any RequestBodySource) {
        self.lengthBytes = lengthBytes
        self.source = source
    }

    /// The whole body, for small documents. Throws `BodyTooLarge` above `limitBytes`, early where the
    /// length was announced.
    package func collect(limitBytes: Int) async throws -> ByteBuffer {
        if let lengthBytes, lengthBytes > UInt64(limitBytes) {
            throw BodyTooLarge(limitBytes: limitBytes)
        }
        var result = ByteBuffer()
        while var next = try await source.next() {
            guard result.readableBytes + next.readableBytes <= limitBytes else {
                throw BodyTooLarge(limitBytes: limitBytes)
            }
            result.writeBuffer(&next)
        }
        return result
    }
}

/// A body that was to be collected exceeded its limit.
package struct BodyTooLarge: Error, Sendable {
    package let limitBytes: Int

    package init(limitBytes: Int) { self.limitBytes = limitBytes }
}

/// A region of an open file; sent by `sendfile`, or, where the connection is encrypted, by copies. `lease` keeps descriptor and bytes valid.
package struct FileRegionPart: Sendable {
    package let descriptor: CInt
    package let offsetBytes: Int64
    package let lengthBytes: Int
    package let lease: any AnyObject & Sendable

    package init(
        descriptor: CInt, offsetBytes: Int64, lengthBytes: Int, lease: any AnyObject & Sendable
    ) {
        self.descriptor = descriptor
        self.offsetBytes = offsetBytes
        self.lengthBytes = lengthBytes
        self.lease = lease
    }
}

/// The next stretch of a response body.
package enum ResponsePart: Sendable {
    case bytes(ByteBuffer)
    case file(FileRegionPart)
}

/// A response body that is pulled part by part; the next is asked for when the connection can take more.
package protocol ResponseSource: AnyObject, Sendable {
    /// `nil` at the end. An error cuts the connection: the head has been sent.
    func next() async throws -> ResponsePart?
}

/// How a response's body goes out.
package enum ResponseBody: Sendable {
    /// No body. For HEAD, `contentLength` says what a GET would have sent.
    case none
    case bytes(ByteBuffer)
    /// `lengthBytes` known: `Content-Length`; else chunked.
    case stream(any ResponseSource, lengthBytes: UInt64?)
}

/// What a handler answers. The server adds `Date`, `Content-Length` or `Transfer-Encoding`, and
/// `Connection` where it closes.
package struct ServerResponse: Sendable {
    package var status: HTTPResponse.Status
    package var fields: HTTPFields
    package var body: ResponseBody

    package init(
        status: HTTPResponse.Status, fields: HTTPFields = HTTPFields(), body: ResponseBody = .none
    ) {
        self.status = status
        self.fields = fields
        self.body = body
    }
}

/// Answers requests. Its task prefers the connection's event loop as executor: what is in memory is answered
/// without leaving it, and a wait resumes on it without a detour. That holds for child tasks, for
/// `@concurrent` functions and for actors without an executor of their own as well, so what would block or
/// compute for long must go to threads of its own and be waited for by a continuation.
///
/// The task is cancelled when the client is gone.
package protocol RequestHandler: Sendable {
    func respond(to request: ServerRequest) async -> ServerResponse
}

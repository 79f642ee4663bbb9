// What goes out and what comes back, apart from libcurl.

package import NIOCore
internal import Replication
package import Storage

/// One field of a head. Names are in lower case.
package struct HeaderField: Sendable, Hashable {
    package var name: String
    package var value: String

    package init(_ name: String, _ value: String) {
        self.name = name
        self.value = value
    }
}

/// A body that is sent as it comes.
package struct OutboundStream: Sendable {
    package var source: any ByteSource
    /// `nil` where it is not known: it goes out chunked.
    package var lengthBytes: UInt64?

    package init(_ source: any ByteSource, lengthBytes: UInt64?) {
        self.source = source
        self.lengthBytes = lengthBytes
    }
}

/// A request; its body, where it has one, is in memory or streamed.
package struct OutboundRequest: Sendable {
    /// How the answer is read, which decides its timeouts and how much is read at once.
    package enum Answer: Sendable, Hashable {
        /// A document, which may be held back for `waitMilliseconds` on purpose.
        case document(waitMilliseconds: Int)
        /// A body of any length that may take any time, as long as it does not stall.
        case stream
    }

    package var method: String
    package var url: String
    package var fields: [HeaderField]
    package var body: ByteBuffer?
    package var stream: OutboundStream?
    package var answer: Answer
    /// Connects to this socket instead of the URL's host.
    package var unixSocketPath: String?

    package init(
        method: String, url: String, fields: [HeaderField] = [], body: ByteBuffer? = nil,
        stream: OutboundStream? = nil, answer: Answer, unixSocketPath: String? = nil
    ) {
        precondition(body == nil || stream == nil, "a request has one body")
        self.method = method
        self.url = url
        self.fields = fields
        self.body = body
        self.stream = stream
        self.answer = answer
        self.unixSocketPath = unixSocketPath
    }
}

/// The head of an answer.
package struct OutboundHead: Sendable, Hashable {
    package var status: Int
    package var fields: [HeaderField]

    package init(status: Int, fields: [HeaderField] = []) {
        self.status = status
        self.fields = fields
    }

    /// The first field of that name, which is in lower case.
    package subscript(name: String) -> String? {
        fields.first { $0.name == name }?.value
    }

    package var contentLength: UInt64? { self["content-length"].flatMap { UInt64($0) } }
}

/// An answer whose body is still arriving. Letting go of the body ends the transfer.
package struct OutboundAnswer: Sendable {
    package let head: OutboundHead
    package let body: any ByteSource

    /// The whole body. Throws `malformed` above `limitBytes`.
    package func collect(limitBytes: Int) async throws -> ByteBuffer {
        var result = ByteBuffer()
        while var next = try await body.next() {
            guard result.readableBytes + next.readableBytes <= limitBytes else {
                throw TransportError(.malformed, "an answer of more than \(limitBytes) bytes")
            }
            if result.readableBytes == 0 {
                result = next
            } else {
                result.writeBuffer(&next)
            }
        }
        return result
    }
}

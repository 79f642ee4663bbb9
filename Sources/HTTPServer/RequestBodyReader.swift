// The body of one request as its handler reads it; good until the response has been sent.

internal import NIOCore

/// Why a body could not be read to its end.
package enum RequestBodyError: Error, Sendable, Hashable {
    /// The client went away, or ended its side, in the middle of the body.
    case connectionClosed
    /// Nothing came for longer than the limit.
    case timedOut
    /// The chunked coding was broken; says how.
    case malformed(String)
    /// Read after the response to this request had been sent.
    case requestEnded
}

final class RequestBodyReader: RequestBodySource {
    private let connection: NIOLoopBound<ConnectionHandler>
    private let executor: LoopExecutor
    private let requestNumber: UInt64

    init(
        connection: NIOLoopBound<ConnectionHandler>, executor: LoopExecutor, requestNumber: UInt64
    ) {
        self.connection = connection
        self.executor = executor
        self.requestNumber = requestNumber
    }

    func next() async throws -> ByteBuffer? {
        if executor.eventLoop.inEventLoop {
            return try await connection.value.nextBody(of: requestNumber)
        }
        return try await withTaskExecutorPreference(executor) {
            try await connection.value.nextBody(of: requestNumber)
        }
    }
}

/// The body of a request that has none.
private final class EmptyBody: RequestBodySource {
    func next() async throws -> ByteBuffer? { nil }
}

extension RequestBody {
    /// No body.
    package static let empty = RequestBody(lengthBytes: 0, source: EmptyBody())
}

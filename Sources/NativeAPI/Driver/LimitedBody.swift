// The body of a request as a source of bytes.

internal import HTTPServer
internal import NIOCore
internal import Storage
internal import Synchronization

final class LimitedBody: ByteSource {
    private let source: any RequestBodySource
    private let limitBytes: UInt64
    private let received = Mutex<UInt64>(0)

    init(_ source: any RequestBodySource, limitBytes: UInt64) {
        self.source = source
        self.limitBytes = limitBytes
    }

    /// Throws `limitExceeded` where more comes, which a body without an announced length may.
    func next() async throws -> ByteBuffer? {
        guard let bytes = try await source.next() else { return nil }
        let count = received.withLock { count in
            count += UInt64(bytes.readableBytes)
            return count
        }
        guard count <= limitBytes else {
            throw DriverError(.limitExceeded, "a body of more than \(limitBytes) bytes")
        }
        return bytes
    }
}

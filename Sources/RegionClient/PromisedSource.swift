// A body on its way out, held against what was promised of its length: nothing shorter or longer is ever sent as
// if it were whole. Its digest is verified where it arrives.

internal import NIOCore
internal import Storage
internal import Synchronization

final class PromisedSource: ByteSource {
    private let source: any ByteSource
    private let sizeBytes: UInt64?
    private let sent = Mutex<UInt64>(0)

    /// Throws `unsupported` for a promise that the API does not carry.
    init(_ source: any ByteSource, _ promise: BodyPromise) throws(DriverError) {
        guard promise.digests.count <= 1, promise.md5 == nil, promise.checksums.isEmpty else {
            throw DriverError(.unsupported, "of a body that is sent, one digest can be promised")
        }
        self.source = source
        sizeBytes = promise.sizeBytes
    }

    func next() async throws -> ByteBuffer? {
        let bytes = try await source.next()
        let count = sent.withLock { sent in
            sent += UInt64(bytes?.readableBytes ?? 0)
            return sent
        }
        guard let sizeBytes, bytes == nil ? count != sizeBytes : count > sizeBytes else {
            return bytes
        }
        throw DriverError(.sizeMismatch, "\(sizeBytes) bytes were promised, \(count) came")
    }
}

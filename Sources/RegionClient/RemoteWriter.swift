// A file being written in another region. What is written is collected into pieces, each appended by a call of
// its own, so that a piece is there whole or not at all; what is appended whole is streamed.

internal import NIOCore
internal import NativeWire
internal import Storage
internal import Synchronization

final class RemoteWriter: FileWriter {
    /// What a call takes out while it works, and puts back unless it fails: so a failed one closes the writer.
    private struct Open {
        /// Durable over there.
        var sentBytes: UInt64
        /// Written and not sent.
        var piece = ByteBuffer()
    }

    let id: UploadID
    private let calls: DriverCalls
    private let path: DriverPath
    private let pieceBytes: Int
    private let open: Mutex<Open?>
    private let size: Mutex<UInt64>

    init(
        calls: DriverCalls, path: DriverPath, id: UploadID, sizeBytes: UInt64, pieceBytes: Int
    ) {
        self.calls = calls
        self.path = path
        self.id = id
        self.pieceBytes = pieceBytes
        open = Mutex(Open(sentBytes: sizeBytes))
        size = Mutex(sizeBytes)
    }

    var sizeBytes: UInt64 { size.withLock { $0 } }

    func write(_ bytes: ByteBuffer) async throws {
        var open = try take()
        open.piece.writeImmutableBuffer(bytes)
        size.withLock { $0 += UInt64(bytes.readableBytes) }
        if open.piece.readableBytes >= pieceBytes { try await flush(&open) }
        self.open.withLock { $0 = open }
    }

    func append(_ content: any ByteSource, promise: BodyPromise) async throws {
        var open = try take()
        try await flush(&open)
        try await send(.stream(content, promise), digest: promise.digests.first, &open)
        let sent = open.sentBytes
        size.withLock { $0 = sent }
        self.open.withLock { $0 = open }
    }

    func close() async throws {
        guard var open = open.withLock({ $0.take() }) else { return }
        try await flush(&open)
    }

    func cancel() async throws {
        _ = try take()
        try await calls.perform(.cancel, writer: id, [(.path, path.text)])
    }

    func commit(_ digest: ContentDigest?) async throws -> FileInfo {
        var open = try take()
        try await flush(&open)
        var values = [(DriverParameter.path, path.text)]
        if let digest { values.append((.digest, digest.description)) }
        let document: FileDocument = try await calls.document(.commit, writer: id, values)
        return try document.file
    }

    private func take() throws(DriverError) -> Open {
        guard let open = open.withLock({ $0.take() }) else {
            throw DriverError(.writerClosed, "the writer of “\(path)” is closed")
        }
        return open
    }

    private func flush(_ open: inout Open) async throws {
        guard open.piece.readableBytes > 0 else { return }
        try await send(.bytes(open.piece), digest: nil, &open)
        open.piece.clear()
    }

    private func send(
        _ body: DriverCalls.Body, digest: ContentDigest?, _ open: inout Open
    ) async throws {
        var values: [(DriverParameter, String)] = [
            (.path, path.text), (.offset, String(open.sentBytes)),
        ]
        if let digest { values.append((.digest, digest.description)) }
        let document: WriterDocument = try await calls.document(
            .append, writer: id, values, body: body)
        open.sentBytes = document.sizeBytes
    }
}

// Bytes in memory: bodies are collected, compared with what was promised, and kept whole.

internal import Checksums
internal import NIOCore
internal import Synchronization

extension MemoryStore: BlobStore {
    package func stage(
        _ plan: HashPlan, expectedBytes: UInt64?
    ) async throws -> any BlobStaging {
        MemoryStaging(plan: plan, store: self)
    }

    package func stat(_ blob: BlobID) async throws -> BlobInfo? {
        state.withLock { state in
            state.blobs[blob].map {
                BlobInfo(
                    blob: blob, sizeBytes: UInt64($0.readableBytes),
                    isDamaged: state.damaged.contains(blob))
            }
        }
    }

    package func read(
        _ blob: BlobID, range: Range<UInt64>
    ) async throws -> any SegmentSource {
        guard let bytes = state.withLock({ $0.blobs[blob] }) else {
            throw StorageError(.noSuchBlob, "blob \(blob) is not here")
        }
        guard MessageDigest.hash(.sha256, bytes) == blob.bytes else {
            state.withLock { state in _ = state.damaged.insert(blob) }
            throw StorageError(.damaged, "blob \(blob) is damaged")
        }
        guard range.upperBound <= UInt64(bytes.readableBytes),
            let slice = bytes.getSlice(
                at: bytes.readerIndex + Int(range.lowerBound), length: range.count)
        else { throw StorageError(.invalidRange, "the range is not within blob \(blob)") }
        return MemorySource(slice)
    }

    package func keep(_ staged: StagedBlob) async throws -> BlobInfo {
        try state.withLock { state throws in
            let blob = try state.settle(staged)
            return BlobInfo(blob: blob, sizeBytes: staged.sizeBytes)
        }
    }

    func finish(
        _ bytes: ByteBuffer, plan: HashPlan, promise: BodyPromise
    ) throws -> StagedBlob {
        let body = HashedBody(bytes, plan: plan)
        try body.check(promise)
        let ticket = state.withLock { state in
            state.nextTicket += 1
            state.staged[state.nextTicket] = bytes
            return state.nextTicket
        }
        return StagedBlob(
            ticket: ticket, blob: body.blob, sizeBytes: body.sizeBytes, md5: body.md5,
            sha512: body.sha512, checksums: body.checksums
        ) { [weak self] ticket in
            self?.state.withLock { state in _ = state.staged.removeValue(forKey: ticket) }
        }
    }
}

extension MemoryStore.State {
    /// Makes a staged body a blob of the store.
    mutating func settle(_ staged: StagedBlob) throws(StorageError) -> BlobID {
        guard let bytes = staged[self], let blob = staged.blob else {
            throw StorageError(.invalidArgument, "the body was staged without SHA-256")
        }
        blobs[blob] = bytes
        damaged.remove(blob)
        return blob
    }
}

extension StagedBlob {
    fileprivate subscript(state: MemoryStore.State) -> ByteBuffer? { state.staged[ticket] }
}

/// A body being collected.
private final class MemoryStaging: BlobStaging {
    private let plan: HashPlan
    private let store: MemoryStore
    private let bytes = Mutex(ByteBuffer())

    init(plan: HashPlan, store: MemoryStore) {
        self.plan = plan
        self.store = store
    }

    func write(_ next: ByteBuffer) async throws {
        bytes.withLock { bytes in _ = bytes.writeImmutableBuffer(next) }
    }

    func finish(_ promise: BodyPromise) async throws -> StagedBlob {
        try store.finish(bytes.withLock { $0 }, plan: plan, promise: promise)
    }
}

/// The whole range as one segment.
private final class MemorySource: SegmentSource {
    private let bytes: Mutex<ByteBuffer?>

    init(_ bytes: ByteBuffer) {
        self.bytes = Mutex(bytes.readableBytes > 0 ? bytes : nil)
    }

    func next() async throws -> Segment? {
        bytes.withLock { bytes in
            defer { bytes = nil }
            return bytes.map(Segment.bytes)
        }
    }
}

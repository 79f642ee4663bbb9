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
        state.withLock { state in state.info(blob) }
    }

    package func isToBeSealed(_ blob: BlobID) async throws -> Bool {
        state.withLock { state in
            if state.blobs[blob] != nil, !state.damaged.contains(blob) {
                return state.sealed.contains(blob)
            }
            return state.sealed.contains(blob) || state.isNamedSealed(blob)
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
            let blob = try state.settle(staged, isSealed: false)
            return state.info(blob) ?? BlobInfo(blob: blob, sizeBytes: staged.sizeBytes)
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
            if plan.isSealed { state.stagedSealed.insert(state.nextTicket) }
            return state.nextTicket
        }
        return StagedBlob(
            ticket: ticket, blob: body.blob, sizeBytes: body.sizeBytes, md5: body.md5,
            sha512: body.sha512, checksums: body.checksums
        ) { [weak self] ticket in
            self?.state.withLock { state in
                state.staged.removeValue(forKey: ticket)
                state.stagedSealed.remove(ticket)
            }
        }
    }
}

extension MemoryStore.State {
    /// Makes a staged body a blob of the store. `isSealed`: what will show it says so.
    mutating func settle(_ staged: StagedBlob, isSealed: Bool) throws(StorageError) -> BlobID {
        guard let bytes = staged[self], let blob = staged.blob else {
            throw StorageError(.invalidArgument, "the body was staged without SHA-256")
        }
        if blobs[blob] == nil, isNamedSealed(blob) { sealed.insert(blob) }
        if isSealed || stagedSealed.contains(staged.ticket) { sealed.insert(blob) }
        blobs[blob] = bytes
        damaged.remove(blob)
        return blob
    }

    fileprivate func info(_ blob: BlobID) -> BlobInfo? {
        blobs[blob].map {
            BlobInfo(
                blob: blob, sizeBytes: UInt64($0.readableBytes),
                isDamaged: damaged.contains(blob),
                isSealed: sealed.contains(blob) && $0.readableBytes > 0)
        }
    }

    /// Whether a version names the blob whose content is sealed.
    fileprivate func isNamedSealed(_ blob: BlobID) -> Bool {
        registers.values.contains { names in
            names.values.contains { register in
                register.versions.contains {
                    $0.content?.blob == blob && $0.content?.isSealed == true
                }
            }
        }
    }

    /// Whether what is written to the bucket is sealed.
    func demandsSealing(_ bucket: String) -> Bool {
        bucket != BucketName.system
            && register(Buckets.name(of: .encryption, bucket)).visible != nil
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

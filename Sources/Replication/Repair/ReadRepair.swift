// A store of blobs that mends what it serves: a read that meets damage waits until another region's copy
// has taken the place of the bad bytes, and goes on where it was. What was handed out before was verified,
// and what follows is of the same digest; so a reader never sees a byte that is not the blob's. Where no
// region can help, the read fails as it would have, naming the digest.

package import Storage
internal import Synchronization

package struct ReadRepair: BlobStore {
    private let inner: any BlobStore
    private let mending: MendBlobs

    package init(_ inner: any BlobStore, mending: MendBlobs) {
        self.inner = inner
        self.mending = mending
    }

    package func stage(
        _ plan: HashPlan, expectedBytes: UInt64?
    ) async throws -> any BlobStaging {
        try await inner.stage(plan, expectedBytes: expectedBytes)
    }

    package func stat(_ blob: BlobID) async throws -> BlobInfo? { try await inner.stat(blob) }

    package func isToBeSealed(_ blob: BlobID) async throws -> Bool {
        try await inner.isToBeSealed(blob)
    }

    package func keep(_ staged: StagedBlob) async throws -> BlobInfo {
        try await inner.keep(staged)
    }

    package func read(
        _ blob: BlobID, range: Range<UInt64>
    ) async throws -> any SegmentSource {
        RepairedSource(
            try await open(blob, range), range, reopen: { try await open(blob, $0) },
            mend: { try await mending.mend(blob) })
    }

    private func open(_ blob: BlobID, _ range: Range<UInt64>) async throws -> any SegmentSource {
        do {
            return try await inner.read(blob, range: range)
        } catch let error as StorageError where error.code == .damaged {
            try await mending.mend(blob)
            return try await inner.read(blob, range: range)
        }
    }
}

/// A body that is mended while it goes out. One reader; the state is under a lock because it moves from
/// thread to thread.
private final class RepairedSource: SegmentSource {
    private struct State {
        var source: any SegmentSource
        /// What has not been handed out.
        var rest: Range<UInt64>
        var mendings = 0
    }

    /// Bytes that fail again and again as soon as they are written tell of a disk, not of rot.
    private static let mendingLimit = 3

    private let reopen: @Sendable (Range<UInt64>) async throws -> any SegmentSource
    private let mend: @Sendable () async throws -> Void
    private let state: Mutex<State>

    init(
        _ source: any SegmentSource, _ range: Range<UInt64>,
        reopen: @escaping @Sendable (Range<UInt64>) async throws -> any SegmentSource,
        mend: @escaping @Sendable () async throws -> Void
    ) {
        self.reopen = reopen
        self.mend = mend
        state = Mutex(State(source: source, rest: range))
    }

    func next() async throws -> Segment? {
        while true {
            let source = state.withLock { $0.source }
            do {
                let segment = try await source.next()
                let length = UInt64(segment?.lengthBytes ?? 0)
                state.withLock { state in
                    state.rest = state.rest.lowerBound + length..<state.rest.upperBound
                }
                return segment
            } catch let error as StorageError where error.code == .damaged {
                let (rest, mendings) = state.withLock { state in
                    state.mendings += 1
                    return (state.rest, state.mendings)
                }
                guard mendings <= Self.mendingLimit else { throw error }
                try await mend()
                let reopened = try await reopen(rest)
                state.withLock { $0.source = reopened }
            }
        }
    }
}

// A feed whose waiters can be sent home: other regions hold a request open while nothing is new, and a
// daemon that stops does not let them hold it up.

internal import Storage

struct InterruptibleFeed: ChangeFeed {
    let inner: any ChangeFeed
    let interruption: ChangeSignal

    var region: RegionID { inner.region }

    func waitForChange(after cursors: [RegionID: FeedPosition], timeout: Duration) async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await inner.waitForChange(after: cursors, timeout: timeout) }
            group.addTask { await interruption.wait(beyond: 0, timeout: timeout) }
            await group.next()
            group.cancelAll()
        }
    }

    func cursors() async throws -> [RegionID: FeedPosition] { try await inner.cursors() }

    func seen() async throws -> [RegionID: FeedPosition] { try await inner.seen() }

    func known(
        of origin: RegionID, after: FeedPosition, limit: Int
    ) async throws -> FeedRange {
        try await inner.known(of: origin, after: after, limit: limit)
    }

    func entries(
        of origin: RegionID, after: FeedPosition, limit: Int
    ) async throws -> FeedRange {
        try await inner.entries(of: origin, after: after, limit: limit)
    }

    func merge(_ range: FeedRange) async throws { try await inner.merge(range) }

    func merge(_ entries: [FeedEntry]) async throws { try await inner.merge(entries) }

    func shared(with position: FeedPosition) async throws -> FeedPosition {
        try await inner.shared(with: position)
    }

    func noteRecovered(_ stretch: LostStretch, from other: RegionRun) async throws {
        try await inner.noteRecovered(stretch, from: other)
    }

    func isRecovered(_ stretch: LostStretch, from other: RegionRun) async throws -> Bool {
        try await inner.isRecovered(stretch, from: other)
    }

    func rewind(
        _ origin: RegionID, to position: FeedPosition, head: FeedPosition
    ) async throws {
        try await inner.rewind(origin, to: position, head: head)
    }

    func confirm(
        _ cursors: [RegionID: FeedPosition], by region: RegionID
    ) async throws {
        try await inner.confirm(cursors, by: region)
    }

    func confirming() async throws -> Set<RegionID> { try await inner.confirming() }

    func forget(_ region: RegionID) async throws { try await inner.forget(region) }

    func names(
        of blob: BlobID, in bucket: String, limit: Int
    ) async throws -> [ObjectName] {
        try await inner.names(of: blob, in: bucket, limit: limit)
    }

    func pending(after: VersionReference?, limit: Int) async throws -> [ObjectVersion] {
        try await inner.pending(after: after, limit: limit)
    }

    func publish(_ references: [VersionReference]) async throws {
        try await inner.publish(references)
    }

    func dropOvertaken(_ references: [VersionReference]) async throws {
        try await inner.dropOvertaken(references)
    }

    func registers(of names: [ObjectName]) async throws -> [ObjectRegister] {
        try await inner.registers(of: names)
    }

    func registers(
        in bucket: String, after: ObjectKey?, limit: Int
    ) async throws -> [(name: ObjectName, register: ObjectRegister)] {
        try await inner.registers(in: bucket, after: after, limit: limit)
    }
}

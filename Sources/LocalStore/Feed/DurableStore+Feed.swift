// The change feed of the store: what it says to others, and what it takes from them.

internal import Journal
internal import MetadataIndex
package import Storage

extension DurableStore: ChangeFeed {
    package func cursors() async throws -> [RegionID: FeedPosition] {
        let known = try await readFeed { (feed) throws(IndexError) in try feed.cursors() }
        // Of an origin of which something came by its name alone, nothing of the feed is known.
        let cursors = known.filter { $0.origin == region || $0.position != .start }
        return Dictionary(uniqueKeysWithValues: cursors.map { ($0.origin, $0.position) })
    }

    package func seen() async throws -> [RegionID: FeedPosition] {
        let known = try await readFeed { (feed) throws(IndexError) in try feed.cursors() }
        return Dictionary(
            uniqueKeysWithValues: known.map { cursor in
                guard cursor.origin == region else { return (cursor.origin, cursor.seen) }
                return (
                    region, FeedPosition(incarnation: incarnation, number: cursor.seen.number)
                )
            })
    }

    package func known(
        of origin: RegionID, after: FeedPosition, limit: Int
    ) async throws -> FeedRange {
        try await readFeed { (feed) throws(IndexError) in
            try feed.known(of: origin, after: after, limit: limit)
        }
    }

    package func entries(
        of origin: RegionID, after: FeedPosition, limit: Int
    ) async throws -> FeedRange {
        let range = try await readFeed { (feed) throws(IndexError) -> FeedRange? in
            guard try feed.isIssued(after, by: origin) else { return nil }
            return try feed.range(of: origin, after: after, limit: limit)
        }
        guard let range else {
            throw StorageError(.invalidArgument, "\(origin) never issued position \(after)")
        }
        return range
    }

    package func waitForChange(
        after cursors: [RegionID: FeedPosition], timeout: Duration
    ) async {
        let deadline = ContinuousClock.now + timeout
        while !Task.isCancelled {
            let seen = changes.generation
            let left = deadline - .now
            guard left > .zero, await !isNew(behind: cursors) else { return }
            await changes.wait(beyond: seen, timeout: left)
        }
    }

    /// A store that cannot be read has news: whoever asks for it then learns why.
    private func isNew(behind cursors: [RegionID: FeedPosition]) async -> Bool {
        do {
            let known = try await self.cursors()
            return cursors.contains { origin, position in
                known[origin, default: .start].number > position.number
            }
        } catch {
            return true
        }
    }

    package func merge(_ range: FeedRange) async throws {
        let merge = MergeEntries(entries: try await arrived(range.entries), range: range)
        try await prefetch(for: range.entries)
        try await committer.queue.submit(merge)
    }

    package func merge(_ entries: [FeedEntry]) async throws {
        try await prefetch(for: entries)
        try await committer.queue.submit(
            MergeEntries(entries: try await arrived(entries), range: nil))
    }

    private func arrived(_ entries: [FeedEntry]) async throws -> [MergeEntries.Arrived] {
        var arrived: [MergeEntries.Arrived] = []
        for entry in entries { arrived.append(try await MergeEntries.Arrived(entry, in: self)) }
        return arrived
    }

    package func pending(
        after: VersionReference?, limit: Int
    ) async throws -> [ObjectVersion] {
        try await readFeed { (feed) throws(IndexError) in
            try feed.pending(after: after, limit: limit)
        }
    }

    package func publish(_ references: [VersionReference]) async throws {
        try await prefetch(references.flatMap { Self.keys(of: $0.name) })
        // Each of them may wait for bytes to be sealed; most wait for none.
        for _ in references {
            do {
                return try await committer.queue.submit(PublishVersions(references: references))
            } catch {
                guard let reason = error.mustSeal else { throw error }
                _ = try await seal(reason, nil)
            }
        }
        try await committer.queue.submit(PublishVersions(references: references))
    }

    package func dropOvertaken(_ references: [VersionReference]) async throws {
        try await prefetch(references.flatMap { Self.keys(of: $0.name) })
        try await committer.queue.submit(DropOvertaken(references: references))
    }

    package func registers(of names: [ObjectName]) async throws -> [ObjectRegister] {
        try await readFeed { (feed) throws(IndexError) in
            var result: [ObjectRegister] = []
            for name in names { result.append(try feed.transaction.register(name)) }
            return result
        }
    }

    package func names(
        of blob: BlobID, in bucket: String, limit: Int
    ) async throws -> [ObjectName] {
        try await readFeed { (feed) throws(IndexError) in
            try feed.names(of: blob, in: bucket, limit: limit)
        }
    }

    package func registers(
        in bucket: String, after: ObjectKey?, limit: Int
    ) async throws -> [(name: ObjectName, register: ObjectRegister)] {
        try await readFeed { (feed) throws(IndexError) in
            try feed.registers(in: bucket, after: after, limit: limit)
        }
    }

    package func shared(with position: FeedPosition) async throws -> FeedPosition {
        // Most who ask have all there is.
        if position == committer.head.feedPosition { return position }
        return try await readFeed { (feed) throws(IndexError) in try feed.shared(with: position) }
    }

    package func rewind(
        _ origin: RegionID, to position: FeedPosition, head: FeedPosition
    ) async throws {
        try await committer.queue.submit(
            RewindCursor(origin: origin, position: position, head: head))
    }

    package func confirm(
        _ cursors: [RegionID: FeedPosition], by region: RegionID
    ) async throws {
        guard region != self.region else { return }
        var cursors = cursors
        cursors[region] = nil
        // Of what it counts and this region never issued, it confirms nothing.
        cursors[self.region] = try await shared(with: cursors[self.region] ?? .start)
        try await committer.queue.submit(WriteReceipts(region: region, cursors: cursors))
    }

    package func confirming() async throws -> Set<RegionID> {
        try await readFeed { (feed) throws(IndexError) in
            Set(
                try feed.transaction.keys(in: KeySchema.allReceipts).map(
                    KeySchema.region(ofReceipt:)))
        }
    }

    package func forget(_ region: RegionID) async throws {
        try await committer.queue.submit(ForgetReceipts(region: region))
    }

    package func noteRecovered(_ stretch: LostStretch, from other: RegionRun) async throws {
        var lost = try await lostHistory()
        lost.recover(stretch, from: other)
        try await settings.write(try lost.encode(), to: Self.lostHistory)
    }

    package func isRecovered(
        _ stretch: LostStretch, from other: RegionRun
    ) async throws -> Bool {
        try await lostHistory().isRecovered(stretch, from: other)
    }

    private static let lostHistory = "local/lost-history"

    private var settings: Settings { Settings(objects: self, blobs: self) }

    private func lostHistory() async throws -> LostHistory {
        guard let bytes = try await settings.read(Self.lostHistory) else { return LostHistory() }
        return try LostHistory(decoding: bytes)
    }

    private func readFeed<Value: Sendable>(
        _ body: @escaping @Sendable (ReadFeed) throws(IndexError) -> Value
    ) async throws -> Value {
        // The head is taken before the index is looked at: what it says is all there.
        let (head, keys) = (committer.head, keys)
        return try await read { (index) throws(IndexError) in
            try body(ReadFeed(index, head: head, keys: keys))
        }
    }

    private func prefetch(for entries: [FeedEntry]) async throws {
        try await prefetch(
            entries.flatMap { entry in
                Self.keys(of: entry.object.name)
                    + (entry.object.content.map { [KeySchema.blob($0.blob)] } ?? [])
            })
    }
}

// What a region answers its peers: the other end of `RegionTransport`, over the contracts. The peer API
// encodes these answers, and the simulated network hands them over as they are. Only what is published
// here is ever told, and only this region's own feed (relaying other origins' comes with snapshots).

internal import NIOCore
package import Storage

package struct RegionAnswers: Sendable {
    package let name: String
    private let feed: any ChangeFeed
    private let blobs: any BlobStore
    private let clock: any WallClock
    private let limits: ReplicationLimits

    package init(
        name: String, feed: any ChangeFeed, blobs: any BlobStore, clock: any WallClock,
        limits: ReplicationLimits = ReplicationLimits()
    ) {
        self.name = name
        self.feed = feed
        self.blobs = blobs
        self.clock = clock
        self.limits = limits
    }

    package func hello() async throws -> Hello {
        let cursors = try await feed.cursors()
        return Hello(
            region: feed.region, name: name, incarnation: cursors[feed.region]?.incarnation ?? 0,
            clockMilliseconds: clock.milliseconds())
    }

    /// Throws `incompatible` where the protocol ranges do not meet.
    package func handshake(_ hello: Hello) async throws -> Hello {
        let own = try await self.hello()
        guard own.protocolVersions.overlaps(hello.protocolVersions) else {
            throw TransportError(
                .incompatible,
                "region “\(hello.name)” speaks peer protocol \(hello.protocolVersions), "
                    + "this one \(own.protocolVersions)")
        }
        return own
    }

    /// See `RegionTransport.feed`.
    package func feed(
        after cursors: [RegionID: FeedPosition], wait: Duration
    ) async throws -> [FeedRange] {
        let after = cursors[feed.region] ?? .start
        var range = try await entries(after: after)
        if range.through == after, wait > .zero {
            await feed.waitForChange(after: [feed.region: after], timeout: wait)
            range = try await entries(after: after)
        }
        return range.through == after ? [] : [range]
    }

    /// See `RegionTransport.entries(named:)`.
    package func entries(named names: [ObjectName]) async throws -> [EntryAnswer] {
        try checkCount(names.count)
        let registers = try await feed.registers(of: names)
        var answers: [EntryAnswer] = []
        for (name, register) in zip(names, registers) {
            let entry = try await entry(register)
            let isWaiting = register.pending.contains { $0.content != nil }
            answers.append(
                EntryAnswer(name: name, entry: entry, isPending: entry == nil && isWaiting))
        }
        return answers
    }

    /// See `RegionTransport.entries(in:after:limit:)`. Names that show nothing are passed over, so a
    /// page may be short; it is empty only at the end.
    package func entries(
        in bucket: String, after: ObjectKey?, limit: Int
    ) async throws -> [FeedEntry] {
        var after = after
        let limit = min(max(limit, 1), limits.feedEntries)
        while true {
            let page = try await feed.registers(in: bucket, after: after, limit: limit)
            guard let last = page.last else { return [] }
            var entries: [FeedEntry] = []
            for row in page {
                if let entry = try await entry(row.register) { entries.append(entry) }
            }
            guard entries.isEmpty else { return entries }
            after = last.name.key
        }
    }

    /// See `RegionTransport.states`.
    package func states(of digests: [BlobID]) async throws -> [BlobState] {
        try checkCount(digests.count)
        var found: [BlobID: BlobState] = [:]
        for digest in digests {
            guard let info = try await blobs.stat(digest) else { continue }
            found[digest] = info.isDamaged ? .damaged : .have
        }
        let missing = Set(digests).subtracting(found.keys)
        let awaited = missing.isEmpty ? [] : try await awaited(of: missing)
        return digests.map { found[$0] ?? (awaited.contains($0) ? .pending : .neverHad) }
    }

    /// Those that a pending version names. Where more versions wait than are looked at, whatever was not
    /// found counts as awaited: "never had" must not be said in error.
    private func awaited(of missing: Set<BlobID>) async throws -> Set<BlobID> {
        var awaited: Set<BlobID> = []
        var after: VersionReference?
        var lookedAt = 0
        while lookedAt < limits.awaitedEntries {
            let page = try await feed.pending(after: after, limit: limits.feedEntries)
            guard let last = page.last else { return awaited }
            for object in page {
                if let blob = object.content?.blob, missing.contains(blob) { awaited.insert(blob) }
            }
            guard awaited.count < missing.count else { return awaited }
            lookedAt += page.count
            after = VersionReference(name: last.name, version: last.version)
        }
        return missing
    }

    private func checkCount(_ count: Int) throws {
        guard count <= limits.namesPerRequest else {
            throw TransportError(
                .malformed, "at most \(limits.namesPerRequest) in one request, not \(count)")
        }
    }

    private func entries(after: FeedPosition) async throws -> FeedRange {
        do {
            var range = try await feed.entries(
                of: feed.region, after: after, limit: limits.feedEntries)
            for index in range.entries.indices where range.entries[index].inlineBytes == nil {
                range.entries[index] = try await entry(range.entries[index].object)
            }
            return range
        } catch let error as StorageError where error.code == .invalidArgument {
            throw TransportError(.unknownPosition, error.message)
        }
    }

    /// The published version; never one without a position, which stays in its region.
    private func entry(_ register: ObjectRegister) async throws -> FeedEntry? {
        guard let version = register.published, version.position != nil else { return nil }
        return try await entry(version)
    }

    /// A version with the bytes of a small blob; where they are gone or damaged it goes without.
    private func entry(_ version: ObjectVersion) async throws -> FeedEntry {
        guard let content = version.content, content.sizeBytes <= UInt64(limits.inlineBytes) else {
            return FeedEntry(object: version)
        }
        do {
            let bytes = try await blobs.content(of: content.blob, limitBytes: limits.inlineBytes)
            return FeedEntry(object: version, inlineBytes: bytes)
        } catch let error as StorageError where [.noSuchBlob, .damaged].contains(error.code) {
            return FeedEntry(object: version)
        }
    }
}

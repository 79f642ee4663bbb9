// What a region answers its peers: the other end of `RegionTransport`, over the contracts. The peer API
// encodes these answers, and the simulated network hands them over as they are. Only what is published
// here is ever told, and only this region's own feed; another's is relayed to its origin alone, which was put
// back from an older copy. The feed of a region that was removed has nobody else to tell it: of that everyone is
// told, as far as it is known here.

internal import NIOCore
internal import RegistryLayout
package import Storage

package struct RegionAnswers: Sendable {
    package let name: String
    private let feed: any ChangeFeed
    private let blobs: any BlobStore
    private let clock: any WallClock
    private let removed: RemovedRegions
    private let limits: ReplicationLimits
    private let rules: RulesInForce

    package init(
        name: String, feed: any ChangeFeed, blobs: any BlobStore, clock: any WallClock,
        removed: RemovedRegions = RemovedRegions(),
        limits: ReplicationLimits = ReplicationLimits()
    ) {
        rules = RulesInForce(region: name, feed: feed, blobs: blobs)
        self.removed = removed
        self.name = name
        self.feed = feed
        self.blobs = blobs
        self.clock = clock
        self.limits = limits
    }

    package func hello() async throws -> Hello {
        let seen = try await feed.seen()
        return Hello(
            region: feed.region, name: name, incarnation: seen[feed.region]?.incarnation ?? 0,
            clockMilliseconds: clock.milliseconds(), cursors: try await feed.cursors(), seen: seen)
    }

    /// Writes down what the other region confirms. Throws `incompatible` where the protocol ranges do not meet.
    package func handshake(_ hello: Hello) async throws -> Hello {
        let own = try await self.hello()
        guard own.protocolVersions.overlaps(hello.protocolVersions) else {
            throw TransportError(
                .incompatible,
                "region “\(hello.name)” speaks peer protocol \(hello.protocolVersions), "
                    + "this one \(own.protocolVersions)")
        }
        var cursors = hello.cursors
        if try await lost(cursors, hello.seen) != nil { cursors[feed.region] = nil }
        do {
            try await feed.confirm(cursors, by: hello.region)
        } catch let error as StorageError where error.code == .insufficientStorage {
            // Nothing is forgotten either while nothing can be written; it will say so again.
        }
        return own
    }

    /// See `RegionTransport.feed`.
    package func feed(
        after cursors: [RegionID: FeedPosition], seen: [RegionID: FeedPosition], wait: Duration,
        of region: RegionID
    ) async throws -> [FeedRange] {
        if let lost = try await lost(cursors, seen) {
            let run = RegionRun(region: region, incarnation: seen[region]?.incarnation ?? 0)
            try await requireRecovered(lost, from: run)
            // What was lost may have taken the place of anything before it: all is told again.
            return [try await entries(of: feed.region, after: .start)]
        }
        let after = cursors[feed.region] ?? .start
        var range = try await entries(of: feed.region, after: after)
        if range.through == after, let inherited = try await inherited(behind: cursors) {
            return [inherited]
        }
        if range.through == after, wait > .zero {
            await feed.waitForChange(after: [feed.region: after], timeout: wait)
            range = try await entries(of: feed.region, after: after)
        }
        return range.through == after ? [] : [range]
    }

    /// What is known here of a region that was removed, and not to who asks.
    private func inherited(behind cursors: [RegionID: FeedPosition]) async throws -> FeedRange? {
        let removed = removed.all.sorted()
        guard !removed.isEmpty else { return nil }
        let known = try await feed.cursors()
        for origin in removed {
            let after = cursors[origin] ?? .start
            guard let through = known[origin], through.number > after.number else { continue }
            do {
                return try await entries(of: origin, after: after)
            } catch let error as TransportError where error.code == .unknownPosition {
                // It knows another course of that feed than this region does.
            }
        }
        return nil
    }

    /// What another region knows of this one's feed, and this one lost. Where that is nothing, the other has all that is
    /// before its cursor.
    package func lost(
        _ cursors: [RegionID: FeedPosition], _ seen: [RegionID: FeedPosition]
    ) async throws -> LostStretch? {
        let cursor = cursors[feed.region] ?? .start
        return try await feed.lost(cursor: cursor, seen: seen[feed.region] ?? cursor)
    }

    private func requireRecovered(_ lost: LostStretch, from other: RegionRun) async throws {
        guard try await !feed.isRecovered(lost, from: other) else { return }
        throw TransportError(
            .unknownPosition,
            "\(feed.region) never issued position \(lost.through): it was put back from an older copy, and has"
                + " not fetched back what came after \(lost.after); it does so where it follows the region that asks"
        )
    }

    /// See `RegionTransport.relay`.
    package func relay(of origin: RegionID, after: FeedPosition) async throws -> FeedRange {
        try await withBytes(
            feed.known(of: origin, after: after, limit: limits.feedEntries))
    }

    /// See `RegionTransport.entries(named:)`.
    package func entries(named names: [ObjectName]) async throws -> [EntryAnswer] {
        try checkCount(names.count)
        let registers = try await feed.registers(of: names)
        var answers: [EntryAnswer] = []
        for (name, register) in zip(names, registers) {
            let entry = try await entry(register)
            let isWaiting = try await isAwaited(register)
            answers.append(
                EntryAnswer(name: name, entry: entry, isPending: entry == nil && isWaiting))
        }
        let denied = answers.filter { $0.entry == nil && !$0.isPending }.map(\.name)
        let needed = denied.isEmpty ? [] : try await needed(Set(denied))
        for index in answers.indices where needed.contains(answers[index].name) {
            answers[index].isPending = true
        }
        return answers
    }

    /// Those that a put of this region itself waits for: it came back after this region was put back from an older
    /// copy, and who has it from here is not to show it sooner. Where more versions wait than are looked at, all are.
    private func needed(_ missing: Set<ObjectName>) async throws -> Set<ObjectName> {
        let examination = ClosureExamination(
            feed: feed, blobs: blobs, limits: limits, rules: rules)
        var needed: Set<ObjectName> = []
        var hasOwn = false
        var after: VersionReference?
        var lookedAt = 0
        while lookedAt < limits.awaitedEntries {
            let page = try await feed.pending(after: after, limit: limits.feedEntries)
            guard let last = page.last else { return needed }
            for object in page where object.isPut && object.version.region == feed.region {
                guard let entry = PendingEntry(object) else { continue }
                hasOwn = true
                let dependencies = try await examination.closure(of: entry).dependencies
                needed.formUnion(missing.intersection(dependencies))
            }
            guard needed.count < missing.count else { return needed }
            lookedAt += page.count
            after = last.reference
        }
        return hasOwn ? missing : needed
    }

    /// Whether a put waits that will show here. One that the rules exclude will not, so nobody is to wait for it.
    private func isAwaited(_ register: ObjectRegister) async throws -> Bool {
        let puts = register.pending.filter(\.isPut)
        guard let name = puts.first?.name, let rules = try await rules.rules(of: name.bucket) else {
            return !puts.isEmpty
        }
        if puts.contains(where: { $0.version.region == feed.region }) { return true }
        return rules.verdict(name.key, isDelete: false) != .withheld
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
            after = last.reference
        }
        return missing
    }

    private func checkCount(_ count: Int) throws {
        guard count <= limits.namesPerRequest else {
            throw TransportError(
                .malformed, "at most \(limits.namesPerRequest) in one request, not \(count)")
        }
    }

    private func entries(
        of origin: RegionID, after: FeedPosition
    ) async throws -> FeedRange {
        do {
            return try await withBytes(
                feed.entries(of: origin, after: after, limit: limits.feedEntries))
        } catch let error as StorageError where error.code == .invalidArgument {
            throw TransportError(.unknownPosition, error.message)
        }
    }

    private func withBytes(_ range: FeedRange) async throws -> FeedRange {
        var range = range
        for index in range.entries.indices where range.entries[index].inlineBytes == nil {
            range.entries[index] = try await entry(range.entries[index].object)
        }
        return range
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

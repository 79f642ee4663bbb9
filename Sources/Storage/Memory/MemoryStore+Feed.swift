// The change feed in memory: one log of issued positions for each origin, as long as the process lives.

internal import Checksums
internal import NIOCore
internal import Synchronization

extension MemoryStore: ChangeFeed {
    package func cursors() async throws -> [RegionID: FeedPosition] {
        state.withLock { state in state.cursors(own: region) }
    }

    package func seen() async throws -> [RegionID: FeedPosition] {
        state.withLock { state in
            let cursors = state.cursors(own: region)
            var seen = cursors.merging(state.seen) { $0.isEarlier(than: $1) ? $1 : $0 }
            seen[region] = FeedPosition(
                incarnation: incarnation, number: cursors[region]?.number ?? 0)
            return seen
        }
    }

    package func known(
        of origin: RegionID, after: FeedPosition, limit: Int
    ) async throws -> FeedRange {
        state.withLock { state in
            var known: [(place: FeedPosition, reference: VersionReference)] = []
            for register in state.registers.values.flatMap(\.values) {
                for version in register.versions + register.purges
                where version.version.region == origin && !version.isHistory {
                    guard let place = version.position, after.precedes(place) else { continue }
                    known.append((place, version.reference))
                }
            }
            let some = known.sorted { $0.place.precedes($1.place) }.prefix(limit)
            var through = some.last?.place ?? after
            let places = [state.feeds[origin]?.last?.position, state.seen[origin]]
            for case let place? in places
            where some.count == known.count && through.precedes(place) {
                through = place
            }
            return FeedRange(
                origin: origin, after: after, through: through,
                entries: some.compactMap { state.entry($0.reference) })
        }
    }

    package func entries(
        of origin: RegionID, after: FeedPosition, limit: Int
    ) async throws -> FeedRange {
        try state.withLock { state throws in
            let feed = state.feeds[origin, default: []]
            guard Self.isIssued(after, by: feed, isOwn: origin == region) else {
                throw StorageError(.invalidArgument, "\(origin) never issued position \(after)")
            }
            let rest = feed.drop { $0.position.number <= after.number }.prefix(limit)
            let entries = rest.compactMap { record in record.reference.flatMap(state.entry) }
            return FeedRange(
                origin: origin, after: after, through: rest.last?.position ?? after,
                head: feed.last?.position, entries: entries)
        }
    }

    /// Of another's feed the places that were superseded are not known one by one.
    private static func isIssued(
        _ position: FeedPosition, by feed: [FeedRecord], isOwn: Bool
    ) -> Bool {
        if position == .start || feed.contains(where: { $0.position == position }) { return true }
        return !isOwn && position.number < feed.last?.position.number ?? 0
    }

    package func waitForChange(
        after cursors: [RegionID: FeedPosition], timeout: Duration
    ) async {
        let deadline = ContinuousClock.now + timeout
        while !Task.isCancelled {
            let seen = changes.generation
            let known = state.withLock { state in state.cursors(own: region) }
            let isNew = cursors.contains { origin, position in
                position.number < known[origin, default: .start].number
            }
            let left = ContinuousClock.now.duration(to: deadline)
            if isNew || left <= .zero { return }
            await changes.wait(beyond: seen, timeout: left)
        }
    }

    package func merge(_ range: FeedRange) async throws {
        try state.withLock { state throws in
            let last = state.feeds[range.origin]?.last?.position ?? .start
            guard range.after.number <= last.number else {
                throw StorageError(
                    .invalidArgument, "the range begins behind \(range.after), known is \(last)")
            }
            guard range.origin != region, range.through.number > last.number else { return }
            let fresh = range.entries.filter { ($0.object.position?.number ?? 0) > last.number }
            for entry in fresh {
                merge(entry, &state)
                guard let position = entry.object.position else { continue }
                state.feeds[range.origin, default: []].append(
                    FeedRecord(position: position, reference: entry.object.reference))
            }
            if state.feeds[range.origin]?.last?.position != range.through {
                state.feeds[range.origin, default: []].append(
                    FeedRecord(position: range.through, reference: nil))
            }
            let seen = state.seen[range.origin] ?? .start
            if seen.isEarlier(than: range.head) { state.seen[range.origin] = range.head }
        }
        changes.advance()
    }

    package func merge(_ entries: [FeedEntry]) async throws {
        state.withLock { state in
            for entry in entries {
                merge(entry, &state)
                guard let place = entry.object.position else { continue }
                let origin = entry.object.version.region
                let cursor = state.feeds[origin]?.last?.position ?? .start
                if origin != region,
                    place.isNews(behind: state.seen[origin] ?? cursor, cursor: cursor)
                {
                    state.seen[origin] = place
                }
            }
        }
        changes.advance()
    }

    package func pending(
        after: VersionReference?, limit: Int
    ) async throws -> [ObjectVersion] {
        state.withLock { state in
            var result: [ObjectVersion] = []
            for bucket in state.registers.keys.sorted() {
                guard let registers = state.registers[bucket] else { continue }
                var first = registers.keys.startIndex
                if let name = after?.name, bucket <= name.bucket {
                    guard bucket == name.bucket else { continue }
                    // Later versions of that very name are still to come.
                    first = registers.firstIndex(notBelow: name.key)
                }
                for key in registers.keys[first...] {
                    let waiting = (registers[key]?.pending ?? []).reversed()
                    result += waiting.filter { version in
                        after.map { version.name != $0.name || version.version > $0.version }
                            ?? true
                    }
                    if result.count >= limit { return Array(result.prefix(limit)) }
                }
            }
            return result
        }
    }

    package func publish(_ references: [VersionReference]) async throws {
        try state.withLock { state throws in
            for reference in references { try state.requireBlob(of: reference) }
            for reference in references {
                let register = state.register(reference.name)
                guard
                    var version = register.pending.first(where: { $0.version == reference.version })
                else { continue }
                version.state = .published
                if let content = version.content, content.isSealed {
                    state.sealed.insert(content.blob)
                }
                take(version, &state)
            }
        }
        changes.advance()
    }

    package func dropOvertaken(_ references: [VersionReference]) async throws {
        state.withLock { state in
            for reference in references {
                var register = state.register(reference.name)
                guard register.isOvertaken(reference.version)
                else { continue }
                register.expire(reference.version)
                state.set(register, for: reference.name)
            }
        }
    }

    package func registers(of names: [ObjectName]) async throws -> [ObjectRegister] {
        state.withLock { state in names.map(state.register) }
    }

    package func names(
        of blob: BlobID, in bucket: String, limit: Int
    ) async throws -> [ObjectName] {
        state.withLock { state in
            guard let registers = state.registers[bucket] else { return [] }
            let keys = registers.keys.lazy.filter { key in
                registers[key]?.versions.contains { $0.content?.blob == blob } ?? false
            }
            return keys.prefix(limit).map { ObjectName(bucket: bucket, key: $0) }
        }
    }

    package func registers(
        in bucket: String, after: ObjectKey?, limit: Int
    ) async throws -> [(name: ObjectName, register: ObjectRegister)] {
        state.withLock { state in
            guard let registers = state.registers[bucket] else { return [] }
            return registers.keys[registers.firstIndex(after: after)...].prefix(limit).map { key in
                (ObjectName(bucket: bucket, key: key), registers[key] ?? ObjectRegister())
            }
        }
    }

    package func shared(with position: FeedPosition) async throws -> FeedPosition {
        state.withLock { state in state.shared(with: position, own: region) }
    }

    package func noteRecovered(_ stretch: LostStretch, from other: RegionRun) async throws {
        state.withLock { $0.lostHistory.recover(stretch, from: other) }
    }

    package func isRecovered(
        _ stretch: LostStretch, from other: RegionRun
    ) async throws -> Bool {
        state.withLock { $0.lostHistory.isRecovered(stretch, from: other) }
    }

    package func rewind(
        _ origin: RegionID, to position: FeedPosition, head: FeedPosition
    ) async throws {
        guard origin != region else { return }
        state.withLock { state in
            state.feeds[origin]?.removeAll { $0.position.number >= position.number }
            state.feeds[origin, default: []].append(
                FeedRecord(position: position, reference: nil))
            state.seen[origin] = head
        }
    }

    package func confirm(
        _ cursors: [RegionID: FeedPosition], by region: RegionID
    ) async throws {
        state.withLock { $0.receipts[region] = cursors }
    }

    package func confirming() async throws -> Set<RegionID> {
        state.withLock { Set($0.receipts.keys) }
    }

    package func forget(_ region: RegionID) async throws {
        state.withLock { $0.receipts[region] = nil }
    }

    private func merge(_ entry: FeedEntry, _ state: inout State) {
        var object = entry.object
        if object.version.region == region {
            guard !state.register(object.name).holds(object.version) else { return }
            object.position = issue(object, &state)
        }
        object.state = .pending
        object.keptUntilMilliseconds = nil
        state.clock.observe(object.version.stamp)
        take(object, &state)
        // Bytes that ride along are kept only where they are what they say.
        guard let bytes = entry.inlineBytes, let blob = object.content?.blob,
            MessageDigest.hash(.sha256, bytes) == blob.bytes
        else { return }
        if object.content?.isSealed == true { state.sealed.insert(blob) }
        state.blobs[blob] = bytes
    }
}

extension MemoryStore.State {
    /// Blobs up to this size ride along with their entry.
    private static var inlineLimitBytes: Int { 8 << 10 }

    fileprivate func cursors(own: RegionID) -> [RegionID: FeedPosition] {
        var result = feeds.compactMapValues { $0.last?.position }
        if result[own] == nil { result[own] = .start }
        return result
    }

    fileprivate func shared(with position: FeedPosition, own: RegionID) -> FeedPosition {
        let issued = feeds[own, default: []].map(\.position)
        if position == .start || issued.contains(position) { return position }
        return issued.last {
            $0.incarnation <= position.incarnation && $0.number <= position.number
        } ?? .start
    }

    /// The version as it stands now; `nil` where it was superseded.
    fileprivate func entry(_ reference: VersionReference) -> FeedEntry? {
        let register = register(reference.name)
        let known = register.versions.filter { !$0.isHistory } + register.purges
        guard let object = known.first(where: { $0.version == reference.version }) else {
            return nil
        }
        let bytes = object.content.flatMap { blobs[$0.blob] }
        return FeedEntry(
            object: object,
            inlineBytes: bytes.flatMap { $0.readableBytes <= Self.inlineLimitBytes ? $0 : nil })
    }

    fileprivate func requireBlob(of reference: VersionReference) throws(StorageError) {
        let waiting = register(reference.name).pending
        guard let content = waiting.first(where: { $0.version == reference.version })?.content
        else { return }
        guard let bytes = blobs[content.blob] else {
            throw StorageError(.noSuchBlob, "blob \(content.blob) is not here yet")
        }
        guard UInt64(bytes.readableBytes) == content.sizeBytes else {
            throw StorageError(
                .sizeMismatch,
                "\(reference.name) says \(content.sizeBytes) bytes of \(content.blob), which has"
                    + " \(bytes.readableBytes)")
        }
    }
}

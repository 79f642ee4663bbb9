// Does what the state machine wants done, against the contracts: one directive in, one event out. The
// service runs many at once; a simulation runs them one by one.

internal import Checksums
internal import NIOCore
package import Storage

package struct DirectivePerformer: Sendable {
    private static let pageEntries = 1000

    private let answers: RegionAnswers
    private let transports: [String: any RegionTransport]
    private let stores: ReplicationStores
    private let clock: any WallClock
    private let limits: ReplicationLimits
    private let pins: PeerPins
    private let rules: RulesInForce
    private let meet: @Sendable (Int64) async throws -> Void

    package init(
        name: String, transports: [String: any RegionTransport], stores: ReplicationStores,
        clock: any WallClock, limits: ReplicationLimits,
        meet: @escaping @Sendable (_ clockMilliseconds: Int64) async throws -> Void = { _ in }
    ) {
        rules = RulesInForce(region: name, feed: stores.feed, blobs: stores.blobs)
        answers = RegionAnswers(
            name: name, feed: stores.feed, blobs: stores.blobs, clock: clock, limits: limits)
        self.transports = transports
        self.stores = stores
        self.clock = clock
        self.limits = limits
        self.meet = meet
        pins = PeerPins(objects: stores.objects, blobs: stores.blobs)
    }

    /// The first event of a machine.
    package func start() async throws -> ReplicationEvent.Kind {
        .started(
            cursors: try await stores.feed.cursors(),
            pins: try await pins.read(transports.keys.sorted()))
    }

    /// The event that answers a directive; `nil` for `wake` and `report`, which are the caller's.
    package func perform(
        _ directive: ReplicationDirective,
        progress: @escaping @Sendable (ReplicationEvent.Kind) -> Void
    ) async -> ReplicationEvent.Kind? {
        switch directive {
        case .loadPending(let after):
            await attempt(.loadPending) { try await loadPending(after: after) }
        case .handshake(let peer):
            await call(.handshake, peer) { try await handshake(peer, $0) }
        case .pin(let peer, let region):
            await call(.pin, peer) { _ in
                try await pins.write(peer, region)
                return .pinned(peer: peer)
            }
        case .poll(let peer, let cursors):
            await call(.feed, peer) { transport in
                let fed = try await transport.feed(
                    after: cursors, seen: try await stores.feed.seen(), wait: limits.feedWait)
                let (ranges, held) = skewBound.cut(fed)
                return .fed(peer: peer, ranges, held: held)
            }
        case .askNames(let peer, let names):
            await call(.names, peer) { transport in
                let answers = try await transport.entries(named: names)
                return .answered(peer: peer, skewBound.cut(answers))
            }
        case .askStates(let peer, let blobs):
            await call(.states, peer) { transport in
                let states = try await transport.states(of: blobs)
                return .stated(peer: peer, zip(blobs, states).map(BlobStatement.init))
            }
        case .askLost(let peer, let after):
            await call(.lost, peer) { transport in
                .returned(
                    peer: peer, try await transport.relay(of: stores.feed.region, after: after))
            }
        case .merge(let range):
            await attempt(.merge) { try await merge(range) }
        case .mergeNamed(let entries):
            await attempt(.merge) { try await merge(entries) }
        case .rewind(let origin, let position, let head):
            await attempt(.merge) {
                try await stores.feed.rewind(origin, to: position, head: head)
                return .merged(wrongInline: [])
            }
        case .noteRecovered(let stretch, let other):
            await attempt(.merge) {
                try await stores.feed.noteRecovered(stretch, from: other)
                return .merged(wrongInline: [])
            }
        case .examine(let entries, let hopeless):
            await attempt(.examine) {
                let found = try await examination.examine(entries, hopeless: hopeless)
                let overtaken = Set(found.flatMap(\.overtaken))
                if !overtaken.isEmpty { try await stores.feed.dropOvertaken(Array(overtaken)) }
                return .examined(found)
            }
        case .publish(let references):
            await attempt(.publish) {
                try await stores.feed.publish(references)
                return .published
            }
        case .fetch(let blob, let sizeBytes, let peer):
            await fetch(blob, sizeBytes, peer, progress)
        case .watchLocal(let after):
            await attempt(.watch) { try await watch(after: after) }
        case .wake, .report:
            nil
        }
    }

    private var examination: ClosureExamination {
        ClosureExamination(
            feed: stores.feed, blobs: stores.blobs, limits: limits, rules: rules)
    }

    private var skewBound: SkewBound {
        SkewBound(
            nowMilliseconds: clock.milliseconds(), boundMilliseconds: limits.skewMilliseconds)
    }

    private func attempt(
        _ call: StoreStep, _ body: () async throws -> ReplicationEvent.Kind
    ) async -> ReplicationEvent.Kind {
        do {
            return try await body()
        } catch {
            return .storeFailed(call, message: "\(error)")
        }
    }

    private func call(
        _ call: PeerStep, _ peer: String,
        _ body: (any RegionTransport) async throws -> ReplicationEvent.Kind
    ) async -> ReplicationEvent.Kind {
        guard let transport = transports[peer] else {
            preconditionFailure("a directive names “\(peer)”, which is no peer")
        }
        do {
            return try await body(transport)
        } catch let error as TransportError {
            return .peerFailed(peer: peer, call, error)
        } catch {
            return .peerFailed(peer: peer, call, TransportError(.unreachable, "\(error)"))
        }
    }

    private func loadPending(after: VersionReference?) async throws -> ReplicationEvent.Kind {
        let page = try await stores.feed.pending(after: after, limit: Self.pageEntries)
        let next = page.count < Self.pageEntries ? nil : page.last
        return .pendingLoaded(
            page.compactMap(PendingEntry.init),
            next: next.map(\.reference))
    }

    private func handshake(
        _ peer: String, _ transport: any RegionTransport
    ) async throws -> ReplicationEvent.Kind {
        let own = try await answers.hello()
        let hello = try await transport.handshake(own)
        guard hello.protocolVersions.overlaps(own.protocolVersions) else {
            throw TransportError(
                .incompatible, "it speaks peer protocol \(hello.protocolVersions)")
        }
        // Nothing is asked of the other region, or believed of it, before.
        if hello.region != own.region { try await meet(hello.clockMilliseconds) }
        return .greeted(
            peer: peer, hello, clockMilliseconds: clock.milliseconds(), lost: try await lost(hello))
    }

    /// What the other region has of this region's feed, and this one does not.
    private func lost(_ hello: Hello) async throws -> LostStretch? {
        guard let lost = try await answers.lost(hello.cursors, hello.seen),
            try await !stores.feed.isRecovered(lost, from: hello.run)
        else { return nil }
        return lost
    }

    private func merge(_ range: FeedRange) async throws -> ReplicationEvent.Kind {
        var range = range
        let wrong = Self.dropWrongInline(&range.entries)
        try await stores.feed.merge(range)
        return .merged(wrongInline: wrong)
    }

    private func merge(_ entries: [FeedEntry]) async throws -> ReplicationEvent.Kind {
        var entries = entries
        let wrong = Self.dropWrongInline(&entries)
        try await stores.feed.merge(entries)
        return .merged(wrongInline: wrong)
    }

    /// The door for bytes that ride along: what does not have its digest goes no further.
    static func dropWrongInline(_ entries: inout [FeedEntry]) -> [BlobID] {
        var wrong: [BlobID] = []
        for index in entries.indices {
            guard let bytes = entries[index].inlineBytes else { continue }
            let blob = entries[index].object.content?.blob
            if MessageDigest.hash(.sha256, bytes) == blob?.bytes { continue }
            entries[index].inlineBytes = nil
            if let blob { wrong.append(blob) }
        }
        return wrong
    }

    private func fetch(
        _ blob: BlobID, _ sizeBytes: UInt64, _ peer: String,
        _ progress: @escaping @Sendable (ReplicationEvent.Kind) -> Void
    ) async -> ReplicationEvent.Kind {
        guard let transport = transports[peer] else {
            preconditionFailure("a directive names “\(peer)”, which is no peer")
        }
        do {
            try await FetchBlob(stores: stores, limits: limits)(
                blob, sizeBytes: sizeBytes, peer: peer, transport: transport
            ) { progress(.fetchProgressed(blob, receivedBytes: $0)) }
            return .fetched(blob)
        } catch {
            return .fetchFailed(blob, error)
        }
    }

    private func watch(after: FeedPosition?) async throws -> ReplicationEvent.Kind {
        let own = stores.feed.region
        guard let after else {
            let now = try await stores.feed.cursors()[own] ?? .start
            return .localChanged(nil, through: now)
        }
        await stores.feed.waitForChange(after: [own: after], timeout: limits.feedWait)
        let range = try await stores.feed.entries(
            of: own, after: after, limit: limits.feedEntries)
        return .localChanged(range.entries.map(\.object.name), through: range.through)
    }
}

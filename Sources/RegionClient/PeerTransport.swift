// Another region, reached by its peer protocol over HTTP. Every request is signed with the key of the
// pair, and nothing of an answer is used before its signature was verified: a document's covers its bytes;
// of blob bytes the head is signed, and the bytes are verified by the blob's digest by whoever asked.

package import Access
internal import NIOCore
internal import NativeWire
package import Replication
package import Storage

package struct PeerTransport: RegionTransport {
    private let calls: PeerCalls

    /// `region` is this one, which signs; `peer` the one behind the URL, where it is known before the first
    /// handshake. `nonce` gives random ones.
    package init(
        url: PeerURL, region: RegionID, peer: RegionID? = nil, key: PeerKey, client: HTTPClient,
        clock: any WallClock, nonce: @escaping @Sendable () -> PeerNonce
    ) {
        calls = PeerCalls(
            url: url, region: region, addressee: Addressee(peer), key: key, client: client,
            clock: clock, nonce: nonce)
    }

    package func handshake(_ hello: Hello) async throws -> Hello {
        let theirs = Hello(try await calls.greet(HelloDocument(hello)))
        guard theirs.protocolVersions.overlaps(hello.protocolVersions) else {
            throw TransportError(
                .incompatible,
                "region “\(theirs.name)” speaks peer protocol \(theirs.protocolVersions), "
                    + "this one \(hello.protocolVersions)")
        }
        return theirs
    }

    package func feed(
        after cursors: [RegionID: FeedPosition], seen: [RegionID: FeedPosition], wait: Duration
    ) async throws -> [FeedRange] {
        let wait = min(max(wait, .zero), .milliseconds(WireLimits.waitMilliseconds))
        let milliseconds = UInt32(wait / .milliseconds(1))
        let ranges = try await calls.ask(
            .feed, FeedRequest(cursors: cursors, seen: seen, waitMilliseconds: milliseconds),
            answer: FeedAnswer.self, waitMilliseconds: Int(milliseconds)
        ).ranges
        for range in ranges where range.after.number > cursors[range.origin]?.number ?? 0 {
            throw TransportError(
                .malformed, "a range of \(range.origin) does not continue our cursor")
        }
        return ranges
    }

    package func relay(of origin: RegionID, after: FeedPosition) async throws -> FeedRange {
        let ranges = try await calls.ask(
            .relay, FeedRequest(cursors: [origin: after], waitMilliseconds: 0),
            answer: FeedAnswer.self
        ).ranges
        guard let range = ranges.first, ranges.count == 1, range.origin == origin,
            range.after == after
        else { throw TransportError(.malformed, "not the stretch of the feed that was asked for") }
        return range
    }

    package func entries(named names: [ObjectName]) async throws -> [EntryAnswer] {
        var answers: [EntryAnswer] = []
        while answers.count < names.count {
            let batch = names[answers.count...].prefix(WireLimits.namesPerRequest)
            let items = try await calls.ask(
                .names, NamesRequest(names: Array(batch)), answer: NamesAnswer.self
            ).items
            // Fewer than were asked for is an answer that was full.
            guard !items.isEmpty, items.count <= batch.count,
                zip(items, batch).allSatisfy({ $0.name == $1 })
            else { throw TransportError(.malformed, "the names answered are not those asked for") }
            answers += items.map {
                EntryAnswer(name: $0.name, entry: $0.entry, isPending: $0.isPending)
            }
        }
        return answers
    }

    package func entries(
        in bucket: String, after: ObjectKey?, limit: Int
    ) async throws -> [FeedEntry] {
        let request = KeysRequest(bucket: bucket, after: after, limit: limit)
        let entries = try await calls.ask(.keys, request, answer: KeysAnswer.self).entries
        var last = after
        for entry in entries {
            let name = entry.object.name
            guard name.bucket == bucket, last.map({ $0 < name.key }) ?? true else {
                throw TransportError(.malformed, "the keys answered are not those asked for")
            }
            last = name.key
        }
        return entries
    }

    package func states(of blobs: [BlobID]) async throws -> [BlobState] {
        var states: [BlobState] = []
        while states.count < blobs.count {
            let batch = blobs[states.count...].prefix(WireLimits.blobsPerRequest)
            let next = try await calls.ask(
                .blobs, BlobStatesRequest(blobs: Array(batch)), answer: BlobStatesAnswer.self
            ).states
            guard next.count == batch.count else {
                throw TransportError(.malformed, "states of other blobs than were asked for")
            }
            states += next.map(BlobState.init)
        }
        return states
    }

    package func read(_ blob: BlobID, range: Range<UInt64>) async throws -> any ByteSource {
        try await calls.bytes(of: blob, range: range)
    }
}

extension BlobState {
    fileprivate init(_ state: WireBlobState) {
        switch state {
        case .have: self = .have
        case .pending: self = .pending
        case .neverHad: self = .neverHad
        case .damaged: self = .damaged
        }
    }
}

extension HelloDocument {
    fileprivate init(_ hello: Hello) {
        self.init(
            protocolVersions: hello.protocolVersions, region: hello.region, name: hello.name,
            incarnation: hello.incarnation, features: hello.features,
            clockMilliseconds: hello.clockMilliseconds, cursors: hello.cursors, seen: hello.seen)
    }
}

extension Hello {
    fileprivate init(_ document: HelloDocument) {
        self.init(
            protocolVersions: document.protocolVersions, region: document.region,
            name: document.name, incarnation: document.incarnation, features: document.features,
            clockMilliseconds: document.clockMilliseconds, cursors: document.cursors,
            seen: document.seen)
    }
}

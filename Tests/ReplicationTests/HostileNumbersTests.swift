// A peer may say any number that its type can hold. The machine must not fall over any of them.

import Replication
import Storage
import Testing

@Suite("Numbers that a peer made up")
struct HostileNumbersTests {
    private static let peer = RegionID(2)
    private var machine = Replicator(region: RegionID(1), name: "a", peers: ["b"])

    @discardableResult
    private mutating func on(_ kind: ReplicationEvent.Kind) -> [ReplicationDirective] {
        machine.on(ReplicationEvent(nowMilliseconds: 0, random: 0, kind: kind))
    }

    private mutating func connect(clockMilliseconds: Int64) -> [ReplicationDirective] {
        on(.started(cursors: [:], pins: ["b": Self.peer]))
        on(.pendingLoaded([], next: nil))
        let hello = Hello(
            region: Self.peer, name: "b", incarnation: .max, features: .max,
            clockMilliseconds: clockMilliseconds)
        return on(.greeted(peer: "b", hello, clockMilliseconds: 1_700_000_000_000))
    }

    @Test("any clock is a difference of clocks", arguments: [Int64.min, .max, 0])
    func clock(milliseconds: Int64) {
        var test = self
        let directives = test.connect(clockMilliseconds: milliseconds)
        let isReported = directives.contains {
            if case .report(.clockSkew) = $0 { true } else { false }
        }
        #expect(isReported)
        let skew = test.machine.status(urls: [:], wallMilliseconds: 0).peers[0]
            .clockSkewMilliseconds
        #expect((skew ?? 0).signum() == (milliseconds == .max ? 1 : -1))
    }

    @Test("sizes add up to at most what a number holds")
    func sizes() throws {
        var test = self
        _ = test.connect(clockMilliseconds: 1_700_000_000_000)
        let versions = try (1...2).map { number in
            let content = ObjectContent(
                blob: try blobID(of: bytes(number)), sizeBytes: .max, lastModifiedMilliseconds: 0,
                etag: "")
            return ObjectVersion(
                name: ObjectName(bucket: "plain", key: ObjectKey("k\(number)")),
                version: Version(stamp: HybridTimestamp(rawValue: 1), region: Self.peer),
                position: FeedPosition(incarnation: 1, number: UInt64(number)), kind: .put(content),
                state: .published)
        }
        let range = FeedRange(
            origin: Self.peer, after: .start, through: FeedPosition(incarnation: 1, number: .max),
            entries: versions.map { FeedEntry(object: $0) })
        test.on(.fed(peer: "b", [range]))
        test.on(.merged(wrongInline: []))
        test.on(
            .examined(
                versions.map {
                    Examination(
                        reference: $0.reference,
                        finding: .put(isBlobMissing: true, missingNames: [], isClosureKnown: true))
                }))
        let status = test.machine.status(urls: [:], wallMilliseconds: 0)
        #expect(status.lag.outstandingBytes == .max)
        #expect(status.lag.pendingEntries == 2)
    }
}

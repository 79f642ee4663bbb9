// The contract of talking to another region. The HTTP client and the simulated network implement it;
// the shell of replication sees nothing else. Every call is authenticated by the implementation, and
// throws `TransportError`; none retries.

package import Storage

/// What the regions tell each other first.
package struct Hello: Sendable, Hashable {
    package static let protocolVersion = 1

    package var protocolVersions: ClosedRange<Int>
    package var region: RegionID
    package var name: String
    /// The incarnation that the region is in now.
    package var incarnation: UInt64
    package var features: UInt64
    package var clockMilliseconds: Int64
    /// How far the region knows each feed, durably: what it says here it confirms.
    package var cursors: [RegionID: FeedPosition]
    /// The last place of each feed of which the region knows anything (`ChangeFeed.seen`).
    package var seen: [RegionID: FeedPosition]

    package init(
        protocolVersions: ClosedRange<Int> = 1...Hello.protocolVersion, region: RegionID,
        name: String, incarnation: UInt64, features: UInt64 = 0, clockMilliseconds: Int64,
        cursors: [RegionID: FeedPosition] = [:], seen: [RegionID: FeedPosition] = [:]
    ) {
        self.protocolVersions = protocolVersions
        self.region = region
        self.name = name
        self.incarnation = incarnation
        self.features = features
        self.clockMilliseconds = clockMilliseconds
        self.cursors = cursors
        self.seen = seen
    }

    var run: RegionRun { RegionRun(region: region, incarnation: incarnation) }
}

/// What a region says of a blob it was asked for.
package enum BlobState: UInt8, Sendable, CaseIterable {
    case have = 0
    /// Named by a version that is known there, bytes not there yet.
    case pending = 1
    case neverHad = 2
    case damaged = 3
}

/// What a region knows of a name it was asked for: its published version, where it has one.
package struct EntryAnswer: Sendable, Hashable {
    package var name: ObjectName
    package var entry: FeedEntry?
    /// Nothing is published there yet, but a put waits to be: worth asking again.
    package var isPending: Bool

    package init(name: ObjectName, entry: FeedEntry?, isPending: Bool = false) {
        self.name = name
        self.entry = entry
        self.isPending = isPending
    }
}

package protocol RegionTransport: Sendable {
    func handshake(_ hello: Hello) async throws -> Hello

    /// What is new behind `cursors`; held open by the other side for up to `wait` while nothing is. The
    /// ranges are of its own feed, or of that of a region that was removed there, and continue the cursors; an
    /// origin that is not among them counts as unknown, from its start. An empty answer is a time-out without
    /// news. A range that begins earlier than the cursor says that the other side was put back from an older
    /// copy, has fetched back what it lost and is known here (`seen`), and tells its feed from there again. Throws
    /// `unknownPosition` where it has not fetched that back yet.
    func feed(
        after cursors: [RegionID: FeedPosition], seen: [RegionID: FeedPosition], wait: Duration
    ) async throws -> [FeedRange]

    /// What the other region knows of an origin's feed behind a place, published there or pending, for that
    /// origin itself, which lost it.
    func relay(of origin: RegionID, after: FeedPosition) async throws -> FeedRange

    /// One answer for each name, in their order.
    func entries(named names: [ObjectName]) async throws -> [EntryAnswer]

    /// Published versions of a bucket's names behind `after`, ascending; empty at the end.
    func entries(in bucket: String, after: ObjectKey?, limit: Int) async throws -> [FeedEntry]

    /// One state for each blob, in their order.
    func states(of blobs: [BlobID]) async throws -> [BlobState]

    /// Bytes that the other region holds itself; it never reads through. Throws `notFound` where it does
    /// not hold them.
    func read(_ blob: BlobID, range: Range<UInt64>) async throws -> any ByteSource
}

package struct TransportError: Error, Sendable, Hashable, CustomStringConvertible {
    package enum Code: String, Sendable {
        /// No connection, a time-out, a connection cut: try again.
        case unreachable
        /// The other side refused the key, or its answer was not signed with it.
        case unauthenticated
        /// The protocol ranges do not meet.
        case incompatible
        /// It answered what the protocol does not allow.
        case malformed
        /// It does not have what was asked for.
        case notFound
        /// It says that our cursor was never issued: it is a restored backup, or we are.
        case unknownPosition
        /// It does not take this region any more; the message says why, and what to do.
        case refused
        /// It is there, and cannot now.
        case busy
    }

    package let code: Code
    package let message: String

    package init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    package var description: String { "\(code.rawValue): \(message)" }
}

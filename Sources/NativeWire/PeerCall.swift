// Where the calls of the peer protocol live. A document goes both ways as the body of a POST; the bytes of
// a blob are asked for by GET, with the range in the query, where it is signed with the target.

package import Storage

package enum PeerCall: Sendable, Hashable {
    /// `HelloDocument` both ways.
    case handshake
    /// `FeedRequest`, `FeedAnswer`.
    case feed
    /// `FeedRequest` with one cursor, of the region that asks; `FeedAnswer` with one range, of its feed.
    case relay
    /// `NamesRequest`, `NamesAnswer`.
    case names
    /// `KeysRequest`, `KeysAnswer`.
    case keys
    /// `BlobStatesRequest`, `BlobStatesAnswer`.
    case blobs
    /// No body; the answer is the bytes.
    case bytes(BlobID, Range<UInt64>)

    package static let prefix = "/-/peer/v1/"
    package static let documentType = "application/vnd.holdfast.peer.v1"

    package var isDocument: Bool {
        if case .bytes = self { false } else { true }
    }

    /// For logs.
    package var name: String {
        switch self {
        case .handshake: "PeerHandshake"
        case .feed: "PeerFeed"
        case .relay: "PeerRelay"
        case .names: "PeerNames"
        case .keys: "PeerKeys"
        case .blobs: "PeerBlobs"
        case .bytes: "PeerBytes"
        }
    }

    /// The request target: path and query.
    package var target: String {
        switch self {
        case .handshake: Self.prefix + "handshake"
        case .feed: Self.prefix + "feed"
        case .relay: Self.prefix + "relay"
        case .names: Self.prefix + "names"
        case .keys: Self.prefix + "keys"
        case .blobs: Self.prefix + "blobs"
        case .bytes(let blob, let range):
            Self.prefix + "blobs/\(blob)?from=\(range.lowerBound)&to=\(range.upperBound)"
        }
    }

    /// `nil` for what is not exactly the target of a call.
    package init?(target: some StringProtocol) {
        guard target.hasPrefix(Self.prefix) else { return nil }
        let name = target.dropFirst(Self.prefix.count)
        switch name {
        case "handshake": self = .handshake
        case "feed": self = .feed
        case "relay": self = .relay
        case "names": self = .names
        case "keys": self = .keys
        case "blobs": self = .blobs
        default:
            guard let call = Self.bytes(String(name)), call.target == target else { return nil }
            self = call
        }
    }

    private static func bytes(_ name: String) -> PeerCall? {
        let parts = name.split(
            maxSplits: 4, omittingEmptySubsequences: false, whereSeparator: { "/?&".contains($0) })
        guard parts.count == 4, parts[0] == "blobs", parts[2].hasPrefix("from="),
            parts[3].hasPrefix("to="), let blob = ContentDigest(parts[1])?.blob,
            let from = UInt64(parts[2].dropFirst(5)), let to = UInt64(parts[3].dropFirst(3)),
            from <= to
        else { return nil }
        return .bytes(blob, from..<to)
    }
}

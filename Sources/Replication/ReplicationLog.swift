// What the machine reports, as lines of the log.

internal import Logging
internal import Storage

struct ReplicationLog: Sendable {
    let logger: Logger

    func write(_ report: ReplicationReport) {
        switch report {
        case .connected(let peer, let region):
            logger.info("region connected", metadata: ["peer": "\(peer)", "region": "\(region)"])
        case .disconnected(let peer, let reason):
            logger.warning(
                "region not connected", metadata: ["peer": "\(peer)", "reason": "\(reason)"])
        case .refusedPeer(let peer, let met, let reason):
            logger.error(
                "region refused",
                metadata: ["peer": "\(peer)", "met": "\(met)", "reason": "\(reason)"])
        case .clockSkew(let peer, let milliseconds):
            logger.warning(
                "clocks differ",
                metadata: ["peer": "\(peer)", "aheadMilliseconds": "\(milliseconds)"])
        case .held(let peer, let held):
            logger.error(
                "the feed of a region whose clock is ahead is followed no further for now",
                metadata: [
                    "peer": "\(peer)", "name": "\(held.reference.name)",
                    "aheadMilliseconds": "\(held.aheadMilliseconds)",
                ])
        case .refused(let peer, let message):
            logger.critical(
                "a peer refuses this region",
                metadata: ["peer": "\(peer)", "reason": "\(message)"])
        case .unknownPosition(let peer, let message):
            logger.critical(
                "a peer does not know its own feed’s position; it was put back from an older copy",
                metadata: ["peer": "\(peer)", "reason": "\(message)"])
        case .rewound(let peer, let position):
            logger.warning(
                "a peer was put back from an older copy and has fetched back what it lost; it is followed from there",
                metadata: ["peer": "\(peer)", "position": "\(position)"])
        case .recovering(let peer, let lost):
            logger.critical(
                "this region was put back from an older copy; what it lost is fetched back from a peer",
                metadata: [
                    "peer": "\(peer)", "after": "\(lost.after)", "through": "\(lost.through)",
                ])
        case .recovered(let peer):
            logger.notice(
                "what this region had lost and the peer has is known here again",
                metadata: ["peer": "\(peer)"])
        case .malformedAnswer(let peer, let message):
            logger.error(
                "malformed answer", metadata: ["peer": "\(peer)", "reason": "\(message)"])
        case .refusedSource(let peer, let blob, let message):
            logger.error(
                "wrong bytes refused",
                metadata: [
                    "peer": "\(peer)", "digest": "\(blob)", "reason": "\(message)",
                ])
        case .parked(let reference, let reason):
            logger.warning(
                "not published yet",
                metadata: ["name": "\(reference.name)", "reason": "\(reason)"])
        case .brokenClosure(let tombstone, let breaks):
            logger.warning(
                "a delete that was replicated breaks visible names",
                metadata: [
                    "deleted": "\(tombstone)",
                    "breaks": "\(breaks.map(\.description).joined(separator: ", "))",
                ])
        case .storeFailed(let call, let message):
            logger.error(
                "replication cannot go on for now",
                metadata: ["call": "\(call.rawValue)", "reason": "\(message)"])
        }
    }
}

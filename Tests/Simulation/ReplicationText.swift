// Events and directives as short lines: the trace of a simulation that failed, and the language of the
// golden scripts.

package import Replication
package import Storage

extension ReplicationDirective {
    package var text: String {
        switch self {
        case .loadPending(let after): "load" + (after.map { " after \($0.name)" } ?? "")
        case .handshake(let peer): "handshake \(peer)"
        case .pin(let peer, let region): "pin \(peer) \(region.short)"
        case .poll(let peer, let cursors): "poll \(peer) after \(Self.text(cursors))"
        case .askNames(let peer, let names): "ask \(peer) for \(Self.list(names))"
        case .askStates(let peer, let blobs): "states \(peer) of \(Self.list(blobs.map(\.short)))"
        case .askLost(let peer, let after): "ask \(peer) for what was lost after \(after)"
        case .rewind(let origin, let position, let head):
            "rewind \(origin.short) to \(position) of \(head)"
        case .noteRecovered(let stretch, let other):
            "recovered after \(stretch.after) through \(stretch.through) from \(other.region.short)"
        case .merge(let range): "merge \(range.text)"
        case .mergeNamed(let entries): "merge \(Self.list(entries.map(\.object.text)))"
        case .examine(let entries, let hopeless):
            "examine \(Self.list(entries.map(\.reference.text)))"
                + (hopeless.isEmpty
                    ? "" : " without hope for \(Self.list(hopeless.map(\.text).sorted()))")
        case .publish(let references): "publish \(Self.list(references.map(\.text)))"
        case .fetch(let blob, let size, let peer): "fetch \(blob.short) (\(size)) from \(peer)"
        case .watchLocal(let after): "watch" + (after.map { " after \($0)" } ?? "")
        case .wake(let time): "wake at \(time)"
        case .report(let report): "report \(report.text)"
        }
    }

    fileprivate static func text(_ cursors: [RegionID: FeedPosition]) -> String {
        list(cursors.sorted { $0.key < $1.key }.map { "\($0.key.short):\($0.value)" })
    }

    fileprivate static func list(_ items: [some CustomStringConvertible]) -> String {
        items.isEmpty ? "nothing" : items.map(\.description).joined(separator: ", ")
    }
}

extension ReplicationReport {
    package var text: String {
        switch self {
        case .connected(let peer, let region): "\(peer) is connected, region \(region.short)"
        case .disconnected(let peer, _): "\(peer) is not connected"
        case .refusedPeer(let peer, let met, _): "\(peer) is refused, it is \(met.short)"
        case .clockSkew(let peer, let skew): "\(peer) is ahead by \(skew)"
        case .held(let peer, let held):
            "\(peer) is followed up to \(held.reference.text), ahead by \(held.aheadMilliseconds)"
        case .unknownPosition(let peer, _): "\(peer) does not know its own position"
        case .refused(let peer, _): "refused by \(peer)"
        case .rewound(let peer, let position): "\(peer) goes on from \(position)"
        case .recovering(let peer, let lost):
            "\(peer) has what was lost after \(lost.after) through \(lost.through)"
        case .recovered(let peer): "\(peer) has nothing any more that was lost"
        case .malformedAnswer(let peer, _): "\(peer) answered what it may not"
        case .refusedSource(let peer, let blob, _): "\(peer) sent wrong bytes for \(blob.short)"
        case .parked(let reference, _): "\(reference.text) is parked"
        case .brokenClosure(let tombstone, let breaks):
            "deleted \(tombstone) breaks \(ReplicationDirective.list(breaks))"
        case .storeFailed(let call, _): "the store failed to \(call.rawValue)"
        }
    }
}

extension ReplicationEvent.Kind {
    package var text: String {
        switch self {
        case .started(let cursors, let pins):
            "started at \(ReplicationDirective.text(cursors)), \(pins.count) pinned"
        case .pendingLoaded(let entries, let next):
            "loaded \(ReplicationDirective.list(entries.map(\.reference.text)))"
                + (next == nil ? "" : " and more")
        case .greeted(let peer, let hello, _, let lost):
            "greeted \(peer) \(hello.region.short)"
                + (lost.map { " lost \($0.after) \($0.through)" } ?? "")
        case .pinned(let peer): "pinned \(peer)"
        case .fed(let peer, let ranges, let held):
            "fed \(peer) \(ReplicationDirective.list(ranges.map(\.text)))"
                + (held.map { " held \($0.reference.text)" } ?? "")
        case .answered(let peer, let answers):
            "answered \(peer) "
                + ReplicationDirective.list(
                    answers.map { $0.entry?.object.text ?? "\($0.name) none" })
        case .stated(let peer, let statements):
            "stated \(peer) "
                + ReplicationDirective.list(statements.map { "\($0.blob.short) \($0.state)" })
        case .returned(let peer, let range): "returned \(peer) \(range.text)"
        case .peerFailed(let peer, let call, let error):
            "failed \(peer) \(call.rawValue) \(error.code.rawValue)"
        case .merged(let wrong):
            "merged"
                + (wrong.isEmpty ? "" : " wrong \(ReplicationDirective.list(wrong.map(\.short)))")
        case .examined(let examinations):
            "examined \(ReplicationDirective.list(examinations.map(\.text)))"
        case .published: "published"
        case .storeFailed(let call, _): "storeFailed \(call.rawValue)"
        case .recovered(let peer, let entries):
            "recovered \(peer) \(ReplicationDirective.list(entries.map(\.reference.text)))"
        case .fetchProgressed(let blob, let bytes): "progress \(blob.short) \(bytes)"
        case .fetched(let blob): "fetched \(blob.short)"
        case .fetchFailed(let blob, let failure): "fetchFailed \(blob.short) \(failure.text)"
        case .localChanged(let names, let through):
            "local \(names.map { ReplicationDirective.list($0) } ?? "anything") through \(through)"
        case .tick: "tick"
        case .removed(let regions):
            "removed " + regions.sorted().map(\.short).joined(separator: " ")
        case .retry: "retry"
        }
    }
}

extension FetchFailure {
    fileprivate var text: String {
        switch self {
        case .transport(let error): error.code.rawValue
        case .wrongBytes(_, let isSourceToBlame): isSourceToBlame ? "wrong" : "mixed"
        case .store: "store"
        case .storeFull: "full"
        }
    }
}

extension Examination {
    fileprivate var text: String {
        switch finding {
        case .settled: "\(reference.text) settled"
        case .tombstone(let breaks, let waitsFor):
            "\(reference.text) deletes" + (breaks.isEmpty ? "" : " breaking")
                + waitsFor.map { " -\($0)" }.joined()
        case .unreadable: "\(reference.text) unreadable"
        case .withheld: "\(reference.text) withheld"
        case .put(let isBlobMissing, let missing, let isKnown):
            reference.text + (isBlobMissing ? " -blob" : "")
                + missing.map { " -\($0)" }.joined() + (isKnown ? "" : " ?")
        }
    }
}

extension FeedRange {
    fileprivate var text: String {
        "\(origin.short) (\(after), \(through)] "
            + ReplicationDirective.list(entries.map(\.object.text))
    }
}

extension ObjectVersion {
    fileprivate var text: String {
        let reference = VersionReference(name: name, version: version).text
        switch kind {
        case .put: return reference
        case .tombstone: return reference + " deleted"
        case .purge: return reference + " purged"
        }
    }
}

extension VersionReference {
    package var text: String { "\(name)@\(version.stamp.rawValue).\(version.region.short)" }
}

extension RegionID {
    package var short: String { String(value, radix: 16) }
}

extension BlobID {
    package var short: String { String(hex.prefix(8)) }
}

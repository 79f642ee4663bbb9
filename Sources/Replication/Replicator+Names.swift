// Asking for names: a name that a pending entry depends on and that no feed has brought is asked for
// at the peers, whatever its origin; first at those whose writes depend on it. Where the origin of an entry
// answers that it does not have the name, and so does everyone who can be asked, the entry does not wait for it
// (a sparse index, a foreign layer, a name deleted since). Where nobody can be asked, it waits. It also waits while its
// origin does: the origin was put back from an older copy, and lost what the entry needs. What would be broken does
// not show.

internal import DequeModule
internal import RegistryLayout
internal import Storage

/// A name that is being asked for.
struct NameRequest: Sendable {
    /// Where it is asked, or queued to be; `nil` while it rests.
    var peer: String?
    /// Who answered that it shows nothing under the name, in this round.
    var denied: Set<RegionID> = []
    /// Of what they said instead, the latest delete.
    var deleted: Version?
    var attempts = 0
    /// Rounds in a row in which everyone did.
    var roundsDenied = 0
}

extension Replicator {
    mutating func needName(_ name: ObjectName) {
        guard nameRequests[name] == nil, !pending.hasPut(of: name) else { return }
        nameRequests[name] = NameRequest()
        routeName(name)
    }

    mutating func retryName(_ name: ObjectName) {
        guard let request = nameRequests[name], request.peer == nil else { return }
        countDenials(of: name)
        nameRequests[name]?.denied = []
        nameRequests[name]?.deleted = nil
        // It may have come by another way; then nobody asks for it any more.
        for waiter in pending.waiters(for: name) where request.attempts > 0 { requeue(waiter) }
        routeName(name)
    }

    /// Chooses whom to ask, or has the request rest.
    mutating func routeName(_ name: ObjectName) {
        guard let request = nameRequests[name] else { return }
        let origins = pending.waiters(for: name).compactMap { pending[$0]?.origin }
        guard !origins.isEmpty, !pending.hasPut(of: name) else {
            nameRequests[name] = nil
            return
        }
        let candidates = peerNames.filter { peer in
            guard let state = peers[peer], state.isConnected, let region = state.region else {
                return false
            }
            return !request.denied.contains(region)
        }
        let preferred = candidates.first { peer in
            peers[peer]?.region.map(origins.contains) ?? false
        }
        guard let peer = preferred ?? candidates.first else { return restName(name) }
        nameRequests[name]?.peer = peer
        peers[peer]?.namesToAsk.append(name)
    }

    mutating func restName(_ name: ObjectName) {
        guard let request = nameRequests[name] else { return }
        nameRequests[name]?.peer = nil
        nameRequests[name]?.attempts += 1
        let rest = restMilliseconds(after: request.attempts + 1)
        setTimer(.name(name), inMilliseconds: rest)
    }

    mutating func namesFailed(_ peer: String) {
        let names = peers[peer]?.askedNames ?? []
        peers[peer]?.askedNames = []
        for name in names { restName(name) }
    }

    mutating func answered(by peer: String, _ answers: [EntryAnswer]) {
        guard let region = peers[peer]?.region else { return }
        let asked = Set(peers[peer]?.askedNames ?? [])
        peers[peer]?.askedNames = []
        var entries: [FeedEntry] = []
        var answered: Set<ObjectName> = []
        for answer in answers where asked.contains(answer.name) {
            answered.insert(answer.name)
            if let entry = answer.entry, entry.object.name == answer.name,
                entry.object.content != nil
            {
                entries.append(entry)
                restName(answer.name)
            } else if answer.isPending {
                restName(answer.name)
            } else {
                denied(answer.name, by: region, deleted: answer.entry.flatMap(Self.tombstone))
            }
        }
        if !entries.isEmpty { merges.append(Merge(peer: peer, content: .named(entries))) }
        for name in asked.subtracting(answered).sorted() { restName(name) }
    }

    private mutating func denied(_ name: ObjectName, by region: RegionID, deleted: Version?) {
        guard let request = nameRequests[name] else { return }
        nameRequests[name]?.denied.insert(region)
        if let deleted, request.deleted.map({ $0 < deleted }) ?? true {
            nameRequests[name]?.deleted = deleted
        }
        excuse(name)
        routeName(name)
    }

    private static func tombstone(_ entry: FeedEntry) -> Version? {
        entry.object.kind == .tombstone ? entry.object.version : nil
    }

    private func isDenied(_ request: NameRequest) -> Bool {
        peerNames.allSatisfy { peer in
            isRemoved(peer) || pins[peer].map(request.denied.contains) ?? false
        }
    }

    /// A round is over.
    private mutating func countDenials(of name: ObjectName) {
        guard let request = nameRequests[name] else { return }
        let rounds = isDenied(request) ? request.roundsDenied + 1 : 0
        nameRequests[name]?.roundsDenied = rounds
        if rounds == limits.roundsWithoutName { areDeletesStale = true }
    }

    /// Everyone has said for some rounds that it shows nothing under the name.
    func isNowhere(_ name: ObjectName) -> Bool {
        nameRequests[name].map { $0.roundsDenied >= limits.roundsWithoutName } ?? false
    }

    /// Lets those wait no more for the name who can expect it from nobody.
    mutating func excuse(_ name: ObjectName) {
        for waiter in pending.waiters(for: name) {
            guard let tracked = pending[waiter], isExcused(tracked, of: name) else { continue }
            pending[waiter]?.excused.insert(name)
            pending.setMissing(tracked.missing.subtracting([name]), of: waiter)
            advance(waiter)
        }
    }

    /// The origin answered for itself, and everyone else who can be asked: an origin that was put back from an older
    /// copy does not know what others still have of it. After some rounds the origin's word is enough: another may keep
    /// what was deleted everywhere else, or never answer. Or it is no peer of ours, or one that was removed, and all
    /// others have answered.
    private func isExcused(_ tracked: TrackedEntry, of name: ObjectName) -> Bool {
        guard let request = nameRequests[name] else { return false }
        let origin = tracked.origin
        guard origin != region else { return isOwnExcused(tracked, request, of: name) }
        let isOriginDenied = request.denied.contains(origin)
        if isOriginDenied, request.attempts >= limits.roundsWithoutName { return true }
        let peers = peerNames.filter { !isRemoved($0) }
        guard isOriginDenied || !peers.contains(where: { pins[$0] == origin }) else { return false }
        return peers.allSatisfy { peer in
            let isAsked = !isOriginDenied || self.peers[peer]?.isConnected == true
            return !isAsked || pins[peer].map(request.denied.contains) ?? false
        }
    }

    /// An own put waits only where it came back: this region was put back from an older copy. What it names was here when
    /// it was written; where nobody tells of a delete, it was lost.
    private func isOwnExcused(
        _ tracked: TrackedEntry, _ request: NameRequest, of name: ObjectName
    ) -> Bool {
        guard isDenied(request) else { return false }
        if let deleted = request.deleted, tracked.entry.version < deleted { return true }
        guard let path = LayoutPath(tracked.entry.name.key) else { return true }
        return Closure.mayBeAbsent(name.key, of: path)
    }

    /// Asks for the next names where the peer has a place free.
    mutating func pumpNames(_ peer: String) {
        guard peers[peer]?.askedNames.isEmpty == true, merges.count < limits.queuedMerges else {
            return
        }
        var names: [ObjectName] = []
        while names.count < limits.namesPerRequest, let name = peers[peer]?.namesToAsk.popFirst() {
            guard nameRequests[name]?.peer == peer else { continue }
            guard pending.isAwaited(name) else {
                nameRequests[name] = nil
                continue
            }
            names.append(name)
        }
        guard !names.isEmpty else { return }
        peers[peer]?.askedNames = names
        directives.append(.askNames(peer: peer, names))
    }
}

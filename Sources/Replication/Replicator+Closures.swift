// From pending to published. An entry is ready when its blob is here and every name it depends on is
// visible, ready itself, or excused because its origin does not have it either; a tombstone, when no newer
// version of a name must come before it (`OrderOfDeletes`). What is ready is published
// in the order it became so, many in one commit; so a dependency never comes after its dependent.

internal import DequeModule
internal import Storage

extension Replicator {
    mutating func track(_ entry: PendingEntry, fedBy peer: String?) {
        guard let ordinal = pending.insert(entry, fedBy: peer) else { return }
        toExamine.append(ordinal)
        if entry.blob != nil { holdBackDeletes(below: entry) }
    }

    /// A put has come: older tombstones of its name wait for it, those that could be published among them.
    private mutating func holdBackDeletes(below put: PendingEntry) {
        for ordinal in pending.ordinals(of: put.name) {
            guard let tracked = pending[ordinal], !tracked.isPut,
                tracked.entry.version < put.version
            else { continue }
            if tracked.phase == .ready { pending[ordinal]?.phase = .waiting }
            requeue(ordinal)
        }
    }

    mutating func pumpExaminations() {
        guard examining.isEmpty, !isStoreResting else { return }
        requeueDeletes()
        var entries: [PendingEntry] = []
        while entries.count < limits.examinedEntries, let ordinal = toExamine.popFirst() {
            guard let tracked = pending[ordinal], tracked.phase == .queued else { continue }
            pending[ordinal]?.phase = .examining
            pending[ordinal]?.isStale = false
            examining.append(ordinal)
            entries.append(tracked.entry)
        }
        guard !entries.isEmpty else { return }
        changedNames = []
        let hasDeletes = entries.contains { $0.blob == nil }
        directives.append(.examine(entries, hopeless: hasDeletes ? hopelessPuts() : []))
    }

    mutating func examined(_ examinations: [Examination]) {
        let ordinals = examining
        examining = []
        storeFailures = 0
        for examination in examinations {
            guard let ordinal = pending.ordinal(of: examination.reference),
                pending[ordinal]?.phase == .examining
            else { continue }
            for entry in examination.waiting { track(entry, fedBy: nil) }
            apply(examination.finding, to: ordinal)
        }
        // An examination that says nothing of an entry is repeated.
        for ordinal in ordinals where pending[ordinal]?.phase == .examining {
            pending[ordinal]?.phase = .queued
            toExamine.append(ordinal)
        }
    }

    private mutating func apply(_ finding: Examination.Finding, to ordinal: Int) {
        guard let tracked = pending[ordinal] else { return }
        switch finding {
        case .settled:
            forget(ordinal)
            wake(tracked.entry.name)
        case .tombstone(let breaks, let waitsFor):
            withdraw(Set(waitsFor), ordinal, breaks: breaks)
        case .unreadable(let reason):
            park(ordinal, reason)
        case .withheld:
            withhold(ordinal)
        case .put(let isBlobMissing, let missing, let isClosureKnown):
            pending[ordinal]?.isBlobMissing = isBlobMissing
            pending[ordinal]?.isClosureKnown = isClosureKnown
            hold(Set(missing).subtracting(tracked.excused), ordinal)
        }
    }

    /// Publishes an examined entry, or has it wait for what is missing.
    private mutating func hold(_ missing: Set<ObjectName>, _ ordinal: Int) {
        guard let tracked = pending[ordinal], let blob = tracked.entry.blob else { return }
        if !tracked.isBlobMissing, !tracked.isClosureKnown, missing.isEmpty {
            return park(ordinal, "what it reaches cannot be read, and its origin does not have it")
        }
        pending[ordinal]?.trouble = nil
        pending[ordinal]?.phase = .waiting
        pending.setMissing(missing, of: ordinal)
        if tracked.isBlobMissing {
            needBlob(of: ordinal)
        } else {
            fetches.leave(blob, waiter: ordinal)
        }
        settle(ordinal)
        guard pending[ordinal]?.phase == .waiting else { return }
        // What was examined may have changed since. What is ready meanwhile needs no second look,
        // unless more is to be learnt from it.
        let hasChanged = missing.contains { name in
            changedNames.contains(name) && !(tracked.isClosureKnown && pending.isReady(name))
        }
        if tracked.isStale || hasChanged { return requeue(ordinal) }
        for name in missing.sorted() { needName(name) }
        // A tombstone may wait for this one since before it was known what this one waits for.
        if missing.contains(where: isHopeless) { areDeletesStale = true }
    }

    /// Publishes an examined tombstone, or has it wait for the names that it must not come before.
    private mutating func withdraw(
        _ waitsFor: Set<ObjectName>, _ ordinal: Int, breaks: [ObjectName]
    ) {
        guard let tracked = pending[ordinal] else { return }
        pending[ordinal]?.phase = .waiting
        pending.setMissing(waitsFor, of: ordinal)
        // What was examined may have changed since.
        if tracked.isStale || waitsFor.contains(where: changedNames.contains) {
            return requeue(ordinal)
        }
        guard waitsFor.isEmpty else { return }
        if !breaks.isEmpty {
            report(.brokenClosure(tombstone: tracked.entry.name, breaks: breaks))
        }
        markReady(ordinal)
    }

    /// Not published, reported, looked at again at growing intervals.
    private mutating func park(_ ordinal: Int, _ reason: String) {
        guard let tracked = pending[ordinal] else { return }
        if tracked.trouble != reason { report(.parked(tracked.entry.reference, reason: reason)) }
        if tracked.trouble == nil { areDeletesStale = true }
        pending[ordinal]?.phase = .waiting
        pending[ordinal]?.isClosureKnown = false
        pending[ordinal]?.trouble = reason
        pending[ordinal]?.attempts = tracked.attempts + 1
        let rest = restMilliseconds(after: tracked.attempts + 1)
        setTimer(.examine(entry: ordinal), inMilliseconds: rest)
    }

    mutating func examineAgain(_ ordinal: Int) { requeue(ordinal) }

    /// Has an entry examined again; one that is being examined, after that.
    mutating func requeue(_ ordinal: Int) {
        switch pending[ordinal]?.phase {
        case .waiting:
            pending[ordinal]?.phase = .queued
            toExamine.append(ordinal)
        case .examining:
            pending[ordinal]?.isStale = true
        case .queued, .ready, .publishing, nil:
            break
        }
    }

    /// Marks a waiting entry as ready where nothing holds it back any more.
    mutating func settle(_ ordinal: Int) {
        guard let tracked = pending[ordinal], tracked.phase == .waiting, !tracked.isBlobMissing,
            tracked.isClosureKnown, tracked.missing.allSatisfy({ pending.isReady($0) })
        else { return }
        markReady(ordinal)
    }

    private mutating func markReady(_ ordinal: Int) {
        guard let tracked = pending[ordinal] else { return }
        pending.setMissing([], of: ordinal)
        pending[ordinal]?.phase = .ready
        toPublish.append(ordinal)
        guard tracked.isPut else { return }
        changedNames.insert(tracked.entry.name)
        for waiter in pending.waiters(for: tracked.entry.name) { advance(waiter) }
    }

    /// Something that the entry waited for is here.
    mutating func advance(_ waiter: Int) {
        guard let tracked = pending[waiter] else { return }
        if tracked.phase == .waiting, tracked.isClosureKnown {
            settle(waiter)
        } else {
            requeue(waiter)
        }
    }

    mutating func pumpPublications() {
        guard publishing.isEmpty, !isStoreResting, !toPublish.isEmpty else { return }
        var references: [VersionReference] = []
        while references.count < limits.publishedEntries, let ordinal = toPublish.popFirst() {
            guard let tracked = pending[ordinal], tracked.phase == .ready else { continue }
            pending[ordinal]?.phase = .publishing
            publishing.append(ordinal)
            references.append(tracked.entry.reference)
        }
        if !references.isEmpty { directives.append(.publish(references)) }
    }

    mutating func published() {
        let ordinals = publishing
        publishing = []
        storeFailures = 0
        var shown: [TrackedEntry] = []
        for ordinal in ordinals {
            guard let tracked = pending[ordinal] else { continue }
            shown.append(tracked)
            forget(ordinal)
            // What it superseded can never be shown any more.
            for older in pending.ordinals(of: tracked.entry.name) {
                guard let other = pending[older], other.phase != .publishing else { continue }
                if other.entry.isSuperseded(by: tracked.entry) { forget(older) }
            }
        }
        if shown.contains(where: { RulesInForce.depend(on: $0.entry.name) }) { reread() }
        for tracked in shown {
            if tracked.isPut { becameVisible(tracked.entry.name) } else { wake(tracked.entry.name) }
        }
    }

    private mutating func becameVisible(_ name: ObjectName) {
        changedNames.insert(name)
        for waiter in pending.waiters(for: name) {
            guard let tracked = pending[waiter] else { continue }
            pending.setMissing(tracked.missing.subtracting([name]), of: waiter)
            advance(waiter)
        }
        nameRequests[name] = nil
    }

    /// A publication failed: everything that was ready is looked at again.
    mutating func unpublish() {
        let ordinals = publishing + toPublish
        publishing = []
        toPublish = []
        for ordinal in ordinals where pending[ordinal] != nil {
            pending[ordinal]?.phase = .queued
            toExamine.append(ordinal)
        }
    }

    /// What is visible under a name may have changed: whoever waits for it is looked at again.
    mutating func wake(_ name: ObjectName) {
        changedNames.insert(name)
        for waiter in pending.waiters(for: name) { requeue(waiter) }
    }

    mutating func forget(_ ordinal: Int) {
        guard let tracked = pending.remove(ordinal) else { return }
        if let blob = tracked.entry.blob { fetches.leave(blob, waiter: ordinal) }
        for name in tracked.missing where !pending.isAwaited(name) { nameRequests[name] = nil }
    }
}

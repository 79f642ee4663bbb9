// How a name's register is kept in the index, and what follows from a change of it: referrers of blobs,
// feed entries, pending entries and tallies change in the same batch.
//
// A name that holds nothing but one published put has one entry, the one that lists read. Any other has
// its register beside it, and each version that a list of versions names beside what shows has an entry of its own.
// Those that are kept by their id are there alone, and are read only where they matter: so a write costs the same
// however many versions there are. The tombstone of a name that no other region knows has served its
// purpose as soon as it is applied, and is not kept.

internal import Journal
internal import MetadataIndex
internal import Storage

extension IndexTransaction {
    /// Whether a read of the name finds an object.
    func isShown(_ name: ObjectName) throws(IndexError) -> Bool {
        try get(KeySchema.shown(name)) != nil
    }

    func tally(_ bucket: String) throws(IndexError) -> BucketTally {
        guard let value = try get(KeySchema.bucketTally(bucket)) else { return BucketTally() }
        return try BucketTally(encoded: value)
    }

    mutating func apply(_ version: ObjectVersion) throws(IndexError) {
        note(version)
        try change(version.name, about: version.versionID) { register in
            register.insert(version)
            _ = register.dropSuperseded()
        }
    }

    /// Lets go of a version that is history, of a put that is overtaken, or of a purge.
    mutating func expire(_ reference: VersionReference) throws(IndexError) {
        try change(reference.name, about: .unversioned) { $0.expire(reference.version) }
    }

    private mutating func change(
        _ name: ObjectName, about id: VersionID, _ body: (inout ObjectRegister) -> Void
    ) throws(IndexError) {
        let before = try register(name, about: id)
        var after = before
        body(&after)
        if after.isLocalTombstone { after = ObjectRegister() }
        guard after != before else { return }
        try replace(before, by: after, of: name)
    }

    /// What the record says of the name takes the place of all that was known of it, or joins it.
    mutating func apply(_ record: RegisterRecord) throws(IndexError) {
        let all = record.register.purges + record.register.versions
        for version in all { note(version) }
        if record.continues {
            for version in all {
                try change(record.name, about: version.versionID) { $0.insert(version) }
            }
        } else {
            let before = try register(record.name)
            guard record.register != before else { return }
            try replace(before, by: record.register, of: record.name)
        }
    }

    private mutating func note(_ version: ObjectVersion) {
        head.clock = max(head.clock, version.version.stamp)
        guard version.version.region == head.region, let position = version.position,
            position.number > head.feedNumber
        else { return }
        head.feedNumber = position.number
        head.feedIncarnation = position.incarnation
    }

    private mutating func replace(
        _ before: ObjectRegister, by after: ObjectRegister, of name: ObjectName
    ) throws(IndexError) {
        let beforeAll = before.versions + before.purges
        let afterAll = after.versions + after.purges
        for old in beforeAll.without(afterAll) {
            for entry in old.derivedEntries { delete(entry.key) }
            countDead(bytes: ObjectRecord.encode(old).count)
        }
        for new in afterAll.without(beforeAll) {
            for entry in new.derivedEntries { put(entry.key, entry.value) }
        }
        let (listedBefore, listedAfter) = (before.listedBeside, after.listedBeside)
        if before.visible != after.visible || listedBefore != listedAfter {
            var tally = try tally(name.bucket)
            tally.replace(before.visible, by: after.visible)
            tally.versions += UInt64(listedAfter.count)
            tally.versions -= UInt64(listedBefore.count)
            tally.versionBytes += listedAfter.sizeBytes
            tally.versionBytes -= listedBefore.sizeBytes
            let key = KeySchema.bucketTally(name.bucket)
            if tally == BucketTally() { delete(key) } else { put(key, tally.encoded) }
        }
        for old in listedBefore where !listedAfter.contains(where: { $0.order == old.order }) {
            delete(KeySchema.listed(name, old.order))
        }
        for new in listedAfter where !listedBefore.contains(new) {
            put(KeySchema.listed(name, new.order), ObjectRecord.encode(new))
        }
        store(after, of: name, hadRegister: before.needsRegister)
    }

    private mutating func store(
        _ register: ObjectRegister, of name: ObjectName, hadRegister: Bool
    ) {
        if let visible = register.visible {
            let entry = ShownEntry(version: visible, hasRegister: register.needsRegister)
            put(KeySchema.shown(name), entry.encoded)
        } else {
            delete(KeySchema.shown(name))
        }
        if register.needsRegister {
            put(KeySchema.register(name), RegisterEntry(register).encoded)
        } else if hadRegister {
            delete(KeySchema.register(name))
        }
    }
}

extension ObjectVersion {
    /// What the index holds of a version beside its register. History refers to its blob and stands in the
    /// order of its end, but in no feed and in no list of what waits.
    fileprivate var derivedEntries: [(key: Bytes, value: Bytes)] {
        var entries: [(key: Bytes, value: Bytes)] = []
        if let content {
            let key = KeySchema.referrer(of: content.blob, name, version)
            entries.append((key, Referrer.value(of: content)))
        }
        let value = reference.encoded
        if let until = keptUntilMilliseconds {
            entries.append((KeySchema.history(until: until, name, version), value))
            return entries
        }
        if let position {
            entries.append((KeySchema.feed(version.region, position), value))
        }
        if isWaiting {
            entries.append((KeySchema.pending(name, version), value))
        }
        return entries
    }

    /// Waits to be published. A purge applies at once.
    private var isWaiting: Bool {
        if case .purge = kind { return false }
        return state == .pending
    }
}

extension [ObjectVersion] {
    private static let fewCount = 8

    /// Those that the others do not have as they are. Most names have one version, and a few have thousands.
    fileprivate func without(_ others: [ObjectVersion]) -> [ObjectVersion] {
        guard count + others.count > Self.fewCount else { return filter { !others.contains($0) } }
        let set = Set(others)
        return filter { !set.contains($0) }
    }
}

extension ArraySlice<ObjectVersion> {
    /// Of all of them.
    fileprivate var sizeBytes: UInt64 { reduce(0) { $0 + ($1.content?.sizeBytes ?? 0) } }
}

extension ObjectRegister {
    /// Whether the register holds more than what is shown.
    fileprivate var needsRegister: Bool {
        if versions.isEmpty && purges.isEmpty { return false }
        return !(versions.count == 1 && purges.isEmpty && visible != nil)
    }

    /// Nothing but the tombstone of a name that stays in its region.
    fileprivate var isLocalTombstone: Bool {
        guard versions.count == 1, purges.isEmpty, let version = versions.first else {
            return false
        }
        return version.kind == .tombstone && version.position == nil && !version.isHistory
    }

    /// The versions that a list names beside the one that shows.
    fileprivate var listedBeside: ArraySlice<ObjectVersion> {
        guard versions.contains(where: { $0.versionID != .unversioned }) else { return [] }
        return listed.dropFirst(visible == nil ? 0 : 1)
    }
}

// How a name's register is kept in the index, and what follows from a change of it: referrers of blobs,
// feed entries, pending entries and tallies change in the same batch.
//
// A name that holds nothing but one published put has one entry, the one that lists read. Any other has
// its whole register beside it. The tombstone of a name that no other region knows has served its
// purpose as soon as it is applied, and is not kept.

internal import Journal
internal import MetadataIndex
internal import Storage

extension IndexTransaction {
    func register(_ name: ObjectName) throws(IndexError) -> ObjectRegister {
        if let value = try get(KeySchema.shown(name)) {
            let shown = try ShownEntry(encoded: value)
            if !shown.hasRegister {
                var register = ObjectRegister()
                register.insert(shown.version)
                return register
            }
        }
        guard let value = try get(KeySchema.register(name)) else { return ObjectRegister() }
        return try RegisterEntry.decode(value)
    }

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
        try change(version.name) { register in
            register.insert(version)
            _ = register.dropSuperseded()
        }
    }

    /// Lets go of a version that is history.
    mutating func expire(_ reference: VersionReference) throws(IndexError) {
        try change(reference.name) { $0.expire(reference.version) }
    }

    private mutating func change(
        _ name: ObjectName, _ body: (inout ObjectRegister) -> Void
    ) throws(IndexError) {
        let before = try register(name)
        var after = before
        body(&after)
        if after.isLocalTombstone { after = ObjectRegister() }
        guard after != before else { return }
        try replace(before, by: after, of: name)
    }

    /// What the record says of the name takes the place of all that was known of it.
    mutating func apply(_ record: RegisterRecord) throws(IndexError) {
        for version in record.register.versions + record.register.purges { note(version) }
        let before = try register(record.name)
        var after = record.continues ? before : ObjectRegister()
        after.merge(record.register)
        guard after != before else { return }
        try replace(before, by: after, of: record.name)
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
        for old in beforeAll where !afterAll.contains(old) {
            try remove(old)
            countDead(bytes: ObjectRecord.encode(old).count)
        }
        for new in afterAll where !beforeAll.contains(new) { add(new) }
        if before.visible != after.visible {
            var tally = try tally(name.bucket)
            tally.replace(before.visible, by: after.visible)
            let key = KeySchema.bucketTally(name.bucket)
            if tally == BucketTally() { delete(key) } else { put(key, tally.encoded) }
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
            put(KeySchema.register(name), RegisterEntry.encode(register))
        } else if hadRegister {
            delete(KeySchema.register(name))
        }
    }

    private mutating func add(_ version: ObjectVersion) {
        for entry in version.derivedEntries { put(entry.key, entry.value) }
    }

    private mutating func remove(_ version: ObjectVersion) throws(IndexError) {
        let isForeign = version.version.region != head.region
        for entry in version.derivedEntries {
            // An origin that was put back from an older copy gives a number to another version than before.
            if isForeign, entry.key.first == KeySchema.Space.feed,
                try get(entry.key) != entry.value
            {
                continue
            }
            delete(entry.key)
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
        let reference = VersionReference(name: name, version: version)
        let entry = ReferenceEntry(incarnation: position?.incarnation ?? 0, reference: reference)
        if let until = keptUntilMilliseconds {
            entries.append((KeySchema.history(until: until, name, version), entry.encoded))
            return entries
        }
        if let position {
            let key = KeySchema.feed(version.region, number: position.number)
            entries.append((key, entry.encoded))
        }
        if isWaiting {
            let waiting = ReferenceEntry(reference: reference)
            entries.append((KeySchema.pending(name, version), waiting.encoded))
        }
        return entries
    }

    /// Waits to be published. A purge applies at once.
    private var isWaiting: Bool {
        if case .purge = kind { return false }
        return state == .pending
    }
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
}

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
        let before = try register(version.name)
        var after = before
        after.insert(version)
        _ = after.dropSuperseded()
        if after.isLocalTombstone { after = ObjectRegister() }
        guard after != before else { return }
        try replace(before, by: after, of: version.name)
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
        for old in beforeAll where !afterAll.contains(where: { $0.version == old.version }) {
            remove(old)
            head.deadBytes += UInt64(ObjectRecord.encode(old).count)
        }
        for new in afterAll {
            let old = beforeAll.first { $0.version == new.version }
            guard old != new else { continue }
            add(new, inPlaceOf: old)
            if let old { head.deadBytes += UInt64(ObjectRecord.encode(old).count) }
        }
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

    private mutating func add(_ version: ObjectVersion, inPlaceOf old: ObjectVersion?) {
        if let blob = version.content?.blob {
            put(KeySchema.referrer(of: blob, version.name, version.version), [])
        }
        let reference = VersionReference(name: version.name, version: version.version)
        if let position = version.position {
            let entry = ReferenceEntry(incarnation: position.incarnation, reference: reference)
            put(KeySchema.feed(version.version.region, number: position.number), entry.encoded)
        }
        let pending = KeySchema.pending(version.name, version.version)
        if version.isWaiting {
            put(pending, ReferenceEntry(reference: reference).encoded)
        } else if old?.isWaiting == true {
            delete(pending)
        }
    }

    private mutating func remove(_ version: ObjectVersion) {
        if let blob = version.content?.blob {
            delete(KeySchema.referrer(of: blob, version.name, version.version))
        }
        if let position = version.position {
            delete(KeySchema.feed(version.version.region, number: position.number))
        }
        if version.isWaiting { delete(KeySchema.pending(version.name, version.version)) }
    }
}

extension ObjectVersion {
    /// Waits to be published. A purge applies at once.
    fileprivate var isWaiting: Bool {
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
        return version.kind == .tombstone && version.position == nil
    }
}

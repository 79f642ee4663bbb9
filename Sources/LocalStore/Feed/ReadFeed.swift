// Reads of the change feed and of registers.

internal import Journal
internal import MetadataIndex
internal import NIOCore
internal import Storage

extension IndexTransaction {
    func cursor(of origin: RegionID) throws(IndexError) -> CursorRecord {
        guard origin != head.region else {
            return CursorRecord(
                origin: origin, position: head.feedPosition, seen: head.feedPosition)
        }
        let key = KeySchema.cursor(origin)
        guard let value = try get(key) else {
            return CursorRecord(origin: origin, position: .start, seen: .start)
        }
        return try CursorRecord(key: key, value: value)
    }
}

/// One stretch of an origin's feed. `transaction` has no changes: it is the index as it stands.
struct ReadFeed {
    let index: any KeyValueIndex
    let transaction: IndexTransaction
    private let keys: KeyRing

    init(_ index: any KeyValueIndex, head: IndexHead, keys: KeyRing) {
        self.index = index
        self.keys = keys
        transaction = IndexTransaction(index, head: head)
    }

    func cursors() throws(IndexError) -> [CursorRecord] {
        var result = [try transaction.cursor(of: transaction.head.region)]
        let range = KeySchema.allCursors
        let cursor = try index.cursor(from: range.from, to: range.to)
        try cursor.seek(to: range.from)
        while let key = cursor.key {
            result.append(try CursorRecord(key: key, value: cursor.value))
            try cursor.next()
        }
        return result
    }

    /// Whether the origin issued this position, as far as is known here.
    func isIssued(_ position: FeedPosition, by origin: RegionID) throws(IndexError) -> Bool {
        if position == .start { return true }
        let known = try transaction.cursor(of: origin).position
        guard (1...max(known.number, 1)).contains(position.number) else { return false }
        if position.number == known.number { return position == known }
        guard origin == transaction.head.region else { return true }
        return try incarnation(of: position.number) == position.incarnation
    }

    /// Which incarnation of this region issued a number: the last one that began at or before it.
    private func incarnation(of number: UInt64) throws(IndexError) -> UInt64? {
        let own = transaction.head.region
        let range = KeySchema.incarnations(of: own)
        let cursor = try index.cursor(from: range.from, to: range.to)
        try cursor.seekBackward(to: KeySchema.incarnation(own, firstNumber: number, .max))
        return cursor.key.map(KeySchema.incarnation(of:))
    }

    /// See `ChangeFeed.shared`. A later incarnation than the one that issued the position, begun at or before
    /// its number, tells of an older copy: it went on in another way where it began.
    func shared(with position: FeedPosition) throws(IndexError) -> FeedPosition {
        let head = transaction.head
        if try isIssued(position, by: head.region) { return position }
        var number = min(position.number, head.feedNumber)
        let range = KeySchema.incarnations(of: head.region)
        let cursor = try index.cursor(from: range.from, to: range.to)
        try cursor.seek(to: range.from)
        while let key = cursor.key {
            if KeySchema.incarnation(of: key) > position.incarnation {
                number = min(number, max(KeySchema.firstNumber(ofIncarnation: key), 1) - 1)
                break
            }
            try cursor.next()
        }
        if number == head.feedNumber { return head.feedPosition }
        guard number > 0, let incarnation = try incarnation(of: number) else { return .start }
        return FeedPosition(incarnation: incarnation, number: number)
    }

    func range(
        of origin: RegionID, after: FeedPosition, limit: Int
    ) throws(IndexError) -> FeedRange {
        let known = try transaction.cursor(of: origin).position
        return try entries(of: origin, after: after, through: known, limit: limit)
    }

    /// See `ChangeFeed.known`.
    func known(
        of origin: RegionID, after: FeedPosition, limit: Int
    ) throws(IndexError) -> FeedRange {
        // What came by its name may stand behind what was seen: the origin began anew since.
        let all = FeedPosition(incarnation: .max, number: .max)
        var range = try entries(of: origin, after: after, through: all, limit: limit)
        if range.through == all {
            let cursor = try transaction.cursor(of: origin)
            range.through = range.entries.last?.object.position ?? after
            for place in [cursor.position, cursor.seen] where range.through.precedes(place) {
                range.through = place
            }
        }
        range.head = range.through
        return range
    }

    /// Those that are known, of which `through` is the last place.
    private func entries(
        of origin: RegionID, after: FeedPosition, through known: FeedPosition, limit: Int
    ) throws(IndexError) -> FeedRange {
        var result = FeedRange(
            origin: origin, after: after, through: after, head: known, entries: [])
        let keys = KeyRange(
            from: KeySchema.feed(origin, after) + [0], to: KeySchema.feed(of: origin).to)
        let cursor = try index.cursor(from: keys.from, to: keys.to)
        try cursor.seek(to: keys.from)
        while cursor.key != nil, result.entries.count < limit {
            let reference = try VersionReference(encoded: cursor.value)
            try cursor.next()
            guard let object = try version(reference), let position = object.position,
                position.number <= known.number
            else { continue }
            result.through = position
            result.entries.append(try entry(object))
        }
        // Behind the last entry there is nothing that was not superseded.
        if cursor.key == nil, known.number > after.number { result.through = known }
        return result
    }

    func pending(
        after: VersionReference?, limit: Int
    ) throws(IndexError) -> [ObjectVersion] {
        let range = KeySchema.allPending
        let start = after.map { KeySchema.pending($0.name, $0.version) + [0] } ?? range.from
        let cursor = try index.cursor(from: start, to: range.to)
        try cursor.seek(to: start)
        var result: [ObjectVersion] = []
        while cursor.key != nil, result.count < limit {
            let reference = try VersionReference(encoded: cursor.value)
            if let version = try version(reference) { result.append(version) }
            try cursor.next()
        }
        return result
    }

    /// The versions of a name stand behind each other.
    func names(
        of blob: BlobID, in bucket: String, limit: Int
    ) throws(IndexError) -> [ObjectName] {
        let range = KeySchema.referrers(of: blob, in: bucket)
        let cursor = try index.cursor(from: range.from, to: range.to)
        try cursor.seek(to: range.from)
        var names: [ObjectName] = []
        while let key = cursor.key, names.count < limit {
            let name = ObjectName(
                bucket: bucket, key: KeySchema.objectKey(ofReferrer: key, in: bucket))
            if names.last != name { names.append(name) }
            try cursor.next()
        }
        return names
    }

    func registers(
        in bucket: String, after: ObjectKey?, limit: Int
    ) throws(IndexError) -> [(name: ObjectName, register: ObjectRegister)] {
        let shown = try keys(KeySchema.shown(in: bucket), bucket, after)
        let others = try keys(KeySchema.registers(in: bucket), bucket, after)
        var result: [(name: ObjectName, register: ObjectRegister)] = []
        while result.count < limit {
            let next = [shown.key, others.key].compactMap { key in
                key.map { KeySchema.objectKey(of: $0, in: bucket) }
            }.min()
            guard let next else { break }
            let name = ObjectName(bucket: bucket, key: next)
            result.append((name, try transaction.register(name)))
            if shown.key == KeySchema.shown(name) { try shown.next() }
            if others.key == KeySchema.register(name) { try others.next() }
        }
        return result
    }

    /// A cursor over a space of names, behind the key `after`.
    private func keys(
        _ range: KeyRange, _ bucket: String, _ after: ObjectKey?
    ) throws(IndexError) -> any IndexCursor {
        let start = after.map { range.from + $0.bytes + [0] } ?? range.from
        let cursor = try index.cursor(from: range.from, to: range.to)
        try cursor.seek(to: start)
        return cursor
    }

    private func version(_ reference: VersionReference) throws(IndexError) -> ObjectVersion? {
        // Mostly it is the first of its id.
        let near = try transaction.register(reference.name, about: .stamp(reference.version))
        if let entry = near.entry(reference.version) { return entry }
        return try transaction.register(reference.name).entry(reference.version)
    }

    private func entry(_ object: ObjectVersion) throws(IndexError) -> FeedEntry {
        guard let blob = object.content?.blob, let record = try transaction.blob(blob)?.record,
            let bytes = small(record.bytes)
        else { return FeedEntry(object: object) }
        return FeedEntry(object: object, inlineBytes: ByteBuffer(bytes: bytes))
    }

    /// What rode in its record. Sealed bytes that cannot be opened do not go along; whoever asks for the blob is
    /// told why.
    private func small(_ bytes: StoredBytes) -> [UInt8]? {
        do throws(StorageError) { return try keys.small(bytes) } catch { return nil }
    }
}

extension ObjectRegister {
    fileprivate func entry(_ version: Version) -> ObjectVersion? {
        versions.first { $0.version == version } ?? purges.first { $0.version == version }
    }
}

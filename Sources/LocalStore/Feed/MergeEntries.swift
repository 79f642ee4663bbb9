// What other regions said, taken in: versions arrive pending, inline bytes become blobs, and the origin's
// cursor moves, in one group. The cursor is the last record: a crash between two batches of a long range
// leaves a cursor that asks for it again.

internal import Checksums
internal import Journal
internal import MetadataIndex
internal import NIOCore
internal import Storage

struct MergeEntries: Decision {
    /// An entry, and its blob where the bytes rode along.
    struct Arrived: Sendable {
        var object: ObjectVersion
        var blob: BlobRecord?
    }

    let entries: [Arrived]
    /// Where the entries are a stretch of an origin's feed.
    let range: FeedRange?

    func decide(_ context: inout CommitContext) throws(StorageError) {
        try context.requireSpace()
        guard let range else {
            for entry in entries { try Self.merge(entry, &context) }
            return try noteSeen(&context)
        }
        let known = try Self.cursor(of: range.origin, context)
        guard range.after.number <= known.position.number else {
            throw StorageError(
                .invalidArgument,
                "the range begins behind \(range.after), known is \(known.position)")
        }
        // What this region wrote, it knows.
        guard range.origin != context.region, range.through.number > known.position.number else {
            return
        }
        for entry in entries where (entry.object.position?.number ?? 0) > known.position.number {
            try Self.merge(entry, &context)
        }
        let seen = known.seen.isEarlier(than: range.head) ? range.head : known.seen
        try context.record(
            .cursor(CursorRecord(origin: range.origin, position: range.through, seen: seen)))
    }

    /// What came by its name tells how far its origin has come.
    private func noteSeen(_ context: inout CommitContext) throws(StorageError) {
        for entry in entries {
            guard let place = entry.object.position else { continue }
            let origin = entry.object.version.region
            var cursor = try Self.cursor(of: origin, context)
            guard origin != context.region,
                place.isNews(behind: cursor.seen, cursor: cursor.position)
            else { continue }
            cursor.seen = place
            try context.record(.cursor(cursor))
        }
    }

    private static func cursor(
        of origin: RegionID, _ context: CommitContext
    ) throws(StorageError) -> CursorRecord {
        try context.look { (index) throws(IndexError) in try index.cursor(of: origin) }
    }

    private static func merge(
        _ entry: Arrived, _ context: inout CommitContext
    ) throws(StorageError) {
        var object = entry.object
        object.state = .pending
        object.keptUntilMilliseconds = nil
        context.observe(object.version.stamp)
        if let blob = entry.blob { try recordInline(blob, of: object, &context) }
        let register = try context.register(object.name, about: object.versionID)
        if object.version.region == context.region {
            // Its number may have been given to another version since it was lost.
            guard !register.holds(object.version) else { return }
            object = context.inFeed(object)
        }
        try context.record(object, over: register)
    }

    private static func recordInline(
        _ blob: BlobRecord, of object: ObjectVersion, _ context: inout CommitContext
    ) throws(StorageError) {
        do throws(StorageError) {
            try context.requireForm(
                of: blob.blob, incoming: blob, isSealed: object.content?.isSealed == true)
        } catch {
            guard error.mustSeal != nil else { throw error }
            // To be sealed since a moment ago: it is fetched like one that did not ride along.
            return
        }
        try context.recordBlob(blob)
    }
}

extension MergeEntries.Arrived {
    /// The blob counts where its bytes are what they say. Hashed here, and sealed, before the committer has to wait.
    init(_ entry: FeedEntry, in store: DurableStore) async throws {
        object = entry.object
        guard let bytes = entry.inlineBytes, let content = entry.object.content,
            MessageDigest.hash(.sha256, bytes) == content.blob.bytes
        else { return }
        let clear = Array(bytes.readableBytesView)
        var stored = StoredBytes.inline(clear)
        if !clear.isEmpty {
            let isSealed =
                content.isSealed ? true : try await store.isToBeSealed(content.blob)
            if isSealed {
                stored = .sealed(store.keys.seal(small: clear, with: try await store.dataKey()))
            }
        }
        blob = BlobRecord(blob: content.blob, sizeBytes: UInt64(clear.count), bytes: stored)
    }
}

/// Makes pending versions visible.
struct PublishVersions: Decision {
    let references: [VersionReference]

    func decide(_ context: inout CommitContext) throws(StorageError) {
        // What waits is never among what is kept apart.
        for reference in references {
            let register = try context.register(reference.name, about: .unversioned)
            guard let content = Self.pending(reference, register)?.content else { continue }
            guard let blob = try context.blob(content.blob) else {
                throw StorageError(.noSuchBlob, "blob \(content.blob) is not here yet")
            }
            guard blob.record.sizeBytes == content.sizeBytes else {
                throw StorageError(
                    .sizeMismatch,
                    "\(reference.name) says \(content.sizeBytes) bytes of \(content.blob), which has"
                        + " \(blob.record.sizeBytes)")
            }
            try context.requireForm(of: content.blob, isSealed: content.isSealed)
        }
        // What waits is never among what is kept apart.
        for reference in references {
            let register = try context.register(reference.name, about: .unversioned)
            guard var version = Self.pending(reference, register) else { continue }
            version.state = .published
            try context.record(version, over: register)
        }
    }

    private static func pending(
        _ reference: VersionReference, _ register: ObjectRegister
    ) -> ObjectVersion? {
        register.pending.first { $0.version == reference.version }
    }
}

/// Lets go of puts that wait and are overtaken.
struct DropOvertaken: Decision {
    let references: [VersionReference]

    func decide(_ context: inout CommitContext) throws(StorageError) {
        for reference in references {
            // What waits is never among what is kept apart.
            let register = try context.register(reference.name, about: .unversioned)
            guard register.isOvertaken(reference.version) else {
                continue
            }
            try context.record(.versionExpired(reference))
        }
    }
}

// The contract of names: what a bucket's keys show, and how they change. Reads, lists and preconditions
// see the visible version (see `ObjectRegister.visible`) and every write that was acknowledged before
// they began.

/// Conditions on the visible version, decided together with the write they guard (RFC 9110 section 13;
/// atomic within a region, not across regions).
package struct Preconditions: Sendable, Hashable {
    package enum ETags: Sendable, Hashable {
        case any
        /// Without quotes.
        case list([String])
    }

    package var ifMatch: ETags?
    package var ifNoneMatch: ETags?
    /// The visible version is this one: what is written was made from it, and is stamped just above it, so that
    /// whatever anyone else writes, in any region, goes before it. `preconditionFailed` otherwise.
    package var version: Version?
    /// The write is refused with `bucketNotEmpty` unless this bucket shows no object.
    package var emptyBucket: String?

    package init(
        ifMatch: ETags? = nil, ifNoneMatch: ETags? = nil, version: Version? = nil,
        emptyBucket: String? = nil
    ) {
        self.ifMatch = ifMatch
        self.ifNoneMatch = ifNoneMatch
        self.version = version
        self.emptyBucket = emptyBucket
    }

    package static let none = Preconditions()
}

/// One change of one name.
package enum ObjectMutation: Sendable {
    /// Refers to a staged body. The content's blob and size are those of the body. A body that was staged in the
    /// clear for sealed content is sealed before it shows.
    case put(ObjectName, ObjectContent, StagedBlob, Preconditions)
    /// Refers to a blob that is live here: a copy. No byte is read or written, but where the content is sealed and
    /// the blob is not yet.
    case link(ObjectName, ObjectContent, Preconditions)
    /// Deleting what is not there succeeds and records nothing, but for a bucket that has versioning: there every
    /// deletion is a version.
    case delete(ObjectName, Preconditions)
    /// Deletes what the name shows, if it is this version, by a tombstone just above it: whatever anyone writes
    /// now, in any region, goes before it. Nothing where a newer version waits to be shown. For what a rule
    /// decides and nobody asked for.
    case expire(ObjectName, Version)
    /// Takes out the version of a name that has this id, for good and everywhere; what is older shows again. Of
    /// the conditions, `ifMatch` is of that version, and `version` of the latest. In a bucket without versioning it deletes what is there.
    case purge(ObjectName, VersionID, Preconditions)
    /// Says something else, such as other tags, of the version of a name that is this one; it keeps its id, its
    /// place and its bytes. `preconditionFailed` where it is not there (any more).
    case amend(ObjectName, ObjectContent, Version)

    /// Gives the content, whose blob is live here, to the second name, and takes it from the first: both at once, so
    /// that there is never one without the other, nor room for two to be found. `preconditionFailed` where the first
    /// does not show this version (any more), `invalidArgument` where both are one. Answers what the second name shows.
    case move(ObjectName, Version, to: ObjectName, ObjectContent)

    /// Whose it is; of a move, where it goes.
    package var name: ObjectName {
        switch self {
        case .put(let name, _, _, _), .link(let name, _, _), .delete(let name, _),
            .expire(let name, _), .purge(let name, _, _), .amend(let name, _, _),
            .move(_, _, to: let name, _):
            name
        }
    }
}

/// What to list. An entry is an object, or a common prefix: everything from the key's start to the
/// first delimiter behind `prefix`.
package struct ListRequest: Sendable, Hashable {
    package var bucket: String
    package var prefix: ObjectKey
    package var delimiter: [UInt8]?
    /// Only entries (keys or common prefixes) greater than this, by bytes.
    package var after: ObjectKey?
    /// At most this many entries, 0 included.
    package var limit: Int

    package init(
        bucket: String, prefix: ObjectKey = "", delimiter: [UInt8]? = nil, after: ObjectKey? = nil,
        limit: Int = 1000
    ) {
        self.bucket = bucket
        self.prefix = prefix
        self.delimiter = delimiter
        self.after = after
        self.limit = limit
    }
}

package enum ListEntry: Sendable, Hashable {
    case object(ObjectVersion)
    case commonPrefix(ObjectKey)

    /// The key or the common prefix: what orders the list, and what `after` of the next page takes.
    package var key: ObjectKey {
        switch self {
        case .object(let version): version.name.key
        case .commonPrefix(let prefix): prefix
        }
    }
}

package struct ListPage: Sendable, Hashable {
    /// In strictly ascending order of `key`.
    package var entries: [ListEntry]
    /// More entries follow the last one.
    package var isTruncated: Bool

    package init(entries: [ListEntry], isTruncated: Bool) {
        self.entries = entries
        self.isTruncated = isTruncated
    }
}

/// The store of names. The cost of a page is proportional to the page, also with a delimiter.
package protocol ObjectStore: Sendable {
    /// The visible version of a name, always a put; `nil` where there is none. Throws `noSuchBucket`.
    /// An object in quarantine is taken out by a new version before it is answered: who looked it up may
    /// build on it. With it goes out what it needs, where the store knows of that; where a part of that is gone
    /// already, the object counts as not there.
    func object(_ name: ObjectName) async throws -> ObjectVersion?

    /// Throws `noSuchBucket`. Being listed is not being looked up: what is in quarantine stays there.
    func list(_ request: ListRequest) async throws -> ListPage

    /// Decides and records each mutation by itself, all in one durable group; answers in their order. What has
    /// to wait for bytes to be sealed is recorded behind the others.
    /// A success is durable and visible. Where the bucket demands it (`Buckets.demandsSealing`) content is sealed
    /// whatever it says. The version and `lastModifiedMilliseconds` (where the content's
    /// is 0) are the store's. A delete answers its tombstone, or `nil` where there was nothing to delete; a purge
    /// what it took out, or `nil`.
    func commit(_ mutations: [ObjectMutation]) async -> [Result<ObjectVersion?, StorageError>]
}

extension ObjectStore {
    /// Commits one mutation.
    @discardableResult
    package func commit(_ mutation: ObjectMutation) async throws -> ObjectVersion? {
        let results = await commit([mutation])
        precondition(results.count == 1, "one mutation, \(results.count) answers")
        return try results[0].get()
    }
}

extension StorageError {
    package static let moveToItself = StorageError(
        .invalidArgument, "a name is not moved to itself")
}

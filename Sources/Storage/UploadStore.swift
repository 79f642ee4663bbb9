// The contract of multipart uploads: sessions and parts are durable, so that an upload goes on after a
// restart; completing one is a commit by reference whose cost does not depend on its size.

/// Names an upload session; random, URL-safe.
package struct UploadID: Hashable, Sendable, Comparable, CustomStringConvertible {
    package let text: String

    package init(_ text: String) { self.text = text }

    package static func < (left: UploadID, right: UploadID) -> Bool { left.text < right.text }

    package var description: String { text }
}

/// A session: what `create` recorded.
package struct Upload: Sendable, Hashable {
    package var id: UploadID
    package var name: ObjectName
    package var initiatedMilliseconds: Int64
    package var headers: ContentHeaders
    package var userMetadata: [MetadataField]
    package var tags: [MetadataField]
    package var checksumAlgorithm: ChecksumAlgorithm?
    package var checksumKind: ObjectChecksum.Kind?
    /// What the upload makes is sealed. Its parts are, where they are staged so.
    package var isSealed: Bool
    package var writer: Writer

    package init(
        id: UploadID, name: ObjectName, initiatedMilliseconds: Int64,
        headers: ContentHeaders = ContentHeaders(), userMetadata: [MetadataField] = [],
        tags: [MetadataField] = [], checksumAlgorithm: ChecksumAlgorithm? = nil,
        checksumKind: ObjectChecksum.Kind? = nil, isSealed: Bool = false,
        writer: Writer = Writer()
    ) {
        self.id = id
        self.name = name
        self.initiatedMilliseconds = initiatedMilliseconds
        self.headers = headers
        self.userMetadata = userMetadata
        self.tags = tags
        self.checksumAlgorithm = checksumAlgorithm
        self.checksumKind = checksumKind
        self.isSealed = isSealed
        self.writer = writer
    }
}

/// A part that is durable.
package struct UploadPart: Sendable, Hashable {
    /// 1 to 10 000.
    package var number: Int
    package var sizeBytes: UInt64
    /// MD5 in hex; of a part copied by reference, derived from (digest, offset, length).
    package var etag: String
    package var lastModifiedMilliseconds: Int64
    package var checksums: [ChecksumAlgorithm: [UInt8]]

    package init(
        number: Int, sizeBytes: UInt64, etag: String, lastModifiedMilliseconds: Int64,
        checksums: [ChecksumAlgorithm: [UInt8]] = [:]
    ) {
        self.number = number
        self.sizeBytes = sizeBytes
        self.etag = etag
        self.lastModifiedMilliseconds = lastModifiedMilliseconds
        self.checksums = checksums
    }
}

/// What the client of a Complete says a part is.
package struct CompletedPart: Sendable, Hashable {
    package var number: Int
    package var etag: String
    package var checksums: [ChecksumAlgorithm: [UInt8]]

    package init(number: Int, etag: String, checksums: [ChecksumAlgorithm: [UInt8]] = [:]) {
        self.number = number
        self.etag = etag
        self.checksums = checksums
    }
}

/// How an upload ends.
package struct Completion: Sendable, Hashable {
    package var parts: [CompletedPart]
    /// What the whole object must hash to: the digest its key names, where it names one.
    package var promise: BodyPromise
    package var preconditions: Preconditions
    /// The least size of a part that is not the last; smaller ones are `partTooSmall`.
    package var leastPartBytes: UInt64

    package init(
        parts: [CompletedPart], promise: BodyPromise = BodyPromise(),
        preconditions: Preconditions = .none, leastPartBytes: UInt64 = 5 << 20
    ) {
        self.parts = parts
        self.promise = promise
        self.preconditions = preconditions
        self.leastPartBytes = leastPartBytes
    }
}

/// Which uploads to list: ordered by key, then by time of initiation, then by id.
package struct UploadListRequest: Sendable, Hashable {
    package enum After: Sendable, Hashable {
        /// Past every upload of this key.
        case key(ObjectKey)
        /// Past this upload; where the key is not given, it is the upload's own.
        case upload(UploadID, key: ObjectKey?)
    }

    package var bucket: String
    package var prefix: ObjectKey
    package var delimiter: [UInt8]?
    package var after: After?
    package var limit: Int

    package init(
        bucket: String, prefix: ObjectKey = "", delimiter: [UInt8]? = nil, after: After? = nil,
        limit: Int = 1000
    ) {
        self.bucket = bucket
        self.prefix = prefix
        self.delimiter = delimiter
        self.after = after
        self.limit = limit
    }
}

package enum UploadListEntry: Sendable, Hashable {
    case upload(Upload)
    case commonPrefix(ObjectKey)
}

package struct UploadListPage: Sendable, Hashable {
    package var entries: [UploadListEntry]
    package var isTruncated: Bool

    package init(entries: [UploadListEntry], isTruncated: Bool) {
        self.entries = entries
        self.isTruncated = isTruncated
    }
}

/// The store of uploads. Sessions, parts and lists are visible the moment a call returns, and survive a
/// restart. Every call but `create` and `uploads` throws `noSuchUpload` for a session that is not there
/// or belongs to another name.
package protocol UploadStore: Sendable {
    /// Opens a session; the id and the time of `upload` are the store's. Throws `noSuchBucket`.
    func create(_ upload: Upload) async throws -> Upload

    func upload(_ id: UploadID, of name: ObjectName) async throws -> Upload

    /// Takes a staged body as part `number`, replacing an earlier one. Where the plan did without MD5, the
    /// part's ETag is made up: for who only completes with what `parts` says.
    func putPart(
        _ id: UploadID, of name: ObjectName, number: Int, staged: StagedBlob
    ) async throws -> UploadPart

    /// Refers to a range of a live blob as part `number`: no byte is read or written.
    func copyPart(
        _ id: UploadID, of name: ObjectName, number: Int, blob: BlobID, range: Range<UInt64>
    ) async throws -> UploadPart

    /// Parts with a number above `after`, ascending, at most `limit`, and whether more follow.
    func parts(
        of id: UploadID, _ name: ObjectName, after: Int, limit: Int
    ) async throws -> (parts: [UploadPart], isTruncated: Bool)

    /// Throws `noSuchBucket`.
    func uploads(_ request: UploadListRequest) async throws -> UploadListPage

    /// Makes the object. Throws `invalidPart`, `invalidPartOrder`, `partTooSmall`, `digestMismatch`,
    /// `preconditionFailed`; the session stays open then. Completing with the same list again, also
    /// after a restart, answers the same object for as long as that version is kept.
    func complete(
        _ id: UploadID, of name: ObjectName, _ completion: Completion
    ) async throws -> ObjectVersion

    /// As `complete`, but commits the blob without a name, as `BlobStore.keep` does: how a large fetch
    /// that was resumed ends. The promise names the digest.
    func completeBlob(
        _ id: UploadID, of name: ObjectName, _ completion: Completion
    ) async throws -> BlobInfo

    func abort(_ id: UploadID, of name: ObjectName) async throws
}

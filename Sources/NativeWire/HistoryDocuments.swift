// History and rollback, as the admin API tells of them. Fields are only ever added.

/// What is asked about: a key, or a tag of a repository.
package struct HistorySubjectDocument: Sendable, Hashable, Codable {
    package var bucket: String
    package var key: String?
    package var repository: String?
    package var tag: String?

    package init(
        bucket: String, key: String? = nil, repository: String? = nil, tag: String? = nil
    ) {
        self.bucket = bucket
        self.key = key
        self.repository = repository
        self.tag = tag
    }
}

/// The body of `POST /-/admin/v1/history`.
package struct HistoryRequestDocument: Sendable, Hashable, Codable {
    package var subject: HistorySubjectDocument
    /// Only versions older than this one.
    package var before: String?

    package init(subject: HistorySubjectDocument, before: String? = nil) {
        self.subject = subject
        self.before = before
    }
}

/// The answer to a `HistoryRequestDocument`.
package struct HistoryDocument: Sendable, Hashable, Codable {
    package var bucket: String
    package var key: String
    /// Newest first.
    package var versions: [Entry]
    /// Older ones follow.
    package var isTruncated: Bool

    package init(bucket: String, key: String, versions: [Entry], isTruncated: Bool) {
        self.bucket = bucket
        self.key = key
        self.versions = versions
        self.isTruncated = isTruncated
    }

    package struct Entry: Sendable, Hashable, Codable {
        package var version: String
        package var writtenMilliseconds: Int64
        /// The id of the region that wrote it.
        package var region: String
        package var isDeletion: Bool
        package var sizeBytes: UInt64?
        /// Of the bytes.
        package var digest: String?
        /// What a tag's link names.
        package var names: String?
        package var writer: String?
        package var requestID: String?
        /// What reads show now.
        package var isVisible: Bool
        /// It waits to be complete here.
        package var isPending: Bool
        /// `nil` for what is not history.
        package var keptUntilMilliseconds: Int64?
        /// What S3 calls it; `nil` for what was written while its bucket never had versioning. With an id of its own it
        /// is kept until it is purged.
        package var versionID: String?

        package init(
            version: String, writtenMilliseconds: Int64, region: String, isDeletion: Bool,
            sizeBytes: UInt64? = nil, digest: String? = nil, names: String? = nil,
            writer: String? = nil, requestID: String? = nil, isVisible: Bool = false,
            isPending: Bool = false, keptUntilMilliseconds: Int64? = nil,
            versionID: String? = nil
        ) {
            self.version = version
            self.writtenMilliseconds = writtenMilliseconds
            self.region = region
            self.isDeletion = isDeletion
            self.sizeBytes = sizeBytes
            self.digest = digest
            self.names = names
            self.writer = writer
            self.requestID = requestID
            self.isVisible = isVisible
            self.isPending = isPending
            self.keptUntilMilliseconds = keptUntilMilliseconds
            self.versionID = versionID
        }
    }
}

/// The body of `POST /-/admin/v1/rollback`: to a version, or to what showed at a time.
package struct RollbackRequestDocument: Sendable, Hashable, Codable {
    package var subject: HistorySubjectDocument
    package var version: String?
    package var atMilliseconds: Int64?
    package var isDryRun: Bool?

    package init(
        subject: HistorySubjectDocument, version: String? = nil, atMilliseconds: Int64? = nil,
        isDryRun: Bool? = nil
    ) {
        self.subject = subject
        self.version = version
        self.atMilliseconds = atMilliseconds
        self.isDryRun = isDryRun
    }
}

/// The answer to a `RollbackRequestDocument`.
package struct RollbackDocument: Sendable, Hashable, Codable {
    package var bucket: String
    package var key: String
    /// Whose content shows now, or would.
    package var version: String
    /// The keys that were written, or would be, in this order.
    package var written: [String]
    package var isDryRun: Bool

    package init(
        bucket: String, key: String, version: String, written: [String], isDryRun: Bool
    ) {
        self.bucket = bucket
        self.key = key
        self.version = version
        self.written = written
        self.isDryRun = isDryRun
    }
}

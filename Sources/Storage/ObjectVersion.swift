// One version of an object: what a write, a delete or a purge recorded, as the journal keeps it, the
// feed carries it and the fronts show it.

/// What a put recorded beside its blob. Everything here is replicated with the object.
package struct ObjectContent: Hashable, Sendable {
    package var blob: BlobID
    package var sizeBytes: UInt64
    /// Apart from the version stamp: a copy or a touch may restamp an object and keep this.
    package var lastModifiedMilliseconds: Int64
    /// Without quotes: the MD5 in hex, `<md5 of md5s>-<parts>`, or `<half of the SHA-256>-1`.
    package var etag: String
    package var headers: ContentHeaders
    package var checksum: ObjectChecksum?
    /// Sizes of the parts of a multipart object, in order; empty for any other.
    package var partSizes: [UInt64]
    /// `x-amz-meta-` names in lower case without that prefix, in the order they came.
    package var userMetadata: [MetadataField]
    package var tags: [MetadataField]
    /// The bytes lie on no region's disk in the clear. What names them, and what is said of them here, does.
    package var isSealed: Bool
    package var writer: Writer
    /// Since when nothing was known to need the object: it still reads as any other, and whoever looks it
    /// up takes it out again by a new version (see LocalStore's `CollectRegistry.swift`).
    package var quarantinedMilliseconds: Int64?

    package init(
        blob: BlobID, sizeBytes: UInt64, lastModifiedMilliseconds: Int64, etag: String,
        headers: ContentHeaders = ContentHeaders(), checksum: ObjectChecksum? = nil,
        partSizes: [UInt64] = [], userMetadata: [MetadataField] = [], tags: [MetadataField] = [],
        isSealed: Bool = false, writer: Writer = Writer(), quarantinedMilliseconds: Int64? = nil
    ) {
        self.blob = blob
        self.sizeBytes = sizeBytes
        self.lastModifiedMilliseconds = lastModifiedMilliseconds
        self.etag = etag
        self.headers = headers
        self.checksum = checksum
        self.partSizes = partSizes
        self.userMetadata = userMetadata
        self.tags = tags
        self.isSealed = isSealed
        self.writer = writer
        self.quarantinedMilliseconds = quarantinedMilliseconds
    }
}

/// The headers of a response that a writer may set (RFC 9110 section 8, RFC 9111 section 5; Amazon S3's own).
package struct ContentHeaders: Hashable, Sendable {
    package var contentType: String?
    package var contentEncoding: String?
    package var contentLanguage: String?
    package var contentDisposition: String?
    package var cacheControl: String?
    package var expires: String?
    /// The class of storage that the writer asked for, where it is not `STANDARD`. All are kept the same way.
    package var storageClass: String?

    package init(
        contentType: String? = nil, contentEncoding: String? = nil, contentLanguage: String? = nil,
        contentDisposition: String? = nil, cacheControl: String? = nil, expires: String? = nil,
        storageClass: String? = nil
    ) {
        self.contentType = contentType
        self.contentEncoding = contentEncoding
        self.contentLanguage = contentLanguage
        self.contentDisposition = contentDisposition
        self.cacheControl = cacheControl
        self.expires = expires
        self.storageClass = storageClass
    }
}

/// A name and a value of user metadata or tags.
package struct MetadataField: Hashable, Sendable {
    package var name: String
    package var value: String

    package init(name: String, value: String) {
        self.name = name
        self.value = value
    }
}

/// The checksum that a client chose for an object (Amazon S3, "Checking object integrity").
package struct ObjectChecksum: Hashable, Sendable {
    package enum Kind: UInt8, Sendable {
        /// Over the object's bytes.
        case fullObject = 0
        /// Over the parts' checksums, followed by `-<parts>`.
        case composite = 1
    }

    package var algorithm: ChecksumAlgorithm
    package var kind: Kind
    package var bytes: [UInt8]

    package init(algorithm: ChecksumAlgorithm, kind: Kind, bytes: [UInt8]) {
        self.algorithm = algorithm
        self.kind = kind
        self.bytes = bytes
    }
}

/// Who wrote a version, for logs and history.
package struct Writer: Hashable, Sendable {
    package var principal: String
    package var requestID: String

    package init(principal: String = "", requestID: String = "") {
        self.principal = principal
        self.requestID = requestID
    }
}

/// One version of an object.
package struct ObjectVersion: Hashable, Sendable {
    package enum Kind: Hashable, Sendable {
        /// In a box of its own: versions are handed about far more often than their content is looked at, and
        /// without it each copy counts a reference for a dozen strings (measured: 180 copies in a small PUT).
        indirect case put(ObjectContent)
        /// "Deleted", as of this version.
        case tombstone
        /// The named version never comes back, wherever it is met; beats it in every merge. One whose id is a
        /// stamp takes out whatever has that id; one whose id is `null`, every null version up to the named one,
        /// since those had given way to it.
        case purge(Version)
    }

    package enum State: UInt8, Sendable {
        /// Known here, but what it reaches is not all durable here yet.
        case pending = 0
        case published = 1
    }

    package var name: ObjectName
    package var version: Version
    /// Its place in the feed of `version.region`; `nil` for what stays in its region (`_uploads/`,
    /// settings under `local/`).
    package var position: FeedPosition?
    package var kind: Kind
    package var state: State
    /// What clients call it; of a purge, what it takes out.
    package var versionID: VersionID
    /// Set once a newer version was published here: this one is history, shows nowhere by itself, and is
    /// let go of after that time. Of this region alone; no feed carries it.
    package var keptUntilMilliseconds: Int64?
    /// When it was recorded, where its stamp does not say so: a deletion that stands just above what it removes
    /// is as old as its recording.
    package var recordedMilliseconds: Int64?

    package init(
        name: ObjectName, version: Version, position: FeedPosition?, kind: Kind, state: State,
        versionID: VersionID = .unversioned, keptUntilMilliseconds: Int64? = nil,
        recordedMilliseconds: Int64? = nil
    ) {
        self.name = name
        self.version = version
        self.position = position
        self.kind = kind
        self.state = state
        self.versionID = versionID
        self.keptUntilMilliseconds = keptUntilMilliseconds
        self.recordedMilliseconds = recordedMilliseconds
    }

    package var isHistory: Bool { keptUntilMilliseconds != nil }

    /// Its place among the versions of its name: what has an id of its own stays where it was first written,
    /// whatever is said of it later.
    package var order: Version { versionID.stamp ?? version }

    /// Whether this one is a purge that takes `other` out.
    package func purges(_ other: ObjectVersion) -> Bool {
        guard case .purge(let target) = kind else { return false }
        switch versionID {
        case .unversioned: return other.version == target
        case .null: return other.versionID.stamp == nil && other.version <= target
        case .stamp(let id): return other.versionID == .stamp(id)
        }
    }

    package var isPut: Bool { if case .put = kind { true } else { false } }

    /// What a put recorded; `nil` for a tombstone or purge.
    package var content: ObjectContent? {
        if case .put(let content) = kind { content } else { nil }
    }
}

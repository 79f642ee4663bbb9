// Every bound of the S3 front, by name (Amazon S3, "Amazon S3 multipart upload limits", "Object key
// naming", "Working with object metadata").

package struct S3Limits: Sendable, Hashable {
    /// Of a key, in UTF-8.
    package var keyBytes = 1024
    /// Of a body that becomes an object or a part in one request.
    package var bodyBytes: UInt64 = 5 << 30
    /// Entries of a page of any list.
    package var listEntries = 1000
    /// Keys of one DeleteObjects.
    package var deletedKeys = 1000
    package var parts = 10_000
    /// From here on a body that was promised by better than an MD5 gets an ETag without one: tools that compare
    /// the ETag with an MD5 of theirs send such a body in parts.
    package var opaqueETagBytes: UInt64 = 16 << 20
    /// The least size of a part before the last.
    package var leastPartBytes: UInt64 = 5 << 20
    /// Of an object.
    package var tags = 10
    package var bucketTags = 50
    package var tagNameCharacters = 128
    package var tagValueCharacters = 256
    /// Names and values of user metadata together.
    package var userMetadataBytes = 2048
    /// Of a bucket's settings document.
    package var documentBytes = 64 << 10
    package var deleteDocumentBytes = 2 << 20
    package var completeDocumentBytes = 4 << 20
    /// Of all documents together that are being collected or worked on, of each what goes beyond
    /// `uncountedDocumentBytes`. Above: 503 `SlowDown`.
    package var collectedDocumentBytes = 64 << 20
    /// What every document may have, however many there are: as much as a connection may hold unread.
    package var uncountedDocumentBytes = 256 << 10
    package var documentDepth = 8
    /// Elements of a bucket's settings document; those of a list of keys or parts follow from their number.
    package var documentElements = 1000
    package var lifecycleRules = 1000
    package var lifecycleElements = 20_000
    package var lifecycleIDCharacters = 255
    package var corsRules = 100
    package var corsElements = 2000
    /// How often the tags of an object that is written meanwhile are tried to be set.
    package var taggingAttempts = 16
    /// How long a Complete may work before its answer begins, so that a quick refusal has its status.
    package var completeGraceMilliseconds = 3000
    /// How often a Complete that works longer sends a space.
    package var keepAliveMilliseconds = 5000

    package init() {}
}

// The contract of files that are written bit by bit. Nothing of one can be read before it is committed; all
// that was flushed is durable, and another writer can go on with it after a restart, or elsewhere.

package import NIOCore

/// How a writer begins.
package enum WriterStart: Sendable, Hashable {
    /// With nothing. What the path shows, and other writers of it, are left alone until this is committed.
    case new
    /// Goes on with the file of this path that was begun last and not committed, or else with a copy (by
    /// reference) of what the path shows; `pathNotFound` where there is neither.
    case append
    /// Goes on with the writer of that id; `writerNotFound` where it was committed or cancelled.
    case resume(UploadID)
}

/// A file being written. One caller at a time: while one writes to the store, resuming the writer elsewhere is
/// `writerBusy`. Letting go of it keeps what was flushed. After a call has failed, and after `close`, `commit` or
/// `cancel`, every other call but `close` throws `writerClosed`.
package protocol FileWriter: AnyObject, Sendable {
    /// What `WriterStart.resume` takes. What S3 shows as the id of a multipart upload.
    var id: UploadID { get }

    /// Everything that was taken so far.
    var sizeBytes: UInt64 { get }

    /// Takes the next bytes; returns when more can be taken. They are durable after `close` at the latest.
    func write(_ bytes: ByteBuffer) async throws

    /// Takes all of these bytes durably, or, where the source fails or a promise does not hold, none.
    func append(_ content: any ByteSource, promise: BodyPromise) async throws

    /// Makes everything durable and gives the writer up. Does nothing after `commit` or `cancel`.
    func close() async throws

    /// Lets go of everything, for good.
    func cancel() async throws

    /// Makes the file what was written, at a cost that does not depend on its size. Throws
    /// `digestMismatch` where the bytes do not have this digest, or the one that the path names; what was
    /// written can be resumed then.
    func commit(_ digest: ContentDigest?) async throws -> FileInfo
}

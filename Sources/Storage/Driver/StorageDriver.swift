// The contract that registry fronts are written against: files by path, with the semantics of CNCF
// Distribution's `storagedriver` (registry/storage/driver/storagedriver.go), over the bucket that S3 shows.
//
// A file appears whole or not at all: what was put or committed is durable, and what reads see is one
// version from its first byte to its last. Directories are implied by what is below them: one exists while
// it has a child, and the root always. What S3 stored under a key that is no path is not shown, and goes
// with the directory it is in. Where S3 made a path a file and a directory both, it is a file.
//
// Every call throws `DriverError`, `bucketNotFound` among them, and `CancellationError`. All calls may be made
// at once from anywhere.

package import NIOCore

/// A file, or a directory.
package struct FileInfo: Sendable, Hashable {
    package var path: DriverPath
    /// 0 for a directory.
    package var sizeBytes: UInt64
    /// `nil` for a directory.
    package var modifiedMilliseconds: Int64?

    package init(path: DriverPath, sizeBytes: UInt64 = 0, modifiedMilliseconds: Int64? = nil) {
        self.path = path
        self.sizeBytes = sizeBytes
        self.modifiedMilliseconds = modifiedMilliseconds
    }

    package var isDirectory: Bool { modifiedMilliseconds == nil }
}

/// A page of a list or a walk, in strictly ascending order of paths.
package struct FilePage: Sendable, Hashable {
    package var files: [FileInfo]
    /// More follow the last one.
    package var isTruncated: Bool

    package init(files: [FileInfo], isTruncated: Bool) {
        self.files = files
        self.isTruncated = isTruncated
    }
}

/// A file being read.
package struct FileReader: Sendable {
    /// Of the whole file.
    package let sizeBytes: UInt64
    /// Of what `source` yields.
    package let lengthBytes: UInt64
    package let source: any SegmentSource

    package init(sizeBytes: UInt64, lengthBytes: UInt64, source: any SegmentSource) {
        self.sizeBytes = sizeBytes
        self.lengthBytes = lengthBytes
        self.source = source
    }
}

/// Where a page of a walk begins.
package enum WalkStart: Sendable, Hashable {
    case beginning
    /// With the least path greater than this one: what is below it comes first.
    case after(DriverPath)
    /// Past this path and all that is below it.
    case behind(DriverPath)
}

/// What a signed URL is for.
package enum RedirectMethod: String, Sendable, CaseIterable {
    case get = "GET"
    case head = "HEAD"
}

package protocol StorageDriver: Sendable {
    /// The bytes of a file from `offset` on, at most `length` of them. At the end and behind it there are
    /// none; a negative offset is `invalidOffset`; `pathNotFound` where there is no file.
    func reader(
        _ path: DriverPath, offset: Int64, length: UInt64?
    ) async throws -> FileReader

    /// Makes the file consist of these bytes, whatever it was before; readers see the old ones or the new.
    /// Where a promise does not hold (`digestMismatch`, `sizeMismatch`) it stays as it was. `invalidPath` for
    /// the root.
    func putContent(
        _ path: DriverPath, _ content: any ByteSource, promise: BodyPromise
    ) async throws -> FileInfo

    /// Opens a file to be written bit by bit. See `WriterStart` for what it throws.
    func writer(_ path: DriverPath, _ start: WriterStart) async throws -> any FileWriter

    /// `pathNotFound` where there is nothing. The root is always there.
    func stat(_ path: DriverPath) async throws -> FileInfo

    /// What is directly below a directory, from behind `after` on, at most `limit`. `pathNotFound` where
    /// there is no directory, the root excepted. The cost is that of the page.
    func list(_ path: DriverPath, after: DriverPath?, limit: Int) async throws -> FilePage

    /// All that is below a directory, depth first, each directory before what is in it; otherwise as `list`.
    func walk(_ path: DriverPath, from start: WalkStart, limit: Int) async throws -> FilePage

    /// Gives a file another path, by reference, and takes its own, at once; a file that is there is replaced, and
    /// stays as it was where the source is missing (`pathNotFound`) or has not the digest that the path names
    /// (`digestMismatch`). Who repeats one whose answer was lost finds the source gone.
    func move(_ source: DriverPath, to destination: DriverPath) async throws

    /// Removes the file and everything below the path, files being written included. `pathNotFound` where
    /// there was nothing; `/a` is not `/ab`. Repeating one that was interrupted completes it.
    func delete(_ path: DriverPath) async throws

    /// A URL at which anybody may fetch the file for a while; `nil` where bytes are only given here. Whether
    /// there is such a file is not looked at.
    func redirect(_ path: DriverPath, _ method: RedirectMethod) async throws -> String?
}

extension StorageDriver {
    /// The whole of a small file. Throws `limitExceeded` above `limitBytes`.
    package func getContent(
        _ path: DriverPath, limitBytes: Int = DriverLimits.contentBytes
    ) async throws -> ByteBuffer {
        let reader = try await reader(path, offset: 0, length: nil)
        guard reader.lengthBytes <= UInt64(limitBytes) else {
            throw DriverError(.limitExceeded, "“\(path)” is larger than \(limitBytes) bytes")
        }
        var bytes = ByteBuffer()
        while let segment = try await reader.source.next() { try segment.append(to: &bytes) }
        return bytes
    }

    @discardableResult
    package func putContent(_ path: DriverPath, _ bytes: ByteBuffer) async throws -> FileInfo {
        try await putContent(
            path, BufferSource(bytes),
            promise: BodyPromise(sizeBytes: UInt64(bytes.readableBytes)))
    }

    /// Everything directly below a directory.
    package func list(_ path: DriverPath) async throws -> [FileInfo] {
        var files: [FileInfo] = []
        while true {
            let page = try await list(
                path, after: files.last?.path, limit: DriverLimits.pageEntries)
            files += page.files
            guard page.isTruncated else { return files }
        }
    }
}

/// Bounds of every driver.
package enum DriverLimits {
    /// What `getContent` collects, unless told otherwise: manifests are 4 MiB at most.
    package static let contentBytes = 16 << 20
    /// Entries of a page.
    package static let pageEntries = 1000
}

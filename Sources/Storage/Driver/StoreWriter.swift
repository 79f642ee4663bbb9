// A file being written into a store: what is flushed is a part of a multipart upload. Bytes go straight to where
// the store stages them; a part is cut when it is large enough, and when the writer is closed.

internal import NIOCore
internal import Synchronization

final class StoreWriter: FileWriter {
    /// What a call takes out while it works, and puts back unless it fails: so a failed one closes the writer.
    private struct Open {
        let claim: WriterClaim
        var nextPart: Int
        /// Of the part that is being written.
        var staging: (any BlobStaging)?
        var stagedBytes: UInt64 = 0
    }

    let id: UploadID
    private let driver: StoreDriver
    private let path: DriverPath
    /// What is written never lies in the clear.
    private let isSealed: Bool
    private let open: Mutex<Open?>
    private let size: Mutex<UInt64>

    init(
        driver: StoreDriver, path: DriverPath, id: UploadID, isSealed: Bool,
        parts: [UploadPart], claim: WriterClaim
    ) {
        self.driver = driver
        self.path = path
        self.id = id
        self.isSealed = isSealed
        open = Mutex(Open(claim: claim, nextPart: (parts.last?.number ?? 0) + 1))
        size = Mutex(parts.reduce(0) { $0 + $1.sizeBytes })
    }

    var sizeBytes: UInt64 { size.withLock { $0 } }

    private var name: ObjectName { driver.name(path) }

    func write(_ bytes: ByteBuffer) async throws {
        try await during { open in
            let staging = try await staging(&open)
            try await staging.write(bytes)
            open.stagedBytes += UInt64(bytes.readableBytes)
            size.withLock { $0 += UInt64(bytes.readableBytes) }
            if open.stagedBytes >= driver.stores.partBytes { try await flush(&open) }
        }
    }

    func append(_ content: any ByteSource, promise: BodyPromise) async throws {
        try await during { open in
            try await flush(&open)
            let staging = try await driver.stores.blobs.stage(
                HashPlan(for: promise, isBlob: false, isSealed: isSealed),
                expectedBytes: promise.sizeBytes)
            while let bytes = try await content.next() { try await staging.write(bytes) }
            let staged = try await staging.finish(promise)
            guard staged.sizeBytes > 0 else { return }
            try await put(staged, &open)
            size.withLock { $0 += staged.sizeBytes }
        }
    }

    func close() async throws {
        guard var open = open.withLock({ $0.take() }) else { return }
        try await DriverError.mapping { try await flush(&open) }
    }

    func cancel() async throws {
        let open = try take()
        try await DriverError.mapping { try await driver.stores.uploads.abort(id, of: name) }
        withExtendedLifetime(open.claim) {}
    }

    func commit(_ digest: ContentDigest?) async throws -> FileInfo {
        var open = try take()
        defer { withExtendedLifetime(open.claim) {} }
        return try await DriverError.mapping {
            try await flush(&open)
            // An upload has a part, though it be empty.
            if open.nextPart == 1 { try await put(driver.stores.blobs.nothing(), &open) }
            let parts = try await driver.stores.uploads.allParts(of: id, name)
            let promise = try await driver.promise(
                BodyPromise(digests: digest.map { [$0] } ?? []), of: name)
            let completion = Completion(
                parts: parts.map { CompletedPart(number: $0.number, etag: $0.etag) },
                promise: promise, leastPartBytes: 0)
            return driver.info(
                path, try await driver.stores.uploads.complete(id, of: name, completion))
        }
    }

    // MARK: Parts

    private func take() throws(DriverError) -> Open {
        guard let open = open.withLock({ $0.take() }) else {
            throw DriverError(.writerClosed, "the writer of “\(path)” is closed")
        }
        return open
    }

    private func during(_ body: (inout Open) async throws -> Void) async throws {
        var open = try take()
        try await DriverError.mapping { try await body(&open) }
        self.open.withLock { $0 = open }
    }

    private func staging(_ open: inout Open) async throws -> any BlobStaging {
        if let staging = open.staging { return staging }
        let staging = try await driver.stores.blobs.stage(
            HashPlan(sha256: false, isSealed: isSealed), expectedBytes: nil)
        open.staging = staging
        return staging
    }

    private func flush(_ open: inout Open) async throws {
        guard let staging = open.staging.take() else { return }
        try await put(try await staging.finish(BodyPromise()), &open)
        open.stagedBytes = 0
    }

    private func put(_ staged: StagedBlob, _ open: inout Open) async throws {
        guard MultipartRules.partNumbers.contains(open.nextPart) else {
            throw DriverError(
                .limitExceeded,
                "a file is written in \(MultipartRules.partNumbers.upperBound) pieces at most")
        }
        _ = try await driver.stores.uploads.putPart(
            id, of: name, number: open.nextPart, staged: staged)
        open.nextPart += 1
    }
}

extension BlobStore {
    /// No bytes, staged.
    fileprivate func nothing() async throws -> StagedBlob {
        try await stage(bytes: ByteBuffer(), plan: HashPlan(sha256: false))
    }
}

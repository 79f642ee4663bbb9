// Bringing bytes into the sealed form that lie in the clear: a blob that sealed content is to show, a body that was
// staged in the clear under a digest that is sealed here. They are read, checked and staged anew like any
// body; the new record takes the place of the old one in one commit, as where damage is mended, and readers
// that have begun go on with what they have pinned.
//
// What lay in the clear is garbage from then on. Bytes in chunk files are gone from the disk with the next
// collection; bytes that rode in a record, with the next generation of the journal, which the collection sees
// to as well (`ForgetClearBytes.swift`).

internal import Checksums
internal import ChunkFiles
internal import Journal
internal import MetadataIndex
internal import NIOCore
package import Storage

extension DurableStore {
    /// How often a commit is tried again behind bytes that were sealed for it; each time something else can come
    /// in between.
    private static let attempts = 4

    package func isToBeSealed(_ blob: BlobID) async throws -> Bool {
        guard keys.isInUse || configuration.masterKeys != nil else { return false }
        if let entry = try await entry(of: blob) {
            if entry.info.isSealed { return true }
            if !entry.isDamaged { return false }
        }
        return try await read { (index) throws(IndexError) in
            try Referrer.isAnySealed(of: blob, index)
        }
    }

    /// Submits a commit, and seals what it waits for. `commit` is given the body that was staged, or the same one
    /// sealed.
    func sealingFirst<Answer>(
        _ staged: StagedBlob?, _ commit: (StagedBlob?) async throws -> Answer
    ) async throws -> Answer {
        var staged = staged
        for _ in 1..<Self.attempts {
            do {
                return try await commit(staged)
            } catch let error as StorageError {
                guard let reason = error.mustSeal else { throw error }
                staged = try await seal(reason, staged)
            }
        }
        return try await commit(staged)
    }

    /// What to commit then in the place of `staged`.
    func seal(_ reason: MustSeal, _ staged: StagedBlob?) async throws -> StagedBlob? {
        switch reason {
        case .present(let blob):
            try await seal(blob)
            return staged
        case .staged:
            guard let staged else { preconditionFailure("a commit without a body waits for one") }
            return try await sealed(staged)
        }
    }

    /// Returns when the blob is sealed, for everyone who has it. A blob that is not here is the caller's trouble.
    func seal(_ blob: BlobID) async throws {
        guard let entry = try await entry(of: blob), !entry.record.bytes.isSealed else { return }
        let size = entry.record.sizeBytes
        let staging = try await stage(
            HashPlan(sha512: entry.record.sha512 != nil, isSealed: true), expectedBytes: size)
        try await staging.write(allOf: try await read(blob, range: 0..<size))
        let promise = BodyPromise(sizeBytes: size, digests: [ContentDigest(blob)])
        do {
            _ = try await keep(try await staging.finish(promise))
        } catch let error as StorageError
            where [.digestMismatch, .sizeMismatch].contains(error.code)
        {
            // Known as damaged, it is fetched from elsewhere; otherwise whoever needs it sealed would try for ever.
            _ = try await committer.queue.submit(
                MarkDamaged(
                    blob: blob, finding: .whole(entry.record.bytes),
                    reason: "its bytes do not have its digest"))
            throw StorageError(.damaged, "blob \(blob) is damaged", cause: error)
        }
    }

    /// The same body, sealed.
    private func sealed(_ staged: StagedBlob) async throws -> StagedBlob {
        guard let content = ingest.content(of: staged) else {
            throw StorageError(.invalidArgument, "the body was not staged here")
        }
        let staging = try await stage(
            HashPlan(
                sha256: content.blob != nil, sha512: staged.sha512 != nil, isSealed: true),
            expectedBytes: content.sizeBytes)
        let bytes = StoredBytes(content.form)
        try await staging.write(
            allOf: try await source(bytes, 0..<content.sizeBytes, of: nil))
        // The chunks stay for as long as the body that they were staged as.
        defer { withExtendedLifetime(staged) {} }
        return try await staging.finish(
            BodyPromise(
                sizeBytes: content.sizeBytes,
                digests: content.blob.map { [ContentDigest($0)] } ?? []))
    }
}

extension BlobStaging {
    /// Takes everything that the source gives.
    fileprivate func write(allOf source: any SegmentSource) async throws {
        while let segment = try await source.next() {
            var bytes = ByteBuffer()
            try segment.append(to: &bytes)
            try await write(bytes)
        }
    }
}

// The digest of a body that parts make, and the parts as those see them who hash: the follower hashes
// stored parts while they arrive, so that completing an upload finds its digest known.

internal import ChunkFiles
internal import Journal
internal import Logging
internal import Storage

extension DurableStore {
    /// A part is durable: its bytes may be hashed ahead. `identity` is what a stored part alone hashes to,
    /// where its sender promised that. A part that was copied is hashed ahead only where it is a whole
    /// blob, whose hash is often known; other copies mostly turn out to be a whole blob together, whose
    /// bytes nobody has to look at.
    func follow(_ record: PartRecord, identity: BlobID? = nil) async {
        do {
            if case .copied(let blob, let offset) = record.source {
                let size = try await entry(of: blob)?.record.sizeBytes
                guard offset == 0, size == record.part.sizeBytes else { return }
            }
            follower.follow(try await followed(record, identity), of: record.upload)
        } catch {
            // The part is durable; who completes the upload meets the reason, and can say so.
            logger.debug("a part is not hashed ahead", metadata: ["error": "\(error)"])
        }
    }

    /// What the parts hash to together, compared with what was promised of them.
    func hashed(
        _ parts: [PartRecord], of upload: UploadID, as body: AssembledBody, _ promise: BodyPromise
    ) async throws -> HashedBody {
        let plan = HashPlan(
            sha512: promise.digests.contains { $0.algorithm == .sha512 },
            checksums: Set(promise.checksums.keys))
        let isFollowed = !plan.sha512 && plan.checksums.isEmpty
        var hashed: HashedBody
        if case .present(let blob) = body.form, isFollowed {
            hashed = HashedBody(blob: blob, sizeBytes: body.sizeBytes)
        } else {
            var stretches: [FollowedPart] = []
            for part in parts { stretches.append(try await followed(part)) }
            if isFollowed {
                let blob = try await follower.digest(of: stretches, in: upload)
                hashed = HashedBody(blob: blob, sizeBytes: body.sizeBytes)
            } else {
                hashed = try await follower.hashed(stretches, plan: plan)
            }
        }
        try hashed.check(promise)
        return hashed
    }

    private func followed(
        _ record: PartRecord, _ identity: BlobID? = nil
    ) async throws -> FollowedPart {
        switch record.source {
        case .stored(let bytes):
            return FollowedPart(
                number: record.part.number, form: StoredForm(bytes), identity: identity)
        case .copied(let blob, let offset):
            guard let entry = try await entry(of: blob) else {
                throw StorageError(.noSuchBlob, "blob \(blob) is not here any more")
            }
            let isWhole = offset == 0 && record.part.sizeBytes == entry.record.sizeBytes
            return FollowedPart(
                number: record.part.number, form: StoredForm(entry.record.bytes),
                range: offset..<offset + record.part.sizeBytes, identity: isWhole ? blob : nil)
        }
    }
}

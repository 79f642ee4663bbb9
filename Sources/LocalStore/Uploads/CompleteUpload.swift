// How an upload becomes an object. The order is what makes it safe to be interrupted and repeated:
//  1. the parts that the client names are looked up and compared with what it says of them
//  2. their chunks make a body by reference, edges are copied and synced
//  3. the digest is known, or computed, and compared with what was promised
//  4. the committer sees that the session is open, that the parts are the ones of step 1, and that every
//     blob they were copied from is still the one that was looked at; then blob, object and the end of the
//     session are one batch
// All of it is one look-up, so that no chunk that step 1 found goes before step 4, whatever ends the session.
// A part that was replaced meanwhile sends it back to step 1. A session that has ended answers the same
// list of parts as it did the first time.

internal import Checksums
internal import Journal
internal import MetadataIndex
package import Storage

extension DurableStore {
    package func complete(
        _ id: UploadID, of name: ObjectName, _ completion: Completion
    ) async throws -> ObjectVersion {
        let ended = try await complete(id, of: name, completion, asObject: true)
        guard case .object(let version) = ended else {
            throw StorageError(.noSuchUpload, "upload \(id) of \(name) did not end as an object")
        }
        return version
    }

    package func completeBlob(
        _ id: UploadID, of name: ObjectName, _ completion: Completion
    ) async throws -> BlobInfo {
        let ended = try await complete(id, of: name, completion, asObject: false)
        guard case .blob(let info) = ended else {
            throw StorageError(.noSuchUpload, "upload \(id) of \(name) did not end as a blob")
        }
        return info
    }

    private func complete(
        _ id: UploadID, of name: ObjectName, _ completion: Completion, asObject: Bool
    ) async throws -> CommitUpload.Ended {
        let list = PartList.identity(completion.parts)
        var isToBeSealed = false
        // A client that replaces parts while it completes gets the refusal it asked for.
        for _ in 0..<3 {
            guard let upload = try await session(id) else {
                return try await committer.queue.submit(
                    RecallUpload(id: id, name: name, list: list))
            }
            _ = try Optional(upload).required(id, of: name)
            let isSealed = upload.isSealed || isToBeSealed
            let ended: CommitUpload.Ended?
            do {
                ended = try await lookups.during {
                    let commit = try await prepare(
                        upload, completion, list, asObject: asObject, isSealed: isSealed)
                    return try await committer.queue.submit(commit)
                }
            } catch let error as StorageError {
                guard let reason = error.mustSeal else { throw error }
                if case .present(let blob) = reason { try await seal(blob) }
                isToBeSealed = true
                continue
            }
            guard let ended else { continue }
            follower.forget(id)
            return ended
        }
        throw StorageError(.invalidPart, "parts were replaced while the upload was completed")
    }

    private func prepare(
        _ upload: Upload, _ completion: Completion, _ list: BlobID, asObject: Bool,
        isSealed: Bool
    ) async throws -> CommitUpload {
        let limit = MultipartRules.partNumbers.upperBound
        let present = try await partRecords(of: upload.id, after: 0, limit: limit)
        let byNumber = Dictionary(present.map { ($0.part.number, $0) }) { _, last in last }
        let named = try MultipartRules.select(completion, from: byNumber.mapValues(\.part))
        let parts = named.compactMap { byNumber[$0.number] }
        try await requireIntact(parts)
        let body = try await AssembleBody(store: self, parts: parts, isSealed: isSealed).run()
        let hashed = try await hashed(parts, of: upload.id, as: body, completion.promise)
        guard let blob = hashed.blob else { preconditionFailure("SHA-256 is always computed") }
        try await prefetch([KeySchema.blob(blob)] + Self.keys(of: upload.name))
        return CommitUpload(
            upload: upload, parts: parts, body: body,
            record: body.record(blob, sha512: hashed.sha512), blob: blob,
            conditions: completion.preconditions, list: list, asObject: asObject)
    }
}

extension AssembledBody {
    /// The record that makes the body a blob; `nil` where it is one already.
    fileprivate func record(_ blob: BlobID, sha512: [UInt8]?) -> BlobRecord? {
        guard case .stored(let bytes) = form else { return nil }
        return BlobRecord(blob: blob, sizeBytes: sizeBytes, bytes: bytes, sha512: sha512)
    }
}

/// The list of parts that a client named, by one value.
enum PartList {
    static func identity(_ parts: [CompletedPart]) -> BlobID {
        let hasher = MessageDigest(.sha256)
        for part in parts {
            var line = "\(part.number) \(part.etag)"
            for (algorithm, value) in part.checksums.sorted(by: {
                $0.key.rawValue < $1.key.rawValue
            }) {
                line += " \(algorithm.rawValue):\(Hexadecimal.encode(value))"
            }
            hasher.update(Array((line + "\n").utf8))
        }
        guard let identity = BlobID(bytes: hasher.finish()) else {
            preconditionFailure("a SHA-256 has 32 bytes")
        }
        return identity
    }
}

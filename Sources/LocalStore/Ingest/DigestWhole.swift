// The digest of a whole multipart body, when it is completed.

internal import Checksums
package import Storage

extension DigestFollower {
    /// The SHA-256 of exactly these parts, in this order. Quick where they were followed; hashes the rest
    /// otherwise. Throws `damaged`, or `inputOutput`, where a part cannot be read.
    package func digest(
        of parts: [FollowedPart], in upload: UploadID
    ) async throws -> BlobID {
        let progress = await claim(upload, for: parts.map(\.key))
        defer { unclaim(upload) }
        var digest: MessageDigest? = progress.parts > 0 ? progress.digest : nil
        var partial = progress.partial
        for part in parts.dropFirst(progress.parts) {
            var work =
                partial ?? PartInProgress(part: part, after: digest, recent: recent)
            partial = nil
            repeat { work = try await advanced(work) } while !work.isDone
            digest = work.digest
        }
        let whole = digest ?? MessageDigest(.sha256)
        let end = whole.copy()
        guard let blob = BlobID(bytes: whole.finish()) else {
            preconditionFailure("SHA-256 has 32 bytes")
        }
        recent.remember(end, of: blob)
        return blob
    }

    /// Whatever a plan asks for of exactly these parts, in this order, by reading all of them: for the
    /// promises that are not followed.
    package func hashed(_ parts: [FollowedPart], plan: HashPlan) async throws -> HashedBody {
        let (main, md5) = (HashTrain(plan: plan), HashTrain(md5: plan.md5))
        for part in parts {
            var rest = PartBytes(part)
            while !rest.isEmpty {
                rest = try await reads.pool.run { [rest, reads, limits] in
                    var rest = rest
                    _ = try rest.read(limits.stepBytes, from: reads) { bytes in
                        main.update(bytes)
                        md5.update(bytes)
                    }
                    return rest
                }
            }
        }
        var body = HashedBody(blob: nil, sizeBytes: parts.reduce(0) { $0 + $1.sizeBytes })
        main.finish(into: &body)
        md5.finish(into: &body)
        return body
    }

    private func advanced(_ work: PartInProgress) async throws -> PartInProgress {
        let (advanced, bytes) = try await reads.pool.run { [reads, limits] in
            var work = work
            let bytes = try work.advance(limits.stepBytes, reads)
            return (work, bytes)
        }
        countLate(bytes)
        return advanced
    }
}

// The rules of multipart uploads that every store decides alike (Amazon S3, "Multipart upload
// overview" and CompleteMultipartUpload): which parts make the object, its ETag, its checksum.

internal import Checksums

package enum MultipartRules {
    package static let partNumbers = 1...10_000

    /// The parts that `completion` names, in its order, out of those that are there. Throws
    /// `invalidPartOrder` unless numbers ascend, `invalidPart` for a part that is not there or has
    /// another ETag or checksum, `partTooSmall` for a small part before the last.
    package static func select(
        _ completion: Completion, from parts: [Int: UploadPart]
    ) throws(StorageError) -> [UploadPart] {
        guard !completion.parts.isEmpty else {
            throw StorageError(.invalidArgument, "an upload is completed with at least one part")
        }
        var selected: [UploadPart] = []
        for named in completion.parts {
            if let last = selected.last, named.number <= last.number {
                throw StorageError(.invalidPartOrder, "part numbers must ascend")
            }
            guard let part = parts[named.number], matches(named, part) else {
                throw StorageError(
                    .invalidPart,
                    "part \(named.number) was not uploaded, or its ETag or checksum is another")
            }
            selected.append(part)
        }
        try checkSizes(selected, least: completion.leastPartBytes)
        return selected
    }

    /// `<MD5 of the parts' MD5s>-<number of parts>`.
    package static func etag(of parts: [UploadPart]) -> String {
        let hasher = MessageDigest(.md5)
        for part in parts { hasher.update(Hexadecimal.decode(part.etag) ?? Array(part.etag.utf8)) }
        return Hexadecimal.encode(hasher.finish()) + "-\(parts.count)"
    }

    /// The ETag of a body that came in one piece and without its MD5: in the form of one part, which no tool
    /// takes for an MD5.
    package static func etag(ofWhole blob: BlobID) -> String {
        Hexadecimal.encode(blob.bytes.prefix(HashAlgorithm.md5.byteCount)) + "-1"
    }

    /// The ETag of a part that refers to a range of a blob: nothing is read to make it.
    package static func etag(ofCopied blob: BlobID, range: Range<UInt64>) -> String {
        let text = "\(blob),\(range.lowerBound),\(range.upperBound - range.lowerBound)"
        let hasher = MessageDigest(.md5)
        hasher.update(Array(text.utf8))
        return Hexadecimal.encode(hasher.finish())
    }

    /// The object's checksum out of its parts'; `nil` where the session chose none, or where a part
    /// (one copied by reference) has none.
    package static func checksum(of parts: [UploadPart], upload: Upload) -> ObjectChecksum? {
        guard let algorithm = upload.checksumAlgorithm else { return nil }
        let values = parts.compactMap { $0.checksums[algorithm] }
        guard values.count == parts.count else { return nil }
        switch upload.checksumKind ?? algorithm.defaultMultipartKind {
        case .composite:
            let hasher = ChecksumHasher(algorithm.kind)
            for value in values { hasher.update(value) }
            return ObjectChecksum(algorithm: algorithm, kind: .composite, bytes: hasher.finish())
        case .fullObject:
            var whole: [UInt8]? = values.first
            for (value, part) in zip(values, parts).dropFirst() {
                whole = whole.flatMap {
                    algorithm.kind.combine($0, value, secondLengthBytes: part.sizeBytes)
                }
            }
            return whole.map { ObjectChecksum(algorithm: algorithm, kind: .fullObject, bytes: $0) }
        }
    }

    private static func matches(_ named: CompletedPart, _ part: UploadPart) -> Bool {
        named.etag == part.etag
            && named.checksums.allSatisfy { part.checksums[$0.key] == $0.value }
    }

    private static func checkSizes(
        _ parts: [UploadPart], least: UInt64
    ) throws(StorageError) {
        guard let small = parts.dropLast().first(where: { $0.sizeBytes < least }) else { return }
        throw StorageError(
            .partTooSmall,
            "part \(small.number) has \(small.sizeBytes) bytes; all but the last need \(least)")
    }
}

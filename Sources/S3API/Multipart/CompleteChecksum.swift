// The checksum of the whole object that a client may send with a Complete, and the type it says it has.

internal import HTTPTypes
internal import Storage

struct CompleteChecksum: Sendable {
    private let announced: ChecksumAnnouncement?
    private let kind: ObjectChecksum.Kind?
    /// What is announced is that of parts.
    private let isComposite: Bool

    /// `nil` where the client promises nothing.
    init?(_ fields: HTTPFields, parts: Int) throws(S3Error) {
        kind = try fields[.checksumType].map { text throws(S3Error) in
            try ObjectChecksum.Kind(wireName: text)
        }
        let (digests, isComposite) = try Self.withoutPartCounts(fields, parts: parts)
        self.isComposite = isComposite
        announced = try ChecksumAnnouncement(digests)
        if announced == nil, kind == nil { return nil }
    }

    /// The completion with what the store must check; what follows from the parts is checked here. Throws
    /// `BadDigest`, also for another type than the session's, and `InvalidRequest` for another algorithm.
    func applied(
        to completion: Completion, _ id: UploadID, of name: ObjectName,
        in uploads: any UploadStore
    ) async throws -> Completion {
        let upload: Upload
        do {
            upload = try await uploads.upload(id, of: name)
        } catch let error as StorageError where error.code == .noSuchUpload {
            // It may have been completed before; the store knows whether by this very list.
            return completion
        }
        if let kind, kind != upload.checksumKind ?? upload.checksumAlgorithm?.defaultMultipartKind {
            throw S3Error(
                .badDigest,
                "The upload was created using another checksum type than \(kind.wireName).")
        }
        if isComposite, upload.checksumKind == .fullObject {
            throw S3Error(.badDigest, "The checksum of a whole object counts no parts.")
        }
        guard let announced, case .header(let bytes) = announced.value else { return completion }
        let parts = try await Self.allParts(of: id, name, in: uploads)
        let selected = try MultipartRules.select(completion, from: parts)
        var completion = completion
        guard let computed = MultipartRules.checksum(of: selected, upload: upload),
            computed.algorithm == announced.algorithm
        else {
            completion.promise.checksums[announced.algorithm] = bytes
            return completion
        }
        guard computed.bytes == bytes else {
            throw S3Error(
                .badDigest,
                "The \(announced.algorithm.wireName) you specified did not match the"
                    + " calculated checksum.")
        }
        return completion
    }

    private static func allParts(
        of id: UploadID, _ name: ObjectName, in uploads: any UploadStore
    ) async throws -> [Int: UploadPart] {
        var result: [Int: UploadPart] = [:]
        var after = 0
        while true {
            let page = try await uploads.parts(of: id, name, after: after, limit: 1000)
            for part in page.parts { result[part.number] = part }
            guard page.isTruncated, let last = page.parts.last else { return result }
            after = last.number
        }
    }

    /// A composite checksum is written `<base64>-<parts>`.
    private static func withoutPartCounts(
        _ fields: HTTPFields, parts: Int
    ) throws(S3Error) -> (HTTPFields, isComposite: Bool) {
        var result = fields
        var isComposite = false
        for algorithm in ChecksumAlgorithm.allCases {
            guard let text = fields[algorithm.headerName], let hyphen = text.lastIndex(of: "-")
            else { continue }
            guard text[text.index(after: hyphen)...] == String(parts) else {
                throw S3Error(
                    .invalidRequest,
                    "Value for \(algorithm.headerName.canonicalName) header is invalid.")
            }
            result[algorithm.headerName] = String(text[..<hyphen])
            isComposite = true
        }
        return (result, isComposite)
    }
}

// DeleteObjects: up to a thousand keys in one durable group, each with its own outcome.

internal import Access
internal import HTTPServer
internal import HTTPTypes
internal import NIOCore
internal import Storage

extension S3Handler {
    func deleteObjects(_ request: S3Request) async throws -> ServerResponse {
        let bucket = try request.bucket
        let checksum = try ChecksumAnnouncement(request.fields)
        guard checksum != nil || request.fields.contains(.contentMD5) else {
            throw S3Error(
                .invalidRequest,
                "Missing required header for this request: Content-MD5 OR x-amz-checksum-*")
        }
        guard try await buckets.bucket(bucket) != nil else { throw S3Error.noSuchBucket(bucket) }
        let body = try await request.document(
            limitBytes: request.limits.deleteDocumentBytes, checksum: checksum)
        let document = try DeleteDocument(body, limits: request.limits)
        let outcomes = try await delete(document.items, in: bucket, for: request)
        let answer = XMLWriter.document("DeleteResult", capacity: 64 * outcomes.count + 256) {
            for (item, outcome) in zip(document.items, outcomes) {
                switch outcome {
                case .failure(let error): item.write(error, to: &$0)
                case .success(let deletion):
                    if !document.isQuiet { item.write(deletion, to: &$0) }
                }
            }
        }
        return .document(answer)
    }

    /// What becomes of each item.
    private func delete(
        _ items: [DeleteDocument.Item], in bucket: String, for request: S3Request
    ) async throws -> [Result<Deletion, S3Error>] {
        let isVersioned = try await versioning.value(of: bucket) != nil
        let wanted = items.map { item in
            Result { () throws(S3Error) in try item.mutation(in: bucket, for: request) }
        }
        let accepted = wanted.compactMap { try? $0.get() }
        var results = await objects.commit(accepted.map(\.mutation))[...]
        return wanted.map { wanted in
            wanted.flatMap { wanted in
                guard let result = results.popFirst() else {
                    preconditionFailure("\(accepted.count) mutations, fewer answers")
                }
                return result.mapError(S3Error.init).map { committed in
                    Deletion(of: wanted.id, committed: committed, isVersioned: isVersioned)
                }
            }
        }
    }
}

/// The body of a DeleteObjects.
struct DeleteDocument: Sendable {
    struct Item: Sendable {
        let key: String
        let versionID: String?
        let etag: String?
        /// Conditions that are not offered.
        let hasOtherConditions: Bool
    }

    let items: [Item]
    let isQuiet: Bool

    init(_ bytes: ByteBuffer, limits: S3Limits) throws(S3Error) {
        // The root, Quiet, and an Object with its five children for each key.
        let root = try XMLElement.parse(
            bytes, root: "Delete", depth: limits.documentDepth,
            elements: 2 + 6 * limits.deletedKeys)
        try root.expectChildren(["Object", "Quiet"], repeated: ["Object"])
        switch root.child("Quiet")?.trimmedText {
        case nil, "false", "": isQuiet = false
        case "true": isQuiet = true
        default: throw .malformedXML
        }
        let objects = root.children.filter { $0.name == "Object" }
        guard (1...limits.deletedKeys).contains(objects.count) else { throw .malformedXML }
        items = try objects.map { element throws(S3Error) in
            try element.expectChildren(["Key", "VersionId", "ETag", "LastModifiedTime", "Size"])
            guard let key = try element.child("Key")?.leafText(), !key.isEmpty else {
                throw .malformedXML
            }
            return Item(
                key: key, versionID: element.child("VersionId")?.trimmedText,
                etag: element.child("ETag")?.trimmedText,
                hasOtherConditions: element.child("LastModifiedTime") != nil
                    || element.child("Size") != nil)
        }
    }
}

extension DeleteDocument.Item {
    /// What deletes it, and the version that it names. Throws where it is refused.
    fileprivate func mutation(
        in bucket: String, for request: S3Request
    ) throws(S3Error) -> (mutation: ObjectMutation, id: VersionID?) {
        do {
            try request.principal.require(.delete, bucket: bucket, key: ObjectKey(key))
            // As for the conditions of a request's head.
            if etag != nil {
                try request.principal.require(.read, bucket: bucket, key: ObjectKey(key))
            }
        } catch {
            throw S3Error(error)
        }
        if hasOtherConditions { throw .notImplemented("A condition on time or size") }
        if key.utf8.count > request.limits.keyBytes {
            throw S3Error(.keyTooLong, "Your key is too long.")
        }
        let name = ObjectName(bucket: bucket, key: ObjectKey(key))
        let conditions = Preconditions(ifMatch: etag.map(ETags.parse))
        guard let versionID, !versionID.isEmpty else { return (.delete(name, conditions), nil) }
        let id = try VersionID(asked: versionID, by: "VersionId")
        return (.purge(name, id, conditions), id)
    }

    fileprivate func write(_ error: S3Error, to writer: inout XMLWriter) {
        writer.element("Error") {
            $0.element("Key", key)
            $0.element("VersionId", ifPresent: versionID)
            $0.element("Code", error.code.rawValue)
            $0.element("Message", error.message)
        }
    }

    fileprivate func write(_ deletion: Deletion, to writer: inout XMLWriter) {
        writer.element("Deleted") {
            $0.element("Key", key)
            $0.element("VersionId", ifPresent: versionID)
            guard deletion.isMarker else { return }
            $0.element("DeleteMarker", true)
            $0.element("DeleteMarkerVersionId", ifPresent: deletion.versionID)
        }
    }
}

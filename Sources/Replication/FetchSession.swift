// The fetch of a large blob: an upload session of this region's own, `-system/local/fetch/<digest>`, whose
// parts are durable as they come, so that a fetch that was cut off, also by a crash, goes on behind the
// last whole part. One stream from the peer; while a part is being synced, the next one arrives.
// The digest of the whole is compared when the session is completed; on a mismatch the session is
// dropped, and the peer is to blame if all of its parts came from it.

internal import NIOCore
internal import Storage

struct FetchSession: Sendable {
    static let prefix = "local/fetch/"
    private static let sourceField = "source"

    let blob: BlobID
    let sizeBytes: UInt64
    let peer: String
    let transport: any RegionTransport
    let stores: ReplicationStores
    let limits: ReplicationLimits
    let progress: @Sendable (UInt64) -> Void

    private var name: ObjectName { Settings.name(Self.prefix + blob.hex) }

    func run() async throws {
        let upload = try await open()
        let kept = try await parts(of: upload.id)
        var parts = kept
        let offset = UInt64(kept.count) * limits.partBytes
        if offset < sizeBytes { parts += try await receive(from: offset, into: upload) }
        do {
            _ = try await stores.uploads.completeBlob(
                upload.id, of: name,
                Completion(
                    parts: parts.map { CompletedPart(number: $0.number, etag: $0.etag) },
                    promise: BodyPromise(sizeBytes: sizeBytes, digests: [ContentDigest(blob)]),
                    leastPartBytes: 0))
        } catch let error as StorageError where error.code.isOfWrongBytes {
            try await stores.uploads.abort(upload.id, of: name)
            let source = upload.userMetadata.first { $0.name == Self.sourceField }?.value
            throw FetchFailure.wrongBytes(
                message: error.message, isSourceToBlame: kept.isEmpty || source == peer)
        }
    }

    /// The session that an earlier attempt left, or a new one. Leftovers beside it are dropped, and so is one whose
    /// parts lie in the clear and may not any more.
    private func open() async throws -> Upload {
        let isSealed = try await stores.blobs.isToBeSealed(blob)
        let page = try await stores.uploads.uploads(
            UploadListRequest(bucket: name.bucket, prefix: name.key))
        var found: Upload?
        for case .upload(let upload) in page.entries where upload.name == name {
            if found == nil, upload.isSealed || !isSealed {
                found = upload
            } else {
                try await stores.uploads.abort(upload.id, of: name)
            }
        }
        if let found { return found }
        return try await stores.uploads.create(
            Upload(
                id: UploadID(""), name: name, initiatedMilliseconds: 0,
                userMetadata: [MetadataField(name: Self.sourceField, value: peer)],
                isSealed: isSealed))
    }

    /// The whole parts from the beginning on that an earlier attempt left.
    private func parts(of id: UploadID) async throws -> [UploadPart] {
        var whole: [UploadPart] = []
        while true {
            let page = try await stores.uploads.parts(
                of: id, name, after: whole.last?.number ?? 0, limit: 1000)
            for part in page.parts {
                let isNext = part.number == whole.count + 1
                guard isNext, part.sizeBytes == partBytes(part.number) else { return whole }
                whole.append(part)
            }
            guard page.isTruncated else { return whole }
        }
    }

    /// The size of the part of that number: all are of one size, but for the last.
    private func partBytes(_ number: Int) -> UInt64 {
        let start = UInt64(number - 1) * limits.partBytes
        return start < sizeBytes ? min(limits.partBytes, sizeBytes - start) : 0
    }

    private func receive(from offset: UInt64, into upload: Upload) async throws -> [UploadPart] {
        var body = BodyReader(try await transport.read(blob, range: offset..<sizeBytes))
        let first = Int(offset / limits.partBytes) + 1
        let last = Int((sizeBytes - 1) / limits.partBytes) + 1
        return try await withThrowingTaskGroup(of: UploadPart.self) { group in
            var parts: [UploadPart] = []
            for number in first...last {
                let staging = try await stage(number, from: &body, isSealed: upload.isSealed)
                if number - first >= limits.partsInFlight, let part = try await group.next() {
                    parts.append(part)
                }
                group.addTask { try await finish(staging, upload.id, number) }
            }
            for try await part in group { parts.append(part) }
            return parts.sorted { $0.number < $1.number }
        }
    }

    private func stage(
        _ number: Int, from body: inout BodyReader, isSealed: Bool
    ) async throws -> any BlobStaging {
        let size = partBytes(number)
        let staging = try await stores.blobs.stage(
            HashPlan(sha256: false, isSealed: isSealed), expectedBytes: size)
        var left = size
        while left > 0 {
            guard let bytes = try await body.next(atMost: Int(clamping: left)) else {
                throw FetchFailure.wrongBytes(
                    message: "the bytes of \(blob) ended early", isSourceToBlame: true)
            }
            try await staging.write(bytes)
            left -= UInt64(bytes.readableBytes)
        }
        progress(UInt64(number - 1) * limits.partBytes + size)
        return staging
    }

    private func finish(
        _ staging: any BlobStaging, _ id: UploadID, _ number: Int
    ) async throws -> UploadPart {
        let staged = try await staging.finish(BodyPromise(sizeBytes: partBytes(number)))
        return try await stores.uploads.putPart(id, of: name, number: number, staged: staged)
    }
}

/// A body that is cut where parts end, without a copy.
private struct BodyReader {
    private let source: any ByteSource
    private var rest = ByteBuffer()

    init(_ source: any ByteSource) { self.source = source }

    /// Some bytes, no more than `limit`; `nil` at the end.
    mutating func next(atMost limit: Int) async throws -> ByteBuffer? {
        while rest.readableBytes == 0 {
            guard let bytes = try await source.next() else { return nil }
            rest = bytes
        }
        return rest.readSlice(length: min(limit, rest.readableBytes))
    }
}

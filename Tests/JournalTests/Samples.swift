// One record of every type, with every field set: what the golden file holds.

import Checksums
import Journal
import Storage

enum Samples {
    static let region = RegionID(0x1122_3344_5566_7788)
    static let manifest = JournalManifest(region: region, generation: 1, salt: 0x5a17)
    static let laterManifest = JournalManifest(
        region: region, generation: 8, firstSequence: 4711, salt: 0x5a18,
        predecessor: JournalManifest.Predecessor(
            generation: 7, sequence: 4711, here: 5000, deadBytes: 1 << 30))
    static let other = RegionID(0x99aa_bbcc_ddee_ff00)
    static let version = Version(
        stamp: HybridTimestamp(milliseconds: 1_700_000_000_000, counter: 7), region: region)
    static let name = ObjectName(bucket: "images", key: ObjectKey(bytes: [0x61, 0, 0xff, 0x2f]))

    static func blob(_ seed: UInt8) -> BlobID {
        guard let blob = BlobID(bytes: (0..<32).map { $0 &+ seed }) else {
            preconditionFailure("32 bytes make a digest")
        }
        return blob
    }

    static let chunks = [
        ChunkRecord(file: 3, offsetBytes: 64, lengthBytes: 1 << 20, crc32c: 0xdead_beef),
        ChunkRecord(file: 4, offsetBytes: 1 << 33, lengthBytes: 5, crc32c: 1),
    ]

    static let headers = ContentHeaders(
        contentType: "application/vnd.oci.image.manifest.v1+json", contentEncoding: "gzip",
        contentLanguage: "la", contentDisposition: "inline", cacheControl: "no-cache",
        expires: "never")

    static let content = ObjectContent(
        blob: blob(1), sizeBytes: 1_048_581, lastModifiedMilliseconds: -5,
        etag: "d41d8cd98f00b204e9800998ecf8427e-2", headers: headers,
        checksum: ObjectChecksum(algorithm: .crc64nvme, kind: .fullObject, bytes: [8, 7, 6]),
        partSizes: [1 << 20, 5],
        userMetadata: [
            MetadataField(name: "mtime", value: "1"), MetadataField(name: "", value: "ü"),
        ],
        tags: [MetadataField(name: "keep", value: "")],
        writer: Writer(principal: "robot", requestID: "4711"))

    static let upload = Upload(
        id: UploadID("00ff"), name: name, initiatedMilliseconds: 1_700_000_000_001,
        headers: headers, userMetadata: content.userMetadata, tags: content.tags,
        checksumAlgorithm: .sha256, checksumKind: .composite, writer: content.writer)

    static let part = UploadPart(
        number: 10_000, sizeBytes: 1_048_581, etag: "e", lastModifiedMilliseconds: 9,
        checksums: [.crc32: [1, 2, 3, 4], .sha1: [5]])

    static let records: [JournalRecord] = [
        .blob(
            BlobRecord(
                blob: blob(1), sizeBytes: 1_048_581, bytes: .chunks(chunks),
                sha512: Array(repeating: 5, count: 64))),
        .blob(BlobRecord(blob: blob(2), sizeBytes: 3, bytes: .inline([1, 2, 3]))),
        .blobState(BlobStateRecord(blob: blob(3), change: .dropped)),
        .blobState(BlobStateRecord(blob: blob(3), change: .damaged)),
        .blobState(BlobStateRecord(blob: blob(3), change: .mended)),
        .chunkMoved(ChunkMovedRecord(chunk: chunks[0], nowFile: 9, nowOffsetBytes: 128)),
        .fileRetired(3),
        .object(
            ObjectVersion(
                name: name, version: version,
                position: FeedPosition(incarnation: 1_700_000_000_002, number: 12),
                kind: .put(content), state: .pending)),
        .object(
            ObjectVersion(
                name: name, version: version, position: nil, kind: .tombstone, state: .published)),
        .object(
            ObjectVersion(
                name: name, version: version, position: nil,
                kind: .purge(Version(stamp: HybridTimestamp(rawValue: 1), region: other)),
                state: .published)),
        .upload(upload),
        .part(PartRecord(upload: upload.id, part: part, source: .stored(.chunks(chunks)))),
        .part(
            PartRecord(
                upload: upload.id, part: part, source: .copied(blob(1), offsetBytes: 77))),
        .uploadEnded(
            UploadEndedRecord(
                upload: upload.id, name: name, outcome: .aborted, endedMilliseconds: 3)),
        .uploadEnded(
            UploadEndedRecord(
                upload: upload.id, name: name, outcome: .object(version, list: blob(4)),
                endedMilliseconds: 3)),
        .uploadEnded(
            UploadEndedRecord(
                upload: upload.id, name: name, outcome: .blob(blob(5), list: blob(4)),
                endedMilliseconds: 3)),
        .incarnation(IncarnationRecord(region: region, incarnation: 1_700, firstNumber: 13)),
        .cursor(
            CursorRecord(
                origin: other, position: FeedPosition(incarnation: 5, number: 6),
                seen: FeedPosition(incarnation: 5, number: 6))),
        .receipt(
            ReceiptRecord(
                region: other, origin: region,
                through: FeedPosition(incarnation: 1_700, number: 13), atMilliseconds: 99)),
    ]

    /// What is said of bytes that are sealed.
    static let sealedRecords: [JournalRecord] = {
        var sealedContent = content
        sealedContent.isSealed = true
        var sealedUpload = upload
        sealedUpload.isSealed = true
        let sealedChunks = [
            chunks[0],
            ChunkRecord(
                file: 5, offsetBytes: 128, lengthBytes: (1 << 20) + 16, crc32c: 2, isSealed: true),
        ]
        let encoded = [1, 7] + [UInt8](repeating: 0, count: 7) + Array(1...31)
        guard let sealed = SealedBytes(encoded: encoded) else {
            preconditionFailure("a form, a key id, a nonce and a payload are sealed bytes")
        }
        return [
            .object(
                ObjectVersion(
                    name: name, version: version, position: nil, kind: .put(sealedContent),
                    state: .published)),
            .upload(sealedUpload),
            .blob(BlobRecord(blob: blob(6), sizeBytes: 3, bytes: .sealed(sealed))),
            .blob(BlobRecord(blob: blob(7), sizeBytes: 2 << 20, bytes: .chunks(sealedChunks))),
            .part(PartRecord(upload: upload.id, part: part, source: .stored(.sealed(sealed)))),
            .part(
                PartRecord(upload: upload.id, part: part, source: .stored(.chunks(sealedChunks)))),
            .blobState(
                BlobStateRecord(blob: blob(7), change: .damaged, chunks: [sealedChunks[1]])),
            .chunkMoved(
                ChunkMovedRecord(chunk: sealedChunks[1], nowFile: 9, nowOffsetBytes: 128)),
        ]
    }()

    /// What was added since the golden file of format 1 was written.
    static let laterRecords: [JournalRecord] = {
        var quarantined = content
        quarantined.quarantinedMilliseconds = 1_700_000_000_003
        return [
            .object(
                ObjectVersion(
                    name: name, version: version, position: nil, kind: .put(quarantined),
                    state: .published)),
            .object(
                ObjectVersion(
                    name: name, version: version, position: nil, kind: .put(content),
                    state: .published, keptUntilMilliseconds: 1_700_000_000_004)),
            .versionExpired(VersionReference(name: name, version: version)),
        ]
    }()

    /// Versions that clients know by an id, and purges of them.
    static let versionIDs: [JournalRecord] = {
        let target = Version(stamp: HybridTimestamp(rawValue: 7), region: other)
        let kinds: [(ObjectVersion.Kind, VersionID)] = [
            (.put(content), .stamp(version)), (.tombstone, .null), (.tombstone, .stamp(target)),
            (.purge(target), .stamp(target)), (.purge(target), .null),
        ]
        return kinds.map { kind, id in
            .object(
                ObjectVersion(
                    name: name, version: version, position: nil, kind: kind, state: .published,
                    versionID: id))
        }
    }()

    /// Where a dead chunk was moved to is forgotten: it is in file 0.
    static let forgottenMoves: [JournalRecord] = [
        .chunkMoved(
            ChunkMovedRecord(
                chunk: ChunkRecord(
                    file: 7, offsetBytes: 1 << 33, lengthBytes: 0, crc32c: 0), nowFile: 0,
                nowOffsetBytes: 0))
    ]

    /// What was seen of a feed behind its cursor.
    static let seenPlaces: [JournalRecord] = [
        .cursor(
            CursorRecord(
                origin: other, position: FeedPosition(incarnation: 5, number: 6),
                seen: FeedPosition(incarnation: 7, number: 8)))
    ]

    /// What generations brought.
    static let generationRecords: [JournalRecord] = [
        .watermark(
            WatermarkRecord(
                region: region, clock: version.stamp,
                feed: FeedPosition(incarnation: 1_700, number: 99), lastChunkFile: 12)),
        .register(RegisterRecord(name: name, register: register)),
        .register(RegisterRecord(name: name, register: ObjectRegister(), continues: true)),
    ]

    /// A purge, a tombstone, and a put that waits above it.
    private static var register: ObjectRegister {
        var register = ObjectRegister()
        let above = Version(stamp: version.stamp.successor, region: other)
        let purged = Version(stamp: HybridTimestamp(rawValue: 1), region: other)
        for (version, kind, state) in [
            (purged, .purge(purged), .published), (version, .tombstone, .published),
            (above, .put(content), .pending),
        ] as [(Version, ObjectVersion.Kind, ObjectVersion.State)] {
            register.insert(
                ObjectVersion(
                    name: name, version: version,
                    position: FeedPosition(incarnation: 1_700, number: 12), kind: kind,
                    state: state))
        }
        return register
    }
}

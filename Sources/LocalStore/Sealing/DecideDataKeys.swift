// What is decided of data keys: making one, and sealing all of them anew under another master key.

internal import Checksums
internal import Journal
internal import MetadataIndex
internal import Storage

/// Makes a data key, unless there is one of that path: of many who need one at the same time, one makes it.
struct MakeDataKey: Decision {
    let path: String
    let key: SealKey
    let masters: any MasterKeys

    func decide(_ context: inout CommitContext) throws(StorageError) -> SealKey {
        if let document = try context.smallContent(of: Settings.name(path)) {
            return try DataKeyDocument.decode(document, path: path, masters)
        }
        let document = DataKeyDocument.encode(key, under: try masters.current(), path: path)
        try context.recordSmall(document, of: Settings.name(path))
        return key
    }
}

/// Answers how many there are.
struct SealDataKeysAnew: Decision {
    let masters: any MasterKeys

    func decide(_ context: inout CommitContext) throws(StorageError) -> Int {
        let master = try masters.current()
        let start = KeySchema.shown(Settings.name(DataKeyDocument.prefix))
        let keys = try context.look { (index) throws(IndexError) in
            try index.keys(in: KeyRange(prefix: start))
        }
        var documents: [(path: String, document: [UInt8])] = []
        for key in keys.sorted(by: { $0.lexicographicallyPrecedes($1) }) {
            let path = KeySchema.objectKey(of: key, in: BucketName.system).string
            guard let document = try context.smallContent(of: Settings.name(path)) else { continue }
            let dataKey = try DataKeyDocument.decode(document, path: path, masters)
            documents.append((path, DataKeyDocument.encode(dataKey, under: master, path: path)))
        }
        // All of them can be opened: only now is anything recorded.
        for (path, document) in documents {
            try context.recordSmall(document, of: Settings.name(path))
        }
        return documents.count
    }
}

extension CommitContext {
    /// What a name shows, where it is so small that it rides in its record.
    func smallContent(of name: ObjectName) throws(StorageError) -> [UInt8]? {
        guard let content = try register(name).visible?.content,
            let bytes = try blob(content.blob)?.record.bytes
        else { return nil }
        return try keys.small(bytes)
    }

    mutating func recordSmall(
        _ bytes: [UInt8], of name: ObjectName
    ) throws(StorageError) {
        guard let blob = BlobID(bytes: MessageDigest.hash(.sha256, bytes)) else {
            preconditionFailure("SHA-256 has 32 bytes")
        }
        let size = UInt64(bytes.count)
        try recordBlob(BlobRecord(blob: blob, sizeBytes: size, bytes: .inline(bytes)))
        _ = try recordPut(
            ObjectContent(
                blob: blob, sizeBytes: size, lastModifiedMilliseconds: 0,
                etag: MultipartRules.etag(ofWhole: blob),
                headers: ContentHeaders(contentType: "application/octet-stream")),
            of: name)
    }
}

// The same bytes in the words of the chunk files and in those of the journal.

internal import ChunkFiles
internal import Journal
internal import Storage

extension StoredBytes {
    init(_ form: StoredForm) {
        switch form {
        case .inline(let bytes): self = .inline(bytes)
        case .sealed(let sealed): self = .sealed(sealed)
        case .chunks(let chunks): self = .chunks(chunks.map(ChunkRecord.init))
        }
    }
}

extension StoredForm {
    init(_ bytes: StoredBytes) {
        switch bytes {
        case .inline(let bytes): self = .inline(bytes)
        case .sealed(let sealed): self = .sealed(sealed)
        case .chunks(let chunks): self = .chunks(chunks.map(\.reference))
        }
    }
}

extension ChunkRecord {
    init(_ reference: ChunkReference) {
        self.init(
            file: reference.id.file, offsetBytes: reference.id.offsetBytes,
            lengthBytes: reference.lengthBytes, crc32c: reference.crc32c,
            isSealed: reference.isSealed)
    }

    var reference: ChunkReference {
        ChunkReference(
            id: ChunkID(file: file, offsetBytes: offsetBytes), lengthBytes: lengthBytes,
            crc32c: crc32c, isSealed: isSealed)
    }
}

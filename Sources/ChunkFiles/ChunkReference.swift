// How blob and part records name chunks. A chunk's id is the place where it was born, for ever; where it
// stands now differs only for chunks that were moved, and that is the index's knowledge.

/// A chunk's identity: the chunk file and the offset of the record in which it was born. Moving a chunk
/// keeps its id. Ordered by place of birth, which is the order of appending within a file.
package struct ChunkID: Hashable, Sendable, Comparable, CustomStringConvertible {
    package let file: UInt64
    /// Of the record's header, not of its payload.
    package let offsetBytes: UInt64

    package init(file: UInt64, offsetBytes: UInt64) {
        self.file = file
        self.offsetBytes = offsetBytes
    }

    package static func < (left: ChunkID, right: ChunkID) -> Bool {
        (left.file, left.offsetBytes) < (right.file, right.offsetBytes)
    }

    package var description: String { "\(file)@\(offsetBytes)" }
}

/// A chunk as a record names it: enough to read it and to prove what was read.
package struct ChunkReference: Hashable, Sendable {
    package let id: ChunkID
    /// Of the payload as stored: from 1, and where it is sealed longer by its tag than what it holds of a body.
    package let lengthBytes: UInt32
    /// Of the payload as stored.
    package let crc32c: UInt32
    /// Whether the payload is sealed; its header says how.
    package let isSealed: Bool

    package init(id: ChunkID, lengthBytes: UInt32, crc32c: UInt32, isSealed: Bool = false) {
        self.id = id
        self.lengthBytes = lengthBytes
        self.crc32c = crc32c
        self.isSealed = isSealed
    }

    /// What the chunk holds of a body: 1 to `ChunkFormat.payloadLimitBytes`.
    package var bodyBytes: UInt32 {
        guard isSealed else { return lengthBytes }
        let tagBytes = UInt32(ChunkFormat.sealTagBytes)
        return lengthBytes > tagBytes ? lengthBytes - tagBytes : 0
    }
}

/// How a payload is sealed: with AES-256-GCM, under a key of the store's and a nonce of its own, over the
/// associated data that `ChunkFormat` names.
package struct ChunkSeal: Hashable, Sendable {
    /// Not 0.
    package var keyID: UInt64
    /// Twelve bytes.
    package var nonce: [UInt8]

    package init(keyID: UInt64, nonce: [UInt8]) {
        self.keyID = keyID
        self.nonce = nonce
    }
}

/// A payload that passed its check, as it is stored.
package struct StoredPayload {
    package let bytes: UnsafeRawBufferPointer
    /// `nil`: in the clear.
    package let seal: ChunkSeal?
}

/// Where a chunk's record stands now.
package struct ChunkPlace: Hashable, Sendable {
    package let file: UInt64
    /// Of the record's header.
    package let offsetBytes: UInt64

    package init(file: UInt64, offsetBytes: UInt64) {
        self.file = file
        self.offsetBytes = offsetBytes
    }

    /// The place where the chunk was born.
    package init(_ id: ChunkID) {
        self.init(file: id.file, offsetBytes: id.offsetBytes)
    }
}

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
    /// Of the payload: 1 to `ChunkFormat.payloadLimitBytes`.
    package let lengthBytes: UInt32
    /// Of the payload as stored.
    package let crc32c: UInt32

    package init(id: ChunkID, lengthBytes: UInt32, crc32c: UInt32) {
        self.id = id
        self.lengthBytes = lengthBytes
        self.crc32c = crc32c
    }
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

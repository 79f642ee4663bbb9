// The manifest: which generation of the journal counts, where that begins, and how whoever followed the one
// before finds his place in it. `JournalDirectory` reads and switches it.

internal import Checksums
package import Storage

/// What the manifest says.
package struct JournalManifest: Hashable, Sendable {
    /// How this generation came out of an earlier one. It begins with all that was live when the earlier one
    /// had come to `sequence`; from its own `here` on it has the batches that the earlier one had from there.
    package struct Predecessor: Hashable, Sendable {
        package var generation: UInt64
        package var sequence: UInt64
        package var here: UInt64
        /// What the head of the index counted as dead at `sequence`, and is not in this generation.
        package var deadBytes: UInt64

        package init(generation: UInt64, sequence: UInt64, here: UInt64, deadBytes: UInt64) {
            self.generation = generation
            self.sequence = sequence
            self.here = here
            self.deadBytes = deadBytes
        }
    }

    /// The identity of the region whose journal this is, made with the data directory.
    package var region: RegionID
    package var generation: UInt64
    /// The sequence of the generation's first batch.
    package var firstSequence: UInt64
    /// Random, and told to nobody: see the format's *Place*.
    package var salt: UInt64
    package var predecessor: Predecessor?

    package init(
        region: RegionID, generation: UInt64, firstSequence: UInt64 = 1, salt: UInt64,
        predecessor: Predecessor? = nil
    ) {
        self.region = region
        self.generation = generation
        self.firstSequence = firstSequence
        self.salt = salt
        self.predecessor = predecessor
    }

    func place(file number: UInt64, offset: UInt64) -> BatchPlace {
        BatchPlace(salt: salt, generation: generation, number: number, offset: offset)
    }
}

extension JournalManifest {
    static let magic: [UInt8] = Array("HFMANIF1".utf8)

    func encode() -> [UInt8] {
        var writer = FieldWriter(reserving: 96)
        writer.number(1, region.value)
        writer.number(2, generation)
        writer.number(3, firstSequence)
        writer.number(4, salt)
        if let predecessor {
            writer.group(5) { group in
                group.number(1, predecessor.generation)
                group.number(2, predecessor.sequence)
                group.number(3, predecessor.here)
                group.number(4, predecessor.deadBytes, .ignorable)
            }
        }
        var bytes = Self.magic
        bytes.append(littleEndian: UInt32(writer.bytes.count))
        bytes.append(littleEndian: CRC32C.checksum(writer.bytes))
        return bytes + writer.bytes
    }

    /// `name` is the file's, for errors.
    static func decode(_ bytes: [UInt8], file name: String) throws(JournalError) -> JournalManifest
    {
        guard bytes.count >= 16, bytes.starts(with: magic) else {
            throw .noManifest("no manifest of a journal")
        }
        let body = bytes[16...]
        guard body.count == Int(bytes.littleEndian(UInt32.self, at: 8)) else {
            throw .noManifest("it is cut off")
        }
        guard bytes.littleEndian(UInt32.self, at: 12) == CRC32C.checksum(Array(body)) else {
            throw .noManifest("its checksum does not hold")
        }
        do throws(FieldError) {
            return try decode(fields: body)
        } catch {
            switch error {
            case .unknownCritical(let what): throw .incompatible(file: name, offset: 16, what)
            case .malformed(let what): throw .noManifest(what)
            }
        }
    }

    private static func decode(fields: ArraySlice<UInt8>) throws(FieldError) -> JournalManifest {
        var reader = FieldReader(fields, of: "manifest")
        var region: RegionID?
        var generation: UInt64?
        var firstSequence: UInt64?
        var salt: UInt64?
        var predecessor: Predecessor?
        while let field = try reader.next() {
            switch field.tag {
            case 1: region = try field.region()
            case 2: generation = try field.number()
            case 3: firstSequence = try field.number()
            case 4: salt = try field.number()
            case 5: predecessor = try Predecessor(field)
            default: try reader.passOver(field)
            }
        }
        guard let region, let generation, let firstSequence, let salt else {
            throw reader.missing("region, generation, first sequence or salt")
        }
        return JournalManifest(
            region: region, generation: generation, firstSequence: firstSequence, salt: salt,
            predecessor: predecessor)
    }
}

extension JournalManifest.Predecessor {
    fileprivate init(_ field: Field) throws(FieldError) {
        var reader = FieldReader(field.bytes, of: "the manifest's predecessor")
        var numbers: [UInt64: UInt64] = [:]
        while let field = try reader.next() {
            guard (1...4).contains(field.tag) else {
                try reader.passOver(field)
                continue
            }
            numbers[field.tag] = try field.number()
        }
        guard let generation = numbers[1], let sequence = numbers[2], let here = numbers[3] else {
            throw reader.missing("generation or sequence")
        }
        self.init(
            generation: generation, sequence: sequence, here: here, deadBytes: numbers[4] ?? 0)
    }
}

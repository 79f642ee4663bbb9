// Where the journal's files are, and the manifest that says which generation of them counts.
//
// The manifest is only ever replaced whole: written beside, synced, renamed over, directory synced. Files
// of other generations are what a switch left behind, and are removed at the next start.

internal import Checksums
package import DiskIO
package import Storage

/// What the manifest says.
package struct JournalManifest: Hashable, Sendable {
    /// The identity of the region whose journal this is, made with the data directory.
    package var region: RegionID
    package var generation: UInt64
    /// The sequence of the generation's first batch.
    package var firstSequence: UInt64
    /// Random, and told to nobody: see the format's *Place*.
    package var salt: UInt64

    package init(region: RegionID, generation: UInt64, firstSequence: UInt64 = 1, salt: UInt64) {
        self.region = region
        self.generation = generation
        self.firstSequence = firstSequence
        self.salt = salt
    }

    func place(file number: UInt64, offset: UInt64) -> BatchPlace {
        BatchPlace(salt: salt, generation: generation, number: number, offset: offset)
    }
}

package struct JournalDirectory: Sendable {
    static let manifestMagic: [UInt8] = Array("HFMANIF1".utf8)
    static let manifestName = "manifest"
    static let suffix = ".journal"

    let disk: any Disk
    package let path: String

    package init(disk: any Disk, path: String) {
        self.disk = disk
        self.path = path
    }

    /// `nil` in a directory that holds no journal yet.
    package func manifest() throws(JournalError) -> JournalManifest? {
        try onDisk { () throws(DiskError) in try disk.makeDirectory(path) }
        let file = path + "/" + Self.manifestName
        guard disk.exists(file) else {
            guard try names().isEmpty else { throw .noManifest("missing beside journal files") }
            return nil
        }
        return try decode(try contents(of: file))
    }

    /// Makes `manifest` the one that counts; durable on return.
    package func save(_ manifest: JournalManifest) throws(JournalError) {
        let bytes = encode(manifest)
        let temporary = path + "/" + Self.manifestName + ".new"
        try onDisk { () throws(DiskError) in
            if disk.exists(temporary) { try disk.remove(temporary) }
            let file = try disk.open(temporary, .create)
            try file.write(bytes, at: 0)
            try file.sync()
            try disk.rename(temporary, to: path + "/" + Self.manifestName)
            try disk.syncDirectory(path)
        }
    }

    /// Removes the files of generations that do not count. A generation that has no file while others have
    /// is one that was switched from: then the manifest is the old one, and nothing is removed.
    package func removeOthers(than generation: UInt64) throws(JournalError) {
        let names = try names()
        let others = names.filter { $0.place.generation != generation }
        guard others.isEmpty || others.count < names.count else {
            throw .noManifest("it names generation \(generation), of which there is no file")
        }
        var isChanged = false
        for (name, _) in others {
            try onDisk { () throws(DiskError) in try disk.remove(path + "/" + name) }
            isChanged = true
        }
        guard isChanged else { return }
        try onDisk { () throws(DiskError) in try disk.syncDirectory(path) }
    }

    /// Numbers of the files of a generation, ascending.
    func numbers(of generation: UInt64) throws(JournalError) -> [UInt64] {
        try names().filter { $0.place.generation == generation }.map(\.place.number).sorted()
    }

    static func name(_ generation: UInt64, _ number: UInt64) -> String {
        "\(generation)-\(number)" + suffix
    }

    func path(_ generation: UInt64, _ number: UInt64) -> String {
        path + "/" + Self.name(generation, number)
    }

    private typealias Place = (generation: UInt64, number: UInt64)

    private func names() throws(JournalError) -> [(name: String, place: Place)] {
        let entries = try onDisk { () throws(DiskError) in try disk.list(path) }
        return entries.compactMap { name in
            guard name.hasSuffix(Self.suffix) else { return nil }
            let numbers = name.dropLast(Self.suffix.utf8.count).split(separator: "-")
            guard numbers.count == 2, let generation = UInt64(numbers[0]),
                let number = UInt64(numbers[1])
            else { return nil }
            return (name, (generation, number))
        }
    }

    private func contents(of file: String) throws(JournalError) -> [UInt8] {
        try onDisk { () throws(DiskError) in
            // A manifest is well under a page.
            try disk.open(file, .read).read(4096, at: 0)
        }
    }

    private func encode(_ manifest: JournalManifest) -> [UInt8] {
        var writer = FieldWriter(reserving: 64)
        writer.number(1, manifest.region.value)
        writer.number(2, manifest.generation)
        writer.number(3, manifest.firstSequence)
        writer.number(4, manifest.salt)
        var bytes = Self.manifestMagic
        bytes.append(littleEndian: UInt32(writer.bytes.count))
        bytes.append(littleEndian: CRC32C.checksum(writer.bytes))
        return bytes + writer.bytes
    }

    private func decode(_ bytes: [UInt8]) throws(JournalError) -> JournalManifest {
        guard bytes.count >= 16, bytes.starts(with: Self.manifestMagic) else {
            throw .noManifest("no manifest of a journal")
        }
        let body = bytes[16...].prefix(Int(bytes.littleEndian(UInt32.self, at: 8)))
        guard bytes.littleEndian(UInt32.self, at: 12) == CRC32C.checksum(Array(body)) else {
            throw .noManifest("its checksum does not hold")
        }
        do throws(FieldError) {
            return try Self.decode(fields: body)
        } catch {
            switch error {
            case .unknownCritical(let what):
                throw .incompatible(file: Self.manifestName, offset: 16, what)
            case .malformed(let what): throw .noManifest(what)
            }
        }
    }

    private static func decode(
        fields: ArraySlice<UInt8>
    ) throws(FieldError) -> JournalManifest {
        var reader = FieldReader(fields, of: "manifest")
        var region: RegionID?
        var generation: UInt64?
        var firstSequence: UInt64?
        var salt: UInt64?
        while let field = try reader.next() {
            switch field.tag {
            case 1: region = try field.region()
            case 2: generation = try field.number()
            case 3: firstSequence = try field.number()
            case 4: salt = try field.number()
            default: try reader.passOver(field)
            }
        }
        guard let region, let generation, let firstSequence, let salt else {
            throw reader.missing("region, generation, first sequence or salt")
        }
        return JournalManifest(
            region: region, generation: generation, firstSequence: firstSequence, salt: salt)
    }
}

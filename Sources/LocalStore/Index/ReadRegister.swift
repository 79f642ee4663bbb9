// Registers as the index holds them: what has an id of its own and is not the latest of its name is apart from
// the rest (`KeySchema.listed`), and is brought in as far as it is asked for.

internal import Journal
internal import MetadataIndex
internal import Storage

extension IndexTransaction {
    /// All that is known of a name.
    func register(_ name: ObjectName) throws(IndexError) -> ObjectRegister {
        var entry = try registerEntry(name)
        guard entry.hasKept else { return entry.register }
        for key in try listedKeys(of: name) { try add(key, to: &entry.register) }
        return entry.register
    }

    /// As much of it as a change depends on that is about a version of this id, or about none that is kept: all
    /// but the kept versions; of those the newest, which may come to show, another, which tells whether
    /// there are more, and the one of this id.
    func register(_ name: ObjectName, about id: VersionID) throws(IndexError) -> ObjectRegister {
        var entry = try registerEntry(name)
        guard entry.hasKept else { return entry.register }
        // A null version and the latest, where it is a marker, may be among them.
        for key in try listedKeys(of: name, atMost: 4) { try add(key, to: &entry.register) }
        if let stamp = id.stamp { try add(KeySchema.listed(name, stamp), to: &entry.register) }
        return entry.register
    }

    private func registerEntry(_ name: ObjectName) throws(IndexError) -> RegisterEntry {
        if let value = try get(KeySchema.shown(name)) {
            let shown = try ShownEntry(encoded: value)
            if !shown.hasRegister {
                var register = ObjectRegister()
                register.insert(shown.version)
                return RegisterEntry(register)
            }
        }
        guard let value = try get(KeySchema.register(name)) else {
            return RegisterEntry(ObjectRegister())
        }
        return try RegisterEntry(encoded: value)
    }

    private func add(_ key: Bytes, to register: inout ObjectRegister) throws(IndexError) {
        guard let value = try get(key) else { return }
        register.insert(
            try decoding { () throws(RecordError) in try ObjectRecord.decode(encoded: value[...]) })
    }
}

/// What is stored of a register in one place: a byte of flags, then each record behind its length.
struct RegisterEntry: Hashable, Sendable {
    private static let keptFlag: UInt8 = 1

    var register: ObjectRegister
    /// Versions that are kept by their id stand apart.
    let hasKept: Bool
    private let stored: [ObjectVersion]

    init(_ register: ObjectRegister) {
        self.register = register
        let latest = register.published?.version
        stored = register.versions.filter { $0.version == latest || !$0.isKeptByID }
        hasKept = stored.count < register.versions.count
    }

    var encoded: Bytes {
        var bytes: Bytes = [hasKept ? Self.keptFlag : 0]
        for version in register.purges + stored {
            let record = ObjectRecord.encode(version)
            withUnsafeBytes(of: UInt32(record.count).littleEndian) {
                bytes.append(contentsOf: $0)
            }
            bytes += record
        }
        return bytes
    }

    /// The register without what stands apart.
    init(encoded: Bytes) throws(IndexError) {
        guard let flags = encoded.first else { throw .corrupt("an empty register entry") }
        var register = ObjectRegister()
        var rest = encoded.dropFirst()
        while !rest.isEmpty {
            let length = rest.prefix(4).reversed().reduce(0) { $0 << 8 | Int($1) }
            guard rest.count >= 4 + length else { throw .corrupt("a register is cut off") }
            let record = rest.dropFirst(4).prefix(length)
            register.insert(
                try decoding { () throws(RecordError) in try ObjectRecord.decode(encoded: record) })
            rest = rest.dropFirst(4 + length)
        }
        self.register = register
        stored = register.versions
        hasKept = flags & Self.keptFlag != 0
    }
}

extension ObjectVersion {
    /// Published, and superseded by nothing but what else is said of its id.
    fileprivate var isKeptByID: Bool {
        state == .published && !isHistory && versionID.stamp != nil
    }
}

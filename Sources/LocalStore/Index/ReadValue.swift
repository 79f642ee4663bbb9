// A value of the index as it was read. What is looked up for every request is taken apart here, so that it can be
// kept in this form (`RecentValues`): taking it apart costs more than finding it.

internal import MetadataIndex

enum ReadValue: Hashable, Sendable {
    /// What a name shows.
    case shown(ShownEntry)
    case blob(BlobEntry)
    /// As it stands there, for its reader to take apart.
    case bytes(Bytes)

    /// The value of `key`, whose space tells what it is.
    init(_ value: Bytes, of key: Bytes) throws(IndexError) {
        switch key.first {
        case KeySchema.Space.shown: self = .shown(try ShownEntry(encoded: value))
        case KeySchema.Space.blob: self = .blob(try BlobEntry(encoded: value))
        default: self = .bytes(value)
        }
    }

    var shown: ShownEntry {
        guard case .shown(let entry) = self else { preconditionFailure("shows nothing: \(self)") }
        return entry
    }

    var blob: BlobEntry {
        guard case .blob(let entry) = self else { preconditionFailure("no blob: \(self)") }
        return entry
    }

    var bytes: Bytes {
        guard case .bytes(let bytes) = self else { preconditionFailure("taken apart: \(self)") }
        return bytes
    }
}

extension CachedLookup where Value == Bytes {
    /// What was found at `key`, taken apart.
    func read(at key: Bytes) throws(IndexError) -> CachedLookup<ReadValue> {
        switch self {
        case .found(let value): .found(try ReadValue(value, of: key))
        case .absent: .absent
        case .notInMemory: .notInMemory
        }
    }
}

// What can go wrong with a journal.

package import DiskIO

package enum JournalError: Error, Sendable, CustomStringConvertible {
    /// Written by a later Holdfast: refuse to open, change nothing.
    case incompatible(file: String, offset: UInt64, _ what: String)
    /// Bytes whose checksum holds and whose meaning does not: a programming error, or a forgery.
    case malformed(file: String, offset: UInt64, _ what: String)
    /// The manifest is missing or damaged where journal files are.
    case noManifest(String)
    /// The manifest names a generation of which no file is there.
    case noFiles(generation: UInt64)
    /// A batch that was synced cannot be read back.
    case unreadable(sequence: UInt64)
    /// A batch above the named limit.
    case batchTooLarge(bytes: Int)
    case disk(DiskError)

    package var description: String {
        switch self {
        case .incompatible(let file, let offset, let what):
            "journal file \(file) was written by a later version (\(what) at offset \(offset)); "
                + "start the version that wrote it"
        case .malformed(let file, let offset, let what):
            "journal file \(file) cannot be understood at offset \(offset): \(what)"
        case .noManifest(let what):
            "the journal's manifest is unusable (\(what)); put back journal/manifest from a backup"
        case .noFiles(let generation):
            "no file of the journal's generation \(generation) is there; put back journal/ from a backup"
        case .unreadable(let sequence): "the journal cannot be read from batch \(sequence) on"
        case .batchTooLarge(let bytes): "a journal batch of \(bytes) bytes is over the limit"
        case .disk(let error): error.description
        }
    }
}

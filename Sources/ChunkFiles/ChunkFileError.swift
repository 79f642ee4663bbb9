// What can go wrong with chunk files, told apart by what there is to do about it.

package import DiskIO

package enum ChunkFileError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The disk refused; the bytes may be well.
    case disk(DiskError)
    /// The record at this place is not what its reference says: mend it from elsewhere.
    case damaged(ChunkPlace, reason: String)
    /// No directory has the file.
    case missing(file: UInt64)
    /// The file is of another store or of a later format: nothing of it may be touched.
    case refused(file: UInt64, reason: String)

    package var description: String {
        switch self {
        case .disk(let error): "\(error)"
        case .damaged(let place, let reason):
            "chunk file \(place.file), offset \(place.offsetBytes): \(reason)"
        case .missing(let file): "chunk file \(file) is missing"
        case .refused(let file, let reason): "chunk file \(file) is refused: \(reason)"
        }
    }
}

/// Runs what the disk does and says its error as ours.
func onDisk<Result>(_ body: () throws(DiskError) -> Result) throws(ChunkFileError) -> Result {
    do throws(DiskError) {
        return try body()
    } catch {
        throw .disk(error)
    }
}

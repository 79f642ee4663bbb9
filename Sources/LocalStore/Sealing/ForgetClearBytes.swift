// What is left on the disk of bytes that lay in the clear before they were sealed. Their chunks are dead from then on,
// but a collection leaves dead bytes where giving them back is not worth the trouble. A small body rode in a
// record, which stays in the journal's files until a new generation is written, and as an earlier value in the
// index. So the commit that seals bytes leaves a note, and a collection that finds one erases all that is dead to
// the last byte, writes a new generation of the journal, and has the index written anew. The note goes when
// all of that succeeded.
//
// Every such commit writes the note anew, and the collection takes away only the one that it found.

internal import Journal
internal import MetadataIndex
internal import Storage

extension CommitContext {
    /// Bytes in the clear are about to be replaced by sealed ones.
    mutating func noteClearBytes() throws(StorageError) {
        try recordSmall(Array("1\n".utf8), of: DurableStore.clearBytes)
    }
}

extension DurableStore {
    fileprivate static let clearBytes = Settings.name("local/clear-bytes")

    /// `nil` where nothing that was sealed lay in the clear before.
    func clearBytesNote() async throws -> ObjectVersion? { try await object(Self.clearBytes) }

    /// Called when nothing of dead chunks is left.
    func forgetClearBytes(_ note: ObjectVersion) async throws {
        try await renewJournal()
        try await background.run { [index] in
            try index.read { (index) throws(IndexError) in
                try index.rewrite(KeySchema.allBlobs)
                // A part may have ridden in its record as well.
                try index.rewrite(KeySchema.allParts)
            }
        }
        do {
            try await commit(.delete(note.name, Preconditions(version: note.version)))
        } catch let error as StorageError where error.code == .preconditionFailed {
            // More was sealed meanwhile: the next collection looks after it.
        }
    }
}

// The last step of a new generation of the journal, in the committer between two groups: everyone waits.
//
//  1. carry over what was committed since the last round, and sync it: the new generation is complete
//  2. prepare the manifest that names it. Up to here an error changes nothing, and the old one goes on
//  3. switch the manifest. After an error here nobody knows which generation a start would read, and a batch
//     written to either may be lost: the store stops acknowledging
//  4. go on writing in the new generation, and tell the index where

internal import Journal
internal import MetadataIndex
internal import Storage

extension Committer {
    /// Makes a generation that is written the one that counts. `here` is the sequence behind what was live.
    func adopt(
        _ generation: WriteGeneration, liveBefore here: UInt64, in directory: JournalDirectory
    ) throws(StorageError) {
        var generation = generation
        var head = head
        let next: Generation
        do {
            try generation.carry(before: head.replay.nextSequence)
            next = generation.finished(liveBefore: here)
            try directory.prepare(next.manifest)
        } catch {
            throw StorageError(appending: error)
        }
        do {
            try directory.switchManifest()
        } catch {
            throw poison("a generation of the journal could not be switched to", error)
        }
        goOn(in: next)
        head.deadBytes -= min(head.deadBytes, next.manifest.predecessor?.deadBytes ?? 0)
        if let failure = apply([.put(key: KeySchema.head, value: [])], head) { throw failure }
    }
}

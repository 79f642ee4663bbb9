// Generations as a reader meets them: whole, incomplete, and from the place of an index that is older.

import DiskIO
import Simulation
import Storage
import Testing

@testable import Journal

@Suite("Replay of a later generation")
struct GenerationReplayTests {
    /// A journal whose second generation begins at sequence 4 with two batches of what was live, in a file each,
    /// and goes on with what the first one had from 4.
    private static func switched() throws -> TestJournal {
        let journal = try TestJournal()
        try journal.start(next: 1)
        for number: UInt64 in 1...5 { try journal.append([number]) }
        let second = JournalManifest(
            region: Samples.region, generation: 2, firstSequence: 4, salt: 0xbee,
            predecessor: JournalManifest.Predecessor(
                generation: 1, sequence: 4, here: 6, deadBytes: 0))
        let writer = try JournalWriter(
            journal.directory, second, nextSequence: 4, limits: journal.limits)
        try writer.append([EncodedBatch([.fileRetired(101)])])
        try writer.startFile()
        try writer.append([EncodedBatch([.fileRetired(102)])])
        try writer.startFile()
        try writer.append([EncodedBatch([.fileRetired(4)]), EncodedBatch([.fileRetired(5)])])
        try writer.sync()
        try journal.directory.save(second)
        journal.manifest = second
        return journal
    }

    @Test("it begins with its first sequence and goes on behind what was carried over")
    func whole() throws {
        let replay = try ReplayedJournal(try Self.switched())
        #expect(replay.numbers == [101, 102, 4, 5])
        #expect(replay.damage.isEmpty)
        #expect(replay.nextSequence == 8)
    }

    @Test("files that are gone are reported, the first and the last as well", arguments: 1...3)
    func missingFile(number: UInt64) throws {
        let journal = try Self.switched()
        try journal.disk.remove(journal.directory.path(2, number))
        let replay = try ReplayedJournal(journal)
        // What was committed since the switch is nowhere else: a last file that is gone looks like one that
        // never was.
        let lost: [UInt64: [Range<UInt64>]] = [1: [4..<5], 2: [5..<6], 3: []]
        #expect(replay.damage.map(\.sequences) == lost[number])
    }

    @Test("a generation that lacks some of what was live says so at its end")
    func incomplete() throws {
        let journal = try Self.switched()
        for number: UInt64 in 2...3 { try journal.disk.remove(journal.directory.path(2, number)) }
        let replay = try ReplayedJournal(journal)
        #expect(replay.damage.map(\.sequences) == [5..<6])
        #expect(replay.nextSequence == 6)
    }

    @Test("a generation without any file is refused")
    func noFiles() throws {
        let journal = try Self.switched()
        for number: UInt64 in 1...3 { try journal.disk.remove(journal.directory.path(2, number)) }
        #expect(throws: JournalError.self) { try ReplayedJournal(journal) }
    }

    @Test("an index that followed the generation before finds its batch")
    func places() throws {
        let journal = try Self.switched()
        func place(_ sequence: UInt64, generation: UInt64 = 1) throws -> ReplayPoint? {
            try journal.place(
                of: ReplayPoint(
                    generation: generation, file: 1, offsetBytes: 0, nextSequence: sequence))
        }
        for (sequence, rest) in [4: [4, 5], 5: [5], 6: []] as [UInt64: [UInt64]] {
            let found = try #require(try place(sequence))
            #expect(found.nextSequence == sequence + 2)
            #expect(try ReplayedJournal(journal, from: found).numbers == rest)
        }
        // It lacks what only the first generation said, is ahead of the journal, or never was.
        #expect(try place(3) == nil)
        #expect(try place(7) == nil)
        #expect(try place(5, generation: 3) == nil)
    }

    @Test(
        "a journal that is being written is read without a sync, up to what is known to be synced")
    func live() throws {
        let journal = try TestJournal()
        try journal.start(next: 1)
        for number: UInt64 in 1...3 { try journal.append([number]) }
        try journal.append([4], sync: false)
        let calls = journal.disk.calls.count
        var replay = try JournalReplay(
            journal.directory, journal.manifest, from: nil, limits: journal.limits, isLive: true)
        while replay.nextSequence < 4 { _ = try #require(try replay.next()) }
        #expect(replay.damage.isEmpty)
        #expect(journal.disk.calls.count == calls)
    }

    @Test("a file is durable before the next one begins")
    func syncedBeforeTheNext() throws {
        let journal = try TestJournal()
        journal.limits.fileBytes = 100
        try journal.start(next: 1)
        for number: UInt64 in 1...4 { try journal.append([number], sync: false) }
        journal.disk.crash(.everything)
        journal.disk.restart()
        let replay = try ReplayedJournal(journal)
        #expect(replay.numbers == [1, 2, 3])
        #expect(replay.damage.isEmpty)
    }
}

// Replay: order, torn tails, damage, and the difference between the two.

import DiskIO
import Simulation
import Storage
import Testing

@testable import Journal

/// Everything a replay says of a journal.
struct ReplayedJournal {
    var batches: [[JournalRecord]] = []
    var ends: [ReplayPoint] = []
    var damage: [JournalDamage] = []
    var tornBytes: UInt64 = 0
    var nextSequence: UInt64 = 0

    init(_ journal: TestJournal, from point: ReplayPoint? = nil) throws {
        var replay = try JournalReplay(
            journal.directory, journal.manifest, from: point, limits: journal.limits)
        while let batch = try replay.next() {
            batches.append(batch.records)
            ends.append(batch.end)
        }
        damage = replay.damage
        tornBytes = replay.tornBytes
        nextSequence = replay.nextSequence
    }

    /// A journal of these files.
    init(files: [UInt64: [UInt8]]) throws {
        let journal = try TestJournal()
        for (number, bytes) in files {
            let path = journal.directory.path(1, number)
            let file = try journal.disk.open(path, .create)
            try file.write(bytes, at: 0)
        }
        try self.init(journal)
    }

    /// The numbers that `TestJournal.append` was given.
    var numbers: [UInt64] {
        batches.flatMap { $0 }.compactMap { record in
            if case .fileRetired(let number) = record { number } else { nil }
        }
    }
}

/// A journal on a simulated disk whose batches hold a number each.
final class TestJournal {
    let disk = SimulatedDisk()
    let directory: JournalDirectory
    var manifest = Samples.manifest
    var limits = JournalLimits()
    private(set) var writer: JournalWriter?

    init() throws {
        directory = JournalDirectory(disk: disk, path: "/journal")
        limits.windowBytes = 128
        _ = try directory.manifest()
        try directory.save(manifest)
    }

    /// Starts a file, as each start of the daemon does.
    func start(next: UInt64) throws {
        writer = try JournalWriter(directory, manifest, nextSequence: next, limits: limits)
    }

    /// Appends batches in one group.
    func append(_ numbers: [UInt64], sync: Bool = true) throws {
        let writer = try #require(self.writer)
        try writer.append(numbers.map { EncodedBatch([.fileRetired($0)]) })
        if sync { try writer.sync() }
    }

    func path(_ number: UInt64) -> String { directory.path(1, number) }

    func place(of point: ReplayPoint) throws -> ReplayPoint? {
        try JournalReplay.place(of: point, directory, manifest, limits: limits)
    }

    /// Where each batch of a file begins.
    func offsets(_ number: UInt64) throws -> [UInt64] {
        var reader = try JournalFileReader(
            try disk.open(path(number), .read), manifest, number: number, limits: limits)
        var offsets: [UInt64] = []
        var offset = UInt64(JournalFormat.fileHeaderBytes)
        while let batch = try reader.nextBatch(from: offset) {
            offsets.append(batch.offset)
            offset = batch.end
        }
        return offsets
    }
}

@Suite("Replay")
struct ReplayTests {
    @Test("batches come back in order, across files and from any of them")
    func order() throws {
        let journal = try TestJournal()
        journal.limits.fileBytes = 200
        try journal.start(next: 1)
        for number in 1...20 { try journal.append([UInt64(number), UInt64(number + 100)]) }
        let all = try ReplayedJournal(journal)
        let written: [UInt64] = (1...20).flatMap { [UInt64($0), UInt64($0 + 100)] }
        #expect(all.numbers == written)
        #expect(all.nextSequence == 41)
        #expect(all.damage.isEmpty)
        #expect(journal.disk.paths.count > 5, "the files were rolled over")
        for (index, end) in all.ends.enumerated() {
            let rest = try ReplayedJournal(journal, from: end)
            #expect(rest.numbers == Array(all.numbers[(index + 1)...]))
            #expect(rest.nextSequence == 41)
            #expect(try journal.place(of: end) == end)
        }
    }

    @Test("a torn tail is skipped, and what the next start writes follows", arguments: 0..<4)
    func tornTail(losing: Int) throws {
        let journal = try TestJournal()
        try journal.start(next: 1)
        try journal.append([1])
        try journal.append([2, 3, 4], sync: false)
        // One batch of the group is bad, the ones behind it are whole.
        let offsets = try journal.offsets(1)
        if losing > 0 { journal.disk.flip(journal.path(1), at: offsets[losing] + 41) }
        let first = try ReplayedJournal(journal)
        let accepted: [UInt64] = losing == 0 ? [1, 2, 3, 4] : Array(1...UInt64(losing))
        #expect(first.numbers == accepted)
        #expect(first.damage.isEmpty)
        try journal.start(next: first.nextSequence)
        try journal.append([50])
        let second = try ReplayedJournal(journal)
        #expect(second.numbers == accepted + [50])
        #expect(second.damage.isEmpty)
        #expect(second.nextSequence == first.nextSequence + 1)
    }

    @Test("a bad batch with a later synced one behind it is damage, in the last file")
    func damage() throws {
        let journal = try TestJournal()
        try journal.start(next: 1)
        for number in 1...5 { try journal.append([UInt64(number)]) }
        journal.disk.flip(journal.path(1), at: try journal.offsets(1)[2] + 3)
        let replay = try ReplayedJournal(journal)
        #expect(replay.numbers == [1, 2, 4, 5])
        #expect(replay.damage.map(\.sequences) == [3..<4])
        #expect(replay.nextSequence == 6)
    }

    @Test("what an earlier file lacks up to the next one is damage", arguments: [0, 2, 4])
    func damageBeforeAnotherFile(index: Int) throws {
        let journal = try TestJournal()
        try journal.start(next: 1)
        for number in 1...5 { try journal.append([UInt64(number)]) }
        journal.disk.flip(journal.path(1), at: try journal.offsets(1)[index] + 41)
        try journal.start(next: 6)
        try journal.append([6])
        let replay = try ReplayedJournal(journal)
        #expect(replay.numbers == (1...6).filter { $0 != UInt64(index + 1) })
        #expect(replay.damage.map(\.sequences) == [UInt64(index + 1)..<UInt64(index + 2)])
    }

    @Test("a file that is gone is damage, named by its sequences")
    func missingFile() throws {
        let journal = try TestJournal()
        for number: UInt64 in 1...3 {
            try journal.start(next: number)
            try journal.append([number])
        }
        try journal.disk.remove(journal.path(2))
        let replay = try ReplayedJournal(journal)
        #expect(replay.numbers == [1, 3])
        #expect(replay.damage.map(\.sequences) == [2..<3])
    }

    @Test("what was written and not synced is not trusted after a sync that failed")
    func failedSync() throws {
        let journal = try TestJournal()
        try journal.start(next: 1)
        try journal.append([1])
        try journal.append([2], sync: false)
        journal.disk.fail(every: .sync, with: 5)
        #expect(throws: JournalError.self) { try journal.writer?.sync() }
        journal.disk.fail(every: .sync, with: nil)
        // In memory the batch reads back well; on the disk it is not.
        let replay = try ReplayedJournal(journal)
        #expect(replay.numbers == [1])
        #expect(replay.damage.isEmpty)
    }

    @Test("after a write that failed, nothing of its group comes back")
    func failedWrite() throws {
        let journal = try TestJournal()
        try journal.start(next: 1)
        try journal.append([1])
        journal.disk.fail(every: .write, with: 28)
        #expect(throws: JournalError.self) { try journal.append([2, 3]) }
        journal.disk.fail(every: .write, with: nil)
        try journal.append([4])
        let replay = try ReplayedJournal(journal)
        #expect(replay.numbers == [1, 4])
        #expect(replay.damage.isEmpty)
    }

    @Test("a replay point beyond the journal is not reached")
    func beyond() throws {
        let journal = try TestJournal()
        try journal.start(next: 1)
        try journal.append([1])
        var end = try #require(try ReplayedJournal(journal).ends.last)
        end.offsetBytes += 1
        #expect(try journal.place(of: end) == nil)
        end.file = 9
        #expect(try journal.place(of: end) == nil)
        end.generation = 2
        #expect(try journal.place(of: end) == nil)
    }

    @Test("a file of another region is refused")
    func foreignFile() throws {
        let journal = try TestJournal()
        let header = JournalFileHeader(
            region: Samples.other, generation: 1, number: 1, firstSequence: 1,
            salt: journal.manifest.salt)
        try journal.disk.open(journal.path(1), .create).write(header.encode(), at: 0)
        #expect(throws: JournalError.self) { try ReplayedJournal(journal) }
    }

    @Test("the manifest is switched whole, and other generations are removed")
    func manifest() throws {
        let journal = try TestJournal()
        try journal.start(next: 1)
        var next = journal.manifest
        next.generation = 2
        let writer = try JournalWriter(
            journal.directory, next, nextSequence: 1, limits: journal.limits)
        #expect(writer.end.generation == 2)
        try journal.directory.save(next)
        journal.disk.crash(.everything)
        journal.disk.restart()
        #expect(try journal.directory.manifest() == next)
        try journal.directory.removeOthers(than: 2)
        #expect(journal.disk.paths == ["/journal/2-1.journal", "/journal/manifest"])
    }

    @Test("an old manifest that was put back removes nothing of the generation that replaced it")
    func oldManifest() throws {
        let journal = try TestJournal()
        try journal.start(next: 1)
        #expect(throws: JournalError.self) { try journal.directory.removeOthers(than: 7) }
        #expect(journal.disk.paths == ["/journal/1-1.journal", "/journal/manifest"])
    }

    @Test("bytes of an object that are a batch, even one of this journal, are never taken for one")
    func embeddedBatch() throws {
        let journal = try TestJournal()
        try journal.start(next: 1)
        for number in 1...9 { try journal.append([UInt64(number)]) }
        let offsets = try journal.offsets(1)
        let written = try #require(journal.disk.content(of: journal.path(1)))
        let eighth = Array(written[Int(offsets[7])..<Int(offsets[8])])
        let other = try TestJournal()
        try other.start(next: 1)
        for number in 1...3 { try other.append([UInt64(number)]) }
        let body = BlobRecord(
            blob: Samples.blob(1), sizeBytes: UInt64(eighth.count), bytes: .inline(eighth))
        try other.writer?.append([EncodedBatch([.blob(body)])])
        // The batch that holds the body is torn: its own header is gone, the one within it is whole.
        other.disk.flip(other.path(1), at: try other.offsets(1)[3] + 3)
        let replay = try ReplayedJournal(other)
        #expect(replay.numbers == [1, 2, 3])
        #expect(replay.damage.isEmpty)
        #expect(replay.nextSequence == 4)
    }

    @Test("a beginning that is gone is damage")
    func missingBeginning() throws {
        let journal = try TestJournal()
        for number: UInt64 in 1...2 {
            try journal.start(next: number)
            try journal.append([number])
        }
        try journal.disk.remove(journal.path(1))
        let replay = try ReplayedJournal(journal)
        #expect(replay.numbers == [2])
        #expect(replay.damage.map(\.sequences) == [1..<2])
    }

    @Test("a damaged file header is reported, and what it made void stays void")
    func damagedHeader() throws {
        let journal = try TestJournal()
        try journal.start(next: 1)
        try journal.append([1])
        try journal.append([2], sync: false)
        // A recovery that did not take the second batch goes on with its sequence.
        try journal.start(next: 2)
        try journal.append([3])
        journal.disk.flip(journal.path(2), at: 50)
        let replay = try ReplayedJournal(journal)
        #expect(replay.numbers == [1, 3])
        #expect(replay.damage.map(\.file) == ["1-2.journal"])
        #expect(replay.damage.map(\.sequences.count) == [0])
    }

    @Test("a tail that was accepted is durable before anything follows it")
    func acceptedTail() throws {
        let journal = try TestJournal()
        try journal.start(next: 1)
        try journal.append([1])
        try journal.append([2], sync: false)
        let first = try ReplayedJournal(journal)
        #expect(first.numbers == [1, 2])
        try journal.start(next: first.nextSequence)
        try journal.append([3])
        journal.disk.crash(.everything)
        journal.disk.restart()
        let second = try ReplayedJournal(journal)
        #expect(second.numbers == [1, 2, 3])
        #expect(second.damage.isEmpty)
    }

    @Test("a batch that holds fewer records than it announced is refused")
    func recordCount() throws {
        let journal = try TestJournal()
        try journal.start(next: 1)
        let header = BatchHeader(
            bodyBytes: 0, sequence: 1, durableThrough: 0, recordCount: 2, bodyChecksum: 0)
        var bytes: [UInt8] = []
        let offset = UInt64(JournalFormat.fileHeaderBytes)
        header.append(to: &bytes, at: journal.manifest.place(file: 1, offset: offset))
        try journal.disk.open(journal.path(1), .readWrite).write(bytes, at: offset)
        #expect(throws: JournalError.self) { try ReplayedJournal(journal) }
    }

    @Test("journal files without a manifest are refused, and so is a damaged manifest")
    func noManifest() throws {
        let journal = try TestJournal()
        try journal.start(next: 1)
        journal.disk.flip("/journal/manifest", at: 17)
        #expect(throws: JournalError.self) { try journal.directory.manifest() }
        try journal.disk.remove("/journal/manifest")
        #expect(throws: JournalError.self) { try journal.directory.manifest() }
    }
}

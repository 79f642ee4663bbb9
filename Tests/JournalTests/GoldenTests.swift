// The golden file decodes for ever: it was written once by format 1 and is never written again. A record
// that gains a field gets a new file beside it.

import DiskIO
import Foundation
import Simulation
import Storage
import Testing

@testable import Journal

@Suite("The journal's format")
struct GoldenTests {
    private static func golden(_ name: String) throws -> String {
        let url = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appendingPathComponent("Golden/\(name).hex")
        return try String(contentsOf: url, encoding: .utf8)
    }

    /// The whole file as it is written now.
    private static func written(_ records: [JournalRecord]) throws -> [UInt8] {
        let disk = SimulatedDisk()
        let directory = JournalDirectory(disk: disk, path: "/journal")
        _ = try directory.manifest()
        let manifest = Samples.manifest
        try directory.save(manifest)
        let writer = try JournalWriter(
            directory, manifest, nextSequence: 1, limits: JournalLimits())
        try writer.append([EncodedBatch(records)])
        try writer.sync()
        try writer.append([EncodedBatch([records[1]]), EncodedBatch([records[2]])])
        return try #require(disk.content(of: "/journal/1-1.journal"))
    }

    private static func lines(_ bytes: [UInt8]) -> String {
        stride(from: 0, to: bytes.count, by: 32).map { start in
            Hexadecimal.encode(bytes[start..<min(start + 32, bytes.count)])
        }.joined(separator: "\n") + "\n"
    }

    /// A golden file of a journal, and the records that it holds.
    struct Journal: Sendable, CustomTestStringConvertible {
        var name: String
        var records: [JournalRecord]

        var testDescription: String { name }
    }

    private static let journals = [
        Journal(name: "format-1.journal", records: Samples.records),
        Journal(name: "format-1-generations.journal", records: Samples.generationRecords),
    ]

    @Test("writes what format 1 wrote, byte for byte", arguments: journals)
    func writes(_ journal: Journal) throws {
        #expect(Self.lines(try Self.written(journal.records)) == (try Self.golden(journal.name)))
    }

    @Test("reads what format 1 wrote", arguments: journals)
    func reads(_ journal: Journal) throws {
        let records = journal.records
        let text = try Self.golden(journal.name)
        let bytes = try #require(Hexadecimal.decode(text.filter { $0 != "\n" }))
        let replay = try ReplayedJournal(files: [1: bytes])
        #expect(replay.batches == [records, [records[1]], [records[2]]])
        #expect(replay.damage.isEmpty)
        #expect(replay.nextSequence == 4)
    }

    private static let bodies = [
        Journal(name: "history-records", records: Samples.laterRecords),
        Journal(name: "forgotten-moves", records: Samples.forgottenMoves),
        Journal(name: "sealed-records", records: Samples.sealedRecords),
        Journal(name: "version-ids", records: Samples.versionIDs),
        Journal(name: "seen-places", records: Samples.seenPlaces),
    ]

    @Test(
        "writes and reads what records came to say later as it was first written", arguments: bodies
    )
    func later(_ body: Journal) throws {
        let golden = try Self.golden(body.name)
        #expect(Self.lines(EncodedBatch(body.records).body) == golden)
        let bytes = try #require(Hexadecimal.decode(golden.filter { $0 != "\n" }))
        var rest = bytes[...]
        var records: [JournalRecord] = []
        while !rest.isEmpty {
            if let record = try JournalRecord.take(from: &rest) { records.append(record) }
        }
        #expect(records == body.records)
    }

    @Test("the manifest is written and read as format 1 has it")
    func manifest() throws {
        let text = try Self.golden("format-1.manifest")
        #expect(Self.lines(Samples.laterManifest.encode()) == text)
        let bytes = try #require(Hexadecimal.decode(text.filter { $0 != "\n" }))
        #expect(try JournalManifest.decode(bytes, file: "m") == Samples.laterManifest)
        for place in bytes.indices {
            var changed = bytes
            changed[place] ^= 1
            #expect(throws: JournalError.self) {
                try JournalManifest.decode(changed, file: "m")
            }
            #expect(throws: JournalError.self) {
                try JournalManifest.decode(Array(bytes[..<place]), file: "m")
            }
        }
    }

    @Test("an unknown field that may be ignored is passed over, a critical one refuses")
    func unknownFields() throws {
        var writer = FieldWriter()
        writer.blob(1, Samples.blob(1))
        writer.number(2, 1)
        writer.field(3, [7])
        let known = writer.bytes
        writer.text(999, "later", .ignorable)
        let record = try BlobRecord(encoded: writer.bytes[...])
        #expect(record.encode() == known)
        writer.text(998, "later still", .critical)
        #expect(throws: RecordError.self) { try BlobRecord(encoded: writer.bytes[...]) }
    }

    @Test(
        "an unknown record that may be ignored is passed over, a critical one refuses, naming the place"
    )
    func unknownRecords() throws {
        var ignorable = EncodedBatch(Samples.records).body
        ignorable += [99 << 1 & 0x7f | 0x80, 1, 2, 0, 0]
        var rest = ignorable[...]
        var known: [JournalRecord] = []
        while !rest.isEmpty {
            if let record = try JournalRecord.take(from: &rest) { known.append(record) }
        }
        #expect(known == Samples.records)
        var critical: ArraySlice<UInt8> = [99 << 1 & 0x7f | 0x81, 1, 0]
        #expect(throws: FieldError.unknownCritical("record type 99")) {
            try JournalRecord.take(from: &critical)
        }
    }

    @Test("a later format and an incompatible feature refuse to open")
    func laterFormats() throws {
        var header = JournalFileHeader(
            region: Samples.region, generation: 1, number: 1, firstSequence: 1, salt: 7)
        header.compatible = 1 << 60
        #expect(try JournalFileHeader.decode(header.encode(), file: "f") == header)
        header.incompatible = 4
        #expect(throws: JournalError.self) {
            try JournalFileHeader.decode(header.encode(), file: "f")
        }
        header.incompatible = 0
        header.readOnlyCompatible = 1
        #expect(throws: JournalError.self) {
            try JournalFileHeader.decode(header.encode(), file: "f")
        }
    }

    @Test("no cut and no changed byte of a record is ever more than an error")
    func fuzz() {
        let records =
            Samples.records + Samples.generationRecords + Samples.laterRecords
            + Samples.sealedRecords
        let body = EncodedBatch(records).body
        for place in 0..<body.count {
            Self.decode(body.prefix(place))
            for flip: UInt8 in [1, 0x80, 0xff] {
                var changed = body
                changed[place] ^= flip
                Self.decode(changed[...])
            }
        }
    }

    /// Decodes until the end or the first error.
    private static func decode(_ body: ArraySlice<UInt8>) {
        var rest = body
        while !rest.isEmpty {
            do { _ = try JournalRecord.take(from: &rest) } catch { return }
        }
    }
}

// What the contract of `Disk` asks for, of the real disk and of the simulated one.

import DiskIO
import Foundation
import Simulation
import Testing

enum DiskKind: String, CaseIterable, CustomTestStringConvertible {
    case real
    case simulated

    var testDescription: String { rawValue }
}

/// A disk and an empty directory on it that goes with the test.
final class DiskUnderTest {
    let disk: any Disk
    let directory: String

    init(_ kind: DiskKind) throws {
        directory =
            FileManager.default.temporaryDirectory
            .appending(path: "holdfast-disk-\(UUID().uuidString)").path
        switch kind {
        case .real: disk = PosixDisk()
        case .simulated: disk = SimulatedDisk()
        }
        try disk.makeDirectory(directory)
    }

    deinit { try? FileManager.default.removeItem(atPath: directory) }

    func create(_ name: String = "file") throws -> any DiskFile {
        try disk.open(directory + "/" + name, .create)
    }
}

extension DiskFile {
    func write(text: String, at offset: UInt64) throws { try write(Array(text.utf8), at: offset) }

    func bytes(_ count: Int, at offset: UInt64) throws -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        let done = try bytes.withUnsafeMutableBytes { (target) throws -> Int in
            try read(into: target, at: offset)
        }
        return Array(bytes.prefix(done))
    }

    /// What is in memory of as many bytes.
    func resident(_ count: Int, at offset: UInt64) throws -> [UInt8]? {
        var bytes = [UInt8](repeating: 0, count: count)
        let done = try bytes.withUnsafeMutableBytes { (target) throws -> Int? in
            try readResident(into: target, at: offset)
        }
        return done.map { Array(bytes.prefix($0)) }
    }

    func text(_ count: Int, at offset: UInt64) throws -> String {
        String(decoding: try bytes(count, at: offset), as: UTF8.self)
    }
}

@Suite("A disk")
struct DiskTests {
    @Test("what is written at an offset is read there", arguments: DiskKind.allCases)
    func writesAtOffsets(_ kind: DiskKind) throws {
        let test = try DiskUnderTest(kind)
        let file = try test.create()
        try file.write(text: "world", at: 6)
        try file.write(text: "hello", at: 0)
        #expect(try file.sizeBytes() == 11)
        #expect(try file.bytes(100, at: 0) == Array("hello\0world".utf8))
        #expect(try file.text(3, at: 8) == "rld")
        #expect(try file.bytes(4, at: 11) == [])
    }

    @Test("buffers are written one behind the other, however many", arguments: DiskKind.allCases)
    func gathers(_ kind: DiskKind) throws {
        let test = try DiskUnderTest(kind)
        let file = try test.create()
        let pieces: [[UInt8]] = (0..<2500).map { index in
            (0..<index % 7).map { UInt8(truncatingIfNeeded: index * 31 + $0) }
        }
        let memory = pieces.map { piece in
            let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: piece.count, alignment: 1)
            copy.copyBytes(from: piece)
            return UnsafeRawBufferPointer(copy)
        }
        defer { for buffer in memory { buffer.deallocate() } }
        try file.write([9, 9], memory, at: 3)
        let expected: [UInt8] = [0, 0, 0, 9, 9] + pieces.flatMap(\.self)
        #expect(try file.bytes(expected.count + 1, at: 0) == expected)
    }

    @Test("a file is created once, and opened only if it is there", arguments: DiskKind.allCases)
    func createsOnce(_ kind: DiskKind) throws {
        let test = try DiskUnderTest(kind)
        _ = try test.create()
        let again = #expect(throws: DiskError.self) { try test.create() }
        #expect(again?.code == EEXIST)
        let missing = #expect(throws: DiskError.self) {
            try test.disk.open(test.directory + "/missing", .read)
        }
        #expect(missing?.code == ENOENT)
        let nowhere = #expect(throws: DiskError.self) {
            try test.disk.open(test.directory + "/no/file", .create)
        }
        #expect(nowhere?.code == ENOENT)
    }

    @Test(
        "names are listed in order, renamed over others, and removed", arguments: DiskKind.allCases)
    func names(_ kind: DiskKind) throws {
        let test = try DiskUnderTest(kind)
        for name in ["b", "c", "a"] { try test.create(name).write(text: name, at: 0) }
        try test.disk.makeDirectory(test.directory + "/d/e")
        #expect(try test.disk.list(test.directory) == ["a", "b", "c", "d"])
        #expect(try test.disk.list(test.directory + "/d") == ["e"])
        try test.disk.rename(test.directory + "/a", to: test.directory + "/b")
        try test.disk.remove(test.directory + "/c")
        try test.disk.syncDirectory(test.directory)
        #expect(try test.disk.list(test.directory) == ["b", "d"])
        #expect(try test.disk.open(test.directory + "/b", .read).text(9, at: 0) == "a")
        #expect(!test.disk.exists(test.directory + "/c"))
        #expect(test.disk.exists(test.directory + "/d/e"))
        let gone = #expect(throws: DiskError.self) {
            try test.disk.remove(test.directory + "/c")
        }
        #expect(gone?.code == ENOENT)
    }

    @Test("a file that is removed can be read by who has it open", arguments: DiskKind.allCases)
    func removedWhileOpen(_ kind: DiskKind) throws {
        let test = try DiskUnderTest(kind)
        let file = try test.create()
        try file.write(text: "still", at: 0)
        try test.disk.remove(test.directory + "/file")
        #expect(try file.text(9, at: 0) == "still")
    }

    @Test(
        "a punched range reads as zeros, takes no space, and the size stays",
        arguments: DiskKind.allCases)
    func punches(_ kind: DiskKind) throws {
        let test = try DiskUnderTest(kind)
        let file = try test.create()
        try file.write([UInt8](repeating: 7, count: 64 << 10), at: 0)
        try file.sync()
        let before = try file.allocatedBytes()
        try file.punch(8192..<40960)
        #expect(try file.sizeBytes() == 64 << 10)
        #expect(try file.bytes(3, at: 8191) == [7, 0, 0])
        #expect(try file.bytes(2, at: 40959) == [0, 7])
        #expect(try file.allocatedBytes() + 32768 == before)
    }

    @Test("evicted pages are not in memory until they are read", arguments: DiskKind.allCases)
    func residency(_ kind: DiskKind) throws {
        let test = try DiskUnderTest(kind)
        let file = try test.create()
        try file.write([UInt8](repeating: 7, count: 1 << 20), at: 0)
        #expect(file.isResident(0..<1 << 20))
        try file.sync()
        file.evict(0..<1 << 20)
        #expect(!file.isResident(0..<1 << 20))
        #expect(!file.isResident(4096..<4097))
        #expect(try file.resident(10, at: 100) == nil)
        #expect(try file.bytes(1 << 20, at: 0).allSatisfy { $0 == 7 })
        #expect(file.isResident(0..<1 << 20))
        #expect(try file.resident(10, at: 100) == [UInt8](repeating: 7, count: 10))
        #expect(try file.resident(10, at: (1 << 20) - 4)?.count == 4)
    }

    @Test(
        "a direct read gives what was written, and leaves none of it in memory",
        arguments: DiskKind.allCases)
    func directReads(_ kind: DiskKind) throws {
        let test = try DiskUnderTest(kind)
        let file = try test.create()
        let unit = Int(OpenMode.directAlignmentBytes)
        let content = (0..<3 * unit + 100).map { UInt8($0 % 251) }
        try file.write(content, at: 0)
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 4 * unit, alignment: unit)
        defer { buffer.deallocate() }
        let direct = try test.disk.open(test.directory + "/file", .readDirect)
        #expect(try direct.read(into: buffer, at: 0) == content.count, "not synced yet")
        #expect(Array(buffer.prefix(content.count)) == content)
        try file.sync()
        file.evict(0..<UInt64(4 * unit))
        #expect(try direct.read(into: buffer, at: UInt64(unit)) == content.count - unit)
        #expect(Array(buffer.prefix(content.count - unit)) == Array(content.dropFirst(unit)))
        #expect(!file.isResident(0..<UInt64(content.count)))
    }

    @Test("a lock is held by one, for as long as it is referenced", arguments: DiskKind.allCases)
    func locks(_ kind: DiskKind) throws {
        let test = try DiskUnderTest(kind)
        let path = test.directory + "/lock"
        var lock: (any DiskLock)? = try test.disk.lock(path)
        let refused = #expect(throws: DiskError.self) { try test.disk.lock(path) }
        #expect(refused?.code == EWOULDBLOCK)
        withExtendedLifetime(lock) {}
        lock = nil
        _ = try test.disk.lock(path)
    }

    @Test("space is what the file system has", arguments: DiskKind.allCases)
    func space(_ kind: DiskKind) throws {
        let test = try DiskUnderTest(kind)
        let space = try test.disk.space(at: test.directory)
        #expect(space.availableBytes > 0)
        #expect(space.availableBytes <= space.totalBytes)
    }
}

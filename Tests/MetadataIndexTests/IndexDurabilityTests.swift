// What survives: a close keeps all, a crash keeps what was flushed, and damage is told from trouble.

import Foundation
import MetadataIndex
import Testing

@Suite("Durability of the index")
struct IndexDurabilityTests {
    @Test("a closed index opens again with everything")
    func closeKeepsAll() throws {
        let directory = try TemporaryDirectory()
        let first = try RocksIndex(directory: directory.path)
        try first.apply([.put(key: bytes("a"), value: bytes("1"))])
        try first.close()
        let second = try RocksIndex(directory: directory.path)
        #expect(try second.get(bytes("a")) == bytes("1"))
        try second.close()
    }

    @Test("a copy taken without a close has what was flushed and nothing of what was not")
    func crashKeepsWhatWasFlushed() throws {
        let directory = try TemporaryDirectory()
        let index = try RocksIndex(directory: directory.path)
        try index.apply([.put(key: bytes("a"), value: bytes("1"))])
        try index.flush()
        try index.apply([.put(key: bytes("b"), value: bytes("2"))])
        let copy = try TemporaryDirectory()
        try FileManager.default.removeItem(atPath: copy.path)
        try FileManager.default.copyItem(atPath: directory.path, toPath: copy.path)
        let crashed = try RocksIndex(directory: copy.path)
        #expect(try crashed.get(bytes("a")) == bytes("1"))
        #expect(try crashed.get(bytes("b")) == nil)
        try crashed.close()
        try index.close()
    }

    @Test("the memory index falls back to its last flush")
    func memoryCrash() throws {
        let index = MemoryIndex()
        try index.apply([.put(key: bytes("a"), value: bytes("1"))])
        try index.flush()
        try index.apply([.delete(key: bytes("a")), .put(key: bytes("b"), value: bytes("2"))])
        index.dropUnflushed()
        #expect(try index.get(bytes("a")) == bytes("1"))
        #expect(try index.get(bytes("b")) == nil)
    }

    @Test("a look-up that needs the disk says so, and is in memory after it was read")
    func cachedLookup() throws {
        let directory = try TemporaryDirectory()
        let writer = try RocksIndex(directory: directory.path)
        try writer.apply(
            (0..<1000).map { .put(key: bytes("key\($0)"), value: Bytes(repeating: 7, count: 200)) })
        try writer.close()
        let index = try RocksIndex(directory: directory.path)
        #expect(index.getCached(bytes("key500")) == .notInMemory)
        let value = try index.get(bytes("key500"))
        #expect(value == Bytes(repeating: 7, count: 200))
        #expect(index.getCached(bytes("key500")) == .found(Bytes(repeating: 7, count: 200)))
        try index.close()
    }

    @Test("compactions run at the lowest priority")
    func compactionsGiveWay() throws {
        let directory = try TemporaryDirectory()
        let index = try RocksIndex(directory: directory.path)
        for value in UInt8(0)..<3 {
            try index.apply((0..<1000).map { .put(key: bytes("key\($0)"), value: [value]) })
            try index.flush()
        }
        try index.rewrite(KeyRange(from: bytes("a"), to: bytes("z")))
        let tasks = "/proc/self/task"
        var priorities: [String: Set<Int>] = [:]
        for task in try FileManager.default.contentsOfDirectory(atPath: tasks) {
            // One that has ended meanwhile is none of RocksDB's.
            guard let name = try? String(contentsOfFile: "\(tasks)/\(task)/comm", encoding: .utf8),
                let line = try? String(contentsOfFile: "\(tasks)/\(task)/stat", encoding: .utf8),
                let end = line.lastIndex(of: ")")
            else { continue }
            // The 19th field of proc(5); the third stands behind the name.
            let fields = line[end...].split(separator: " ")
            priorities[name, default: []].insert(try #require(Int(fields[17])))
        }
        #expect(priorities["rocksdb:low\n"]?.contains(19) == true, "\(priorities)")
        try index.close()
    }

    @Test("a destroyed table makes the index corrupt, and destroying the rest makes it new")
    func missingTableIsCorrupt() throws {
        let directory = try TemporaryDirectory()
        let index = try RocksIndex(directory: directory.path)
        try index.apply([.put(key: bytes("a"), value: bytes("1"))])
        try index.close()
        let files = try FileManager.default.contentsOfDirectory(atPath: directory.path)
        for table in files where table.hasSuffix(".sst") {
            try FileManager.default.removeItem(atPath: directory.path + "/" + table)
        }
        #expect {
            try RocksIndex(directory: directory.path)
        } throws: { error in
            guard case IndexError.corrupt = error else { return false }
            return true
        }
        try RocksIndex.destroy(directory: directory.path)
        let fresh = try RocksIndex(directory: directory.path)
        #expect(try fresh.get(bytes("a")) == nil)
        try fresh.close()
    }

    @Test("an index that is in use is trouble, not corruption")
    func inUse() throws {
        let directory = try TemporaryDirectory()
        let index = try RocksIndex(directory: directory.path)
        #expect {
            try RocksIndex(directory: directory.path)
        } throws: { error in
            guard case IndexError.inputOutput = error else { return false }
            return true
        }
        try index.close()
    }
}

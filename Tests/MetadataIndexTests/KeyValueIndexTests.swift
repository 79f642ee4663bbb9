// What the contract of `KeyValueIndex` asks for, of both versions of it.

import Foundation
import MetadataIndex
import Testing

/// The versions of the index, each made afresh.
enum IndexKind: String, CaseIterable, CustomTestStringConvertible {
    case memory
    case rocks

    var testDescription: String { rawValue }

    func make(in directory: TemporaryDirectory) throws -> any KeyValueIndex {
        switch self {
        case .memory: MemoryIndex()
        case .rocks: try RocksIndex(directory: directory.path)
        }
    }
}

/// A directory that goes with its owner.
final class TemporaryDirectory: Sendable {
    let path: String

    init() throws {
        let url = FileManager.default.temporaryDirectory.appending(
            path: "holdfast-index-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        path = url.path
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }
}

func bytes(_ text: String) -> Bytes { Bytes(text.utf8) }

/// All pairs from the cursor's place on, as text.
func drain(_ cursor: any IndexCursor) throws -> [String] {
    var result: [String] = []
    while let key = cursor.key {
        result.append(
            String(decoding: key, as: UTF8.self) + "="
                + String(decoding: cursor.value, as: UTF8.self))
        try cursor.next()
    }
    return result
}

@Suite("The key-value index")
struct KeyValueIndexTests {
    private func withIndex(_ kind: IndexKind, _ body: (any KeyValueIndex) throws -> Void) throws {
        let directory = try TemporaryDirectory()
        let index = try kind.make(in: directory)
        try body(index)
        try index.close()
    }

    private func fill(_ index: any KeyValueIndex, _ keys: [String]) throws {
        try index.apply(keys.map { .put(key: bytes($0), value: bytes($0.uppercased())) })
    }

    @Test(
        "what was applied is read back, and what was not is absent", arguments: IndexKind.allCases)
    func readsBack(_ kind: IndexKind) throws {
        try withIndex(kind) { index in
            try index.apply([
                .put(key: bytes("a"), value: bytes("1")),
                .put(key: bytes(""), value: bytes("empty")),
                .put(key: [0, 255, 0], value: []),
            ])
            #expect(try index.get(bytes("a")) == bytes("1"))
            #expect(try index.get(bytes("")) == bytes("empty"))
            #expect(try index.get([0, 255, 0]) == [])
            #expect(try index.get(bytes("b")) == nil)
            #expect(index.getCached(bytes("a")) == .found(bytes("1")))
            #expect(index.getCached(bytes("b")) == .absent)
        }
    }

    @Test("later changes of a batch win", arguments: IndexKind.allCases)
    func laterWins(_ kind: IndexKind) throws {
        try withIndex(kind) { index in
            try index.apply([
                .put(key: bytes("a"), value: bytes("1")), .put(key: bytes("a"), value: bytes("2")),
                .put(key: bytes("b"), value: bytes("1")), .delete(key: bytes("b")),
                .delete(key: bytes("c")), .put(key: bytes("c"), value: bytes("3")),
                .put(key: bytes("d"), value: bytes("4")),
                .deleteRange(from: bytes("d"), to: bytes("e")),
            ])
            #expect(try index.get(bytes("a")) == bytes("2"))
            #expect(try index.get(bytes("b")) == nil)
            #expect(try index.get(bytes("c")) == bytes("3"))
            #expect(try index.get(bytes("d")) == nil)
        }
    }

    @Test("a range is deleted without its upper end", arguments: IndexKind.allCases)
    func deletesRange(_ kind: IndexKind) throws {
        try withIndex(kind) { index in
            try fill(index, ["a", "b", "ba", "c", "d"])
            try index.apply([.deleteRange(from: bytes("b"), to: bytes("c"))])
            try index.apply([.deleteRange(from: bytes("d"), to: bytes("a"))])
            let cursor = try index.cursor(from: [], to: [255])
            try cursor.seek(to: [])
            #expect(try drain(cursor) == ["a=A", "c=C", "d=D"])
        }
    }

    @Test("a cursor keeps to its bounds", arguments: IndexKind.allCases)
    func cursorBounds(_ kind: IndexKind) throws {
        try withIndex(kind) { index in
            try fill(index, ["a", "b", "c", "d", "e"])
            let cursor = try index.cursor(from: bytes("b"), to: bytes("d"))
            #expect(cursor.key == nil)
            try cursor.seek(to: bytes("a"))
            #expect(try drain(cursor) == ["b=B", "c=C"])
            try cursor.seek(to: bytes("bb"))
            #expect(cursor.key == bytes("c"))
            try cursor.seek(to: bytes("d"))
            #expect(cursor.key == nil)
            try cursor.seekBackward(to: bytes("z"))
            #expect(cursor.key == bytes("c"))
            try cursor.seekBackward(to: bytes("bb"))
            #expect(cursor.key == bytes("b"))
            try cursor.seekBackward(to: bytes("c"))
            #expect(cursor.value == bytes("C"))
            try cursor.seekBackward(to: bytes("a"))
            #expect(cursor.key == nil)
        }
    }

    @Test("a range that ends before it begins is empty", arguments: IndexKind.allCases)
    func emptyBounds(_ kind: IndexKind) throws {
        try withIndex(kind) { index in
            try fill(index, ["a", "b", "c"])
            let cursor = try index.cursor(from: bytes("c"), to: bytes("a"))
            try cursor.seek(to: bytes("a"))
            #expect(cursor.key == nil)
            try cursor.seekBackward(to: bytes("c"))
            #expect(cursor.key == nil)
        }
    }

    @Test("a cursor shows the index as it was when it was made", arguments: IndexKind.allCases)
    func cursorIsASnapshot(_ kind: IndexKind) throws {
        try withIndex(kind) { index in
            try fill(index, ["a", "b"])
            let cursor = try index.cursor(from: [], to: [255])
            try index.apply([.delete(key: bytes("a")), .put(key: bytes("b"), value: bytes("new"))])
            try fill(index, ["c"])
            try cursor.seek(to: [])
            #expect(try drain(cursor) == ["a=A", "b=B"])
        }
    }

    @Test("a snapshot stays as it was, and goes without a trace", arguments: IndexKind.allCases)
    func snapshot(_ kind: IndexKind) throws {
        try withIndex(kind) { index in
            try fill(index, ["a", "b", "c"])
            let snapshot = try index.snapshot()
            try index.apply([
                .put(key: bytes("a"), value: bytes("new")),
                .deleteRange(from: bytes("b"), to: bytes("d")),
            ])
            try fill(index, ["e"])
            try index.flush()
            #expect(try snapshot.get(bytes("a")) == bytes("A"))
            #expect(try snapshot.get(bytes("b")) == bytes("B"))
            #expect(try snapshot.get(bytes("e")) == nil)
            let cursor = try snapshot.cursor(from: bytes("b"), to: [255])
            try cursor.seek(to: [])
            #expect(try drain(cursor) == ["b=B", "c=C"])
            #expect(try index.get(bytes("a")) == bytes("new"))
            #expect(try index.get(bytes("b")) == nil)
        }
    }

    @Test("keys are ordered as unsigned bytes, a prefix first", arguments: IndexKind.allCases)
    func orderedByBytes(_ kind: IndexKind) throws {
        try withIndex(kind) { index in
            let keys: [Bytes] = [[], [0], [0, 0], [1], [127, 255], [128], [255], [255, 255]]
            try index.apply(keys.shuffled().map { .put(key: $0, value: []) })
            let cursor = try index.cursor(from: [], to: [255, 255, 255])
            try cursor.seek(to: [])
            var found: [Bytes] = []
            while let key = cursor.key {
                found.append(key)
                try cursor.next()
            }
            #expect(found == keys)
        }
    }

    @Test("both versions answer alike after random batches", arguments: [1, 2, 3, 4])
    func versionsAgree(_ seed: UInt64) throws {
        let directory = try TemporaryDirectory()
        let rocks = try RocksIndex(directory: directory.path)
        let memory = MemoryIndex()
        var random = SeededGenerator(seed: seed)
        for _ in 0..<200 {
            let batch = (0..<5).map { _ in IndexChange.random(&random) }
            try rocks.apply(batch)
            try memory.apply(batch)
            if Int.random(in: 0..<20, using: &random) == 0 { try rocks.flush() }
        }
        let answers = try [rocks as any KeyValueIndex, memory].map { index in
            let cursor = try index.cursor(from: [], to: [255])
            try cursor.seek(to: [])
            return try drain(cursor)
        }
        #expect(answers[0] == answers[1])
        #expect(!answers[0].isEmpty)
        try rocks.close()
    }
}

/// SplitMix64 (Steele, Lea, Flood, 2014): the same seed gives the same numbers.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var value = state
        value = (value ^ (value >> 30)) &* 0xbf58_476d_1ce4_e5b9
        value = (value ^ (value >> 27)) &* 0x94d0_49bb_1331_11eb
        return value ^ (value >> 31)
    }
}

extension IndexChange {
    static func random(_ random: inout SeededGenerator) -> IndexChange {
        func key() -> Bytes {
            (0..<Int.random(in: 1...3, using: &random)).map { _ in
                UInt8.random(in: 97...100, using: &random)
            }
        }
        switch Int.random(in: 0..<10, using: &random) {
        case 0: return .deleteRange(from: key(), to: key())
        case 1...3: return .delete(key: key())
        default: return .put(key: key(), value: key())
        }
    }
}

// Checking records as they pass finds what a walk over the file finds, wherever the bytes are cut.

import ChunkFiles
import DiskIO
import Simulation
import Testing

@Suite("Records that are checked as they pass")
struct RecordCheckTests {
    /// A file of records of many sizes, as its bytes.
    private static func written() throws -> (bytes: [UInt8], starts: [Int]) {
        let chunks = try ChunkFixture()
        let starts = try [1, 64, 5000, 63, 200_000, 128, 70_000].map { size in
            try Int(chunks.append(payload(size)).reference.id.offsetBytes)
        }
        return (try #require(chunks.disk.content(of: path)), starts)
    }

    private static let path = "/chunks/0000000000000001.chunk"

    private static func check(_ bytes: [UInt8], step: Int, limit: Int = 100) -> RecordCheck {
        var check = RecordCheck(file: 1, limit: limit)
        for start in stride(from: 0, to: bytes.count, by: step) {
            bytes[start..<min(start + step, bytes.count)].withUnsafeBytes { check.update($0) }
        }
        check.end()
        return check
    }

    /// What a walk over the same bytes suspects, adjoining ranges in one.
    private static func suspects(_ bytes: [UInt8]) throws -> [Range<UInt64>] {
        let chunks = try ChunkFixture()
        try chunks.disk.open(path, .create).write(bytes, at: 0)
        var ranges: [Range<UInt64>] = []
        for stretch in try chunks.scan(1) {
            let range: Range<UInt64>
            switch stretch {
            case .chunk(_, isIntact: true): continue
            case .chunk(let chunk, isIntact: false):
                range = chunk.id.offsetBytes..<chunk.id.offsetBytes + 64
            case .gap(let gap): range = gap.lowerBound..<(gap.upperBound + 63) / 64 * 64
            }
            if let last = ranges.last, last.upperBound == range.lowerBound {
                ranges[ranges.count - 1] = last.lowerBound..<range.upperBound
            } else {
                ranges.append(range)
            }
        }
        return ranges
    }

    @Test("of an intact file suspects nothing", arguments: [64, 4096, 1 << 20])
    func intact(step: Int) throws {
        let (bytes, _) = try Self.written()
        let check = Self.check(bytes, step: step)
        #expect(check.suspects.isEmpty)
        #expect(check.checkedBytes == UInt64(bytes.count))
    }

    @Test("finds a flipped byte of any header or payload, as a walk does", arguments: [64, 4096])
    func flipped(step: Int) throws {
        let (bytes, starts) = try Self.written()
        for start in starts {
            for offset in [start, start + 60, start + 64] {
                var spoilt = bytes
                spoilt[offset] ^= 1
                let expected = try Self.suspects(spoilt)
                #expect(expected.first?.lowerBound == UInt64(start))
                #expect(Self.check(spoilt, step: step).suspects == expected, "at \(offset)")
            }
        }
    }

    @Test("finds a hole, and an end that was cut off", arguments: [64, 65536])
    func cut(step: Int) throws {
        let (bytes, starts) = try Self.written()
        var hole = bytes
        hole.replaceSubrange(
            starts[2]..<starts[4], with: repeatElement(0, count: starts[4] - starts[2]))
        #expect(try Self.check(hole, step: step).suspects == Self.suspects(hole))
        let short = Array(bytes[..<(starts[6] + 1000)])
        #expect(
            Self.check(short, step: step).suspects == [UInt64(starts[6])..<UInt64(starts[6] + 64)])
    }

    @Test("says how far it came where too much is suspect")
    func limited() throws {
        let (bytes, starts) = try Self.written()
        var spoilt = bytes
        for start in starts { spoilt[start + 64] ^= 1 }
        let check = Self.check(spoilt, step: 4096, limit: 3)
        #expect(check.suspects.count == 3)
        #expect((UInt64(starts[2])...UInt64(starts[3])).contains(check.checkedBytes))
    }
}

// What the objects of a loaded store are called and hold. Any of them can be made again from its number, so
// who measures knows names and bytes without a list.

import NIOCore
import Storage

struct LoadedObject: Sendable {
    let number: UInt64

    /// In the order of the numbers; 256 prefixes, as clients make who spread their keys.
    func name(in bucket: String) -> ObjectName {
        let text = String(number)
        let padded = String(repeating: "0", count: max(0, 10 - text.count)) + text
        let prefix = Hexadecimal.encode([UInt8(truncatingIfNeeded: number >> 4)])
        return ObjectName(bucket: bucket, key: ObjectKey("load/\(prefix)/\(padded)"))
    }

    /// Bytes that no compression makes shorter and no two objects share.
    func body(sizeBytes: Int) -> ByteBuffer {
        var generator = SplitMix64(state: number)
        var body = ByteBuffer()
        body.reserveCapacity(sizeBytes + 8)
        while body.readableBytes < sizeBytes { body.writeInteger(generator.next()) }
        body.moveWriterIndex(to: sizeBytes)
        return body
    }
}

/// Steele, Lea and Flood, 2014: each state gives other numbers.
private struct SplitMix64 {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var value = state
        value = (value ^ (value >> 30)) &* 0xbf58_476d_1ce4_e5b9
        value = (value ^ (value >> 27)) &* 0x94d0_49bb_1331_11eb
        return value ^ (value >> 31)
    }
}

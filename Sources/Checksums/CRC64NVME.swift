// The CRC-64 of the NVM Express command set specification, which S3 clients use by default since
// 2025. libisal 2.30 does not have it, so that it is computed eight bytes at a time from tables
// ("slicing by 8", Kounavis and Berry, 2005).

package struct CRC64NVME: CyclicRedundancyCheck {
    package static let reflectedPolynomial: UInt64 = 0x9A6C_9329_AC4B_C9B5

    package private(set) var value: UInt64

    package init(value: UInt64) { self.value = value }

    package mutating func update(_ bytes: UnsafeRawBufferPointer) {
        var register = ~value
        Self.tables.withUnsafeBufferPointer { tables in
            var offset = 0
            while offset + 8 <= bytes.count {
                let word =
                    UInt64(
                        littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
                    ^ register
                // One table for each byte's distance from the end of the word.
                register =
                    tables[7 << 8 | Int(word & 0xFF)]
                    ^ tables[6 << 8 | Int(word >> 8 & 0xFF)]
                    ^ tables[5 << 8 | Int(word >> 16 & 0xFF)]
                    ^ tables[4 << 8 | Int(word >> 24 & 0xFF)]
                register ^=
                    tables[3 << 8 | Int(word >> 32 & 0xFF)]
                    ^ tables[2 << 8 | Int(word >> 40 & 0xFF)]
                    ^ tables[1 << 8 | Int(word >> 48 & 0xFF)]
                    ^ tables[Int(word >> 56)]
                offset += 8
            }
            while offset < bytes.count {
                register =
                    register >> 8 ^ tables[Int(UInt8(truncatingIfNeeded: register) ^ bytes[offset])]
                offset += 1
            }
        }
        value = ~register
    }

    /// Eight tables of 256 entries: entry (n, b) is the register after the byte b and n zero bytes.
    private static let tables: [UInt64] = {
        var tables = [UInt64](repeating: 0, count: 8 * 256)
        for byte in 0..<256 {
            var register = UInt64(byte)
            for _ in 0..<8 {
                register = register & 1 == 1 ? register >> 1 ^ reflectedPolynomial : register >> 1
            }
            tables[byte] = register
        }
        for index in 256..<tables.count {
            let previous = tables[index - 256]
            tables[index] = previous >> 8 ^ tables[Int(previous & 0xFF)]
        }
        return tables
    }()
}

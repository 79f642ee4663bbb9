import Checksums
import NIOCore
import Testing

/// The definition, bit by bit: what the fast ones are held against.
private func definition<Check: CyclicRedundancyCheck>(
    _ check: Check.Type, _ bytes: [UInt8]
) -> Check.Value {
    var register = Check.Value.max
    for byte in bytes {
        register ^= Check.Value(byte)
        for _ in 0..<8 {
            let carry = register & 1 == 1
            register >>= 1
            if carry { register ^= Check.reflectedPolynomial }
        }
    }
    return ~register
}

private func pattern(_ count: Int) -> [UInt8] {
    (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 167 &+ $0 >> 8) }
}

@Suite("Cyclic redundancy checks")
struct CyclicRedundancyCheckTests {
    static let digits = Array("123456789".utf8)

    @Test("the check values of the catalogue come out")
    func knownAnswers() {
        #expect(CRC32.checksum(Self.digits) == 0xCBF4_3926)
        #expect(CRC32C.checksum(Self.digits) == 0xE306_9283)
        #expect(CRC64NVME.checksum(Self.digits) == 0xAE8B_1486_0A79_9888)
        #expect(CRC32.checksum([]) == 0)
        #expect(CRC32C.checksum([]) == 0)
        #expect(CRC64NVME.checksum([]) == 0)
    }

    @Test(
        "every length and alignment agrees with the definition",
        arguments: [0, 1, 7, 8, 9, 15, 16, 63, 64, 255, 1023, 4099])
    func definitions(count: Int) {
        let bytes = pattern(count + 3)
        for offset in 0..<min(3, bytes.count) {
            let slice = Array(bytes[offset...])
            bytes.withUnsafeBytes { whole in
                let view = UnsafeRawBufferPointer(rebasing: whole[offset...])
                #expect(CRC32.checksum(view) == definition(CRC32.self, slice))
                #expect(CRC32C.checksum(view) == definition(CRC32C.self, slice))
                #expect(CRC64NVME.checksum(view) == definition(CRC64NVME.self, slice))
            }
        }
    }

    @Test("a check that is fed in pieces is the check of the whole")
    func increments() {
        let bytes = pattern(10_000)
        func pieces<Check: CyclicRedundancyCheck>(_ type: Check.Type) -> Check.Value {
            var check = Check()
            check.update(Array(bytes[..<17]))
            check.update(ByteBuffer(bytes: bytes[17..<4001]))
            check.update(Array(bytes[4001...]).span.bytes)
            return check.value
        }
        #expect(pieces(CRC32.self) == CRC32.checksum(bytes))
        #expect(pieces(CRC32C.self) == CRC32C.checksum(bytes))
        #expect(pieces(CRC64NVME.self) == CRC64NVME.checksum(bytes))
    }

    @Test("the bytes of a check are most significant first")
    func byteOrder() {
        #expect(CRC32C(value: 0xE306_9283).bytes == [0xE3, 0x06, 0x92, 0x83])
        #expect(
            CRC64NVME(value: 0xAE8B_1486_0A79_9888).bytes
                == [0xAE, 0x8B, 0x14, 0x86, 0x0A, 0x79, 0x98, 0x88])
    }

    @Test(
        "the check of a whole follows from its parts",
        arguments: [0, 1, 8, 4096, 9999, 10_000])
    func combination(split: Int) {
        let bytes = pattern(10_000)
        let first = Array(bytes[..<split])
        let second = Array(bytes[split...])
        for kind in ChecksumKind.allCases {
            let combined = kind.combine(
                checksum(kind, first), checksum(kind, second),
                secondLengthBytes: UInt64(second.count))
            #expect(combined == (kind.isCombinable ? checksum(kind, bytes) : nil))
        }
    }

    private func checksum(_ kind: ChecksumKind, _ bytes: [UInt8]) -> [UInt8] {
        let hasher = ChecksumHasher(kind)
        hasher.update(bytes)
        return hasher.finish()
    }
}

@Suite("Checksums of any kind")
struct ChecksumHasherTests {
    @Test("a copy goes on by itself", arguments: ChecksumKind.allCases)
    func copies(kind: ChecksumKind) {
        let original = ChecksumHasher(kind)
        original.update(Array("12345".utf8))
        let copy = original.copy()
        original.update(Array("6789".utf8))
        let whole = ChecksumHasher(kind)
        whole.update(ByteBuffer(string: "123456789"))
        let expected = whole.finish()
        #expect(original.finish() == expected)
        #expect(expected.count == kind.byteCount)
        #expect(copy.finish() != expected)
    }

    @Test("a checksum of the wrong length is not combined")
    func wrongLength() {
        #expect(ChecksumKind.crc32.combine([1, 2, 3], [1, 2, 3, 4], secondLengthBytes: 1) == nil)
    }
}

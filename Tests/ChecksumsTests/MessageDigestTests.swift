import Checksums
import NIOCore
import Testing

private func hex(_ bytes: [UInt8]) -> String {
    bytes.map { byte in
        let digits = String(byte, radix: 16)
        return digits.count == 1 ? "0" + digits : digits
    }.joined()
}

@Suite("Message digests")
struct MessageDigestTests {
    @Test(
        "the digest of “abc” is the one of the standard",
        arguments: [
            (HashAlgorithm.md5, "900150983cd24fb0d6963f7d28e17f72"),
            (.sha1, "a9993e364706816aba3e25717850c26c9cd0d89d"),
            (.sha256, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
            (
                .sha512,
                "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
                    + "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f"
            ),
        ])
    func knownAnswers(algorithm: HashAlgorithm, expected: String) {
        let digest = MessageDigest(algorithm)
        digest.update(Array("ab".utf8))
        digest.update(ByteBuffer(string: "c"))
        let result = digest.finish()
        #expect(hex(result) == expected)
        #expect(result.count == algorithm.byteCount)
        #expect(MessageDigest.hash(algorithm, Array("abc".utf8)) == result)
        #expect(MessageDigest.hash(algorithm, ByteBuffer(string: "abc")) == result)
    }

    @Test("the digest of nothing is the one of the standard")
    func emptyInput() {
        let digest = MessageDigest(.sha256)
        digest.update([])
        digest.update(ByteBuffer())
        let expected = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
        #expect(hex(digest.finish()) == expected)
        #expect(hex(MessageDigest.hash(.sha256, [])) == expected)
    }

    @Test("a copy goes on by itself", arguments: HashAlgorithm.allCases)
    func copies(algorithm: HashAlgorithm) {
        let original = MessageDigest(algorithm)
        original.update(Array("part one".utf8))
        let copy = original.copy()
        copy.update(Array(", part two".utf8))
        #expect(copy.finish() == MessageDigest.hash(algorithm, Array("part one, part two".utf8)))
        #expect(original.finish() == MessageDigest.hash(algorithm, Array("part one".utf8)))
    }

    @Test("spans, arrays and pointers are the same bytes")
    func shapes() {
        let bytes: [UInt8] = (0..<1000).map { UInt8(truncatingIfNeeded: $0) }
        let digest = MessageDigest(.sha256)
        digest.update(bytes.span.bytes)
        #expect(digest.finish() == MessageDigest.hash(.sha256, bytes))
    }
}

@Suite("HMAC-SHA256")
struct HMACTests {
    /// RFC 4231, test cases 1, 2, 4 and 6 (a key that is longer than a block).
    @Test(
        "the codes are those of RFC 4231",
        arguments: [
            (
                [UInt8](repeating: 0x0b, count: 20), Array("Hi There".utf8),
                "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"
            ),
            (
                Array("Jefe".utf8), Array("what do ya want for nothing?".utf8),
                "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
            ),
            (
                [UInt8](1...25), [UInt8](repeating: 0xcd, count: 50),
                "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b"
            ),
            (
                [UInt8](repeating: 0xaa, count: 131),
                Array("Test Using Larger Than Block-Size Key - Hash Key First".utf8),
                "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"
            ),
        ])
    func knownAnswers(key: [UInt8], message: [UInt8], expected: String) {
        #expect(hex(HMAC.code(key: key, message: message)) == expected)
        let prepared = HMAC(key: key)
        #expect(hex(prepared.code(for: message)) == expected)
        #expect(hex(prepared.code(for: message)) == expected)
    }
}

@Suite("Comparison in constant time")
struct ConstantTimeTests {
    @Test("only the same bytes are equal")
    func comparison() {
        #expect(ConstantTime.isEqual([1, 2, 3], [1, 2, 3]))
        #expect(ConstantTime.isEqual([], []))
        #expect(!ConstantTime.isEqual([1, 2, 3], [1, 2, 4]))
        #expect(!ConstantTime.isEqual([1, 2, 3], [1, 2]))
    }
}

// The CRC of gzip and zlib (RFC 1952), by libisal's carry-less multiplication.

internal import CISAL

package struct CRC32: CyclicRedundancyCheck {
    package static let reflectedPolynomial: UInt32 = 0xEDB8_8320

    package private(set) var value: UInt32

    package init(value: UInt32) { self.value = value }

    package mutating func update(_ bytes: UnsafeRawBufferPointer) {
        guard bytes.count > 0 else { return }
        // Inverts before and after by itself, like zlib's `crc32`.
        value = crc32_gzip_refl(
            value, bytes.assumingMemoryBound(to: UInt8.self).baseAddress, UInt64(bytes.count))
    }
}

// Castagnoli's CRC (RFC 3720, appendix B.4), by the processor's instruction through libisal. Every
// record on disk carries it.

internal import CISAL

package struct CRC32C: CyclicRedundancyCheck {
    package static let reflectedPolynomial: UInt32 = 0x82F6_3B78

    package private(set) var value: UInt32

    package init(value: UInt32) { self.value = value }

    package mutating func update(_ bytes: UnsafeRawBufferPointer) {
        // libisal works on the raw register, leaves both inversions to the caller, takes the length as
        // an `int`, and only reads although it does not say `const`.
        var register = ~value
        var rest = bytes
        while rest.count > 0 {
            let count = min(rest.count, 1 << 30)
            register = crc32_iscsi(
                UnsafeMutablePointer(
                    mutating: rest.assumingMemoryBound(to: UInt8.self).baseAddress),
                CInt(count), register)
            rest = UnsafeRawBufferPointer(rebasing: rest[count...])
        }
        value = ~register
    }
}

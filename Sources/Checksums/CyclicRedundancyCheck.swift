// What the cyclic redundancy checks of this module have in common. All three are reflected and begin
// and end with all bits inverted, so that the check of a whole follows from those of its parts by one
// multiplication of polynomials over GF(2).

package import NIOCore

/// A running check: a plain value, cheap to copy.
package protocol CyclicRedundancyCheck: Sendable, Hashable {
    associatedtype Value: FixedWidthInteger & UnsignedInteger & Sendable

    /// The generator without its leading term, bits reflected.
    static var reflectedPolynomial: Value { get }

    /// The check of the bytes seen so far.
    var value: Value { get }

    /// Goes on after bytes whose check is `value`; 0 where there were none.
    init(value: Value)

    mutating func update(_ bytes: UnsafeRawBufferPointer)
}

extension CyclicRedundancyCheck {
    package init() { self.init(value: 0) }

    package mutating func update(_ bytes: RawSpan) {
        bytes.withUnsafeBytes { update($0) }
    }

    /// The readable bytes of a buffer, without copying them.
    package mutating func update(_ bytes: ByteBuffer) {
        bytes.withUnsafeReadableBytes { update($0) }
    }

    package mutating func update(_ bytes: [UInt8]) {
        bytes.withUnsafeBytes { update($0) }
    }

    /// The check of bytes that are all here.
    package static func checksum(_ bytes: UnsafeRawBufferPointer) -> Value {
        var check = Self()
        check.update(bytes)
        return check.value
    }

    package static func checksum(_ bytes: [UInt8]) -> Value {
        bytes.withUnsafeBytes { checksum($0) }
    }

    package static func checksum(_ bytes: ByteBuffer) -> Value {
        bytes.withUnsafeReadableBytes { checksum($0) }
    }

    /// The value most significant byte first, as the S3 checksum headers carry it.
    package var bytes: [UInt8] {
        let width = Value.bitWidth
        return stride(from: width - 8, through: 0, by: -8).map {
            UInt8(truncatingIfNeeded: value >> Value($0))
        }
    }

    /// The check of `first` followed by bytes whose check is `second` and whose number is given.
    package static func combine(
        _ first: Value, _ second: Value, secondLengthBytes: UInt64
    ) -> Value {
        multiply(powerOfX(bytes: secondLengthBytes), first) ^ second
    }

    /// x^(8·`bytes`) modulo the generator, by squaring. The highest bit is the coefficient of x^0.
    private static func powerOfX(bytes: UInt64) -> Value {
        let one: Value = 1 << (Value.bitWidth - 1)
        var result = one
        var square = one >> 8
        var remaining = bytes
        while remaining != 0 {
            if remaining & 1 == 1 { result = multiply(square, result) }
            square = multiply(square, square)
            remaining >>= 1
        }
        return result
    }

    /// The product of two polynomials modulo the generator.
    private static func multiply(_ left: Value, _ right: Value) -> Value {
        var product: Value = 0
        var shifted = right
        var mask: Value = 1 << (Value.bitWidth - 1)
        while mask != 0 {
            if left & mask != 0 { product ^= shifted }
            shifted = shifted & 1 == 1 ? shifted >> 1 ^ reflectedPolynomial : shifted >> 1
            mask >>= 1
        }
        return product
    }
}

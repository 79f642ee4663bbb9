// The line that begins a chunk of an aws-chunked body: `<size in hex>[;chunk-signature=<hex>]`.

internal import Storage

struct ChunkHeader {
    private static let signatureLabel = Array(";chunk-signature=".utf8)

    let sizeBytes: UInt64
    /// 32 bytes; `nil` where chunks are not signed.
    let signature: [UInt8]?

    /// `line` is without CRLF. Throws `malformedChunk`.
    init(_ line: [UInt8], isSigned: Bool) throws(AccessError) {
        let digits = line.prefix { $0 != UInt8(ascii: ";") }
        // `UInt64(_:radix:)` takes a sign; a size has none.
        guard (1...16).contains(digits.count), digits.first != UInt8(ascii: "+"),
            let size = UInt64(String(decoding: digits, as: UTF8.self), radix: 16)
        else {
            throw AWSChunkedDecoder.malformed("a chunk's size is not a hexadecimal number")
        }
        sizeBytes = size
        let rest = line.dropFirst(digits.count)
        guard isSigned else {
            guard rest.isEmpty else {
                throw AWSChunkedDecoder.malformed("a chunk of an unsigned body has an extension")
            }
            signature = nil
            return
        }
        guard rest.starts(with: Self.signatureLabel),
            let code = Hexadecimal.decode(
                String(decoding: rest.dropFirst(Self.signatureLabel.count), as: UTF8.self)),
            code.count == 32
        else {
            throw AWSChunkedDecoder.malformed("a chunk of a signed body has no signature")
        }
        signature = code
    }
}

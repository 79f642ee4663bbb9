// The headers behind an aws-chunked body: exactly those that `x-amz-trailer` announced and, in a signed
// body, their signature as the last.

internal import Checksums
internal import Storage

struct TrailerSection {
    private static let signatureName = "x-amz-trailer-signature"

    private let announced: Set<String>
    private let limits: AccessLimits
    private(set) var fields: [Trailer] = []
    private var signature: [UInt8]?
    private var sizeBytes = 0

    init(announced: [String], limits: AccessLimits) {
        self.announced = Set(announced)
        self.limits = limits
    }

    /// Takes a line without CRLF. Throws `malformedTrailer`.
    mutating func append(_ line: [UInt8], isSigned: Bool) throws(AccessError) {
        sizeBytes += line.count
        guard sizeBytes <= limits.trailerBytes, fields.count < limits.trailers else {
            throw Self.malformed("there are more trailers than allowed")
        }
        guard signature == nil else { throw Self.malformed("a trailer follows the signature") }
        guard let colon = line.firstIndex(of: UInt8(ascii: ":")), colon > 0,
            let name = String(validating: line[..<colon], as: UTF8.self),
            let value = String(validating: Self.trimmed(line[(colon + 1)...]), as: UTF8.self)
        else { throw Self.malformed("a trailer is not “name:value”") }
        let lowered = name.lowercased()
        if lowered == Self.signatureName {
            guard isSigned, let code = Hexadecimal.decode(value), code.count == 32 else {
                throw Self.malformed("\(Self.signatureName) is not 64 hexadecimal digits")
            }
            signature = code
            return
        }
        guard announced.contains(lowered), !fields.contains(where: { $0.name == lowered }) else {
            throw Self.malformed("the trailer “\(lowered)” was not announced, or comes twice")
        }
        fields.append(Trailer(name: lowered, value: value))
    }

    /// The blank line was read. Throws `malformedTrailer`, or `signatureDoesNotMatch`.
    mutating func end(_ signatures: inout ChunkSignatureChain?) throws(AccessError) {
        guard fields.count == announced.count else {
            throw Self.malformed("an announced trailer is missing")
        }
        // `nil` without a chain: then nothing is signed.
        let canonical = fields.map { "\($0.name):\($0.value)\n" }.joined()
        guard
            let expected = signatures?.sign(
                trailerSHA256: MessageDigest.hash(.sha256, Array(canonical.utf8)))
        else { return }
        guard let signature, ConstantTime.isEqual(expected, signature) else {
            throw AccessError(
                .signatureDoesNotMatch, "the signature of the trailers is missing or does not match"
            )
        }
    }

    private static func trimmed(_ bytes: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        func isSpace(_ byte: UInt8) -> Bool {
            byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t")
        }
        var result = bytes.drop(while: isSpace)
        while let last = result.last, isSpace(last) { result.removeLast() }
        return result
    }

    private static func malformed(_ what: String) -> AccessError {
        AccessError(.malformedTrailer, what)
    }
}

// The query of a request as a list of parameters. Names are decoded, since whoever acts on the request decodes
// them too: a parameter must not escape a signature by the way it is written.

/// The parameters of a raw query, in the order sent.
struct QueryParameters {
    struct Parameter {
        /// As it was sent where it cannot be decoded; such a request is refused when its target is read.
        let name: ArraySlice<UInt8>
        /// Still percent-encoded; empty where there is no "=".
        let value: ArraySlice<UInt8>
    }

    let parameters: [Parameter]

    init(_ query: String) {
        let pairs = Array(query.utf8)[...].fields(separatedBy: UInt8(ascii: "&"))
        parameters = pairs.map { pair in
            var mark = pair.startIndex
            while mark < pair.endIndex, pair[mark] != UInt8(ascii: "=") { mark += 1 }
            return Parameter(name: Self.decoded(pair[..<mark]), value: pair[mark...].dropFirst())
        }
    }

    private static func decoded(_ name: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        guard name.contains(where: { $0 == UInt8(ascii: "%") || $0 == UInt8(ascii: "+") }) else {
            return name
        }
        return PercentEncoding.decode(name, plusIsSpace: true).map { Array($0.utf8)[...] } ?? name
    }

    /// The decoded value of the parameter `X-Amz-…` whose name ends in `suffix`; `nil` where there is none,
    /// or more than one, or one that cannot be decoded: a signature must not be ambiguous.
    func signatureValue(_ suffix: StaticString) -> String? {
        var found: Parameter?
        for parameter in parameters where Self.isAmazon(parameter.name, suffix) {
            guard found == nil else { return nil }
            found = parameter
        }
        return found.flatMap { PercentEncoding.decode($0.value) }
    }

    /// Whether there is one named `X-Amz-<suffix>`, whatever its value.
    func hasSignatureValue(_ suffix: StaticString) -> Bool {
        parameters.contains { Self.isAmazon($0.name, suffix) }
    }

    private static let prefix = Array("X-Amz-".utf8)

    private static func isAmazon(_ name: ArraySlice<UInt8>, _ suffix: StaticString) -> Bool {
        name.count == prefix.count + suffix.utf8CodeUnitCount
            && name.prefix(prefix.count).elementsEqual(prefix)
            && suffix.withUTF8Buffer { name.dropFirst(prefix.count).elementsEqual($0) }
    }

    /// Whether the query carries (part of) a signature of version 4.
    var isSignedV4: Bool {
        hasSignatureValue("Algorithm") || hasSignatureValue("Signature")
            || hasSignatureValue("Credential")
    }

    /// Whether the query carries a signature of version 2.
    var isSignedV2: Bool {
        parameters.contains { $0.name.elementsEqual("AWSAccessKeyId".utf8) }
    }
}

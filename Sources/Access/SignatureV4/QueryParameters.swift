// The query of a request as a list of parameters. Names are decoded, since whoever acts on the request decodes
// them too: a parameter must not escape a signature by the way it is written.

internal import Storage

/// The parameters of a raw query, in the order sent.
struct QueryParameters {
    /// The parameters that carry a signature of version 4.
    enum SignatureName: String, CaseIterable {
        case algorithm = "X-Amz-Algorithm"
        case credential = "X-Amz-Credential"
        case date = "X-Amz-Date"
        case expires = "X-Amz-Expires"
        case signedHeaders = "X-Amz-SignedHeaders"
        case signature = "X-Amz-Signature"
        case contentSHA256 = "X-Amz-Content-Sha256"
    }

    struct Parameter {
        /// As it was sent where it cannot be decoded; such a request is refused when its target is read.
        let name: ArraySlice<UInt8>
        /// Found once, since a signature is asked for each of them.
        let signatureName: SignatureName?
        /// Still percent-encoded; empty where there is no "=".
        let value: ArraySlice<UInt8>
    }

    let parameters: [Parameter]

    init(_ query: String) {
        let pairs = Array(query.utf8)[...].fields(separatedBy: UInt8(ascii: "&"))
        parameters = pairs.map { pair in
            var mark = pair.startIndex
            while mark < pair.endIndex, pair[mark] != UInt8(ascii: "=") { mark += 1 }
            let name = Self.decoded(pair[..<mark])
            return Parameter(
                name: name, signatureName: Self.signatureName(name),
                value: pair[mark...].dropFirst())
        }
    }

    private static func decoded(_ name: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        guard name.contains(where: { $0 == UInt8(ascii: "%") || $0 == UInt8(ascii: "+") }) else {
            return name
        }
        return PercentCoding.decodeText(name, plusIsSpace: true).map { Array($0.utf8)[...] } ?? name
    }

    /// The decoded value of that parameter; `nil` where there is none, or more than one, or one that cannot
    /// be decoded: a signature must not be ambiguous.
    func value(_ name: SignatureName) -> String? {
        var found: Parameter?
        for parameter in parameters where parameter.signatureName == name {
            guard found == nil else { return nil }
            found = parameter
        }
        return found.flatMap { PercentCoding.decodeText($0.value) }
    }

    /// Whether there is one of that name, whatever its value.
    func has(_ name: SignatureName) -> Bool { parameters.contains { $0.signatureName == name } }

    private static let signatureNames = SignatureName.allCases.map {
        (name: $0, bytes: Array($0.rawValue.utf8))
    }

    private static func signatureName(_ name: ArraySlice<UInt8>) -> SignatureName? {
        guard name.first == UInt8(ascii: "X") else { return nil }
        return signatureNames.first { $0.bytes[...] == name }?.name
    }

    /// Whether the query carries (part of) a signature of version 4.
    var isSignedV4: Bool {
        has(.algorithm) || has(.signature) || has(.credential)
    }

    /// Whether the query carries a signature of version 2.
    var isSignedV2: Bool {
        parameters.contains { $0.name.elementsEqual("AWSAccessKeyId".utf8) }
    }
}

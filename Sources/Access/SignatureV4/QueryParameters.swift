// The raw query of a request as a list of stretches, without making strings of them.

/// The parameters of a raw query, in the order sent.
struct QueryParameters {
    struct Parameter {
        let name: Substring.UTF8View
        /// Still percent-encoded; empty where there is no "=".
        let value: Substring.UTF8View
    }

    static func parse(_ query: String) -> [Parameter] {
        query.utf8.split(separator: UInt8(ascii: "&")).map { pair in
            let mark = pair.firstIndex(of: UInt8(ascii: "=")) ?? pair.endIndex
            return Parameter(
                name: pair[..<mark],
                value: mark == pair.endIndex ? pair[mark...] : pair[pair.index(after: mark)...])
        }
    }

    /// Whether the query carries (part of) a signature of version 4.
    static func isSignedV4(_ query: String) -> Bool {
        guard !query.isEmpty else { return false }
        return parse(query).contains {
            $0.name.elementsEqual("X-Amz-Algorithm".utf8)
                || $0.name.elementsEqual("X-Amz-Signature".utf8)
                || $0.name.elementsEqual("X-Amz-Credential".utf8)
        }
    }

    /// Whether the query carries a signature of version 2.
    static func isSignedV2(_ query: String) -> Bool {
        guard !query.isEmpty else { return false }
        return parse(query).contains { $0.name.elementsEqual("AWSAccessKeyId".utf8) }
    }
}

// What pages of other origins may ask of a bucket (Amazon S3 User Guide, "Elements of a CORS
// configuration"; WHATWG Fetch, "CORS protocol").

internal import HTTPTypes
internal import NIOCore

struct CORSConfiguration: Sendable, Hashable {
    private static let root = "CORSConfiguration"

    private(set) var rules: [CORSRule]

    /// Throws `MalformedXML` for what is none, `InvalidRequest` for what cannot be heeded.
    init(document: ByteBuffer, limits: S3Limits) throws(S3Error) {
        let root = try XMLElement.parse(
            document, root: Self.root, depth: limits.documentDepth,
            elements: limits.corsElements)
        try root.expectChildren(["CORSRule"], repeated: ["CORSRule"])
        guard (1...limits.corsRules).contains(root.children.count) else { throw .malformedXML }
        rules = []
        for element in root.children { rules.append(try CORSRule(element)) }
    }

    var document: ByteBuffer {
        XMLWriter.document(Self.root) { writer in
            for rule in rules { rule.write(to: &writer) }
        }
    }

    /// The first rule that allows all of it; names of fields in lower case.
    func rule(origin: String, method: String, fields: [String] = []) -> CORSRule? {
        rules.first { rule in
            rule.allows(origin: origin) && rule.methods.contains(method)
                && fields.allSatisfy(rule.allows(field:))
        }
    }
}

struct CORSRule: Sendable, Hashable {
    private static let knownMethods: Set<String> = ["GET", "PUT", "POST", "DELETE", "HEAD"]

    var id: String?
    /// With one `*` at most, which stands for anything.
    var origins: [String]
    var methods: [String]
    /// As `origins`.
    var allowedFields: [String]
    var exposedFields: [String]
    var maxAgeSeconds: Int?

    func allows(origin: String) -> Bool {
        origins.contains { Self.matches(origin, $0) }
    }

    func allows(field: String) -> Bool {
        allowedFields.contains { Self.matches(field, $0.lowercased()) }
    }

    /// Whether the rule is for everyone, so that an answer need not name whom it is for.
    var isForEveryone: Bool { origins.contains("*") }

    private static func matches(_ text: String, _ pattern: String) -> Bool {
        guard let star = pattern.firstIndex(of: "*") else { return text == pattern }
        let (head, tail) = (pattern[..<star], pattern[pattern.index(after: star)...])
        return text.utf8.count >= head.utf8.count + tail.utf8.count && text.hasPrefix(head)
            && text.hasSuffix(tail)
    }
}

// MARK: The document

extension CORSRule {
    /// Amazon S3 API Reference, CORSRule.
    private static let idCharacters = 255

    fileprivate init(_ element: XMLElement) throws(S3Error) {
        guard element.name == "CORSRule" else { throw .malformedXML }
        let lists: Set = ["AllowedOrigin", "AllowedMethod", "AllowedHeader", "ExposeHeader"]
        try element.expectChildren(lists.union(["ID", "MaxAgeSeconds"]), repeated: lists)
        for child in element.children { _ = try child.leafText() }
        id = element.child("ID")?.trimmedText
        guard id?.count ?? 0 <= Self.idCharacters else {
            throw .invalidArgument(
                "ID", id ?? "", "ID length should not exceed allowed limit of \(Self.idCharacters)")
        }
        origins = element.texts("AllowedOrigin")
        methods = element.texts("AllowedMethod")
        allowedFields = element.texts("AllowedHeader")
        exposedFields = element.texts("ExposeHeader")
        guard !origins.isEmpty, !methods.isEmpty else { throw .malformedXML }
        maxAgeSeconds = try element.child("MaxAgeSeconds").map { age throws(S3Error) in
            guard let seconds = Int32(age.trimmedText), seconds >= 0 else { throw .malformedXML }
            return Int(seconds)
        }
        try check()
    }

    private func check() throws(S3Error) {
        if let method = methods.first(where: { !Self.knownMethods.contains($0) }) {
            throw S3Error(
                .invalidRequest,
                "Found unsupported HTTP method in CORS config. Unsupported method is \(method)")
        }
        for (element, patterns) in [("AllowedOrigin", origins), ("AllowedHeader", allowedFields)] {
            let isAmbiguous = { (pattern: String) in pattern.count(where: { $0 == "*" }) > 1 }
            guard let pattern = patterns.first(where: isAmbiguous) else { continue }
            throw S3Error(
                .invalidRequest, "\(element) \"\(pattern)\" can not have more than one wildcard.")
        }
        if let field = exposedFields.first(where: { $0.contains("*") }) {
            throw S3Error(
                .invalidRequest,
                "ExposeHeader \"\(field)\" contains wildcard. We currently do not support wildcard "
                    + "for ExposeHeader.")
        }
        // They are sent as they are.
        let sent = exposedFields + methods
        guard sent.allSatisfy({ HTTPField.isValidValue($0) }) else { throw .malformedXML }
    }

    fileprivate func write(to writer: inout XMLWriter) {
        writer.element("CORSRule") { writer in
            writer.element("ID", ifPresent: id)
            for origin in origins { writer.element("AllowedOrigin", origin) }
            for method in methods { writer.element("AllowedMethod", method) }
            for field in allowedFields { writer.element("AllowedHeader", field) }
            for field in exposedFields { writer.element("ExposeHeader", field) }
            if let maxAgeSeconds { writer.element("MaxAgeSeconds", maxAgeSeconds) }
        }
    }
}

extension XMLElement {
    fileprivate func texts(_ name: String) -> [String] {
        children.filter { $0.name == name }.map(\.trimmedText)
    }
}

// The tags of an object or a bucket (Amazon S3 User Guide, "Categorizing your objects using tags").

internal import NIOCore
internal import Storage

struct TagSet: Sendable, Hashable {
    private(set) var tags: [MetadataField]

    init(_ tags: [MetadataField]) { self.tags = tags }

    /// Throws `InvalidTag` for a tag that is none, for two of one name, and for too many.
    init(_ tags: [MetadataField], most: Int, limits: S3Limits) throws(S3Error) {
        guard tags.count <= most else {
            throw S3Error(.invalidTag, "There cannot be more than \(most) tags.")
        }
        var names: Set<String> = []
        for tag in tags {
            guard !tag.name.lowercased().hasPrefix("aws:") else {
                throw S3Error(
                    .invalidTag, "System tags cannot be added/updated by requester"
                ).with("TagKey", tag.name)
            }
            guard !tag.name.isEmpty, tag.name.count <= limits.tagNameCharacters,
                Self.isPlain(tag.name)
            else {
                throw S3Error(.invalidTag, "The TagKey you have provided is invalid.")
                    .with("TagKey", tag.name)
            }
            guard tag.value.count <= limits.tagValueCharacters, Self.isPlain(tag.value) else {
                throw S3Error(.invalidTag, "The TagValue you have provided is invalid.")
                    .with("TagKey", tag.name)
            }
            guard names.insert(tag.name).inserted else {
                throw S3Error(.invalidTag, "Cannot provide multiple Tags with the same key.")
                    .with("TagKey", tag.name)
            }
        }
        self.tags = tags
    }

    /// Letters, numbers and spaces of any script, and a few signs (Amazon S3 API Reference, Tag).
    private static func isPlain(_ text: String) -> Bool {
        text.unicodeScalars.allSatisfy { scalar in
            switch scalar.properties.generalCategory {
            case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter,
                .otherLetter, .decimalNumber, .letterNumber, .otherNumber, .spaceSeparator,
                .lineSeparator, .paragraphSeparator:
                true
            default: "+-=._:/@".unicodeScalars.contains(scalar)
            }
        }
    }

    /// Reads a `Tagging` document. Throws `MalformedXML`, and as above.
    init(document: ByteBuffer, most: Int, limits: S3Limits) throws(S3Error) {
        let root = try XMLElement.parse(
            document, root: "Tagging", depth: limits.documentDepth,
            elements: limits.documentElements)
        try root.expectChildren(["TagSet"])
        guard let set = root.child("TagSet") else { throw .malformedXML }
        try set.expectChildren(["Tag"], repeated: ["Tag"])
        var tags: [MetadataField] = []
        for tag in set.children { tags.append(try MetadataField(tag: tag)) }
        try self.init(tags, most: most, limits: limits)
    }

    var document: ByteBuffer {
        XMLWriter.document("Tagging") { writer in
            writer.element("TagSet") { writer in
                for tag in tags { tag.write(to: &writer) }
            }
        }
    }
}

extension MetadataField {
    /// Reads a `Tag` element. Throws `MalformedXML`.
    init(tag: XMLElement) throws(S3Error) {
        try tag.expectChildren(["Key", "Value"])
        guard let name = tag.child("Key"), let value = tag.child("Value") else {
            throw .malformedXML
        }
        self.init(name: try name.leafText(), value: try value.leafText())
    }

    func write(to writer: inout XMLWriter) {
        writer.element("Tag") {
            $0.element("Key", name)
            $0.element("Value", value)
        }
    }
}

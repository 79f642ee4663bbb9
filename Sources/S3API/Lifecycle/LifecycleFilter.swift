// Which objects a rule of a lifecycle is about: all conditions hold together.

internal import Storage

struct LifecycleFilter: Sendable, Hashable {
    var prefix = ""
    var tags: [MetadataField] = []
    var greaterThanBytes: UInt64?
    var lessThanBytes: UInt64?
    /// Whether the rule was written with its prefix outside of a filter, as rules once were.
    private var isBare = false

    /// Nothing but the prefix, which is all that an upload can be asked for.
    var isPrefixOnly: Bool {
        tags.isEmpty && greaterThanBytes == nil && lessThanBytes == nil
    }

    func matches(_ key: ObjectKey, _ content: ObjectContent) -> Bool {
        key.hasPrefix(ObjectKey(prefix)) && tags.allSatisfy(content.tags.contains)
            && greaterThanBytes.map { content.sizeBytes > $0 } != false
            && lessThanBytes.map { content.sizeBytes < $0 } != false
    }
}

extension LifecycleFilter {
    /// Throws `MalformedXML` where a rule says neither or both of how a filter is written.
    init(ofRule rule: XMLElement, limits: S3Limits) throws(S3Error) {
        switch (rule.child("Filter"), rule.child("Prefix")) {
        case (nil, let prefix?):
            self.prefix = prefix.text
            isBare = true
        case (let filter?, nil):
            guard filter.children.count <= 1 else { throw .malformedXML }
            guard let only = filter.children.first else { return }
            let conditions = only.name == "And" ? only.children : [only]
            guard only.name != "And" || conditions.count > 1 else { throw .malformedXML }
            for condition in conditions { try add(condition) }
            tags = try TagSet(tags, most: limits.tags, limits: limits).tags
        default:
            throw .malformedXML
        }
        if let greaterThanBytes, let lessThanBytes, lessThanBytes <= greaterThanBytes {
            throw S3Error(
                .invalidRequest,
                "'ObjectSizeLessThan' has to be a value greater than 'ObjectSizeGreaterThan'.")
        }
    }

    private mutating func add(_ condition: XMLElement) throws(S3Error) {
        switch condition.name {
        case "Prefix": prefix = condition.text
        case "Tag": tags.append(try MetadataField(tag: condition))
        case "ObjectSizeGreaterThan": greaterThanBytes = try Self.bytes(condition)
        case "ObjectSizeLessThan": lessThanBytes = try Self.bytes(condition)
        default: throw .malformedXML
        }
    }

    private static func bytes(_ element: XMLElement) throws(S3Error) -> UInt64 {
        guard let value = UInt64(element.trimmedText) else { throw .malformedXML }
        return value
    }

    func write(to writer: inout XMLWriter) {
        guard !isBare else { return writer.element("Prefix", prefix) }
        let sizes = [greaterThanBytes, lessThanBytes].compactMap { $0 }
        let count = (prefix.isEmpty ? 0 : 1) + tags.count + sizes.count
        writer.element("Filter") { writer in
            if count > 1 {
                writer.element("And", writeConditions)
            } else if count == 0 {
                writer.element("Prefix", "")
            } else {
                writeConditions(to: &writer)
            }
        }
    }

    private func writeConditions(to writer: inout XMLWriter) {
        if !prefix.isEmpty { writer.element("Prefix", prefix) }
        for tag in tags { tag.write(to: &writer) }
        if let greaterThanBytes { writer.element("ObjectSizeGreaterThan", greaterThanBytes) }
        if let lessThanBytes { writer.element("ObjectSizeLessThan", lessThanBytes) }
    }
}

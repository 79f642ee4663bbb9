// What a region takes in of what other regions write to a bucket, rule by rule. The first rule that holds in the
// region and matches a key decides; what no rule matches is taken in.
//
// A write that is not taken in is known, handed on and counted as ever: it is neither fetched nor shown. So rules may
// change at any time, and what was written here keeps its place whatever they say.

package struct ReplicationRule: Sendable, Hashable {
    package enum Action: String, Sendable, CaseIterable {
        /// Writes of other regions are taken in.
        case include
        /// They are not. What is here already stays.
        case exclude
    }

    package enum Deletes: String, Sendable, CaseIterable {
        /// What is deleted in another region is deleted here.
        case follow
        /// It stays as it is.
        case stay
    }

    package var action: Action
    /// The names of the regions in which it holds; none: in every region.
    package var regions: [String]
    /// What a key begins with; `nil`: any key.
    package var prefix: String?
    /// Of a registry's keys in Distribution's layout those that belong to such a repository.
    package var repository: GlobPattern?
    /// Of those the ones that a tag of that name is made of.
    package var tag: GlobPattern?
    /// `nil`: they go with the writes.
    package var deletes: Deletes?

    package init(
        _ action: Action, regions: [String] = [], prefix: String? = nil,
        repository: GlobPattern? = nil, tag: GlobPattern? = nil, deletes: Deletes? = nil
    ) {
        self.action = action
        self.regions = regions
        self.prefix = prefix
        self.repository = repository
        self.tag = tag
        self.deletes = deletes
    }

    package var takesDeletes: Bool { deletes.map { $0 == .follow } ?? (action == .include) }

    package func holds(in region: String) -> Bool { regions.isEmpty || regions.contains(region) }
}

extension ReplicationRule {
    private enum Field: String, CaseIterable {
        case region, prefix, repository, tag, deletes
    }

    static let accepted =
        "include or exclude, then any of region=NAME,…, prefix=…, repository=PATTERN, tag=PATTERN, "
        + "deletes=follow or deletes=stay"

    /// `exclude region=east repository=scratch/*`, as a person writes it and the document keeps it. Throws
    /// `invalidArgument`.
    package init(parsing text: some StringProtocol) throws(StorageError) {
        let words = text.split(whereSeparator: \.isWhitespace)
        guard let first = words.first, let action = Action(rawValue: String(first)) else {
            throw Self.refusal(text, "it begins with neither include nor exclude")
        }
        self.init(action)
        var seen: Set<Field> = []
        for word in words.dropFirst() {
            let parts = word.split(separator: "=", maxSplits: 1)
            guard parts.count == 2, let field = Field(rawValue: String(parts[0])) else {
                throw Self.refusal(text, "“\(word)” is not known")
            }
            guard seen.insert(field).inserted else {
                throw Self.refusal(text, "“\(field.rawValue)” is given twice")
            }
            guard take(field, String(parts[1])) else {
                throw Self.refusal(text, "“\(word)” is no \(field.rawValue)")
            }
        }
    }

    /// As `init(parsing:)` takes it.
    package var text: String {
        let fields: [(Field, String?)] = [
            (.region, regions.isEmpty ? nil : regions.joined(separator: ",")),
            (.prefix, prefix), (.repository, repository?.text), (.tag, tag?.text),
            (.deletes, deletes?.rawValue),
        ]
        let words = fields.compactMap { field, value in value.map { "\(field.rawValue)=\($0)" } }
        return ([action.rawValue] + words).joined(separator: " ")
    }

    private mutating func take(_ field: Field, _ value: String) -> Bool {
        switch field {
        case .region:
            regions = value.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
            return !regions.contains("") && Set(regions).count == regions.count
        case .prefix: prefix = value
        case .repository: repository = GlobPattern(value)
        case .tag: tag = GlobPattern(value)
        case .deletes:
            deletes = Deletes(rawValue: value)
            return deletes != nil
        }
        return true
    }

    private static func refusal(_ text: some StringProtocol, _ reason: String) -> StorageError {
        StorageError(.invalidArgument, "the rule “\(text)”: \(reason); a rule is \(accepted)")
    }
}

/// A pattern of names: `*` stands for any characters, or none, slashes among them; `?` for one byte.
package struct GlobPattern: Sendable, Hashable {
    package let text: String

    package init(_ text: String) { self.text = text }

    /// Goes back to the last star only: the cost is the product of the lengths at most.
    package func matches(_ name: String) -> Bool {
        let (pattern, name) = (Array(text.utf8), Array(name.utf8))
        var (at, next) = (0, 0)
        var star: (pattern: Int, name: Int)?
        while next < name.count {
            if at < pattern.count, pattern[at] == UInt8(ascii: "*") {
                star = (at, next)
                at += 1
            } else if at < pattern.count,
                pattern[at] == UInt8(ascii: "?") || pattern[at] == name[next]
            {
                at += 1
                next += 1
            } else if let last = star {
                star = (last.pattern, last.name + 1)
                at = last.pattern + 1
                next = last.name + 1
            } else {
                return false
            }
        }
        return pattern[at...].allSatisfy { $0 == UInt8(ascii: "*") }
    }
}

/// The rules of a bucket, in order.
package struct ReplicationRules: Sendable, Hashable {
    /// Rules, and bytes of their text: few enough to ride along with the entry of the document.
    package static let limitRules = 64
    package static let limitBytes = 4096

    package var rules: [ReplicationRule]

    package init(_ rules: [ReplicationRule] = []) { self.rules = rules }

    /// Everything is taken in.
    package static let none = ReplicationRules()

    /// Rules with semicolons between them, or `none`. Throws `invalidArgument`.
    package init(parsing text: String) throws(StorageError) {
        let texts = text.split(separator: ";", omittingEmptySubsequences: false)
        try self.init(texts: text == "none" ? [] : texts)
    }

    /// Throws `invalidArgument`.
    package init(texts: [some StringProtocol]) throws(StorageError) {
        let bytes = texts.reduce(0) { $0 + $1.utf8.count }
        guard texts.count <= Self.limitRules, bytes <= Self.limitBytes else {
            throw StorageError(
                .invalidArgument,
                "a bucket has at most \(Self.limitRules) rules, of \(Self.limitBytes) bytes")
        }
        var rules: [ReplicationRule] = []
        for text in texts { rules.append(try ReplicationRule(parsing: text)) }
        self.init(rules)
    }

    package var text: String {
        rules.isEmpty ? "none" : rules.map(\.text).joined(separator: "; ")
    }
}

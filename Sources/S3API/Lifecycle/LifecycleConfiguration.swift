// What a bucket lets go of by age (Amazon S3 User Guide, "Lifecycle configuration elements"): objects, versions that
// newer ones took the place of, and uploads that were begun and not completed. What else a configuration may say, such as moving objects to other
// classes of storage, is refused, so that no rule is kept that is not acted on.

internal import NIOCore

struct LifecycleConfiguration: Sendable, Hashable {
    private static let root = "LifecycleConfiguration"

    /// How small an object no transition moves, which tools send and want to hear again; of S3's values, the one
    /// that it takes where none is sent.
    static let leastSize = "all_storage_classes_128K"

    private(set) var rules: [LifecycleRule]

    /// Throws `MalformedXML`, `InvalidRequest`, `InvalidArgument`, and `NotImplemented` for actions that are
    /// not offered.
    init(document: ByteBuffer, limits: S3Limits) throws(S3Error) {
        let root = try XMLElement.parse(
            document, root: Self.root, depth: limits.documentDepth,
            elements: limits.lifecycleElements)
        try root.expectChildren(["Rule"], repeated: ["Rule"])
        guard (1...limits.lifecycleRules).contains(root.children.count) else {
            throw .malformedXML
        }
        rules = []
        for element in root.children {
            let rule = try LifecycleRule(element, limits: limits)
            guard rule.id.isEmpty || !rules.contains(where: { $0.id == rule.id }) else {
                throw .invalidArgument("ID", rule.id, "Rule ID must be unique.")
            }
            rules.append(rule)
        }
        nameRules()
    }

    /// A rule without a name gets one that no other has.
    private mutating func nameRules() {
        var taken = Set(rules.map(\.id))
        var number = 0
        for index in rules.indices where rules[index].id.isEmpty {
            repeat { number += 1 } while !taken.insert("rule-\(number)").inserted
            rules[index].id = "rule-\(number)"
        }
    }

    var document: ByteBuffer {
        XMLWriter.document(Self.root) { writer in
            for rule in rules { rule.write(to: &writer) }
        }
    }
}

struct LifecycleRule: Sendable, Hashable {
    /// When objects go.
    enum Expiration: Sendable, Hashable {
        /// So many days after they were written, at the next midnight.
        case days(Int)
        /// All that are there at that moment and after it.
        case date(milliseconds: Int64)
        /// None; of versions, delete markers that hide nothing any more.
        case markers
        /// None, and no delete markers either: a rule may say so.
        case nothing
    }

    /// When versions go whose place was taken.
    struct NoncurrentExpiration: Sendable, Hashable {
        /// So many days after that, at the next midnight.
        var days: Int
        /// But for so many, the newest.
        var newerVersions: Int
    }

    var id: String
    var isEnabled: Bool
    var filter: LifecycleFilter
    var expiration: Expiration?
    var noncurrent: NoncurrentExpiration?
    /// After how many days an upload that was not completed is aborted.
    var abortAfterDays: Int?

    static let dayMilliseconds: Int64 = 86_400_000

    /// The first midnight (UTC) at which so many days have passed; never for a time that is none.
    static func dueMilliseconds(_ milliseconds: Int64, days: Int) -> Int64 {
        guard (0...latestMilliseconds).contains(milliseconds) else { return .max }
        let past = milliseconds + Int64(days) * dayMilliseconds
        return (past + dayMilliseconds - 1) / dayMilliseconds * dayMilliseconds
    }

    /// 9999-12-31.
    private static let latestMilliseconds: Int64 = 253_402_214_400_000
}

// MARK: The document

extension LifecycleRule {
    fileprivate init(_ element: XMLElement, limits: S3Limits) throws(S3Error) {
        for action in Self.notOffered where element.child(action) != nil {
            throw .notImplemented("The lifecycle action \(action)")
        }
        try element.expectChildren([
            "ID", "Prefix", "Filter", "Status", "Expiration", "NoncurrentVersionExpiration",
            "AbortIncompleteMultipartUpload",
        ])
        id = element.child("ID")?.trimmedText ?? ""
        guard id.count <= limits.lifecycleIDCharacters else {
            throw .invalidArgument("ID", id, "ID length should not exceed allowed limit of 255")
        }
        switch element.child("Status")?.trimmedText {
        case "Enabled": isEnabled = true
        case "Disabled": isEnabled = false
        default: throw .malformedXML
        }
        filter = try LifecycleFilter(ofRule: element, limits: limits)
        expiration = try element.child("Expiration").map(Self.expiration)
        abortAfterDays = try element.child("AbortIncompleteMultipartUpload").map {
            abort throws(S3Error) in
            try abort.expectChildren(["DaysAfterInitiation"])
            return try Self.days(abort.child("DaysAfterInitiation"), of: "DaysAfterInitiation")
        }
        noncurrent = try element.child("NoncurrentVersionExpiration").map(Self.noncurrent)
        guard expiration != nil || noncurrent != nil || abortAfterDays != nil else {
            throw S3Error(.invalidRequest, "At least one action needs to be specified in a rule")
        }
        guard abortAfterDays == nil || filter.isPrefixOnly else {
            throw S3Error(
                .invalidRequest,
                "AbortIncompleteMultipartUpload can only be specified with a prefix")
        }
        guard expiration != .markers || filter.isPrefixOnly else {
            throw S3Error(
                .invalidRequest, "ExpiredObjectDeleteMarker can only be specified with a prefix")
        }
    }

    private static let notOffered = ["Transition", "NoncurrentVersionTransition"]

    private static func expiration(_ element: XMLElement) throws(S3Error) -> Expiration {
        try element.expectChildren(["Days", "Date", "ExpiredObjectDeleteMarker"])
        guard element.children.count == 1 else { throw .malformedXML }
        if let markers = element.child("ExpiredObjectDeleteMarker") {
            switch markers.trimmedText {
            case "true": return .markers
            case "false": return .nothing
            default: throw .malformedXML
            }
        }
        guard let date = element.child("Date") else {
            return .days(try days(element.child("Days"), of: "Days"))
        }
        guard let milliseconds = CalendarDate.parseISO8601(date.trimmedText) else {
            throw .malformedXML
        }
        guard milliseconds.isMultiple(of: dayMilliseconds) else {
            throw .invalidArgument("Date", date.trimmedText, "'Date' must be at midnight GMT")
        }
        return .date(milliseconds: milliseconds)
    }

    private static func noncurrent(
        _ element: XMLElement
    ) throws(S3Error) -> NoncurrentExpiration {
        try element.expectChildren(["NoncurrentDays", "NewerNoncurrentVersions"])
        let days = try days(element.child("NoncurrentDays"), of: "NoncurrentDays")
        guard let newer = element.child("NewerNoncurrentVersions") else {
            return NoncurrentExpiration(days: days, newerVersions: 0)
        }
        let kept = try Self.days(newer, of: "NewerNoncurrentVersions")
        guard kept <= mostNewerVersions else {
            throw .invalidArgument(
                "NewerNoncurrentVersions", newer.trimmedText,
                "'NewerNoncurrentVersions' must be at most \(mostNewerVersions)")
        }
        return NoncurrentExpiration(days: days, newerVersions: kept)
    }

    /// Amazon S3 API Reference, NoncurrentVersionExpiration.
    private static let mostNewerVersions = 100

    private static func days(_ element: XMLElement?, of name: String) throws(S3Error) -> Int {
        guard let text = element?.trimmedText, let days = Int32(text) else {
            throw .malformedXML
        }
        guard days > 0 else {
            throw .invalidArgument(name, text, "'\(name)' must be a positive integer")
        }
        return Int(days)
    }

    fileprivate func write(to writer: inout XMLWriter) {
        writer.element("Rule") { writer in
            writer.element("ID", id)
            filter.write(to: &writer)
            writer.element("Status", isEnabled ? "Enabled" : "Disabled")
            if let expiration {
                writer.element("Expiration") { writer in
                    switch expiration {
                    case .days(let days): writer.element("Days", days)
                    case .date(let milliseconds):
                        writer.element("Date", CalendarDate(milliseconds: milliseconds).iso8601)
                    case .markers: writer.element("ExpiredObjectDeleteMarker", true)
                    case .nothing: writer.element("ExpiredObjectDeleteMarker", false)
                    }
                }
            }
            if let noncurrent {
                writer.element("NoncurrentVersionExpiration") {
                    $0.element("NoncurrentDays", noncurrent.days)
                    if noncurrent.newerVersions > 0 {
                        $0.element("NewerNoncurrentVersions", noncurrent.newerVersions)
                    }
                }
            }
            if let abortAfterDays {
                writer.element("AbortIncompleteMultipartUpload") {
                    $0.element("DaysAfterInitiation", abortAfterDays)
                }
            }
        }
    }
}

// Settings of a bucket as a person writes and reads them: `name=value`.

extension BucketSettings {
    /// The raw value is the name.
    private enum Name: String, CaseIterable {
        case layout
        case tagHistory = "history.tags"
        case otherHistory = "history.others"
        case softBytes = "quota.soft"
        case hardBytes = "quota.hard"
        case softObjects = "quota.soft-objects"
        case hardObjects = "quota.hard-objects"
        case replication

        var accepted: String {
            switch self {
            case .layout: Layout.allCases.map(\.rawValue).joined(separator: ", ")
            case .tagHistory, .otherHistory: "a time such as 30d, 12h or 0"
            case .softBytes, .hardBytes: "a size such as 500GiB, or none"
            case .softObjects, .hardObjects: "a number of objects, or none"
            case .replication: "rules with “;” between them, or none"
            }
        }
    }

    /// All settings, by name, as they hold; a quota that is not set is left out, and rules where there are none.
    package var texts: [String: String] {
        var texts: [String: String] = [:]
        for name in Name.allCases { texts[name.rawValue] = text(name) }
        return texts
    }

    /// Throws `invalidArgument`, with what is accepted, for a name that is none and a value that is not taken.
    package mutating func set(_ name: String, to text: String) throws(StorageError) {
        guard let name = Name(rawValue: name) else {
            throw StorageError(
                .invalidArgument,
                "“\(name)” is no setting of a bucket; there are "
                    + Name.allCases.map(\.rawValue).joined(separator: ", "))
        }
        guard try take(name, text) else {
            throw StorageError(
                .invalidArgument, "\(name.rawValue): “\(text)” is not \(name.accepted)")
        }
    }

    private func text(_ name: Name) -> String? {
        switch name {
        case .layout: layout.rawValue
        case .tagHistory: UnitText.duration(milliseconds: retention.tagLinksMilliseconds)
        case .otherHistory: UnitText.duration(milliseconds: retention.othersMilliseconds)
        case .softBytes: quota.softBytes.map(UnitText.size)
        case .hardBytes: quota.hardBytes.map(UnitText.size)
        case .softObjects: quota.softObjects.map(String.init)
        case .hardObjects: quota.hardObjects.map(String.init)
        case .replication: replication == .none ? nil : replication.text
        }
    }

    /// Whether the text is a value of this setting; throws `invalidArgument` where it can be said what is wrong.
    private mutating func take(_ name: Name, _ text: String) throws(StorageError) -> Bool {
        switch name {
        case .layout: return Self.take(Layout(rawValue: text), &layout)
        case .tagHistory:
            return Self.take(UnitText.milliseconds(text), &retention.tagLinksMilliseconds)
        case .otherHistory:
            return Self.take(UnitText.milliseconds(text), &retention.othersMilliseconds)
        case .softBytes: return Self.take(text, UnitText.bytes, &quota.softBytes)
        case .hardBytes: return Self.take(text, UnitText.bytes, &quota.hardBytes)
        case .softObjects: return Self.take(text, { UInt64($0) }, &quota.softObjects)
        case .hardObjects: return Self.take(text, { UInt64($0) }, &quota.hardObjects)
        case .replication:
            replication = try ReplicationRules(parsing: text)
            return true
        }
    }

    private static func take<Value>(_ value: Value?, _ place: inout Value) -> Bool {
        guard let value else { return false }
        place = value
        return true
    }

    private static func take(
        _ text: String, _ read: (String) -> UInt64?, _ place: inout UInt64?
    ) -> Bool {
        if text == "none" {
            place = nil
            return true
        }
        guard let value = read(text) else { return false }
        place = value
        return true
    }
}

/// Times and sizes with their units.
package enum UnitText {
    private static let times: [(name: String, milliseconds: Int64)] = [
        ("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000),
    ]
    private static let sizes: [(name: String, bytes: UInt64)] = [
        ("TiB", 1 << 40), ("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10), ("", 1),
    ]

    /// `90s`, `30m`, `12h`, `7d`, or `0`; up to a hundred years. `nil` for anything else.
    package static func milliseconds(_ text: String) -> Int64? {
        if text == "0" { return 0 }
        for unit in times where text.hasSuffix(unit.name) {
            guard let count = UInt32(text.dropLast(unit.name.count)),
                Int64(count) <= 36_525 * times[0].milliseconds / unit.milliseconds
            else { return nil }
            return Int64(count) * unit.milliseconds
        }
        return nil
    }

    package static func duration(milliseconds: Int64) -> String {
        guard milliseconds > 0 else { return "0" }
        for unit in times where milliseconds % unit.milliseconds == 0 {
            return "\(milliseconds / unit.milliseconds)\(unit.name)"
        }
        return "\(milliseconds / 1000)s"
    }

    /// `500GiB`, or a number of bytes; up to 1024 TiB times 1024. `nil` for anything else.
    package static func bytes(_ text: String) -> UInt64? {
        for unit in sizes where text.hasSuffix(unit.name) {
            guard let count = UInt64(text.dropLast(unit.name.count)), count <= 1 << 60 / unit.bytes
            else { return nil }
            return count * unit.bytes
        }
        return nil
    }

    package static func size(_ bytes: UInt64) -> String {
        for unit in sizes where bytes % unit.bytes == 0 && bytes > 0 {
            return "\(bytes / unit.bytes)\(unit.name)"
        }
        return "\(bytes)"
    }
}

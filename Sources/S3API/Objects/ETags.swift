// Entity tags in headers (RFC 9110 section 8.8.3) and the conditions of reads and copies on them.

internal import HTTPTypes
package import Storage

package enum ETags {
    static func quoted(_ etag: String) -> String { "\"" + etag + "\"" }

    /// Parses `*` or a list of entity tags; quotes may be missing, as some clients send them. A weak tag
    /// keeps its `W/`, so that it never equals a strong one.
    package static func parse(_ text: String) -> Preconditions.ETags {
        let items = text.split(separator: ",").map { item in
            unquoted(item.drop { $0 == " " })
        }
        return items.contains("*") ? .any : .list(items)
    }

    static func unquoted(_ text: some StringProtocol) -> String {
        var text = Substring(text)
        while text.last == " " { text = text.dropLast() }
        if text.first == "\"", text.last == "\"", text.count >= 2 {
            text = text.dropFirst().dropLast()
        }
        return String(text)
    }

    package static func matches(_ etags: Preconditions.ETags, _ etag: String) -> Bool {
        switch etags {
        case .any: true
        case .list(let list): list.contains(etag)
        }
    }

    /// As `matches`, but a weak tag stands for its strong form (RFC 9110 section 8.8.3.2).
    package static func matchesWeakly(_ etags: Preconditions.ETags, _ etag: String) -> Bool {
        guard case .list(let list) = etags else { return true }
        return list.contains { $0 == etag || $0 == "W/\"\(etag)\"" }
    }
}

/// What must hold of an object for it to be read or copied (RFC 9110 section 13.2.2).
struct ReadConditions: Sendable {
    var ifMatch: Preconditions.ETags?
    var ifNoneMatch: Preconditions.ETags?
    var ifModifiedSinceMilliseconds: Int64?
    var ifUnmodifiedSinceMilliseconds: Int64?

    enum Outcome: Sendable, Hashable {
        case holds
        case failed(String)
        case notModified(String)
    }

    /// A date behind `nowMilliseconds` is no date at which somebody has read the object.
    init?(
        _ fields: HTTPFields, nowMilliseconds: Int64, match: HTTPField.Name = .ifMatch,
        noneMatch: HTTPField.Name = .ifNoneMatch, modified: HTTPField.Name = .ifModifiedSince,
        unmodified: HTTPField.Name = .ifUnmodifiedSince
    ) {
        ifMatch = fields[match].map(ETags.parse)
        ifNoneMatch = fields[noneMatch].map(ETags.parse)
        // A date that cannot be read is ignored (RFC 9110 section 13.1.3), and S3 reads none of the future.
        ifModifiedSinceMilliseconds = fields[modified].flatMap(CalendarDate.parseHTTP)
            .flatMap { $0 <= nowMilliseconds ? $0 : nil }
        ifUnmodifiedSinceMilliseconds = fields[unmodified].flatMap(CalendarDate.parseHTTP)
        if ifMatch == nil, ifNoneMatch == nil, ifModifiedSinceMilliseconds == nil,
            ifUnmodifiedSinceMilliseconds == nil
        {
            return nil
        }
    }

    /// Names the condition that does not hold.
    func evaluate(_ content: ObjectContent) -> Outcome {
        // HTTP's dates have whole seconds.
        let modified = content.lastModifiedMilliseconds / 1000 * 1000
        if let ifMatch {
            guard ETags.matches(ifMatch, content.etag) else { return .failed("If-Match") }
        } else if let limit = ifUnmodifiedSinceMilliseconds, modified > limit {
            return .failed("If-Unmodified-Since")
        }
        if let ifNoneMatch {
            return ETags.matchesWeakly(ifNoneMatch, content.etag)
                ? .notModified("If-None-Match") : .holds
        }
        if let limit = ifModifiedSinceMilliseconds, modified <= limit {
            return .notModified("If-Modified-Since")
        }
        return .holds
    }
}

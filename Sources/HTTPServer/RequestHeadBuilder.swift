// The lines of a head become a request here: what each line may look like, and what they mean together
// for the framing of the body and the life of the connection.

internal import HTTPTypes
internal import NIOCore

struct RequestHeadBuilder {
    private let limits: HTTPLimits
    private let method: HTTPRequest.Method
    private let path: String
    /// From an absolute-form target. Host must say the same (RFC 9112, section 3.2): a signature covers
    /// Host, so a request that named two authorities could be signed for one and served by the other.
    private let targetAuthority: String?
    private let isHTTP10: Bool

    private var fields = HTTPFields()
    private var host: String?
    private var contentLength: UInt64?
    private var isChunked = false
    private var asksClose = false
    private var asksKeepAlive = false
    private var expectsContinue = false

    /// Method, target and version, with one space between.
    init(
        requestLine buffer: ByteBuffer, at start: Int, count: Int, limits: HTTPLimits
    ) throws(RequestRefusal) {
        self.limits = limits
        let line = buffer.readableBytesUInt8Span.extracting(0..<count)
        var spaces = (first: -1, last: -1)
        for index in line.indices {
            if line[index] == UInt8(ascii: " ") {
                guard spaces.last < 0 else { throw .malformed("the request line is malformed") }
                if spaces.first < 0 { spaces.first = index } else { spaces.last = index }
            } else if line[index] <= 0x20 || line[index] >= 0x7f {
                throw .malformed("the request line has a character that must be encoded")
            }
        }
        guard spaces.first > 0, spaces.last > spaces.first + 1,
            let method = buffer.getString(at: start, length: spaces.first),
            let target = buffer.getString(
                at: start + spaces.first + 1, length: spaces.last - spaces.first - 1),
            let version = buffer.getString(
                at: start + spaces.last + 1, length: count - spaces.last - 1)
        else { throw .malformed("the request line is malformed") }
        guard let method = HTTPRequest.Method(method) else {
            throw .malformed("the method is malformed")
        }
        self.method = method
        self.isHTTP10 = try Self.isHTTP10(version)
        (self.path, self.targetAuthority) = try Self.split(target: target, method: method)
    }

    private static func isHTTP10(_ version: String) throws(RequestRefusal) -> Bool {
        switch version {
        case "HTTP/1.1": return false
        case "HTTP/1.0": return true
        default:
            guard version.hasPrefix("HTTP/"), version.utf8.count == 8 else {
                throw .malformed("the HTTP version is malformed")
            }
            throw .unsupportedVersion
        }
    }

    /// Path (with query) and authority of a target in origin, absolute or asterisk form.
    private static func split(
        target: String, method: HTTPRequest.Method
    ) throws(RequestRefusal) -> (String, String?) {
        if target.utf8.first == UInt8(ascii: "/") { return (target, nil) }
        if target == "*", method == .options { return (target, nil) }
        for scheme in ["http://", "https://"] where target.lowercased().hasPrefix(scheme) {
            let rest = target.dropFirst(scheme.count)
            let end = rest.firstIndex { $0 == "/" || $0 == "?" } ?? rest.endIndex
            let (authority, path) = (String(rest[..<end]), rest[end...])
            guard isAuthority(authority) else {
                throw .malformed("the request target names no host")
            }
            return (path.first == "/" ? String(path) : "/\(path)", authority)
        }
        throw .malformed("the request target is neither a path nor a URL")
    }

    /// RFC 3986, section 3.2, without userinfo (RFC 9110, section 4.2.4): the characters of a host and a port.
    private static func isAuthority(_ text: String) -> Bool {
        !text.isEmpty
            && text.unicodeScalars.allSatisfy { scalar in
                ("a"..."z").contains(scalar) || ("A"..."Z").contains(scalar)
                    || ("0"..."9").contains(scalar)
                    || ".-_~!$&'()*+,;=:%[]".unicodeScalars.contains(scalar)
            }
    }

    /// One field line, without its CR LF.
    mutating func addField(
        _ buffer: ByteBuffer, at start: Int, count: Int, names: FieldNameCache
    ) throws(RequestRefusal) {
        guard fields.count < limits.fieldCount else { throw .tooManyFields }
        let line = buffer.readableBytesUInt8Span.extracting(0..<count)
        var colon = 0
        while colon < count, line[colon] != UInt8(ascii: ":") { colon += 1 }
        guard colon < count, let entry = names.entry(for: line.extracting(0..<colon)) else {
            throw .malformed("a header field has no name")
        }
        var value = (colon + 1)..<count
        while let first = value.first, Self.isBlank(line[first]) { value.removeFirst() }
        while let last = value.last, Self.isBlank(line[last]) { value.removeLast() }
        var isASCII = true
        for index in value {
            let byte = line[index]
            if byte >= 0x80 { isASCII = false }
            guard byte >= 0x20 || byte == UInt8(ascii: "\t"), byte != 0x7f else {
                throw .malformed("a header field has a control character")
            }
        }
        let at = start + value.lowerBound
        guard let text = buffer.getString(at: at, length: value.count) else {
            throw .malformed("a header field cannot be read")
        }
        if isASCII {
            fields.append(HTTPField(name: entry.name, value: text))
        } else {
            // Bytes that are no UTF-8 stay what they are.
            fields.append(
                HTTPField(
                    name: entry.name,
                    value: buffer.viewBytes(at: at, length: value.count) ?? .init()))
        }
        try interpret(entry.role, text)
    }

    private static func isBlank(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t")
    }

    private mutating func interpret(
        _ role: FieldRole, _ value: String
    ) throws(RequestRefusal) {
        switch role {
        case .plain: return
        case .host:
            guard host == nil else { throw .malformed("there are two Host fields") }
            host = value
        case .contentLength:
            guard contentLength == nil else { throw .malformed("there are two Content-Lengths") }
            // `UInt64` would accept a sign.
            guard value.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let length = UInt64(value),
                length <= UInt64(Int64.max)
            else { throw .malformed("the Content-Length is malformed") }
            contentLength = length
        case .transferEncoding:
            guard !isChunked, value.lowercased() == "chunked" else { throw .unsupportedCoding }
            isChunked = true
        case .connection:
            for option in value.lowercased().split(separator: ",") {
                switch Self.trimmed(option) {
                case "close": asksClose = true
                case "keep-alive": asksKeepAlive = true
                default: break
                }
            }
        case .expect:
            guard value.lowercased() == "100-continue" else { throw .unmetExpectation }
            expectsContinue = !isHTTP10
        }
    }

    private static func trimmed(_ option: Substring) -> Substring {
        var option = option.drop { $0 == " " || $0 == "\t" }
        while option.last == " " || option.last == "\t" { option.removeLast() }
        return option
    }

    /// What the lines say together.
    consuming func finish() throws(RequestRefusal) -> RequestHead {
        if isChunked, isHTTP10 || contentLength != nil {
            throw .malformed("Transfer-Encoding stands beside Content-Length or in HTTP/1.0")
        }
        guard isHTTP10 || host != nil else { throw .malformed("the Host field is missing") }
        if let targetAuthority, let host, targetAuthority.lowercased() != host.lowercased() {
            throw .malformed("the request target names another authority than the Host field")
        }
        let framing: RequestFraming =
            if isChunked { .chunked } else if let contentLength, contentLength > 0 {
                .length(contentLength)
            } else { .none }
        return RequestHead(
            request: HTTPRequest(
                method: method, scheme: nil, authority: host ?? targetAuthority, path: path,
                headerFields: fields),
            framing: framing,
            isHTTP10: isHTTP10,
            keepsAlive: isHTTP10 ? asksKeepAlive && !asksClose : !asksClose,
            expectsContinue: expectsContinue)
    }
}

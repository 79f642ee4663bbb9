// A request as signatures see it, free of any HTTP library's types.

/// One header of a request.
package struct PlainHeader: Sendable, Hashable {
    /// In lower case.
    package var name: String
    /// As it was sent.
    package var value: String

    package init(_ name: String, _ value: String) {
        self.name = name
        self.value = value
    }
}

/// What a signature covers of a request, exactly as it is on the wire.
package struct PlainRequest: Sendable, Hashable {
    package var method: String
    /// The path before `?`, percent-encoded as sent.
    package var path: String
    /// What follows the first `?`, percent-encoded as sent; empty where there is nothing.
    package var query: String
    /// Every header of the request in the order sent, `host` included.
    package var headers: [PlainHeader]
    /// The bucket, where the host names it and the path does not: version 2 signs it in front of the path.
    package var hostBucket: String?

    package init(method: String, path: String, query: String = "", headers: [PlainHeader]) {
        self.method = method
        self.path = path
        self.query = query
        self.headers = headers
    }

    /// Takes the request target apart at its first `?`.
    package init(method: String, target: String, headers: [PlainHeader]) {
        let mark = target.utf8.firstIndex(of: UInt8(ascii: "?"))
        self.init(
            method: method, path: mark.map { String(target[..<$0]) } ?? target,
            query: mark.map { String(target[target.utf8.index(after: $0)...]) } ?? "",
            headers: headers)
    }

    /// Of a request as a server has it. One of HTTP/1.0 may name its host in the target alone, which is then
    /// `authority`; every signature covers it.
    package init(method: String, target: String, authority: String?, headers: [PlainHeader]) {
        var headers = headers
        if let authority, !headers.contains(where: { $0.name.isSame(as: "host") }) {
            headers.append(PlainHeader("host", authority))
        }
        self.init(method: method, target: target, headers: headers)
    }

    /// The value of the first header of that name, which is in lower case.
    package func header(_ name: StaticString) -> String? {
        for header in headers where header.name.isSame(as: name) { return header.value }
        return nil
    }
}

extension String {
    /// Compares bytes; cheaper than `==` on a `String` made of the literal.
    func isSame(as other: StaticString) -> Bool {
        guard utf8.count == other.utf8CodeUnitCount else { return false }
        return other.withUTF8Buffer { utf8.elementsEqual($0) }
    }
}

// The canonical form of a request, which is what a signature of version 4 covers (Amazon S3, "Signature
// Calculations for the Authorization Header", task 1), with the rules of S3: the path is encoded once,
// as the client sent it, and never normalized.
//
//     method ⏎ path ⏎ query, sorted ⏎ (name:value ⏎ for each signed header) ⏎ signed headers ⏎ payload

internal import Storage

enum CanonicalRequest {
    /// Throws `missingSignedHeader` where a signed header is not in the request. The query parameter
    /// `X-Amz-Signature` is left out.
    static func bytes(
        of request: PlainRequest, signedHeaders: SignedHeaderNames, payload: String
    ) throws(AccessError) -> [UInt8] {
        var output: [UInt8] = []
        output.reserveCapacity(1024 + request.path.utf8.count + request.query.utf8.count)
        output += request.method.utf8
        output.append(UInt8(ascii: "\n"))
        appendPath(request.path, to: &output)
        output.append(UInt8(ascii: "\n"))
        appendQuery(request.query, to: &output)
        output.append(UInt8(ascii: "\n"))
        for name in signedHeaders.names {
            try appendHeader(name, of: request, to: &output)
        }
        output.append(UInt8(ascii: "\n"))
        output += signedHeaders.text
        output.append(UInt8(ascii: "\n"))
        output += payload.utf8
        return output
    }

    private static func appendPath(_ path: String, to output: inout [UInt8]) {
        let bytes = path.utf8Span.span
        if bytes.isEmpty { output.append(UInt8(ascii: "/")) }
        PercentCoding.appendCanonical(bytes, 0..<bytes.count, isPath: true, to: &output)
    }

    /// A parameter in the canonical encoding, as stretches of one buffer.
    private struct Parameter {
        let name: Range<Int>
        let value: Range<Int>
    }

    private static func appendQuery(_ query: String, to output: inout [UInt8]) {
        guard !query.isEmpty else { return }
        var encoded: [UInt8] = []
        encoded.reserveCapacity(query.utf8.count + 16)
        var parameters = encode(query, to: &encoded)
        // By name, then by value, each by its encoded bytes.
        parameters.sort { left, right in
            let names = order(left.name, right.name, of: encoded)
            return names == 0 ? order(left.value, right.value, of: encoded) < 0 : names < 0
        }
        var isFirst = true
        for parameter in parameters
        where !encoded[parameter.name].elementsEqual("X-Amz-Signature".utf8) {
            if !isFirst { output.append(UInt8(ascii: "&")) }
            isFirst = false
            output += encoded[parameter.name]
            output.append(UInt8(ascii: "="))
            output += encoded[parameter.value]
        }
    }

    /// Less than zero where the first stretch comes before the second, zero where they are equal.
    private static func order(_ left: Range<Int>, _ right: Range<Int>, of bytes: [UInt8]) -> Int {
        for index in 0..<min(left.count, right.count) {
            let (first, second) = (
                bytes[left.lowerBound + index], bytes[right.lowerBound + index]
            )
            if first != second { return first < second ? -1 : 1 }
        }
        return left.count - right.count
    }

    private static func encode(_ query: String, to encoded: inout [UInt8]) -> [Parameter] {
        var parameters: [Parameter] = []
        let bytes = query.utf8Span.span
        var start = 0
        while start < bytes.count {
            var mark: Int?
            var end = start
            while end < bytes.count, bytes[end] != UInt8(ascii: "&") {
                if mark == nil, bytes[end] == UInt8(ascii: "=") { mark = end }
                end += 1
            }
            if end > start {
                let nameEnd = mark ?? end
                let name = encoded.count
                PercentCoding.appendCanonical(bytes, start..<nameEnd, isPath: false, to: &encoded)
                let value = encoded.count
                if let mark {
                    PercentCoding.appendCanonical(
                        bytes, mark + 1..<end, isPath: false, to: &encoded)
                }
                parameters.append(Parameter(name: name..<value, value: value..<encoded.count))
            }
            start = end + 1
        }
        return parameters
    }

    private static func appendHeader(
        _ name: ArraySlice<UInt8>, of request: PlainRequest, to output: inout [UInt8]
    ) throws(AccessError) {
        output += name
        output.append(UInt8(ascii: ":"))
        var isFirst = true
        for header in request.headers where SignedHeaderNames.isSame(header.name, name) {
            if !isFirst { output.append(UInt8(ascii: ",")) }
            isFirst = false
            appendTrimmed(header.value, to: &output)
        }
        guard !isFirst else {
            throw AccessError(
                .missingSignedHeader,
                "the signed header “\(String(decoding: name, as: UTF8.self))” is not in the request"
            )
        }
        output.append(UInt8(ascii: "\n"))
    }

    /// Without white space at both ends, with runs of spaces as one.
    private static func appendTrimmed(_ value: String, to output: inout [UInt8]) {
        let start = output.count
        var isSpacePending = false
        for byte in value.utf8 {
            if byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") {
                isSpacePending = output.count > start
            } else {
                if isSpacePending { output.append(UInt8(ascii: " ")) }
                isSpacePending = false
                output.append(byte)
            }
        }
    }
}

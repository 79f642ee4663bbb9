// The list of headers that a signature covers, as it is written: `host;x-amz-date`.

struct SignedHeaderNames: Sendable {
    /// Names in lower case, separated by ";".
    let text: ArraySlice<UInt8>
    let names: [ArraySlice<UInt8>]

    init(_ text: ArraySlice<UInt8>) {
        self.text = text
        names = text.fields(separatedBy: UInt8(ascii: ";"))
    }

    func contains(_ name: String) -> Bool {
        names.contains { Self.isSame(name, $0) }
    }

    static func isSame(_ name: String, _ bytes: ArraySlice<UInt8>) -> Bool {
        name.utf8.count == bytes.count && name.utf8.elementsEqual(bytes)
    }
}

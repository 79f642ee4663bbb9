// What the head of a call may say. Fields of other APIs that would make a write another one, or none, are refused:
// nothing is silently ignored.

internal import HTTPTypes
internal import NativeWire
internal import Storage

enum HeaderRules {
    /// Throws `invalidRequest`.
    static func check(_ fields: HTTPFields, of call: DriverCall) throws(DriverError) {
        guard call.method != "GET" else { return }
        for field in fields where changesMeaning(field.name.canonicalName) {
            throw DriverTarget.invalid("the field “\(field.name)” means nothing to this API")
        }
    }

    private static func changesMeaning(_ name: String) -> Bool {
        switch name {
        case "content-md5", "content-encoding", "content-range", "if-match", "if-none-match",
            "if-modified-since", "if-unmodified-since":
            true
        // What signatures consist of.
        case "x-amz-date", "x-amz-content-sha256", "x-amz-security-token": false
        default: name.hasPrefix("x-amz-")
        }
    }
}

// What the OpenAPI document says in words, and the shapes of the documents that go over the wire.

internal import NativeWire
internal import Storage

extension OpenAPIDocument {
    static let about = """
        Files by path, for registries, over the bucket that S3 shows: the path /docker/registry/v2/x is the key \
        docker/registry/v2/x. The semantics are those of CNCF Distribution's storagedriver. A file appears whole \
        or not at all; what was put or committed is durable. Directories are implied by what is below them. Lists \
        and walks are in order of paths, depth first: /a/b comes before /a-b. A file that is written bit by bit \
        is a multipart upload of S3: its writer outlives clients and restarts until it is committed or cancelled. \
        Header fields by which a write would be another one in other APIs (If-Match, Content-MD5, x-amz-acl and \
        the like) are refused.
        """

    static let signing = """
        AWS Signature Version 4 with the service s3, as for the S3 API, by a key that may do the call in the \
        bucket. x-amz-content-sha256 is the body's SHA-256, which is then verified, or UNSIGNED-PAYLOAD.
        """

    static let schemas: JSONValue = [
        "File": object(
            [
                "path": ["type": "string"], "isDirectory": ["type": "boolean"],
                "sizeBytes": size,
                "modifiedMilliseconds": [
                    "type": "integer",
                    "description": "Since 1970, UTC; missing for a directory.",
                ],
            ], required: ["path", "isDirectory", "sizeBytes"]),
        "Page": object(
            [
                "files": ["type": "array", "items": reference("File")],
                "isTruncated": [
                    "type": "boolean", "description": "More follow: ask after the last path.",
                ],
            ], required: ["files", "isTruncated"]),
        "Writer": object(
            [
                "id": ["type": "string"], "path": ["type": "string"], "sizeBytes": size,
            ], required: ["id", "path", "sizeBytes"]),
        "Redirect": object(
            [
                "url": [
                    "type": "string", "format": "uri-reference",
                    "description": """
                    To be resolved against the URL of the call, whose host it is signed for; missing where \
                    bytes are only given by this API.
                    """,
                ]
            ], required: []),
        "Error": object(
            [
                "code": [
                    "type": "string",
                    "enum": .list(DriverError.Code.allCases.map { .text($0.rawValue) }),
                ],
                "message": ["type": "string"], "requestID": ["type": "string"],
            ], required: ["code", "message", "requestID"]),
    ]

    private static let size: JSONValue = ["type": "integer", "minimum": 0]

    private static func object(_ fields: JSONValue, required: [String]) -> JSONValue {
        [
            "type": "object", "properties": fields,
            "required": .list(required.map(JSONValue.text)),
        ]
    }
}

extension DriverCall {
    var summary: String {
        switch self {
        case .readContent:
            "The bytes of a file, from an offset on. At the end and behind it there are none."
        case .putContent: "Makes a file consist of the body, whatever it was before."
        case .delete: "Removes a file, and all that is below the path."
        case .stat:
            """
            What a path is. The root is always there, for every key of the bucket. A file is told to who may read \
            or list it, a directory, and that nothing is there, to who may list it.
            """
        case .list: "What is directly below a directory."
        case .walk: "All that is below a directory, each directory before what is in it."
        case .move:
            """
            Gives a file another path, in place of what is there, and takes its own, at once. No bytes are copied. \
            Repeated after an answer that was lost, it finds the source gone.
            """
        case .redirect: "A URL at which anybody may fetch the file for twenty minutes."
        case .openWriter:
            "Opens a file to be written bit by bit: a new one, or the one that was begun last and not"
                + " committed, or else what the path shows."
        case .statWriter: "How much of a file that is being written is durable."
        case .append:
            "Appends the body to a file that is being written: all of it, or nothing. A file takes 10 000 of"
                + " them, so send some MiB at a time."
        case .commit: "Makes a file what was written. No bytes are copied."
        case .cancel: "Lets go of what was written."
        }
    }
}

extension DriverParameter {
    var meaning: String {
        switch self {
        case .path, .from, .to: "A path, / being the root."
        case .offset: "Of the first byte. To append, the size so far: a check, not a choice."
        case .length: "At most so many bytes."
        case .after: "Only paths greater than this one."
        case .behind: "Only paths past this one and all that is below it."
        case .limit: "At most so many entries; a page has never more than 1000."
        case .method: "What the URL is for."
        case .append: "Go on with what is there."
        case .digest:
            "What the body must hash to, or of a commit the whole file, as sha256:<hex> or sha512:<hex>."
        }
    }

    var schema: JSONValue {
        switch self {
        case .path, .after, .behind, .from, .to:
            [
                "type": "string", "pattern": "^(/|(/[A-Za-z0-9._-]+)+)$",
                "maxLength": .number(DriverPath.keyBytes + 1),
            ]
        case .offset: ["type": "integer", "minimum": 0]
        case .length: ["type": "integer", "minimum": 0]
        case .limit: ["type": "integer", "minimum": 1]
        case .method: ["enum": .list(RedirectMethod.allCases.map { .text($0.rawValue) })]
        case .append: ["type": "boolean"]
        case .digest:
            ["type": "string", "pattern": "^(sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128})$"]
        }
    }
}

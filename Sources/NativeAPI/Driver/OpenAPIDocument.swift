// The document by which a front in any language is written to the storage driver API (OpenAPI 3.1). It is made of
// the table that requests are routed by, and of the codes that errors have, so neither can be missing.

internal import HTTPTypes
package import NativeWire
internal import Storage

package enum OpenAPIDocument {
    package static let whole: JSONValue = [
        "openapi": "3.1.0",
        "info": [
            "title": "Holdfast storage driver", "version": "1", "description": .text(about),
        ],
        "servers": [["url": "/"]],
        "security": [["signatureV4": []]],
        "paths": .fields(paths),
        "components": [
            "securitySchemes": [
                "signatureV4": [
                    "type": "apiKey", "in": "header", "name": "Authorization",
                    "description": .text(signing),
                ]
            ],
            "schemas": schemas,
        ],
    ]

    /// The path of a call as the document has it.
    package static func template(_ call: DriverCall) -> String {
        DriverCall.prefix + "{bucket}/" + call.resource + (call.namesWriter ? "/{writer}" : "")
    }

    private static var paths: [String: JSONValue] {
        var operations: [String: [String: JSONValue]] = [:]
        for call in DriverCall.allCases {
            operations[template(call), default: [:]][call.method.lowercased()] = operation(call)
        }
        var paths = operations.mapValues(JSONValue.fields)
        paths[DriverCall.document] = [
            "get": [
                "operationId": "document", "summary": "This document.", "security": [],
                "responses": ["200": ["description": "It.", "content": json(["type": "object"])]],
            ]
        ]
        return paths
    }

    private static func operation(_ call: DriverCall) -> JSONValue {
        var fields: [String: JSONValue] = [
            "operationId": .text(call.rawValue), "summary": .text(call.summary),
            "parameters": .list(pathParameters(call) + call.parameters.map { parameter($0, call) }),
            "responses": .fields(responses(call)),
        ]
        if call == .putContent || call == .append {
            fields["requestBody"] = [
                "required": true, "content": [DriverCall.contentType: [:]],
            ]
        }
        return .fields(fields)
    }

    // MARK: Parameters

    private static func pathParameters(_ call: DriverCall) -> [JSONValue] {
        let bucket: JSONValue = [
            "name": "bucket", "in": "path", "required": true, "schema": ["type": "string"],
        ]
        let writer: JSONValue = [
            "name": "writer", "in": "path", "required": true, "schema": ["type": "string"],
            "description": "What openWriter answered.",
        ]
        return call.namesWriter ? [bucket, writer] : [bucket]
    }

    private static func parameter(_ parameter: DriverParameter, _ call: DriverCall) -> JSONValue {
        [
            "name": .text(parameter.rawValue), "in": "query",
            "required": .flag(parameter.isRequired(by: call)),
            "description": .text(parameter.meaning), "schema": parameter.schema,
        ]
    }

    // MARK: Responses

    private static func responses(_ call: DriverCall) -> [String: JSONValue] {
        var responses = [String(call.success.status.code): call.success.response]
        let codes = DriverCall.commonErrors + call.errors
        for (status, codes) in Dictionary(grouping: codes, by: \.status) {
            responses[String(status.code)] = refusal(codes.map(\.rawValue).sorted())
        }
        return responses
    }

    private static func refusal(_ codes: [String]) -> JSONValue {
        [
            "description": .text(codes.joined(separator: ", ")),
            "content": json([
                "allOf": [
                    reference("Error"),
                    ["properties": ["code": ["enum": .list(codes.map(JSONValue.text))]]],
                ]
            ]),
        ]
    }

    static func json(_ schema: JSONValue) -> JSONValue {
        [DriverCall.documentType: ["schema": schema]]
    }

    static func reference(_ schema: String) -> JSONValue {
        ["$ref": .text("#/components/schemas/\(schema)")]
    }
}

/// How a call answers when it is done.
struct CallSuccess {
    let status: HTTPResponse.Status
    let response: JSONValue
}

extension DriverCall {
    var success: CallSuccess {
        switch self {
        case .readContent:
            CallSuccess(
                status: .ok,
                response: [
                    "description": "The bytes.",
                    "headers": [
                        Self.sizeField: [
                            "description": "The size of the whole file.",
                            "schema": ["type": "integer"],
                        ]
                    ],
                    "content": [Self.contentType: [:]],
                ])
        case .putContent, .stat, .commit: Self.success(.ok, "File")
        case .list, .walk: Self.success(.ok, "Page")
        case .redirect: Self.success(.ok, "Redirect")
        case .openWriter: Self.success(.created, "Writer")
        case .statWriter, .append: Self.success(.ok, "Writer")
        case .delete, .move, .cancel:
            CallSuccess(status: .noContent, response: ["description": "Done."])
        }
    }

    private static func success(
        _ status: HTTPResponse.Status, _ schema: String
    ) -> CallSuccess {
        CallSuccess(
            status: status,
            response: [
                "description": .text(schema),
                "content": OpenAPIDocument.json(OpenAPIDocument.reference(schema)),
            ])
    }
}

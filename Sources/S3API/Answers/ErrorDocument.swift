// How an error reaches the client (Amazon S3 API Reference, "REST error responses").

internal import HTTPServer
internal import HTTPTypes
internal import NIOCore

extension S3Error {
    func document(resource: String, requestID: String, declares: Bool = true) -> ByteBuffer {
        XMLWriter.document("Error", namespace: nil, declares: declares) {
            $0.element("Code", code.rawValue)
            $0.element("Message", message)
            for detail in details { $0.element(detail.name, detail.value) }
            $0.element("Resource", resource)
            $0.element("RequestId", requestID)
            $0.element("HostId", requestID)
        }
    }

    /// The whole answer. One to HEAD, and 304, has no body.
    func response(to request: ServerRequest) -> ServerResponse {
        var response = ServerResponse(status: code.status, fields: fields)
        if code.status == .serviceUnavailable { response.fields[.retryAfter] = "1" }
        guard code != .notModified, request.head.method != .head else { return response }
        let path = request.head.path ?? ""
        let resource = String(path.prefix { $0 != "?" })
        response.fields[.contentType] = "application/xml"
        response.body = .bytes(document(resource: resource, requestID: request.id))
        return response
    }
}

extension ServerResponse {
    /// A document of S3's with status 200.
    static func document(_ bytes: ByteBuffer) -> ServerResponse {
        ServerResponse(
            status: .ok, fields: [.contentType: "application/xml"], body: .bytes(bytes))
    }
}

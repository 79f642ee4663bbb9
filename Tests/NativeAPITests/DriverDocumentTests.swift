import Access
import HTTPServer
import HTTPTypes
import NIOCore
import NativeAPI
import NativeWire
import Storage
import Testing

/// The storage driver API, asked without a server.
private struct DriverAPI {
    let handler: DriverHandler
    private let signer = RequestSigner(accessKey: "key", secret: "secret")

    init(redirects: Bool = true) async throws {
        let store = MemoryStore(region: HandlerFixture.own, clock: FixedClock()) { _ in false }
        try await Buckets(objects: store, blobs: store).create("registry")
        handler = DriverHandler(
            stores: DriverStores(objects: store, blobs: store, uploads: store) { _ in nil },
            credentials: RootCredentials(accessKey: "key", secret: "secret"), clock: FixedClock(),
            logger: HandlerFixture.silent, redirects: { _ in redirects })
    }

    func ask(
        _ method: String, _ target: String, body: String = "",
        payload: PayloadDeclaration = .unsigned, isSigned: Bool = true
    ) async throws -> ServerResponse {
        let watched = WatchedBody(ByteBuffer(string: body))
        var request = HandlerFixture.request(
            target: target, method: try #require(HTTPRequest.Method(method)), body: watched,
            length: body.utf8.count)
        if isSigned {
            let signed = try signer.sign(
                PlainRequest(
                    method: method, target: target, headers: [PlainHeader("host", "b")]),
                payload: payload, at: HandlerFixture.now / 1000)
            for header in signed.headers {
                request.head.headerFields[try #require(HTTPField.Name(header.name))] = header.value
            }
        }
        return await handler.respond(to: request)
    }

    /// The document as it is served.
    func document() async throws -> JSONDocumentText {
        let response = try await ask("GET", DriverCall.document, isSigned: false)
        #expect(response.status == .ok)
        return try JSONDocument.decode(from: try await response.collected())
    }
}

/// What the tests read of the document.
private struct JSONDocumentText: Decodable {
    struct Operation: Decodable {
        struct Parameter: Decodable {
            var name: String
            var `in`: String
            var required: Bool
        }
        struct Response: Decodable {
            var description: String
        }
        var operationId: String
        var parameters: [Parameter]?
        var responses: [String: Response]
    }
    struct Components: Decodable {
        struct Schema: Decodable {
            struct Field: Decodable {
                var `enum`: [String]?
            }
            var properties: [String: Field]
        }
        var schemas: [String: Schema]
    }
    var openapi: String
    var paths: [String: [String: Operation]]
    var components: Components
}

@Suite("The document of the storage driver API")
struct DriverDocumentTests {
    private static let methods = ["GET", "PUT", "POST", "PATCH", "DELETE", "HEAD"]

    @Test("has every call that is routed, with its parameters, and no other")
    func routes() async throws {
        let api = try await DriverAPI()
        let document = try await api.document()
        #expect(document.openapi.hasPrefix("3.1"))
        var operations = 0
        for (path, calls) in document.paths where path != DriverCall.document {
            let target = path.replacing("{bucket}", with: "registry").replacing(
                "{writer}", with: "w")
            for method in Self.methods {
                // Without parameters a call that is routed is refused for that; any other for what it is.
                let answer = try await api.ask(method, target)
                let error: DriverErrorDocument = try JSONDocument.decode(
                    from: try await answer.collected())
                let isRouted = calls[method.lowercased()] != nil
                #expect(
                    error.code == (isRouted ? "InvalidRequest" : "MethodNotAllowed"),
                    "\(method) \(target)")
                operations += isRouted ? 1 : 0
            }
        }
        #expect(operations == DriverCall.allCases.count)
        for call in DriverCall.allCases {
            let template = OpenAPIDocument.template(call)
            let found = try #require(document.paths[template]?[call.method.lowercased()])
            #expect(found.operationId == call.rawValue)
            let query = (found.parameters ?? []).filter { $0.in == "query" }
            #expect(query.map(\.name) == call.parameters.map(\.rawValue))
            #expect(
                query.filter(\.required).map(\.name)
                    == call.parameters.filter { $0.isRequired(by: call) }.map(\.rawValue))
        }
    }

    @Test("has every code of an error, under the status that it has, and no other")
    func codes() async throws {
        let document = try await DriverAPI().document()
        let known = Set(DriverError.Code.allCases.map(\.rawValue))
        let listed = document.components.schemas["Error"]?.properties["code"]?.enum ?? []
        #expect(Set(listed) == known)
        var used: Set<String> = []
        for call in DriverCall.allCases {
            let operation = try #require(
                document.paths[OpenAPIDocument.template(call)]?[call.method.lowercased()])
            for (status, response) in operation.responses where status >= "400" {
                for text in response.description.split(separator: ", ").map(String.init) {
                    let code = try #require(DriverError.Code(rawValue: text), "\(text)")
                    #expect(String(code.status.code) == status, "\(call) \(text)")
                    used.insert(text)
                }
            }
        }
        #expect(used == known, "each code is some call's")
    }

    /// Requests of every call that succeed or are refused in every way that a front meets.
    private static let requests: [(String, String, String)] = [
        ("PUT", "content?path=/a/b", "x"), ("PUT", "content?path=/", ""),
        ("GET", "content?path=/a/b", ""), ("GET", "content?path=/a", ""),
        ("GET", "content?path=/a/b&offset=-1", ""), ("GET", "content?path=/a/b&offset=x", ""),
        ("GET", "stat?path=/a", ""), ("GET", "stat?path=/n", ""), ("GET", "stat?path=a", ""),
        ("GET", "list?path=/a", ""), ("GET", "list?path=/n", ""),
        ("GET", "list?path=/&limit=0", ""),
        ("GET", "walk?path=/", ""), ("GET", "walk?path=/n", ""),
        ("GET", "walk?path=/&after=/a&behind=/a", ""),
        ("PUT", "content?path=/b&digest=sha256:\(String(repeating: "0", count: 64))", "x"),
        ("PUT", "content?path=/b&digest=md5:0", "x"), ("GET", "redirect?path=/a/b", ""),
        ("GET", "redirect?path=/a/b&method=PUT", ""), ("POST", "move?from=/n&to=/m", ""),
        ("POST", "move?from=/&to=/m", ""), ("POST", "writers?path=/w", ""),
        ("POST", "writers?path=/n&append=true", ""), ("POST", "writers?path=/n&append=1", ""),
        ("GET", "writers/none?path=/w", ""), ("PATCH", "writers/none?path=/w&offset=0", "x"),
        ("PUT", "writers/none?path=/w", ""), ("DELETE", "writers/none?path=/w", ""),
        ("DELETE", "content?path=/n", ""), ("DELETE", "content?path=/a", ""),
    ]

    @Test("says every status that a call is answered with")
    func statuses() async throws {
        let api = try await DriverAPI()
        let document = try await api.document()
        for (method, resource, body) in Self.requests {
            let target = DriverCall.prefix + "registry/" + resource
            let answer = try await api.ask(method, target, body: body)
            let path = target.prefix { $0 != "?" }
            let call = try #require(
                DriverCall.calls(at: path).first { $0.method == method }, "\(target)")
            let operation = try #require(
                document.paths[OpenAPIDocument.template(call)]?[method.lowercased()])
            let said = try #require(
                operation.responses[String(answer.status.code)], "\(method) \(target)")
            guard answer.status.code >= 400 else { continue }
            let error: DriverErrorDocument = try JSONDocument.decode(
                from: try await answer.collected())
            #expect(said.description.contains(error.code), "\(method) \(target)")
            #expect(error.requestID == "00000000000000ff")
        }
    }
}

@Suite("Who may use the storage driver API, and how")
struct DriverAdmissionTests {
    @Test("only a signed request is served, and a refused body is not read")
    func unsigned() async throws {
        let api = try await DriverAPI()
        let target = DriverCall.prefix + "registry/content?path=/a"
        let body = WatchedBody(ByteBuffer(string: "x"))
        let request = HandlerFixture.request(target: target, method: .put, body: body, length: 1)
        let answer = await api.handler.respond(to: request)
        #expect(answer.status == .unauthorized)
        #expect(!body.wasRead)
        let read = try await api.ask("GET", target)
        #expect(read.status == .notFound, "nothing was stored")
    }

    @Test("a signed hash is held against the body, and chunked signing is refused")
    func payloads() async throws {
        let api = try await DriverAPI()
        let target = DriverCall.prefix + "registry/content?path=/a"
        let wrong = PayloadDeclaration.hashed(Array(repeating: 0, count: 32))
        let mismatch = try await api.ask("PUT", target, body: "x", payload: wrong)
        #expect(mismatch.status == .badRequest)
        let chunked = PayloadDeclaration.chunked(isSigned: true, hasTrailer: false)
        let refused = try await api.ask("PUT", target, body: "x", payload: chunked)
        #expect(refused.status == .badRequest)
        #expect(try await api.ask("GET", target).status == .notFound, "nothing was stored")
    }

    @Test("a body above the limit is refused unread")
    func large() async throws {
        let api = try await DriverAPI()
        let target = DriverCall.prefix + "registry/content?path=/a"
        let signed = try RequestSigner(accessKey: "key", secret: "secret").sign(
            PlainRequest(method: "PUT", target: target, headers: [PlainHeader("host", "b")]),
            payload: .unsigned, at: HandlerFixture.now / 1000)
        let body = WatchedBody(ByteBuffer(string: "x"))
        var request = HandlerFixture.request(
            target: target, method: .put, body: body, length: Int(DriverHandler.bodyBytes) + 1)
        for header in signed.headers {
            request.head.headerFields[try #require(HTTPField.Name(header.name))] = header.value
        }
        let answer = await api.handler.respond(to: request)
        #expect(answer.status == .contentTooLarge)
        #expect(!body.wasRead)
    }

    @Test("a parameter that the call has not, or has twice, is refused")
    func parameters() async throws {
        let api = try await DriverAPI()
        for query in ["path=/&x=1", "path=/&path=/", "path", "path=%zz", "path=/&offset=1"] {
            let answer = try await api.ask("GET", DriverCall.prefix + "registry/stat?" + query)
            let error: DriverErrorDocument = try JSONDocument.decode(
                from: try await answer.collected())
            #expect(error.code == "InvalidRequest", "\(query)")
        }
        let encoded = try await api.ask("GET", DriverCall.prefix + "registry/stat?path=%2F")
        #expect(encoded.status == .ok)
    }

    @Test("clients are sent on to S3 only where it is served")
    func redirects() async throws {
        for serves in [true, false] {
            let answer = try await DriverAPI(redirects: serves).ask(
                "GET", DriverCall.prefix + "registry/redirect?path=/a/b&method=HEAD")
            let document: RedirectDocument = try JSONDocument.decode(
                from: try await answer.collected())
            #expect(document.url?.hasPrefix("/registry/a/b?X-Amz-") == (serves ? true : nil))
        }
    }
}

// The answer for a path that no API has, at least not there.

package import HTTPServer

package struct UnknownPath: RequestHandler {
    package init() {}

    package func respond(to request: ServerRequest) async -> ServerResponse {
        .refusal(.noSuchCall(request), to: request)
    }
}

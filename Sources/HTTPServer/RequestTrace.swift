// What a handler learns of a request that its log line should say: who asked, for what, by which call.
// The server hands an empty trace along with each request; fronts fill it in; the request log reads it.

internal import Synchronization

package final class RequestTrace: Sendable {
    package struct Values: Sendable, Hashable {
        /// Who was authenticated: a key's name, a region's name. Never a secret.
        package var principal: String?
        /// The API's call, e.g. `PutObject`.
        package var operation: String?
        /// What it is about, e.g. `bucket/key`.
        package var resource: String?
        /// What an administrative call is to change, in words, which may be none; `nil` of any other call.
        package var change: String?
        /// Why it was refused: the protocol's code of the error.
        package var errorCode: String?
    }

    private let state = Mutex(Values())

    package init() {}

    package var values: Values { state.withLock { $0 } }

    package func note(
        principal: String? = nil, operation: String? = nil, resource: String? = nil,
        change: String? = nil, errorCode: String? = nil
    ) {
        state.withLock { values in
            values.principal = principal ?? values.principal
            values.operation = operation ?? values.operation
            values.resource = resource ?? values.resource
            values.change = change ?? values.change
            values.errorCode = errorCode ?? values.errorCode
        }
    }
}

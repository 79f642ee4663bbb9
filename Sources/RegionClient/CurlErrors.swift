// What libcurl fails with, as the contract of the transport says it: mapped here and nowhere else.

internal import CCurl
internal import Replication

extension TransportError {
    /// `detail` is libcurl's own sentence.
    init(curl code: CURLcode, detail: String) {
        switch code {
        case CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_CONNECT, CURLE_OPERATION_TIMEDOUT,
            CURLE_PARTIAL_FILE, CURLE_GOT_NOTHING, CURLE_SEND_ERROR, CURLE_RECV_ERROR:
            self.init(.unreachable, detail)
        case CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CERTPROBLEM, CURLE_SSL_CACERT_BADFILE:
            self.init(.unauthenticated, detail)
        case CURLE_UNSUPPORTED_PROTOCOL, CURLE_URL_MALFORMAT, CURLE_WEIRD_SERVER_REPLY,
            CURLE_WRITE_ERROR, CURLE_HTTP2, CURLE_BAD_CONTENT_ENCODING:
            self.init(.malformed, detail)
        default:
            self.init(.unreachable, detail)
        }
    }
}

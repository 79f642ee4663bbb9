// What libcurl fails with, as the contract of the transport says it: mapped here and nowhere else.

internal import CCurl
internal import Replication

extension TransportError {
    /// `detail` is libcurl's own sentence; of `tls` the files are named that it is about.
    init(curl code: CURLcode, detail: String, tls: ClientTLS) {
        switch code {
        case CURLE_SSL_CONNECT_ERROR, CURLE_RECV_ERROR, CURLE_SEND_ERROR:
            // After TLS 1.3 has let the client in, the server still may refuse it: the first read says so.
            guard detail.contains(" alert ") else { fallthrough }
            self.init(
                .unauthenticated,
                "\(detail) (the certificate shown: \(tls.certificate?.path ?? "none"))")
        case CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_CONNECT, CURLE_OPERATION_TIMEDOUT,
            CURLE_PARTIAL_FILE, CURLE_GOT_NOTHING:
            self.init(.unreachable, detail)
        case CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CACERT_BADFILE:
            self.init(
                .unauthenticated,
                "\(detail) (believed are the authorities of \(tls.authorities ?? "the system"))")
        case CURLE_SSL_CERTPROBLEM:
            self.init(
                .unauthenticated, "\(detail) (in \(tls.certificate?.path ?? "no certificate"))")
        case CURLE_UNSUPPORTED_PROTOCOL, CURLE_URL_MALFORMAT, CURLE_WEIRD_SERVER_REPLY,
            CURLE_WRITE_ERROR, CURLE_HTTP2, CURLE_BAD_CONTENT_ENCODING:
            self.init(.malformed, detail)
        default:
            self.init(.unreachable, detail)
        }
    }
}

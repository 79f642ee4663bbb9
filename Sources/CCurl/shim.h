// libcurl for Swift. `curl_easy_setopt` and its relatives are variadic, which Swift cannot call; each
// wrapper below passes one type of argument. The parentheses keep the type-checking macros of gcc away.
#ifndef HOLDFAST_CCURL_H
#define HOLDFAST_CCURL_H

#include <curl/curl.h>

typedef size_t (*holdfast_curl_transfer)(char *bytes, size_t size, size_t count, void *context);

static inline CURLcode holdfast_curl_set_long(CURL *easy, CURLoption option, long value) {
  return (curl_easy_setopt)(easy, option, value);
}

static inline CURLcode holdfast_curl_set_size(CURL *easy, CURLoption option, curl_off_t value) {
  return (curl_easy_setopt)(easy, option, value);
}

static inline CURLcode holdfast_curl_set_text(CURL *easy, CURLoption option, const char *value) {
  return (curl_easy_setopt)(easy, option, value);
}

static inline CURLcode holdfast_curl_set_pointer(CURL *easy, CURLoption option, void *value) {
  return (curl_easy_setopt)(easy, option, value);
}

static inline CURLcode holdfast_curl_set_list(
    CURL *easy, CURLoption option, struct curl_slist *value) {
  return (curl_easy_setopt)(easy, option, value);
}

static inline CURLcode holdfast_curl_set_transfer(
    CURL *easy, CURLoption option, holdfast_curl_transfer value) {
  return (curl_easy_setopt)(easy, option, value);
}

static inline CURLMcode holdfast_curl_multi_set_long(
    CURLM *multi, CURLMoption option, long value) {
  return (curl_multi_setopt)(multi, option, value);
}

// The result of a message whose `msg` is CURLMSG_DONE; a union that Swift would import as a tuple.
static inline CURLcode holdfast_curl_result(const CURLMsg *message) {
  return message->data.result;
}

#endif

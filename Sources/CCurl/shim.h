#pragma once
// libcurl's options and answers are variadic; Swift needs one function a type.
#include <curl/curl.h>

static inline CURLcode rc_set_long(CURL *curl, CURLoption option, long value) { return curl_easy_setopt(curl, option, value); }
static inline CURLcode rc_set_text(CURL *curl, CURLoption option, const char *value) { return curl_easy_setopt(curl, option, value); }
static inline CURLcode rc_set_pointer(CURL *curl, CURLoption option, void *value) { return curl_easy_setopt(curl, option, value); }
static inline CURLcode rc_set_size(CURL *curl, CURLoption option, curl_off_t value) { return curl_easy_setopt(curl, option, value); }
static inline CURLcode rc_set_list(CURL *curl, CURLoption option, struct curl_slist *value) { return curl_easy_setopt(curl, option, value); }

/// The bytes are copied.
static inline CURLcode rc_set_blob(CURL *curl, CURLoption option, const void *bytes, size_t count) {
  struct curl_blob blob = {(void *)bytes, count, CURL_BLOB_COPY};
  return curl_easy_setopt(curl, option, &blob);
}

typedef size_t (*rc_receive)(char *bytes, size_t size, size_t count, void *context);
typedef int (*rc_progress)(void *context, curl_off_t, curl_off_t, curl_off_t, curl_off_t);
typedef CURLcode (*rc_tls_setup)(CURL *curl, void *tls, void *context);

static inline CURLcode rc_set_receive(CURL *curl, CURLoption option, rc_receive function) { return curl_easy_setopt(curl, option, function); }
static inline CURLcode rc_set_progress(CURL *curl, rc_progress function) { return curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, function); }
static inline CURLcode rc_set_tls_setup(CURL *curl, rc_tls_setup function) { return curl_easy_setopt(curl, CURLOPT_SSL_CTX_FUNCTION, function); }

/// 0 where libcurl has no answer.
static inline long rc_get_long(CURL *curl, CURLINFO info) {
  long value = 0;
  return curl_easy_getinfo(curl, info, &value) == CURLE_OK ? value : 0;
}

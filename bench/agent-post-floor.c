// The floor of a check-in: libcurl posts a body over a new connection with a client certificate, and nothing else.
//
//   cc -O2 -o agent-post-floor bench/agent-post-floor.c -lcurl
//   ./agent-post-floor URL ROOT.pem CERTIFICATE.pem KEY.pem [BODY-BYTES]
//
// The controller refuses what is posted, at its first look at the message: the handshake, the request and the answer
// are those of the agent all the same. Prints the CPU time of the process in milliseconds, from its begin, and its
// peak memory; exits 1 where there was no answer.
#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

static size_t ignore(char *bytes, size_t size, size_t count, void *context) {
  (void)bytes, (void)context;
  return size * count;
}

int main(int count, char **words) {
  if (count < 5) return fprintf(stderr, "usage: agent-post-floor URL ROOT CERTIFICATE KEY [BODY-BYTES]\n"), 2;
  size_t length = count > 5 ? (size_t)atol(words[5]) : 900;
  char *body = malloc(length + 1);
  memset(body, ' ', length);
  curl_global_init(CURL_GLOBAL_DEFAULT);
  CURL *curl = curl_easy_init();
  struct curl_slist *headers = curl_slist_append(NULL, "Content-Type: application/json");
  curl_easy_setopt(curl, CURLOPT_URL, words[1]);
  curl_easy_setopt(curl, CURLOPT_CAINFO, words[2]);
  curl_easy_setopt(curl, CURLOPT_CAPATH, NULL);
  curl_easy_setopt(curl, CURLOPT_SSLCERT, words[3]);
  curl_easy_setopt(curl, CURLOPT_SSLKEY, words[4]);
  curl_easy_setopt(curl, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
  curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
  curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body);
  curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE, (long)length);
  curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, ignore);
  CURLcode code = curl_easy_perform(curl);
  long status = 0;
  curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
  curl_easy_cleanup(curl);
  curl_slist_free_all(headers);
  free(body);
  struct timespec spent;
  struct rusage usage;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &spent);
  getrusage(RUSAGE_SELF, &usage);
  printf("status %ld, %.2f ms CPU, peak %ld KiB\n", status, spent.tv_sec * 1e3 + spent.tv_nsec / 1e6, usage.ru_maxrss);
  if (code != CURLE_OK) fprintf(stderr, "%s\n", curl_easy_strerror(code));
  return code == CURLE_OK ? 0 : 1;
}

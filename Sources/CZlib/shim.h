#pragma once
#include <string.h>
#include <zlib.h>

/* zlib's initialisers are macros, which Swift cannot call. windowBits: 15 + 16 gzip; 15 + 32 gzip or zlib, by the header. */

static inline int rc_deflate_gzip_init(z_stream *stream, int level) {
  memset(stream, 0, sizeof *stream);
  return deflateInit2(stream, level, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
}

static inline int rc_inflate_init(z_stream *stream) {
  memset(stream, 0, sizeof *stream);
  return inflateInit2(stream, 15 + 32);
}

/* Raw deflate for short texts: a window of 4 KiB, and tables that are quickly made. */
static inline int rc_deflate_short_init(z_stream *stream) {
  memset(stream, 0, sizeof *stream);
  return deflateInit2(stream, 9, Z_DEFLATED, -12, 5, Z_DEFAULT_STRATEGY);
}

static inline int rc_inflate_short_init(z_stream *stream) {
  memset(stream, 0, sizeof *stream);
  return inflateInit2(stream, -12);
}

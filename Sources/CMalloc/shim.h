#pragma once
#include <malloc.h>

/* Swift's Glibc module leaves malloc.h out. From how many heaps threads may take; 0 where that could not be set. */
static inline int rc_share_heaps(int heaps) { return mallopt(M_ARENA_MAX, heaps); }
